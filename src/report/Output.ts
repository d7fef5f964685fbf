/**
 * Where the words of a run go.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"

/**
 * Something that was written to standard output or standard error is lost, on a full disk for example.
 *
 * @since 0.1.0
 * @category errors
 */
export class OutputLost extends Data.TaggedError("OutputLost")<{
  readonly stream: "standard output" | "standard error"
  readonly reason: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.stream}: ${this.reason}`
  }
}

/**
 * Standard output and standard error. A run does not end because they cannot be written: `flush` tells of that at the end. A
 * reader that went away is no failure. What is written is expected to be printable already.
 *
 * @since 0.1.0
 * @category services
 */
export class Output extends Context.Tag("smtp-source/Output")<
  Output,
  {
    readonly stdout: (text: string) => void
    readonly stderr: (text: string) => void
    /** Resumes when all that was written has left the process, and fails where some of it is lost. */
    readonly flush: Effect.Effect<void, OutputLost>
    /** Whether standard output, or standard error, is a terminal. */
    readonly isTerminal: { readonly stdout: boolean; readonly stderr: boolean }
    /** Whether the user wants no decoration (NO_COLOR). */
    readonly noColor: boolean
    /** The width of the terminal behind standard error, now. */
    readonly columns: () => number
  }
>() {}
