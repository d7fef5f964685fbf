/**
 * --wizard: asks for the options, a group at a time, and makes the command line of the answers.
 *
 * The questions are those that @effect/cli makes of the options. It would ask for all of them, one after the other; here
 * the groups are chosen first.
 *
 * @since 0.1.0
 */
import * as Options from "@effect/cli/Options"
import * as Prompt from "@effect/cli/Prompt"
import type { FileSystem } from "@effect/platform/FileSystem"
import type { Path } from "@effect/platform/Path"
import { isQuitException, type QuitException, type Terminal } from "@effect/platform/Terminal"
import * as Effect from "effect/Effect"
import * as FieldOption from "./FieldOption.js"
import { oldOptions, type OptionRow, planRows } from "./OptionTable.js"

/**
 * What the answers add up to, and whether to do it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answers {
  readonly argv: ReadonlyArray<string>
  readonly run: boolean
}

/**
 * Asks, on the terminal. `show` is given the command line before the last question, which is whether to run it.
 *
 * @since 0.1.0
 * @category running
 */
export const ask = (show: (line: string) => void): Effect.Effect<Answers, QuitException, Environment> =>
  Effect.gen(function* () {
    const target = yield* Prompt.run(
      Prompt.text({ message: "Send to which server (host:port or unix:pathname; empty for one of our own)?" })
    )
    const sections = [...new Set(planRows.map(({ section }) => section))]
    const chosen = yield* Prompt.run(
      Prompt.multiSelect({
        message: "Set which options? Space chooses, Enter goes on; what is not set keeps its default.",
        choices: sections.map((section) => ({ title: titleOf(section), value: section }))
      })
    )
    const argv: Array<string> = target === "" ? ["--sink"] : []
    for (const section of chosen) {
      const inSection = planRows.filter((row) => row.section === section && !ends.includes(row.long))
      argv.push(...(yield* switches(section, inSection)))
      for (const row of inSection) if (row.kind !== "flag") argv.push(...(yield* valueOf(row)))
    }
    if (target !== "") argv.push(target)
    show(`smtp-source ${argv.map(quoted).join(" ")}`)
    const run = yield* Prompt.run(Prompt.confirm({ message: "Run it now?", initial: true }))
    return { argv, run }
  })

/** A group of options, with the first of them; those of the original are known by what they are about. */
const titleOf = (section: string): string => {
  if (section === oldOptions) return `${section} (-s sessions, -m messages, -l size, -f sender, -t recipient, ...)`
  const [first, ...others] = planRows.filter((row) => row.section === section && !ends.includes(row.long))
  const some = others.slice(0, 2).map(({ long }) => `, --${long}`)
  return `${section} (--${first?.long}${some.join("")}${others.length > 2 ? ", ..." : ""})`
}

/** What the first question has settled. */
const ends: ReadonlyArray<string> = ["sink", "calibrate"]

/** To @effect/cli each switch is a question whose usual answer is yes; as a list, what is not chosen stays off. */
const switches = (
  section: string,
  rows: ReadonlyArray<OptionRow>
): Effect.Effect<ReadonlyArray<string>, QuitException, Environment> => {
  const choices = rows
    .filter(({ kind }) => kind === "flag")
    .map(({ description, long }) => ({ title: `--${long}`, value: `--${long}`, description }))
  return choices.length === 0
    ? Effect.succeed([])
    : Prompt.run(Prompt.multiSelect({ message: `${section}: switch on which?`, choices }))
}

/** It is asked first whether to leave it out. A wrong answer is reported with all others, when the line is read. */
const valueOf = (row: OptionRow): Effect.Effect<ReadonlyArray<string>, QuitException, Environment> =>
  Options.wizard(Options.optional(FieldOption.make({ ...row, variable: undefined })), FieldOption.config).pipe(
    Effect.catchAll((error) => (isQuitException(error) ? Effect.fail(error) : Effect.succeed([])))
  )

type Environment = FileSystem | Path | Terminal

/** As a shell reads it. */
const quoted = (word: string): string =>
  /^[\w@%+=:,./[\]-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`
