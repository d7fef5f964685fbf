/**
 * Texts with variables, `{{…}}`, which each message has its own values for.
 *
 *     variable = "message" / "number"                              ; of the message, from 0, and from 1
 *              / "run" / "uuid" / "helo"
 *              / "from" / "to" / "recipient"                       ; in headers and bodies
 *              / "date" [ "iso" ] [ ( "+" / "-" ) number unit ]    ; when the run began; s, m, h, d, w
 *              / "hex" digits / "int" min ".." max / "words" digits
 *              / "pick" text *( "|" text )
 *              / "row." name                                       ; of the file of --data
 *
 * `{{{{` is a literal `{{`. A value is a function of the seed, of where the variable stands and of the message's number: a
 * variable that is added changes no other.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import * as Draw from "./Draw.js"
import * as HeaderDate from "./HeaderDate.js"
import * as Vocabulary from "./Vocabulary.js"

/**
 * What is wrong with a template, and where.
 *
 * @since 0.1.0
 * @category models
 */
export interface TemplateFailure {
  /** Both from 1. */
  readonly line: number
  readonly column: number
  readonly reason: string
}

/**
 * What variables have their values from. Text holds one byte in each character.
 *
 * @since 0.1.0
 * @category models
 */
export interface Values {
  readonly seed: string
  readonly runId: string
  readonly helloName: string
  readonly startedAt: Date
  /** Of a message; left out where addresses themselves are made. */
  readonly envelope?:
    | {
        readonly from: (message: number) => string
        readonly to: (message: number) => string
        readonly recipient: (message: number) => string
      }
    | undefined
  readonly rows?:
    | { readonly names: ReadonlyArray<string>; readonly cells: (message: number) => ReadonlyArray<string> }
    | undefined
}

/**
 * A text that holds one byte in each character, and what it is of a message where there are variables in it.
 *
 * @since 0.1.0
 * @category models
 */
export type Part = string | ((message: number) => string)

/**
 * A template that was read.
 *
 * @since 0.1.0
 * @category models
 */
export interface Template {
  readonly parts: ReadonlyArray<Part>
  /** The columns of rows that stand in it. */
  readonly columns: ReadonlyArray<{ readonly name: string; readonly index: number; readonly place: number }>
}

/**
 * Reads a template. `place` says where it stands, so that the same variable elsewhere has other values.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string, place: string, values: Values): Either.Either<Template, TemplateFailure> => {
  const parts: Array<Part> = []
  const columns: Array<Template["columns"][number]> = []
  const seen = new Map<string, number>()
  let literal = ""
  let at = 0
  while (at < text.length) {
    const open = text.indexOf("{{", at)
    if (open < 0) break
    literal += text.slice(at, open)
    if (text.startsWith("{{{{", open)) {
      literal += "{{"
      at = open + 4
      continue
    }
    const close = text.indexOf("}}", open)
    const inside = text.slice(open + 2, close < 0 ? text.length : close)
    if (close < 0 || inside.includes("\n"))
      return failure(text, open, '"{{" without "}}" on its line; "{{{{" is a literal "{{"')
    const name = inside.trim()
    const occurrence = seen.get(name) ?? 0
    seen.set(name, occurrence + 1)
    const made = variable(name, Draw.keyOf(`${values.seed} ${place} ${name} ${occurrence}`), values)
    if (typeof made === "object")
      return failure(text, open + 2 + inside.length - inside.trimStart().length, made.reason)
    if (name.startsWith("row.")) {
      const column = name.slice("row.".length)
      columns.push({ name: column, index: values.rows!.names.indexOf(column), place: open })
    }
    if (literal !== "") parts.push(SmtpCommand.bytes(literal))
    literal = ""
    parts.push(made)
    at = close + 2
  }
  literal += text.slice(at)
  if (literal !== "") parts.push(SmtpCommand.bytes(literal))
  return Either.right({ parts: joined(parts), columns })
}

/**
 * Whether a text has variables, or anything else that `parse` would change.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isTemplate = (text: string): boolean => text.includes("{{")

/**
 * The text of a message.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (parts: ReadonlyArray<Part>): ((message: number) => string) => {
  const [only] = parts
  if (only === undefined) return () => ""
  if (parts.length === 1) return typeof only === "string" ? () => only : only
  return (message) => {
    let text = ""
    for (const part of parts) text += typeof part === "string" ? part : part(message)
    return text
  }
}

const failure = (text: string, at: number, reason: string): Either.Either<never, TemplateFailure> => {
  const before = text.slice(0, at).split("\n")
  return Either.left({ line: before.length, column: before.at(-1)!.length + 1, reason })
}

/**
 * The same parts, with strings that follow each other in one piece.
 *
 * @since 0.1.0
 * @category combinators
 */
export const joined = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> => {
  const all: Array<Part> = []
  for (const part of parts) {
    const last = all.at(-1)
    if (typeof part === "string" && typeof last === "string") all[all.length - 1] = last + part
    else if (part !== "") all.push(part)
  }
  return all.map((part) => (typeof part === "string" ? SmtpCommand.flat(part) : part))
}

