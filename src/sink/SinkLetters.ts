/**
 * What smtp-sink(1) calls its commands, and the grammars of its options: names of commands, and `command:delay[:odds]`.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { Distribution } from "../plan/Distribution.js"
import * as Suggestion from "../plan/Suggestion.js"
import type { Moment } from "./Reaction.js"

/**
 * A command, and where it stands in a dialogue.
 *
 * @since 0.1.0
 * @category models
 */
export interface NamedCommand {
  readonly name: string
  readonly at: Moment
  /** The command is one of several that stand there. */
  readonly command: string | undefined
}

const named = (name: string, at: Moment, isOneOfSeveral = false): readonly [string, NamedCommand] => [
  name,
  { name, at, command: isOneOfSeveral ? name : undefined }
]

/**
 * The commands by their names.
 *
 * @since 0.1.0
 * @category constants
 */
export const commands: ReadonlyMap<string, NamedCommand> = new Map([
  named("CONNECT", "greeting"),
  named("HELO", "hello", true),
  named("EHLO", "hello", true),
  named("LHLO", "hello", true),
  named("XCLIENT", "xclient"),
  named("XFORWARD", "other", true),
  named("AUTH", "auth"),
  named("MAIL", "mail"),
  named("RCPT", "rcpt"),
  named("VRFY", "other", true),
  named("DATA", "data"),
  named(".", "final"),
  named("RSET", "rset"),
  named("NOOP", "other", true),
  named("QUIT", "quit")
])

/**
 * Reads names with blanks or commas between them, or says which one is none.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseCommands = (text: string): Either.Either<ReadonlyArray<NamedCommand>, string> => {
  const found: Array<NamedCommand> = []
  for (const name of text.split(/[\s,]+/)) {
    if (name === "") continue
    const command = commandOf(name, text.trim() === name)
    if (Either.isLeft(command)) return Either.left(command.left)
    found.push(command.right)
  }
  return found.length === 0 ? Either.left("expected the names of commands, such as MAIL,RCPT") : Either.right(found)
}

/** The error shows the text: a word that is all of it is not named again. */
const commandOf = (name: string, isAlone: boolean): Either.Either<NamedCommand, string> => {
  const command = commands.get(name.toUpperCase())
  if (command !== undefined) return Either.right(command)
  const words = [...commands.keys()]
  const expected = `expected one of ${words.join(", ")}${Suggestion.hint(Suggestion.nearest(name.toUpperCase(), words))}`
  return Either.left(isAlone ? expected : `has ${JSON.stringify(name)}: ${expected}`)
}

/**
 * How long the reply to a command is delayed: each time, or a number of times that is drawn.
 *
 * @since 0.1.0
 * @category models
 */
export interface CommandDelay {
  readonly command: NamedCommand
  /** In seconds. */
  readonly delay: number
  /** 0 to 99; without it, the delay is always the same. */
  readonly odds: number | undefined
}

/**
 * Reads `command:delay[:odds]`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseDelay = (text: string): Either.Either<CommandDelay, string> => {
  const [, name = "", digits = "", chance] = /^\s*([^:\s]+):(\d+(?:\.\d+)?)(?::(\d+))?\s*$/.exec(text) ?? []
  const delay = Number(digits)
  if (name === "") return Either.left("expected command:delay or command:delay:odds, such as MAIL:2 or RCPT:1:50")
  if (!(delay > 0 && delay <= 1e6)) return Either.left("expected a delay of more than 0 seconds")
  const odds = chance === undefined ? undefined : Number(chance)
  if (odds !== undefined && odds > 99) return Either.left("expected odds from 0 to 99")
  return Either.map(commandOf(name, false), (command) => ({ command, delay, odds }))
}

/**
 * How long to wait: as many delays as a die of a hundred sides is thrown until it shows the odds or more.
 *
 * @since 0.1.0
 * @category constructors
 */
export const timingOf = ({ delay, odds = 0 }: CommandDelay): Distribution => {
  const millis = delay * 1000
  const fails = odds / 100
  return {
    mean: millis / (1 - fails),
    at: (u) => millis * (fails === 0 ? 1 : 1 + Math.floor(Math.log1p(-u) / Math.log(fails)))
  }
}

/**
 * Reads the escapes of C: \\a \\b \\f \\n \\r \\t \\v, up to three octal digits, and \\\\. Any other character stands for itself.
 *
 * @since 0.1.0
 * @category parsing
 */
export const unescape = (text: string): string =>
  text.replace(/\\([0-7]{1,3}|[\s\S])/g, (_, escape: string) =>
    /^[0-7]/.test(escape) ? String.fromCharCode(Number.parseInt(escape, 8) & 255) : (escapes[escape] ?? escape)
  )

const escapes: { readonly [letter: string]: string } = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v"
}
