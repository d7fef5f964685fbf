/**
 * What a command tells of itself, in place of its work: its manual, its version, and a script that completes its options.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { Output } from "../report/Output.js"
import * as Completions from "./Completions.js"
import type { Arguments } from "./Getopt.js"
import * as ManualPage from "./ManualPage.js"
import type { OptionRow } from "./OptionTable.js"
import { isShell } from "./Shell.js"

/**
 * A command that can tell of itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface Command {
  readonly name: string
  readonly version: string
  readonly manual: () => ManualPage.Document
  readonly rows: ReadonlyArray<OptionRow>
  /** What its operands are, for completions. */
  readonly operands: "file" | "host"
}

/**
 * What --help, --version or --completions prints; undefined where none of them is given. The error says what is wrong with it.
 *
 * @since 0.1.0
 * @category formatting
 */
export const text = (
  { options }: Arguments,
  { manual, name, operands, rows, version }: Command,
  output: Output["Type"]
): Either.Either<string | undefined, string> => {
  if (options.has("help")) {
    const bold = output.isTerminal.stdout && !output.noColor
    return Either.right(ManualPage.help(manual(), { columns: output.columns(), bold }))
  }
  if (options.has("version")) return Either.right(`${name} ${version}\n`)
  const shell = options.get("completions")?.at(-1)
  if (shell === undefined) return Either.right(undefined)
  return isShell(shell)
    ? Either.right(Completions.render(shell, rows, { name, operands }))
    : Either.left(`--completions: expected bash, zsh or fish, not ${JSON.stringify(shell)}`)
}
