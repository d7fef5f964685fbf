/**
 * What a sink offers, in words, and the configuration that they come to: an extension that is offered is kept to, and what is not
 * offered is refused. Pure.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as SinkOffer from "../plan/SinkOffer.js"
import type { SinkConfig } from "./SinkOptions.js"

/**
 * The words of the options of these names.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkOffers {
  /** Beside what is usual: `chunking`, `size=10M`, `rcptmax=100`. */
  readonly offer?: ReadonlyArray<string> | undefined
  /** Of what is usual. */
  readonly hide?: ReadonlyArray<string> | undefined
}

/**
 * An extension that is offered unless it is hidden, and its line of EHLO's reply.
 *
 * @since 0.1.0
 * @category models
 */
export type Usual = readonly [name: SinkOffer.Extension, line: string]

/**
 * What a sink of this package offers by itself.
 *
 * @since 0.1.0
 * @category constants
 */
export const usual: ReadonlyArray<Usual> = [
  ["pipelining", "PIPELINING"],
  ["size", "SIZE"],
  ["8bitmime", "8BITMIME"],
  ["smtputf8", "SMTPUTF8"],
  ["dsn", "DSN"],
  ["chunking", "CHUNKING"],
  ["binarymime", "BINARYMIME"],
  ["requiretls", "REQUIRETLS"],
  ["enhancedstatuscodes", "ENHANCEDSTATUSCODES"]
]

/** Offers of an extension that are more than its name. */
const lines: ReadonlyMap<string, string> = new Map([
  ["xclient", "XCLIENT NAME ADDR PORT PROTO HELO LOGIN DESTADDR DESTPORT REVERSE_NAME"],
  ["xforward", "XFORWARD NAME ADDR PORT PROTO HELO IDENT SOURCE"]
])

/**
 * The part of a sink's configuration that says what it offers and what comes of it: `SIZE` bounds messages, `RCPTMAX` their
 * recipients, `MAILMAX` the transactions of a connection, and AUTH has logins with these mechanisms. Throws a `RangeError` where an offer cannot be read.
 *
 * @example
 * import { SinkOffers } from "smtp-source"
 * import { TestServer } from "smtp-source/testing"
 *
 * // In memory, what smtp-sink --offer and --hide do over sockets.
 * export const server = TestServer.layer(SinkOffers.configOf({ offer: ["rcptmax=10"], hide: ["chunking"] }))
 *
 * @since 0.1.0
 * @category constructors
 */
export const configOf = (
  { hide = [], offer = [] }: SinkOffers,
  offered: ReadonlyArray<Usual> = usual
): Pick<SinkConfig, "auth" | "maxMessageSize" | "maxRecipients" | "maxTransactions" | "offers"> => {
  if (hide.length === 0 && offer.length === 0) return {}
  const added = offer.flatMap((text) =>
    Either.getOrThrowWith(
      SinkOffer.parse(text),
      (reason) => new RangeError(`offer: ${JSON.stringify(text)}: ${reason}`)
    )
  )
  const size = added.findLast(({ name, value }) => name === "size" && value !== undefined)?.value
  const limitOf = (limit: string) => added.findLast((each) => each.limit === limit)?.value
  const [rcptMax, mailMax] = [limitOf("RCPTMAX"), limitOf("MAILMAX")]
  const mechanisms = added.findLast(({ name }) => name === "auth")?.mechanisms
  // The logins offer their mechanisms by themselves.
  const isHidden = (name: string) => hide.some((each) => each === name) || (name === "auth" && mechanisms !== undefined)
  const all = new Map<string, string>(offered)
  for (const { limit, name, value } of added) {
    if (limit === undefined && name !== "auth")
      all.set(name, lines.get(name) ?? [name.toUpperCase(), ...(value === undefined ? [] : [value])].join(" "))
  }
  const limits = [
    ...(rcptMax === undefined ? [] : [`RCPTMAX=${rcptMax}`]),
    ...(mailMax === undefined ? [] : [`MAILMAX=${mailMax}`])
  ]
  if (limits.length > 0) all.set("limits", `LIMITS ${limits.join(" ")}`)
  return {
    offers: [...all].flatMap(([name, line]) => (isHidden(name) ? [] : [line])),
    ...(mechanisms === undefined ? {} : { auth: { mechanisms } }),
    ...(size === undefined || isHidden("size") ? {} : { maxMessageSize: Number(size) }),
    ...(rcptMax === undefined || isHidden("limits") ? {} : { maxRecipients: Number(rcptMax) }),
    ...(mailMax === undefined || isHidden("limits") ? {} : { maxTransactions: Number(mailMax) })
  }
}