const wrong = (reason: string) => ({ reason })

/** The part that a variable is, or what is wrong with it. */
const variable = (text: string, key: number, values: Values): Part | { readonly reason: string } => {
  const { envelope, helloName, rows, runId } = values
  const [name = "", ...words] = text.split(/\s+/)
  const rest = text.slice(name.length).trim()
  if (name.startsWith("row.")) {
    if (rows === undefined) return wrong(`{{${text}}} needs --data`)
    const column = text.slice("row.".length)
    const index = rows.names.indexOf(column)
    return index < 0
      ? wrong(`no column ${JSON.stringify(column)}: there are ${rows.names.join(", ")}`)
      : (message) => rows.cells(message)[index]!
  }
  if (words.length > 0 && !/^(?:date|hex|int|words|pick)$/.test(name)) return wrong(unknown(text))
  switch (name) {
    case "message":
      return String
    case "number":
      return (message) => String(message + 1)
    case "run":
      return runId
    case "helo":
      return SmtpCommand.bytes(helloName)
    case "uuid":
      return uuid(key)
    case "from":
    case "to":
    case "recipient":
      return envelope === undefined ? wrong(`{{${name}}} cannot be in an address`) : envelope[name]
    case "date":
      return date(rest, values)
    case "hex": {
      const digits = whole(rest, 1, 256)
      return digits === undefined
        ? wrong("hex needs a number of digits from 1 to 256, as in {{hex 16}}")
        : hex(digits, key)
    }
    case "words": {
      const count = whole(rest, 1, 10_000)
      return count === undefined
        ? wrong("words needs a number from 1 to 10000, as in {{words 20}}")
        : (message) => sentence(count, Draw.series(key, message))
    }
    case "int": {
      const [, first = "", last = ""] = /^(\d{1,15})\s*\.\.\s*(\d{1,15})$/.exec(rest) ?? []
      const [least, most] = [Number(first), Number(last)]
      if (first === "" || most < least)
        return wrong("int needs two numbers, the smaller one first, as in {{int 1..100}}")
      return (message) => String(least + Math.floor(Draw.uniform(key, message) * (most - least + 1)))
    }
    case "pick": {
      const choices = rest.split("|").map((choice) => SmtpCommand.bytes(choice.trim()))
      if (choices.length < 2) return wrong("pick needs two texts or more, as in {{pick a|b|c}}")
      return (message) => choices[Math.floor(Draw.uniform(key, message) * choices.length)]!
    }
    default:
      return wrong(unknown(text))
  }
}

const unknown = (text: string): string =>
  `unknown variable {{${text}}}: there are message, number, run, uuid, date, hex, int, words, pick, row.NAME, helo, from, to and recipient`

const whole = (text: string, least: number, most: number): number | undefined => {
  const number = /^\d{1,6}$/.test(text) ? Number(text) : 0
  return number >= least && number <= most ? number : undefined
}

/** Eight digits. */
const hexOf = (key: number, place: number): string => {
  const bits = Draw.bits(key, place)
  return quad(bits >>> 16) + quad(bits & 0xffff)
}

/** Of 16 bits, four digits. To ask a table costs a tenth of making them. */
const quad = (bits: number): string => pairs[bits >>> 8]! + pairs[bits & 0xff]!

const pairs = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"))

const hex = (digits: number, key: number) => (message: number) => {
  let text = ""
  const own = Draw.series(key, message)
  for (let place = 0; text.length < digits; place++) text += hexOf(own, place)
  return text.length === digits ? text : text.slice(0, digits)
}

/** Of version 4 (RFC 9562 §5.4). */
const uuid =
  (key: number) =>
  (message: number): string => {
    const own = Draw.series(key, message)
    const [second, third] = [Draw.bits(own, 1), Draw.bits(own, 2)]
    const version = 0x4000 | (second & 0xfff)
    const variant = 0x8000 | ((third >>> 16) & 0x3fff)
    return `${hexOf(own, 0)}-${quad(second >>> 16)}-${quad(version)}-${quad(variant)}-${quad(third & 0xffff)}${hexOf(own, 3)}`
  }

const sentence = (count: number, key: number): string => {
  let text = Vocabulary.word(Draw.uniform(key, 0))
  for (let place = 1; place < count; place++) text += ` ${Vocabulary.word(Draw.uniform(key, place))}`
  return text
}

const units: { readonly [unit: string]: number } = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

const date = (rest: string, { startedAt }: Values): Part | { readonly reason: string } => {
  const [, iso, sign, number = "0", unit = "s"] = /^(iso)?\s*(?:([+-])\s*(\d{1,6})\s*([smhdw]))?$/.exec(rest) ?? [rest]
  if (rest !== "" && iso === undefined && sign === undefined)
    return wrong("date is written as in {{date}}, {{date iso}} or {{date + 1d}}")
  const then = new Date(startedAt.getTime() + (sign === "-" ? -1 : 1) * Number(number) * units[unit]!)
  return iso === undefined ? HeaderDate.format(then) : then.toISOString()
}
