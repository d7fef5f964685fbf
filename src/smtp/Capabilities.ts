/**
 * What a server offers in its reply to EHLO or LHLO (RFC 5321 §4.1.1.1).
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"
import type { Reply } from "./Reply.js"

/**
 * The offered extensions: keywords in upper case, with their parameters.
 *
 * @since 0.1.0
 * @category models
 */
export type Capabilities = ReadonlyMap<string, string>

/**
 * What a server offers that was not asked, or did not understand the question.
 *
 * @since 0.1.0
 * @category constructors
 */
export const none: Capabilities = new Map()

/**
 * Reads the offers from a positive reply to EHLO or LHLO. The first line names the server; empty lines and odd ones
 * offer nothing that anybody asks for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (reply: Reply): Capabilities =>
  new Map(
    reply.text
      .split("\n")
      .slice(1)
      .map((line): readonly [string, string] => {
        const [keyword = "", ...parameters] = line.trim().split(/[ =]+/)
        return [keyword.toUpperCase(), parameters.join(" ")]
      })
      .filter(([keyword]) => keyword !== "")
  )

/**
 * What a server says that it takes at most (RFC 9422): of messages over one connection, and of recipients with one message.
 *
 * @since 0.1.0
 * @category models
 */
export type Limit = "MAILMAX" | "RCPTMAX"

/**
 * What the server takes at most, as LIMITS has it (RFC 9422 §4): any number where it does not say.
 *
 * @since 0.1.0
 * @category destructors
 */
export const most: {
  (limit: Limit): (self: Capabilities) => number
  (self: Capabilities, limit: Limit): number
} = dual(2, (capabilities: Capabilities, limit: Limit): number => {
  const limits = capabilities.get("LIMITS")
  if (limits === undefined) return Number.POSITIVE_INFINITY
  const words = limits.toUpperCase().split(" ")
  const at = words.findIndex((word, index) => word === limit && /^\d{1,6}$/.test(words[index + 1] ?? ""))
  const value = at < 0 ? 0 : Number(words[at + 1])
  return value === 0 ? Number.POSITIVE_INFINITY : value
})
