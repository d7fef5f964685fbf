/**
 * What a server offers in its reply to EHLO or LHLO (RFC 5321 §4.1.1.1).
 *
 * @since 0.1.0
 */
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
 * How many messages the server takes over one connection, as LIMITS has it (RFC 9422 §4): any number where it does not say.
 *
 * @since 0.1.0
 * @category destructors
 */
export const mailMax = (capabilities: Capabilities): number => {
  const most = /(?:^| )MAILMAX (\d{1,6})(?: |$)/i.exec(capabilities.get("LIMITS") ?? "")?.[1]
  return most === undefined || Number(most) === 0 ? Number.POSITIVE_INFINITY : Number(most)
}
