/**
 * How the connections of a run differ from the plain way: how many messages each carries, how long it is held, and which
 * messages are abandoned half way.
 *
 *     per-connection = count [ ".." count ]
 *     abandon        = step [ "close" / "reset" ] [ number "%" ]   ; blanks between them
 *     step           = "greeting" / "hello" / "mail" / "rcpt" / "data"
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Draw from "./Draw.js"
import type { ParseFailure } from "./Rate.js"

/**
 * The steps after which a connection can be abandoned: once the server has answered them.
 *
 * @since 0.1.0
 * @category constants
 */
export const steps = ["greeting", "hello", "mail", "rcpt", "data"] as const

/**
 * To leave without a word after the reply to a step.
 *
 * @since 0.1.0
 * @category models
 */
export interface Abandonment {
  readonly step: (typeof steps)[number]
  readonly how: "fin" | "reset"
}

/**
 * The shape of a run's connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shape {
  /** How many messages connection n carries at most, counted from 0. */
  readonly messagesOn: (connection: number) => number
  /** How long a connection is held idle before QUIT, in milliseconds. */
  readonly hold: number
  /** Whether message k is abandoned, and after which step. */
  readonly abandons: (message: number) => Abandonment | undefined
}

/**
 * The shape that a plan asks for, drawn from the seed; undefined where all goes the plain way.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  {
    abandon,
    hold,
    perConnection
  }: {
    readonly abandon?: string | undefined
    /** In seconds. */
    readonly hold?: number | undefined
    readonly perConnection?: string | undefined
  },
  seed: string
): Shape | undefined => {
  if (abandon === undefined && hold === undefined && perConnection === undefined) return undefined
  const [least, most] = perConnection === undefined ? [1, 1] : Either.getOrThrow(parsePerConnection(perConnection))
  const abandonment = abandon === undefined ? undefined : Either.getOrThrow(parseAbandon(abandon))
  const counts = Draw.keyOf(`${seed} per connection`)
  const shares = Draw.keyOf(`${seed} abandon`)
  return {
    messagesOn: (connection) =>
      perConnection === undefined
        ? Number.POSITIVE_INFINITY
        : least + Math.floor(Draw.uniform(counts, connection) * (most - least + 1)),
    hold: (hold ?? 0) * 1000,
    abandons: (message) =>
      abandonment !== undefined && Draw.uniform(shares, message) < abandonment.share ? abandonment : undefined
  }
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
  const [, first = "", second] = /^(\d+)(?:\.\.(\d+))?$/.exec(text) ?? []
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
