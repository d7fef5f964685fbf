/**
 * The closed union of what can go wrong in an SMTP dialogue, each naming the step it struck.
 *
 * A reply that refuses is data wherever the dialogue can go on (building an error costs microseconds); it becomes a
 * `ReplyRejected` only for a caller that asked for one particular step.
 *
 * It is over 300 lines because the union is closed: each error is here, and in one form.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import { dual } from "effect/Function"
import * as Printable from "./Printable.js"
import { type Reply, beginning, shortened as shortenedReply } from "./Reply.js"
import * as Target from "./Target.js"
import { type TlsFailure, wayOut } from "./Tls.js"

/**
 * The steps of a session, in the order of the dialogue (RFC 5321 §3, RFC 2033 §4).
 *
 * `content` lasts from the first byte of the message to the hand-over of the final dot; `final` is the wait for the
 * reply to it. `chunk` is any BDAT but the last one of a message, which is `content` and `final`. `tls` is the handshake, which follows `connect` or `starttls`. `idle` is when nothing is awaited of the server, and it speaks all the same; `other` is every command that
 * has no step of its own, such as NOOP and VRFY.
 *
 * @since 0.1.0
 * @category models
 */
export const steps = [
  "connect",
  "tls",
  "greeting",
  "hello",
  "starttls",
  "xclient",
  "auth",
  "xforward",
  "mail",
  "rcpt",
  "data",
  "chunk",
  "content",
  "final",
  "rset",
  "quit",
  "idle",
  "other"
] as const

/**
 * One of `steps`.
 *
 * @since 0.1.0
 * @category models
 */
export type Step = (typeof steps)[number]

/**
 * The place of a step in the dialogue, as text that sorts by it.
 *
 * @since 0.1.0
 * @category destructors
 */
export const stepPlace = (step: Step): string => String(steps.indexOf(step)).padStart(2, "0")

const described: { readonly [step in Step]: string } = {
  connect: "connecting",
  tls: "starting TLS",
  greeting: "reading the server's greeting",
  hello: "sending EHLO, HELO or LHLO",
  starttls: "sending STARTTLS",
  xclient: "sending XCLIENT",
  auth: "logging in",
  xforward: "sending XFORWARD",
  mail: "sending the sender",
  rcpt: "sending a recipient",
  data: "sending DATA",
  chunk: "sending a chunk of the message",
  content: "sending the message",
  final: "waiting for the reply to the message",
  rset: "sending RSET",
  quit: "sending QUIT",
  idle: "idle",
  other: "sending a command"
}

const refused: { readonly [step in Step]: string } = {
  connect: "connection",
  tls: "TLS",
  greeting: "greeting",
  hello: "hello",
  starttls: "STARTTLS",
  xclient: "XCLIENT",
  auth: "login",
  xforward: "XFORWARD",
  mail: "sender",
  rcpt: "recipient",
  data: "DATA",
  chunk: "chunk",
  content: "message",
  final: "message",
  rset: "RSET",
  quit: "QUIT",
  idle: "idle connection",
  other: "command"
}

/**
 * No connection could be opened.
 *
 * `local` tells trouble of this machine (no descriptors, no ports, no memory) from the server's.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConnectFailed extends Data.TaggedError("ConnectFailed")<{
  readonly code: string
  readonly reason: string
  readonly local: boolean
  readonly target?: Target.Target | undefined
  /** The address that was tried, of those that the target's name has. */
  readonly address?: string | undefined
  /** The local address that was asked for. */
  readonly source?: string | undefined
}> {
  readonly step = "connect" as const
  override get message(): string {
    const { address, reason, source, target } = this
    const to = target === undefined ? "" : ` to ${Target.format(target)}`
    const at = address === undefined || (target?._tag === "Inet" && target.host === address) ? "" : ` (${address})`
    const from = source === undefined ? "" : ` from ${source}`
    return Printable.escape(`connect${to}${at}${from}: ${reason}`)
  }
}

