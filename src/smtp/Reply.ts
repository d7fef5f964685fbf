/**
 * SMTP replies (RFC 5321 §4.2), and what they say.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"

/**
 * A complete reply. `code` is that of the last line, 0 where it has none. `text` holds the text of each line, joined
 * with line feeds, one byte in each character.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reply {
  readonly code: number
  readonly text: string
  /** What breaks the grammar, if anything does. */
  readonly defect?: string | undefined
}

/**
 * Whether the reply is in order and of class 2: success.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPositive = (reply: Reply): boolean => isOfClass2(reply) && reply.defect === undefined

/**
 * Whether the code is of class 2, in order or not: the original asks for no more (clause S9.1).
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOfClass2 = (reply: Reply): boolean => reply.code >= 200 && reply.code < 300

/**
 * Whether this is the one reply that lets the message follow DATA.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isGoAhead = (reply: Reply): boolean => reply.code === 354

/**
 * Whether the server refuses: a code of class 4 or 5, and no defect.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isRefusal = (reply: Reply): boolean => reply.code >= 400 && reply.code < 600 && reply.defect === undefined

/**
 * Whether the server closes the connection with this reply (RFC 5321 §3.8, RFC 7504).
 *
 * @since 0.1.0
 * @category predicates
 */
export const isClosing = (reply: Reply): boolean => reply.code === 421 || reply.code === 521

/**
 * The enhanced status code that the text begins with (RFC 3463 §2), if there is one.
 *
 * @since 0.1.0
 * @category destructors
 */
export const enhancedStatusCode = (reply: Reply): string | undefined =>
  /^[245]\.\d{1,3}\.\d{1,3}(?=[ \n]|$)/.exec(reply.text)?.[0]

/**
 * The reply with no more than `most` characters of its text, in memory of their own: a part of a text keeps the whole of it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const shortened: {
  (most: number): (reply: Reply) => Reply
  (reply: Reply, most: number): Reply
} = dual(
  2,
  (reply: Reply, most: number): Reply =>
    reply.text.length <= most ? reply : { ...reply, text: beginning(reply.text, most) }
)

/**
 * The first `most` characters of a text, in memory of their own.
 *
 * @since 0.1.0
 * @category destructors
 */
export const beginning = (text: string, most: number): string =>
  text.length <= most ? text : Buffer.from(text.slice(0, most), "utf16le").toString("utf16le")
