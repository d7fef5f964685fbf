/**
 * The seam between the dialogue and the network: bytes go out, replies come in.
 *
 * Every wire is a `Conversation` over a transport, so that sockets and the in-memory peer treat time-outs, stray replies
 * and lost connections alike.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type { Member } from "./Crowd.js"
import type * as Effect from "effect/Effect"
import type * as Either from "effect/Either"
import type { Capabilities } from "./Capabilities.js"
import type { MxRecord } from "./MailExchangers.js"
import type { Parting } from "./Parting.js"
import type { Reply } from "./Reply.js"
import type { Secrecy } from "./Secrecy.js"
import type { ConnectFailed, ConnectionLost, ReplyMalformed, Step, WireError } from "./SmtpError.js"
import type { SocksProxy } from "./SocksProxy.js"
import type { Target } from "./Target.js"
import type { TlsSession, TlsSettings, TlsUnusable } from "./Tls.js"

/**
 * What a message's content is made of: a string with one byte in each character, and bytes that follow it. The bytes are
 * shared by all messages that send them, and are not copied.
 *
 * @since 0.1.0
 * @category models
 */
export interface Content {
  readonly head: string
  readonly body?: Uint8Array | undefined
  /** It goes in chunks: no dot ends it, and none was put before a line. */
  readonly isDotless?: boolean | undefined
  /** Why there is none: the message is not sent. */
  readonly unusable?: string | undefined
}

/**
 * Contents that no dot ends (RFC 3030), and how far they got. It is written to by the wire.
 *
 * @since 0.1.0
 * @category models
 */
export interface Chunks {
  /** The commands, for the trace, which has no contents. */
  readonly shown: () => string
  /** How many contents end in it. */
  readonly contents: number
  /** Some of it may have been handed over. */
  isBegun: boolean
  /** All of it was. */
  isWhole: boolean
}

/**
 * A group of commands and the steps that its replies answer, one each, in order.
 *
 * @since 0.1.0
 * @category models
 */
export interface Exchange {
  readonly steps: ReadonlyArray<Step>
  /** One byte in each character. */
  readonly bytes: string
  /**
   * How many of `bytes` are a message's content, where other commands follow it. Otherwise an exchange whose first step is
   * `final` is content to its end.
   */
  readonly contentLength?: number | undefined
  /** Follows `bytes`. */
  readonly body?: Uint8Array | undefined
  /** There are chunks of contents among `bytes`, or they are that. */
  readonly chunks?: Chunks | undefined
  /**
   * TLS begins once the reply is there and positive, or at once where none is awaited; the exchange ends when it stands.
   */
  readonly secure?: TlsSettings | undefined
  /** What of it must not be told. */
  readonly secret?: Secrecy | undefined
}

/**
 * A piece of dialogue that reads top to bottom: it yields exchanges, gets their replies, and returns what came of it.
 * Between two exchanges it only computes.
 *
 * @since 0.1.0
 * @category models
 */
export type Script<A> = Generator<Exchange, A, ReadonlyArray<Reply>>

/**
 * What a connection is good for: only an open one can be used.
 *
 * @since 0.1.0
 * @category models
 */
export type WireState = "open" | "closing" | "failed" | "closed"

/**
 * An open connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wire {
  /** What the server offered in its reply to EHLO or LHLO; nothing before that. Whoever introduces us says so. */
  capabilities: Capabilities
  /**
   * Writes a group of commands in one go and resumes with its replies, one for each of `steps`, in order. `bytes` holds
   * one byte in each character; `body` follows it.
   *
   * A 421 or a 521 ends the group: the replies after it are missing. The array is reused by the next exchange. Without any
   * steps it resumes when all was handed over. One exchange at a time: another one fails with `WireBusy`, at once, and
   * the first is not disturbed. Interruption closes the connection, which is in the middle of a dialogue then.
   */
  readonly exchange: (
    steps: ReadonlyArray<Step>,
    bytes: string,
    body?: Uint8Array | undefined
  ) => Effect.Effect<ReadonlyArray<Reply>, WireError>
  /**
   * Writes what is not answered, such as half a message, and resumes when all of it was handed over. A reply that comes
   * meanwhile was not asked for, and fails it.
   */
  readonly write: (bytes: string, body?: Uint8Array | undefined) => Effect.Effect<void, WireError>
  /**
   * Begins TLS, and resumes when it stands: at once after connecting, or after a positive reply to STARTTLS. Interruption
   * closes the connection.
   */
  readonly startTls: (settings: TlsSettings) => Effect.Effect<TlsSession, WireError>
  /**
   * Runs a script: the same as an `exchange` for each of its exchanges, without a turn of the fiber between them (which
   * costs a tenth of a message's CPU). The first exchange that fails ends it. Interruption leaves the connection in the
   * middle of a dialogue, for the sake of `awaited` and `received`: close it.
   */
  readonly converse: <A>(script: () => Script<A>) => Effect.Effect<A, WireError>
  /**
   * `closing` after a 421 or a 521; `failed` once it is lost or spoiled: then the next exchange says why; `closed` once we
   * have closed it.
   */
  readonly state: () => WireState
  /** The TLS session, once there is one. */
  readonly session: () => TlsSession | undefined
  /** The step whose reply is awaited now, if any: what an interruption strikes. */
  readonly awaited: () => Step | undefined
  /** When the last bytes came, by the time of the `Deadlines`; 0 before any did. */
  readonly arrivedAt: number
  /** The replies that the exchange under way has had so far. */
  readonly received: () => ReadonlyArray<Reply>
  /** Closes at once: with a reset, or with a FIN. Does nothing on a closed wire. */
  readonly close: (how: "reset" | "fin") => void
}

