/**
 * The grammars of shapes: --shape, --per-connection and --abandon, and what is wrong with what is written in them.
 *
 *     per-connection = count [ ".." count ]
 *     abandon        = step [ "close" / "reset" ] [ number "%" ]   ; blanks between them
 *     step           = "greeting" / "hello" / "starttls" / "tls" / "auth" / "mail" / "rcpt" / "data"
 *     shape          = number [ "%" ] [ ":" part *( "," part ) ]   ; its weight, and what is different about it;
 *                                                                   ; in percent, weights add up to 100
 *     part           = "per-connection" per-connection / "hold" timing / "think" timing / "send-rate" bytes
 *                    / "tls" ( "off" / "starttls" / "if-offered" / "implicit" )
 *                    / "abandon" abandon                           ; which may stand there several times
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { ParseFailure } from "./Cursor.js"

/**
 * The steps after which a connection can be abandoned: once the server has answered them, and TLS stands.
 *
 * @since 0.1.0
 * @category constants
 */
export const steps = ["greeting", "hello", "starttls", "tls", "auth", "mail", "rcpt", "data"] as const

/**
 * To drop the connection, without QUIT, after the reply to a step.
 *
 * @since 0.1.0
 * @category models
 */
export interface Abandonment {
  readonly step: (typeof steps)[number]
  readonly how: "fin" | "reset"
}

/**
 * Reads `5` or `1..20`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parsePerConnection = (
  text: string
): Either.Either<readonly [least: number, most: number], ParseFailure> => {
  const [, first = "", second] = /^\s*(\d+)(?:\.\.(\d+))?\s*$/.exec(text) ?? []
  const [least, most] = [Number(first), Number(second ?? first)]
  const expected = "a number of messages, 1 or more, or two of them as in 1..20, the smaller one first"
  return first !== "" && least >= 1 && most >= least && most <= 2_147_483_647
    ? Either.right([least, most])
    : Either.left({ column: 1, expected })
}

/**
 * Reads `data`, `rcpt close` or `mail reset 5%`; without a share, it is all of them.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseAbandon = (text: string): Either.Either<Abandonment & { readonly share: number }, ParseFailure> => {
  const words = [...text.matchAll(/\S+/g)].map((match) => ({ column: match.index + 1, word: match[0] }))
  const [first, ...rest] = words
  const step = steps.find((each) => each === first?.word)
  if (step === undefined) {
    const expected = `one of ${steps.slice(0, -1).join(", ")} and ${steps.at(-1)}`
    return Either.left({ column: first?.column ?? 1, expected })
  }
  let how: Abandonment["how"] = "reset"
  let share = 1
  let seen = 0
  for (const { column, word } of rest) {
    const number = /^(\d+(?:\.\d+)?)%$/.exec(word)?.[1]
    if (seen === 0 && (word === "close" || word === "reset")) {
      how = word === "close" ? "fin" : "reset"
      seen = 1
    } else if (seen < 2 && number !== undefined && Number(number) > 0 && Number(number) <= 100) {
      share = Number(number) / 100
      seen = 2
    } else {
      const expected =
        seen === 0 ? "close, reset or a share such as 5%" : seen === 1 ? "a share such as 5%" : "nothing more"
      return Either.left({ column, expected })
    }
  }
  return Either.right({ step, how, share })
}

/**
 * Reads `90%: per-connection 1..20, hold 5`. That the parts which are read are in order themselves is left to the schema of
 * their fields.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<{ readonly [field: string]: unknown }, ParseFailure> => {
  const [, before = "", digits, after = ""] = /^(\s*)(\d+(?:\.\d+)?)\s*%?\s*(:.*)?$/s.exec(text) ?? []
  if (digits === undefined || Number(digits) === 0) {
    return Either.left({ column: before.length + 1, expected: 'a share such as 90%, and after ":" what is different' })
  }
  const fields: { [field: string]: unknown } & { abandon: Array<string> } = { weight: Number(digits), abandon: [] }
  let column = text.length - after.length + 2
  for (const part of after === "" ? [] : after.slice(1).split(",")) {
    const [, blanks = "", name = "", value = ""] = /^(\s*)(\S*)\s*(.*?)\s*$/s.exec(part) ?? []
    const field = parts.get(name)
    const at = column + blanks.length
    if (field === undefined) return Either.left({ column: at, expected: oneOf([...parts.keys()]) })
    if (value === "") return Either.left({ column: at + name.length, expected: `what ${name} is to be` })
    if (field === "abandon") fields.abandon.push(value)
    else if (field in fields) return Either.left({ column: at, expected: `${name} once` })
    else fields[field] = value
    column += part.length + 1
  }
  const { abandon, ...others } = fields
  return Either.right(abandon.length === 0 ? others : { ...others, abandon })
}

/**
 * What is wrong with the weights of shapes as they are written: shares in percent that do not add up to all, by which the rest
 * would be shared out unseen, and a number that is no 1 and stands alone, where mostly the sign is missing. Undefined where
 * nothing is. Shapes can be texts, and plain data, of which only what is in percent is looked at.
 *
 * @since 0.1.0
 * @category predicates
 */
export const misweighed = (shapes: ReadonlyArray<unknown>): string | undefined => {
  const weights = shapes.flatMap((shape) => weightOf(shape) ?? [])
  const [first] = weights
  if (first === undefined || weights.length < shapes.length) return undefined
  if (weights.length === 1 && first.isNumber && first.weight !== 1) {
    return `${first.weight} is the weight of the only shape, which all connections would have: write ${first.weight}%, and another shape for the rest; or 100%`
  }
  const total = Number(weights.reduce((sum, { weight }) => sum + weight, 0).toFixed(6))
  if (total === 100 || !weights.every(({ isPercent }) => isPercent)) return undefined
  const rest =
    total < 100 ? `: those that are left are a shape, too, such as "${Number((100 - total).toFixed(6))}%"` : ""
  return `shares in percent must add up to 100%, not ${total}%${rest}`
}

/** A weight, and how it was written; undefined for what is none. */
const weightOf = (shape: unknown) => {
  const written = typeof shape === "object" && shape !== null && "weight" in shape ? shape.weight : shape
  if (written === shape && typeof shape !== "string") return undefined
  const [, digits, sign] = /^\s*(\d+(?:\.\d+)?)\s*(%)?\s*(?::|$)/.exec(String(written)) ?? []
  if (digits === undefined) return undefined
  return { weight: Number(digits), isPercent: sign !== undefined, isNumber: written === shape && sign === undefined }
}

/**
 * Whether a plan has connections abandoned after this step, in any shape; fields may be lists, and texts.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAbandonedAfter = (
  plan: { readonly [field: string]: unknown },
  step: (typeof steps)[number]
): boolean => {
  const texts = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [value])
  const shaped = texts(plan.shapes).flatMap((shape) => {
    const parts = typeof shape === "string" ? Either.getOrElse(parse(shape), () => ({})) : shape
    return typeof parts === "object" && parts !== null && "abandon" in parts ? texts(parts.abandon) : []
  })
  return [...texts(plan.abandon), ...shaped].some((each) => String(each).trim().split(/\s/)[0] === step)
}

/** The names of the parts, and the fields that they are. */
const parts: ReadonlyMap<string, string> = new Map([
  ["per-connection", "perConnection"],
  ["hold", "hold"],
  ["think", "think"],
  ["send-rate", "sendRate"],
  ["tls", "tls"],
  ["abandon", "abandon"]
])

const oneOf = (words: ReadonlyArray<string>): string => `${words.slice(0, -1).join(", ")} or ${words.at(-1)}`
