/**
 * Variables of the environment that have a command's prefix, and are none of its own.
 *
 * @since 0.1.0
 */
import * as Suggestion from "../plan/Suggestion.js"
import type { Output } from "../report/Output.js"
import * as Printable from "../smtp/Printable.js"

/**
 * The variables that a command has, and what all of them begin with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Known {
  readonly program: string
  readonly prefix: string
  readonly variables: ReadonlyArray<string>
}

/**
 * Warns of each on standard error, with the variable that may be meant. One that is misspelt does nothing; it may also be another
 * program's, so that it is no error.
 *
 * @since 0.1.0
 * @category running
 */
export const warn = (
  output: Output["Type"],
  environment: ReadonlyArray<string>,
  { prefix, program, variables }: Known
): void => {
  for (const name of environment) {
    if (!name.startsWith(prefix) || variables.includes(name)) continue
    const own = variables.map((variable) => variable.slice(prefix.length))
    const near = Suggestion.nearest(name.slice(prefix.length), own)
    const meant = Suggestion.hint(near === undefined ? undefined : prefix + near)
    output.stderr(`${program}: warning: unknown variable ${Printable.escape(name)} in the environment${meant}\n`)
  }
}
