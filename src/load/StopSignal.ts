/**
 * What asks a run to stop from outside: the signals that a user or a supervisor sends.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/**
 * The signals that stop a run.
 *
 * @since 0.1.0
 * @category constants
 */
export const signalNames = ["SIGINT", "SIGTERM", "SIGHUP"] as const

/**
 * One of `signalNames`.
 *
 * @since 0.1.0
 * @category models
 */
export type SignalName = (typeof signalNames)[number]

/**
 * The exit status of a command that the signal stopped: 128 and its number, as shells have it.
 *
 * @since 0.1.0
 * @category formatting
 */
export const statusOf = (name: SignalName): number => 128 + numbers[name]

const numbers: { readonly [name in SignalName]: number } = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 }

/**
 * Stop requests. The first one lets the transactions under way end; the second does not wait for them. Signals are taken from
 * when somebody waits for `first`; until then they end the process.
 *
 * @since 0.1.0
 * @category services
 */
export class StopSignal extends Context.Tag("smtp-source/StopSignal")<
  StopSignal,
  {
    readonly first: Effect.Effect<SignalName>
    readonly second: Effect.Effect<SignalName>
  }
>() {}
