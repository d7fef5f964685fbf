/**
 * Where a mailbox is, as `imap://user@host:port/mailbox` (RFC 5092, of which this is a part). It holds no password.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"

/**
 * A mailbox of one user, or of whichever users there are passwords for.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImapUrl {
  readonly host: string
  readonly port: number
  /** From the first byte; otherwise by STARTTLS. */
  readonly tls: boolean
  readonly user: string | undefined
  readonly mailbox: string
}

/**
 * Whether a text is meant to be one.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isOne = (text: string): boolean => /^imaps?:/i.test(text)

/**
 * Reads it, or says what is wrong with it. What is read holds no part of a password, whatever the text does.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<ImapUrl, string> => {
  // A port and a mailbox, or a password with a slash in it, up to the host.
  if (/^[a-z]+:\/\/[^/]*:\d*\/.*@/is.test(text)) return Either.left(ambiguous)
  const url = urlOf(text)
  if (url === undefined || url.host === "") return Either.left(expected)
  const { hash, host, hostname, password, pathname, port, protocol, search, username } = url
  if (password !== "") return Either.left("a password is no part of it: other users of this machine could read it")
  if (hash !== "" || search !== "" || /;/.test(username + host)) return Either.left(expected)
  const [user, mailbox] = [decoded(username), decoded(pathname.replace(/^\//, ""))]
  if (user === undefined || mailbox === undefined) return Either.left(expected)
  const tls = protocol === "imaps:"
  return Either.right({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: port === "" ? (tls ? 993 : 143) : Number(port),
    tls,
    user: user === "" ? undefined : user,
    mailbox: mailbox === "" ? "INBOX" : mailbox
  })
}

const expected = "expected imap://user@host:port/mailbox, or imaps://"

const ambiguous = "a password is no part of it, and the @ of a mailbox is %40 behind a port"

const urlOf = (text: string): URL | undefined => {
  try {
    return new URL(text)
  } catch {
    return undefined
  }
}

/** Undefined where what comes out is no name. */
const decoded = (text: string): string | undefined => {
  try {
    const name = decodeURIComponent(text)
    return /[\r\n\0]/.test(name) ? undefined : name
  } catch {
    return undefined
  }
}

/**
 * The text as it may be shown: one that cannot be read may hold a password, wherever it is.
 *
 * @since 0.1.0
 * @category formatting
 */
export const withoutPassword = (text: string): string =>
  isOne(text) && Either.isLeft(parse(text)) ? text.replace(/:.*$/s, ":...") : text

/**
 * The URL as text, for a user.
 *
 * @since 0.1.0
 * @category formatting
 */
export const format = ({ host, mailbox, port, tls }: ImapUrl, user: string): string =>
  `${tls ? "imaps" : "imap"}://${encodeURIComponent(user)}@${host.includes(":") ? `[${host}]` : host}:${port}/${mailbox}`
