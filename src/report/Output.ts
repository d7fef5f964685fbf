/**
 * Where the words of a run go.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * Standard output and standard error. Writing to one that is closed does nothing: a run does not end because nobody reads
 * its words any more. What is written is expected to be printable already.
 *
 * @since 0.1.0
 * @category services
 */
export class Output extends Context.Tag("smtp-source/Output")<
  Output,
  {
    readonly stdout: (text: string) => void
    readonly stderr: (text: string) => void
    /** Whether standard output, or standard error, is a terminal. */
    readonly isTerminal: { readonly stdout: boolean; readonly stderr: boolean }
    /** Whether the user wants no decoration (NO_COLOR). */
    readonly noColor: boolean
    /** The width of the terminal behind standard error, now. */
    readonly columns: () => number
  }
>() {}
