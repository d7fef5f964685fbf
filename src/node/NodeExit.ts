/**
 * How the process ends.
 *
 * @since 0.1.0
 */
import { type SignalName, signalNames, statusOf } from "../load/StopSignal.js"

/**
 * Ends the process with this status.
 *
 * `process.exit` waits for what threads of Node's pool are blocked in: a FIFO that nobody opens, a name server that does not
 * answer. A command that a signal stopped then ends by that signal, which shells show as the same status.
 *
 * @since 0.1.0
 * @category running
 */
export const exit = (status: number): void => {
  const signal = signalNames.find((name) => statusOf(name) === status)
  if (signal !== undefined && isBlocked()) process.kill(process.pid, signal satisfies SignalName)
  process.exit(status)
}

const isBlocked = (): boolean =>
  process.getActiveResourcesInfo().some((name) => name.startsWith("FSReq") || name.startsWith("GetAddrInfo"))