/**
 * What hears of each reply and each message content while a connection is used. It is called on the hot path: it
 * returns soon and does not throw. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface WireObserver {
  bytesOut: number
  bytesIn: number
  /** Connections that stood, and who ended them: the server also where it had announced it, with a 421 or a 521. */
  opened: number
  closedByUs: number
  closedByServer: number
  /** A reply that was asked for, and how long it took from the write of its group (from the final dot, if `final`). */
  readonly onReply: (step: Step, reply: Reply, elapsed: number, now: number) => void
  /** TLS stands, after a handshake of this long, in milliseconds. */
  readonly onSecured: (session: TlsSession, elapsed: number, now: number) => void
  /** The final dot was handed over, this many milliseconds after the first byte of the content. */
  readonly onContent: (elapsed: number, now: number) => void
  /**
   * The server spoke, or announced its close, while nothing was awaited of it. The reply was reported before, as one of the
   * step `idle`.
   */
  readonly onUnasked: (error: ConnectionLost | ReplyMalformed, now: number) => void
  /** A step ended without its reply, after this many milliseconds: the connection was lost, or the reply was late or malformed. */
  readonly onFailed: (step: Step, elapsed: number, now: number) => void
  /** A connection ended that had stood for this long, in milliseconds. */
  readonly onClosed: (byServer: boolean, elapsed: number, now: number) => void
  /** A write waited this many milliseconds for the socket: one or more. */
  readonly onQueued: (elapsed: number) => void
  /**
   * The dialogue, for people to read: commands and replies, content left out. Connections are numbered from 1, in the order
   * in which they were opened.
   */
  readonly onTrace?: ((direction: "sent" | "received", text: string, connection: number) => void) | undefined
}

/**
 * Something that must end by its deadline.
 *
 * @since 0.1.0
 * @category models
 */
export interface Expiring extends Member {
  /** In milliseconds of `Deadlines.now`; Infinity while nothing is awaited. */
  deadline: number
  readonly expire: () => void
  /** Ends what still stands when nobody watches any more. */
  readonly close?: ((how: "reset" | "fin") => void) | undefined
}

/**
 * Time, and who watches over it. Who moves a deadline forward in time (earlier than `wakesAt`) calls `wake`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Deadlines {
  /** Milliseconds since some moment, with fractions; never goes back. */
  readonly now: () => number
  readonly wakesAt: number
  readonly wake: (deadline: number) => void
  readonly add: (expiring: Expiring) => void
  readonly remove: (expiring: Expiring) => void
}

/**
 * How a connection is opened and watched. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectOptions {
  readonly deadlines: Deadlines
  readonly observer: WireObserver
  readonly timeout: number
  readonly family?: "any" | "ipv4" | "ipv6" | undefined
  /** SO_SNDBUF and SO_RCVBUF, in bytes. */
  readonly windowSize?: number | undefined
  /** How fast the content of messages is handed over at most, in bytes per second. */
  readonly bytesPerSecond?: number | undefined
  /** The local address to connect from. */
  readonly source?: string | undefined
  /** The proxy to go through. */
  readonly socks?: SocksProxy | undefined
  /** How long the reply to QUIT is waited for, by all connections that share it; 5 s each without it. */
  readonly parting?: Parting | undefined
}

/**
 * Opens connections.
 *
 * @since 0.1.0
 * @category services
 */
export class Connector extends Context.Tag("smtp-source/Connector")<
  Connector,
  {
    /**
     * Opens one connection, trying each address of the target once. Interruption abandons the attempt. Who opened the
     * wire closes it: a scope for each connection would cost more than the connection.
     */
    readonly connect: (target: Target, options: ConnectOptions) => Effect.Effect<Wire, ConnectFailed>
    /**
     * The addresses of a target's name, in order: literals of the family that is asked for. Left out where names have none,
     * and then `--spread` is refused.
     */
    readonly addresses?:
      | ((target: Target, options: ConnectOptions) => Effect.Effect<ReadonlyArray<string>, ConnectFailed>)
      | undefined
    /**
     * The MX records of a domain: none where it has none and exists; it fails where it does not. Left out where nothing is known
     * of domains.
     */
    readonly exchangers?:
      | ((domain: string, options: ConnectOptions) => Effect.Effect<ReadonlyArray<MxRecord>, ConnectFailed>)
      | undefined
    /** Whether TLS can be begun with these settings; left out where there is no cryptography. */
    readonly checkTls?: ((settings: TlsSettings) => Either.Either<void, TlsUnusable>) | undefined
    /** Where plans connect to that name no target: only a connector whose every target is the same server has one. */
    readonly target?: Target | undefined
  }
>() {}
