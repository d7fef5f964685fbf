/**
 * The process's own standard output and standard error.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import { Output } from "../report/Output.js"

/**
 * Provides `Output` over the process's streams. A reader that goes away is not an error of the run.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Output> = Layer.sync(Output, () => {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {})
  const writeTo = (stream: NodeJS.WriteStream) => (text: string) => {
    if (stream.writable) stream.write(text)
  }
  return Output.of({
    stdout: writeTo(process.stdout),
    stderr: writeTo(process.stderr),
    isTerminal: { stdout: process.stdout.isTTY === true, stderr: process.stderr.isTTY === true },
    noColor: (process.env.NO_COLOR ?? "") !== "",
    columns: () => process.stderr.columns ?? 80
  })
})