/**
 * The server, or the network, ended the connection before the reply was complete.
 *
 * @since 0.1.0
 * @category errors
 */
export class ConnectionLost extends Data.TaggedError("ConnectionLost")<{
  readonly step: Step
  /** Closed or reset by the server; interrupted by us, when the run ends; or abandoned, because that is the plan (--abandon). */
  readonly how: "closed" | "reset" | "interrupted" | "abandoned"
  /** The replies of the same group that came before. */
  readonly replies: ReadonlyArray<Reply>
  /** What a server said on its own before it closed, such as a 421. */
  readonly reply?: Reply | undefined
}> {
  override get message(): string {
    if (this.how === "interrupted") return `stopped while ${described[this.step]}`
    if (this.how === "abandoned") return `left as planned, before ${described[this.step]}`
    const said = this.reply === undefined ? "" : ` (the server said: ${this.reply.code} ${this.reply.text})`
    return Printable.escapeBytes(`lost connection while ${described[this.step]}${said}`)
  }
}

/**
 * A reply was not complete when its time was up, or the server stopped taking the message.
 *
 * @since 0.1.0
 * @category errors
 */
export class ReplyTimeout extends Data.TaggedError("ReplyTimeout")<{
  readonly step: Step
  /** How long it was waited for, in milliseconds; for the message, since the server last took some of it. */
  readonly waited: number
  /** The replies of the same group that came before. */
  readonly replies: ReadonlyArray<Reply>
}> {
  override get message(): string {
    return `timeout while ${described[this.step]} (${Number((this.waited / 1000).toFixed(3))} s)`
  }
}

/**
 * TLS came to nothing, or broke: a server may refuse our certificate when the handshake is long done.
 *
 * @since 0.1.0
 * @category errors
 */
export class TlsFailed extends Data.TaggedError("TlsFailed")<{
  readonly step: Step
  readonly kind: TlsFailure
  /** Of the library underneath, such as `CERT_HAS_EXPIRED`; it changes with the library's release. */
  readonly code: string
  readonly reason: string
  /** The replies of the same group that came before. */
  readonly replies: ReadonlyArray<Reply>
}> {
  override get message(): string {
    const out = wayOut(this)
    const hint = out === undefined ? "" : ` (${out})`
    const when = this.step === "tls" ? "" : ` while ${described[this.step]}`
    return Printable.escape(`TLS failed${when}: ${this.reason}${hint}`)
  }
}

/**
 * The server does not offer what the session needs to go on. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotOffered extends Data.TaggedError("NotOffered")<{
  readonly step: Step
  /** Such as `STARTTLS`. */
  readonly what: string
}> {
  readonly replies: ReadonlyArray<Reply> = []
  override get message(): string {
    return Printable.escape(`the server does not offer ${this.what}`)
  }
}

/**
 * What the session was to do is forbidden here, such as to send a password in clear text. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotAllowed extends Data.TaggedError("NotAllowed")<{
  readonly step: Step
  /** Why, and what would allow it. */
  readonly reason: string
}> {
  readonly replies: ReadonlyArray<Reply> = []
  override get message(): string {
    return Printable.escape(this.reason)
  }
}

/**
 * There is no content for the message: what it is made of is not there any more, or has changed. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class ContentUnusable extends Data.TaggedError("ContentUnusable")<{
  readonly step: Step
  /** What, and why. */
  readonly reason: string
}> {
  readonly replies: ReadonlyArray<Reply> = []
  override get message(): string {
    return Printable.escape(`no message to send: ${this.reason}`)
  }
}

/**
 * Something was to be sent over a connection while a reply to something else was awaited. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class WireBusy extends Data.TaggedError("WireBusy")<{
  readonly step: Step
  /** What is waited for. */
  readonly awaited: Step
}> {
  readonly replies: ReadonlyArray<Reply> = []
  override get message(): string {
    return `${described[this.step]}: this connection is still ${described[this.awaited]}, and does one thing at a time`
  }
}

