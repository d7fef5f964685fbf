/**
 * Each command's bytes (RFC 5321 §4.1.1, RFC 2033 §4.1). Pure.
 *
 * A command is a string that holds one byte in each character, CRLF included, ready for a `Wire`. What comes from the
 * user goes in as UTF-8. The constructors check nothing: `isOneLine` says what may be in a command, `isCommand` whether it
 * is one, and those who take something from users ask them.
 *
 * @since 0.1.0
 */

/**
 * The UTF-8 bytes of a text, one in each character.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bytes = (text: string): string =>
  isAscii.test(text) ? text : Buffer.from(text, "utf8").toString("latin1")

/** Its UTF-8 is the text itself. */
const isAscii = /^[\0-\x7f]*$/

/**
 * Whether a text can be a part of a command, which ends with its line: no line break is in it, and no NUL.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOneLine = (text: string): boolean => !/[\r\n\0]/.test(text)

/**
 * Whether it is one command, in whole: a line with its end, and no other line in it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isCommand = (command: string): boolean => command.endsWith("\r\n") && isOneLine(command.slice(0, -2))

/**
 * The same string in one piece. A string that was put together is a tree of its parts, and a tree that is itself a part of
 * each message is walked again for each of them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const flat = (command: string): string => Buffer.from(command, "latin1").toString("latin1")

/**
 * The words to introduce oneself by: `LHLO` is that of LMTP.
 *
 * @since 0.1.0
 * @category models
 */
export type Hello = "HELO" | "EHLO" | "LHLO"

/**
 * Tells who we are.
 *
 * @since 0.1.0
 * @category constructors
 */
export const hello = (verb: Hello, name: string): string => `${verb} ${bytes(name)}\r\n`

/**
 * `STARTTLS` (RFC 3207).
 *
 * @since 0.1.0
 * @category constants
 */
export const startTls = "STARTTLS\r\n"

/**
 * `MAIL`. An empty sender is the null reverse-path.
 *
 * @since 0.1.0
 * @category constructors
 */
export const mail = (sender: string): string => `MAIL FROM:<${bytes(sender)}>\r\n`

/**
 * What stands before a recipient in `RCPT`.
 *
 * @since 0.1.0
 * @category constants
 */
export const rcptBegin = "RCPT TO:<"

/**
 * What stands after a recipient in `RCPT`.
 *
 * @since 0.1.0
 * @category constants
 */
export const rcptEnd = ">\r\n"

/**
 * `RCPT`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rcpt = (recipient: string): string => rcptBegin + bytes(recipient) + rcptEnd

/**
 * `DATA`.
 *
 * @since 0.1.0
 * @category constants
 */
export const data = "DATA\r\n"

/**
 * `RSET`.
 *
 * @since 0.1.0
 * @category constants
 */
export const rset = "RSET\r\n"

/**
 * `QUIT`.
 *
 * @since 0.1.0
 * @category constants
 */
export const quit = "QUIT\r\n"

/**
 * What ends the content, after a line that is complete.
 *
 * @since 0.1.0
 * @category constants
 */
export const endOfData = ".\r\n"
