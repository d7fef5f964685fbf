/**
 * How the command ends: the one line that says why, and the exit status.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { Output } from "../report/Output.js"
import * as Printable from "../smtp/Printable.js"

/**
 * The exit statuses.
 *
 * @since 0.1.0
 * @category constants
 */
export const status = {
  success: 0,
  /** Anything that is fatal; with --keep-going, a message that was not accepted. */
  failure: 1,
  /** Of smtp-report: something of the run is lost, and nobody knows what it comes to. */
  undecided: 3,
  /** The books do not balance, or the embedded sink disagrees: a bug of ours. */
  internalError: 70,
  /** The segment was started before: EX_TEMPFAIL of sysexits.h. */
  taken: 75,
  verdict: 99
} as const

/**
 * Waits until what the command wrote has left the process, and gives the exit status: where some of it is lost, a success is
 * none.
 *
 * @since 0.1.0
 * @category running
 */
export const drained = (code: number, program = "smtp-source"): Effect.Effect<number, never, Output> =>
  Effect.flatMap(Output, (output) =>
    Effect.catchAll(Effect.as(output.flush, code), (error) =>
      Effect.sync(() => {
        output.stderr(line(error.message, program))
        return code === status.success ? status.failure : code
      })
    )
  )

/**
 * The command line, or what stands in for it, is invalid.
 *
 * @since 0.1.0
 * @category errors
 */
export class UsageError extends Data.TaggedError("UsageError")<{
  readonly reason: string
  /** Whether a reminder of the command's form helps. */
  readonly remind: boolean
}> {
  override get message(): string {
    return this.remind ? `${this.reason} (${usage}; --help tells more)` : this.reason
  }
}

/**
 * The command's form in one line.
 *
 * @since 0.1.0
 * @category constants
 */
export const usage = "usage: smtp-source [options] [inet:]host[:port] | unix:pathname"

/**
 * The line that tells of a fatal error, with its line end. Nothing in it reaches a terminal unescaped.
 *
 * @since 0.1.0
 * @category formatting
 */
export const line = (message: string, program = "smtp-source"): string =>
  `${program}: fatal: ${Printable.escape(message)}\n`

/**
 * The beginning of a text that a server has a part in: its reply may be a megabyte long.
 *
 * @since 0.1.0
 * @category formatting
 */
export const shortened = (text: string): string =>
  text.length <= longest ? text : `${text.slice(0, longest)}... (${text.length - longest} more characters)`

const longest = 1000

/**
 * The line that tells of a verdict that failed, with its line end.
 *
 * @since 0.1.0
 * @category formatting
 */
export const verdict = (kind: string, sentence: string, program = "smtp-source"): string =>
  `${program}: failed: --${kind}: ${Printable.escape(sentence)}\n`

/**
 * The line that tells of a verdict that what is lost leaves open, with its line end.
 *
 * @since 0.1.0
 * @category formatting
 */
export const undecided = (kind: string, sentence: string, program = "smtp-source"): string =>
  `${program}: undecided: --${kind}: ${Printable.escape(sentence)}; --allow-missing judges by what is known\n`

/**
 * The line that tells of a fault of ours, with its line end: what happened, without the stack.
 *
 * @since 0.1.0
 * @category formatting
 */
export const panic = (cause: Cause.Cause<unknown>, program = "smtp-source"): string => {
  const messages = Cause.prettyErrors(cause).map(({ message, name }) =>
    name === "Error" ? message : `${name}: ${message}`
  )
  return `${program}: panic: ${Printable.escape(messages.join("; "))}\n`
}

/**
 * The line that tells of a command with nothing left to wait for and work undone, with its line end.
 *
 * @since 0.1.0
 * @category formatting
 */
export const stuck = (program = "smtp-source"): string =>
  `${program}: panic: nothing is left to wait for, and the run has not ended\n`