/**
 * An argument that cannot stand in a command: it has a line break or a NUL in it, which would make it several commands. Or a
 * command that is not one line with its end. Nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class ArgumentInvalid extends Data.TaggedError("ArgumentInvalid")<{
  readonly step: Step
  readonly argument: string
}> {
  readonly replies: ReadonlyArray<Reply> = []
  override get message(): string {
    return Printable.escape(`${described[this.step]}: not one whole line without NUL: ${JSON.stringify(this.argument)}`)
  }
}

/**
 * What the server sent is no reply, too much of one, or none that was asked for.
 *
 * @since 0.1.0
 * @category errors
 */
export class ReplyMalformed extends Data.TaggedError("ReplyMalformed")<{
  readonly step: Step
  readonly reason: string
  /** The replies of the same group that came before. */
  readonly replies: ReadonlyArray<Reply>
}> {
  override get message(): string {
    return Printable.escapeBytes(`malformed reply while ${described[this.step]}: ${this.reason}`)
  }
}

/**
 * The server answered, but not with what this step requires.
 *
 * @since 0.1.0
 * @category errors
 */
export class ReplyRejected extends Data.TaggedError("ReplyRejected")<{
  readonly step: Step
  readonly reply: Reply
}> {
  override get message(): string {
    return Printable.escapeBytes(`${refused[this.step]} rejected: ${this.reply.code} ${this.reply.text}`)
  }
}

/**
 * What ends an exchange without its replies. After any of these the connection cannot be used any more, except for `ContentUnusable`,
 * `WireBusy` and `ArgumentInvalid`: then nothing was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export type WireError =
  | ConnectionLost
  | ReplyTimeout
  | ReplyMalformed
  | TlsFailed
  | NotOffered
  | NotAllowed
  | ContentUnusable
  | WireBusy
  | ArgumentInvalid

/**
 * Everything that a step can fail with.
 *
 * @since 0.1.0
 * @category errors
 */
export type SmtpError = ConnectFailed | WireError | ReplyRejected

/**
 * Whether this is an error of SMTP's.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isSmtpError = (error: unknown): error is SmtpError =>
  error instanceof ConnectFailed ||
  error instanceof ConnectionLost ||
  error instanceof ReplyTimeout ||
  error instanceof ReplyMalformed ||
  error instanceof TlsFailed ||
  error instanceof NotOffered ||
  error instanceof NotAllowed ||
  error instanceof ContentUnusable ||
  error instanceof WireBusy ||
  error instanceof ArgumentInvalid ||
  error instanceof ReplyRejected

/**
 * The error with no more than `most` characters of each text that it holds, for those who keep many of them.
 *
 * @since 0.1.0
 * @category combinators
 */
export const shortened: {
  (most: number): (error: WireError) => WireError
  (error: WireError, most: number): WireError
} = dual(2, (error: WireError, most: number): WireError => {
  const { step } = error
  const replies = error.replies.map((reply) => shortenedReply(reply, most))
  switch (error._tag) {
    case "ConnectionLost": {
      const { how, reply } = error
      return new ConnectionLost({ step, how, replies, reply: reply && shortenedReply(reply, most) })
    }
    case "ReplyTimeout":
      return new ReplyTimeout({ step, waited: error.waited, replies })
    case "ReplyMalformed":
      return new ReplyMalformed({ step, replies, reason: beginning(error.reason, most) })
    case "TlsFailed": {
      const { code, kind, reason } = error
      return new TlsFailed({ step, kind, code, reason: beginning(reason, most), replies })
    }
    case "NotOffered":
    case "NotAllowed":
    case "WireBusy":
      return error
    case "ContentUnusable":
      return new ContentUnusable({ step, reason: beginning(error.reason, most) })
    case "ArgumentInvalid":
      return new ArgumentInvalid({ step, argument: beginning(error.argument, most) })
  }
})
