/**
 * What a sink says, encoded once. Pure.
 *
 * @since 0.1.0
 */

/**
 * A reply, ready to be written.
 *
 * @since 0.1.0
 * @category models
 */
export class SinkReply {
  readonly bytes: Uint8Array
  /** The connection is closed after it (RFC 5321 §3.8, RFC 7504). */
  readonly closing: boolean

  constructor(
    readonly text: string,
    /** Whether it lets the client go on. */
    readonly positive: boolean = text.startsWith("2")
  ) {
    this.bytes = Buffer.from(text, "latin1")
    this.closing = isClosing(text)
  }
}

/**
 * Whether the connection ends with this reply.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isClosing = (text: string): boolean => text.startsWith("421") || text.startsWith("521")

/**
 * The replies that hold the sink's name or its bounds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const introduce = ({ greeting, lmtp, loose, mechanisms, name, offers }: Introduction) => {
  const hello = (lines: ReadonlyArray<string>): SinkReply => ehlo([name, ...lines, ...(loose ? [""] : [])])
  return {
    ehloStartTls: hello([...withoutTls(offers), "STARTTLS", ...authOffer(mechanisms.plain)]),
    greeting: new SinkReply(`220 ${greeting ?? `${name} ${lmtp ? "LMTP" : "ESMTP"}`}\r\n`),
    helo: new SinkReply(`250 ${name}\r\n`),
    ehlo: hello([...withoutTls(offers), ...authOffer(mechanisms.plain)]),
    ehloSecure: hello([...offers, ...authOffer(mechanisms.secure)]),
    busy: new SinkReply(`421 4.7.0 ${name} Error: too many connections\r\n`),
    tooManyErrors: new SinkReply(`421 4.7.0 ${name} Error: too many errors\r\n`),
    timedOut: new SinkReply(`421 4.4.2 ${name} Error: timeout exceeded\r\n`)
  }
}

/**
 * What a sink says of itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface Introduction {
  readonly name: string
  /** Instead of the usual one, without its code. */
  readonly greeting: string | undefined
  readonly lmtp: boolean
  /** The list of offers ends with an empty line. */
  readonly loose: boolean
  readonly offers: ReadonlyArray<string>
  /** Of AUTH, before TLS and under it; where there is no TLS, they are the same. */
  readonly mechanisms: { readonly plain: ReadonlyArray<string>; readonly secure: ReadonlyArray<string> }
}

const authOffer = (mechanisms: ReadonlyArray<string>): ReadonlyArray<string> =>
  mechanisms.length === 0 ? [] : [`AUTH ${mechanisms.join(" ")}`]

const withoutTls = (offers: ReadonlyArray<string>): ReadonlyArray<string> =>
  offers.filter((offer) => offer !== "REQUIRETLS")

const ehlo = (lines: ReadonlyArray<string>): SinkReply =>
  new SinkReply(lines.map((line, index) => `250${index === lines.length - 1 ? " " : "-"}${line}\r\n`).join(""))

/**
 * The replies that are the same everywhere.
 *
 * @since 0.1.0
 * @category constants
 */
export const replies = {
  ok: new SinkReply("250 2.0.0 Ok\r\n"),
  finalOk: new SinkReply("250 2.0.0 Ok\r\n"),
  rsetOk: new SinkReply("250 2.0.0 Ok\r\n"),
  mailOk: new SinkReply("250 2.1.0 Ok\r\n"),
  rcptOk: new SinkReply("250 2.1.5 Ok\r\n"),
  goAhead: new SinkReply("354 End data with <CR><LF>.<CR><LF>\r\n", true),
  bye: new SinkReply("221 2.0.0 Bye\r\n"),
  startTls: new SinkReply("220 2.0.0 Ready to start TLS\r\n"),
  needStartTls: new SinkReply("530 5.7.0 Must issue a STARTTLS command first\r\n"),
  authOk: new SinkReply("235 2.7.0 Authentication successful\r\n"),
  authRefused: new SinkReply("535 5.7.8 Error: authentication failed\r\n"),
  authMalformed: new SinkReply("501 5.5.2 Error: malformed authentication input\r\n"),
  authCancelled: new SinkReply("501 5.7.0 Authentication cancelled\r\n"),
  authOutOfPlace: new SinkReply("503 5.5.1 Error: no login here\r\n"),
  needAuth: new SinkReply("530 5.7.0 Authentication required\r\n"),
  notBase64: new SinkReply("501 5.5.2 Error: no base64\r\n"),
  unknownMechanism: new SinkReply("504 5.5.4 Unrecognized authentication mechanism\r\n"),
  noStartTls: new SinkReply("502 5.5.1 Error: command not implemented\r\n"),
  isSecure: new SinkReply("554 5.5.1 Error: TLS already active\r\n"),
  cannotVerify: new SinkReply("252 2.0.0 Cannot VRFY user\r\n"),
  tooManyRecipients: new SinkReply("452 4.5.3 Error: too many recipients\r\n"),
  tooManyTransactions: new SinkReply("452 4.5.3 Error: too many transactions\r\n"),
  unknownCommand: new SinkReply("500 5.5.2 Error: command not recognized\r\n"),
  noCommand: new SinkReply("500 5.5.2 Error: command not recognized\r\n"),
  lineTooLong: new SinkReply("500 5.5.2 Error: line too long\r\n"),
  syntaxError: new SinkReply("501 5.5.4 Syntax error\r\n"),
  badSender: new SinkReply("501 5.1.7 Bad sender address syntax\r\n"),
  badRecipient: new SinkReply("501 5.1.3 Bad recipient address syntax\r\n"),
  nestedMail: new SinkReply("503 5.5.1 Error: nested MAIL command\r\n"),
  chunkOk: new SinkReply("250 2.0.0 Chunk taken\r\n"),
  badChunk: new SinkReply("501 5.5.4 Syntax: BDAT count [LAST]\r\n"),
  chunkBefore: new SinkReply("503 5.5.1 Error: a chunk before this one was refused, send RSET\r\n"),
  dataAfterChunk: new SinkReply("503 5.5.1 Error: DATA after BDAT\r\n"),
  dataOfBinary: new SinkReply("503 5.5.1 Error: BINARYMIME needs BDAT\r\n"),
  needMail: new SinkReply("503 5.5.1 Error: need MAIL command\r\n"),
  needRcpt: new SinkReply("503 5.5.1 Error: need RCPT command\r\n"),
  noService: new SinkReply("503 5.5.1 Error: no service here, send QUIT\r\n"),
  noRecipients: new SinkReply("554 5.5.1 Error: no valid recipients\r\n"),
  mailLoop: new SinkReply("554 5.4.6 Error: too many hops\r\n"),
  messageTooBig: new SinkReply("552 5.3.4 Error: message too big\r\n"),
  unkept: new SinkReply("451 4.3.0 Error: cannot keep the message\r\n"),
  unknownParameter: new SinkReply("555 5.5.4 Unsupported option\r\n")
}

/**
 * The same, where smtp-sink(1) has other words.
 *
 * @since 0.1.0
 * @category constructors
 */
export const looseReplies = (lmtp: boolean): typeof replies => ({
  ...replies,
  finalOk: lmtp ? new SinkReply("250 2.2.0 Ok\r\n") : replies.ok,
  rsetOk: new SinkReply("250 2.1.0 Ok\r\n"),
  bye: new SinkReply("221 Bye\r\n"),
  cannotVerify: replies.ok,
  unknownCommand: new SinkReply("500 5.5.1 Error: unknown command\r\n"),
  noCommand: new SinkReply("500 5.5.2 Error: unknown command\r\n")
})
