/**
 * The extensions of SMTP that a sink can be told to offer or to hide: their words, and the lines of EHLO's reply that they are.
 *
 *     offers = offer *( ( "," / blanks ) offer )
 *     offer  = extension [ "=" value ]         ; size=10M, rcptmax=100, mailmax=20, deliverby=60
 *            / "auth=" mechanism *( "," mechanism )
 *            / "x-" name [ "=" value ]         ; announced as it is, and nothing more
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as AuthMechanism from "../smtp/AuthMechanism.js"
import * as Suggestion from "./Suggestion.js"

/**
 * The extensions that a sink knows, by their words. What else a server may offer has options of its own: STARTTLS by --tls.
 *
 * @since 0.1.0
 * @category constants
 */
export const extensions = [
  "8bitmime",
  "auth",
  "binarymime",
  "chunking",
  "deliverby",
  "dsn",
  "enhancedstatuscodes",
  "limits",
  "mt-priority",
  "pipelining",
  "requiretls",
  "size",
  "smtputf8",
  "xclient",
  "xforward"
] as const

/**
 * One of `extensions`.
 *
 * @since 0.1.0
 * @category models
 */
export type Extension = (typeof extensions)[number]

/**
 * An offer that was read.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkOffer {
  /** A word of `extensions`, or the name of one that is only announced. */
  readonly name: string
  /** Of LIMITS, the limit: `RCPTMAX` or `MAILMAX`. */
  readonly limit?: "MAILMAX" | "RCPTMAX" | undefined
  /** Of AUTH, the mechanisms. */
  readonly mechanisms?: ReadonlyArray<AuthMechanism.Mechanism> | undefined
  /** What stands after the `=`, if anything does: a number, but for what is only announced. */
  readonly value?: string | undefined
}

/** What may be offered; LIMITS is offered by its limits. */
const words: ReadonlyArray<string> = [...extensions.filter((name) => name !== "limits"), "rcptmax", "mailmax"]

const thousands: { readonly [unit: string]: number } = { "": 1, k: 1000, M: 1_000_000 }

/**
 * Reads a text, or says what is wrong with it.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<ReadonlyArray<SinkOffer>, string> => {
  const found: Array<SinkOffer> = []
  for (const word of wordsOf(text)) {
    const offer = offerOf(word, text.trim() === word)
    if (Either.isLeft(offer)) return Either.left(offer.left)
    found.push(offer.right)
  }
  return found.length === 0
    ? Either.left("expected the names of extensions, such as chunking or size=10M")
    : Either.right(found)
}

/** The words of a text. Commas part both offers and the mechanisms of AUTH: a mechanism after `auth=` belongs to that. */
const wordsOf = (text: string): ReadonlyArray<string> => {
  const found: Array<string> = []
  for (const word of text.split(/[\s,]+/)) {
    const last = found.at(-1)
    if (last !== undefined && /^auth=/i.test(last) && AuthMechanism.ofName(word) !== undefined)
      found[found.length - 1] = `${last},${word}`
    else if (word !== "") found.push(word)
  }
  return found
}

/**
 * The words that are both offered and hidden, by which nobody knows what is meant.
 *
 * @since 0.1.0
 * @category predicates
 */
export const contradictions = (offer: ReadonlyArray<string>, hide: ReadonlyArray<string>): ReadonlyArray<string> => {
  const offered = new Set(
    offer.flatMap((text) =>
      Either.match(parse(text), { onLeft: () => [], onRight: (all) => all.map(({ name }) => name) })
    )
  )
  return [...new Set(hide)].filter((name) => offered.has(name))
}

/**
 * Whether a text offers a mechanism of AUTH by which a sink must know passwords, for it is not told them.
 *
 * @since 0.1.0
 * @category predicates
 */
export const needsPasswords = (text: string): boolean =>
  Either.match(parse(text), {
    onLeft: () => false,
    onRight: (offers) => offers.some(({ mechanisms = [] }) => mechanisms.some(AuthMechanism.needsCrypto))
  })

/** The error shows the text that is wrong: of one word alone it is not said again which. */
const offerOf = (word: string, isAlone: boolean): Either.Either<SinkOffer, string> => {
  const [given = "", ...rest] = word.split("=")
  const value = rest.length === 0 ? undefined : rest.join("=")
  const name = given.toLowerCase()
  const wrong = (reason: string) => Either.left(isAlone ? reason : `has ${JSON.stringify(word)}: ${reason}`)
  if (/^x-[a-z\d-]{1,60}$/.test(name)) {
    return value === undefined || /^[!-~]{1,200}$/.test(value)
      ? Either.right({ name, value })
      : wrong("expected printable ASCII")
  }
  switch (name) {
    case "size": {
      if (value === undefined) return Either.right({ name })
      const [, digits = "", unit = ""] = /^(\d{1,12})([kM]?)$/.exec(value) ?? []
      const bytes = Number(digits) * (thousands[unit] ?? 1)
      return bytes >= 1
        ? Either.right({ name, value: String(bytes) })
        : wrong("expected a number of bytes, such as size=10M")
    }
    case "rcptmax":
    case "mailmax":
      return value !== undefined && /^[1-9]\d{0,5}$/.test(value)
        ? Either.right({ name: "limits", limit: name === "rcptmax" ? "RCPTMAX" : "MAILMAX", value })
        : wrong(`expected a whole number from 1 to 999999, such as ${name}=100`)
    case "deliverby":
      return value === undefined || /^\d{1,9}$/.test(value)
        ? Either.right({ name, value })
        : wrong("expected a number of seconds, such as deliverby=60")
    case "starttls":
      return wrong("expected no starttls, which --tls offers")
    case "auth":
      return mechanismsOf(value ?? "", wrong)
  }
  if (!words.includes(name))
    return wrong(`expected one of ${words.join(", ")}, or x-…${Suggestion.hint(Suggestion.nearest(name, words))}`)
  return value === undefined ? Either.right({ name }) : wrong(`expected ${name} without a value`)
}

const mechanismsOf = (
  value: string,
  wrong: (reason: string) => Either.Either<never, string>
): Either.Either<SinkOffer, string> => {
  const named = value.split(",").filter((name) => name !== "")
  const mechanisms = named.flatMap((name) => AuthMechanism.ofName(name) ?? [])
  return named.length > 0 && mechanisms.length === named.length
    ? Either.right({ name: "auth", mechanisms })
    : wrong(`expected mechanisms of ${AuthMechanism.mechanisms.join(", ")}, such as auth=plain,login`)
}
