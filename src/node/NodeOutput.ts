/**
 * The process's own standard output and standard error.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs"
import * as tty from "node:tty"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Output, OutputLost } from "../report/Output.js"
import * as SystemReason from "./SystemReason.js"

/**
 * Provides `Output` over the process's streams.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Output> = Layer.sync(Output, () => {
  const stdout = open(() => process.stdout, 1, "standard output")
  const stderr = open(() => process.stderr, 2, "standard error")
  return Output.of({
    stdout: stdout.write,
    stderr: stderr.write,
    flush: Effect.zipRight(stdout.flush, stderr.flush),
    isTerminal: { stdout: tty.isatty(1), stderr: tty.isatty(2) },
    noColor: (process.env.NO_COLOR ?? "") !== "",
    columns: () => process.stderr.columns ?? 80
  })
})

interface Stream {
  readonly write: (text: string) => void
  readonly flush: Effect.Effect<void, OutputLost>
}

/** Node makes a stream when it is first asked for, which takes milliseconds; a run that succeeds has nothing to say. */
const open = (streamOf: () => NodeJS.WriteStream, descriptor: number, name: OutputLost["stream"]): Stream => {
  let lost: OutputLost | undefined
  const failed = (cause: NodeJS.ErrnoException) => {
    // Whoever read it has gone: `| head` is no failure.
    if (cause.code !== "EPIPE") lost ??= new OutputLost({ stream: name, reason: SystemReason.of(cause), cause })
  }
  const outcome = Effect.suspend(() => lost ?? Effect.void)
  if (isFile(descriptor)) {
    return {
      write: (text) => {
        if (lost !== undefined) return
        try {
          writeWhole(descriptor, text)
        } catch (error) {
          failed(error as NodeJS.ErrnoException)
        }
      },
      flush: outcome
    }
  }
  let known: NodeJS.WriteStream | undefined
  return {
    write: (text) => {
      known ??= streamOf().on("error", failed)
      if (known.writable) known.write(text)
    },
    // Writes end in their order: the end of an empty one is that of all.
    flush: Effect.zipRight(
      Effect.async<void>((resume) => {
        if (known === undefined || !known.writable || known.writableLength === 0) resume(Effect.void)
        else known.write("", () => resume(Effect.void))
      }),
      outcome
    )
  }
}

/** Files, and devices such as /dev/full. */
const isFile = (descriptor: number): boolean => {
  const stats = fs.fstatSync(descriptor)
  return stats.isFile() || (stats.isCharacterDevice() && !tty.isatty(descriptor))
}

/** Node's own stream for files takes a part of a text for all of it, when the disk becomes full in the middle. */
const writeWhole = (descriptor: number, text: string): void => {
  let written = fs.writeSync(descriptor, text)
  if (written === Buffer.byteLength(text)) return
  const bytes = Buffer.from(text)
  while (written < bytes.length) written += fs.writeSync(descriptor, bytes, written)
}
