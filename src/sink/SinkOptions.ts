/**
 * What a sink can be told, and what it tells.
 *
 * @since 0.1.0
 */
import type { AuthCrypto } from "../smtp/AuthCrypto.js"
import type { Behaving } from "./Behaviour.js"
import type { OpenTap } from "./ContentTap.js"
import type { SinkAuthConfig } from "./SinkAuth.js"
import type { SinkCounts } from "./SinkCounts.js"

/**
 * An accepted message. `content` is without the dots that were stuffed.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkMessage {
  readonly session: number
  readonly sender: string
  /** The recipients that were accepted; for LMTP, those whose final reply was positive. */
  readonly recipients: ReadonlyArray<string>
  readonly content: Uint8Array
}

/**
 * What a sink speaks, and its bounds. Plain data.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkConfig {
  /** Default `smtp`. */
  readonly protocol?: "smtp" | "lmtp" | undefined
  /** The name in the greeting. Default `localhost`. */
  readonly hostname?: string | undefined
  /**
   * `loose` takes whatever stands after a command for what it should be, as smtp-sink(1) does, with its replies; any AUTH is a
   * success where `auth` is not said. Default `strict`.
   */
  readonly manners?: "strict" | "loose" | undefined
  /** What stands in the greeting after its code. Default: the name, and ESMTP or LMTP. */
  readonly greeting?: string | undefined
  /** Whether EHLO is known. Default true. */
  readonly esmtp?: boolean | undefined
  /** The largest message, in bytes; a larger one is refused after its dot. Default 1 GiB. */
  readonly maxMessageSize?: number | undefined
  /** The most recipients of a message; 452 afterwards. Default 10,000. */
  readonly maxRecipients?: number | undefined
  /** The longest command, in bytes; the rest is skipped and answered with 500. Default 2048. */
  readonly maxCommandLength?: number | undefined
  /** This many commands out of place, without a message accepted in between, end a session with 421. Default 20. */
  readonly maxErrors?: number | undefined
  /**
   * Whether a client whose greeting was a refusal is served all the same, as smtp-sink(1) does. Default: it is answered
   * with 503 until it says QUIT (RFC 5321 §3.1).
   */
  readonly servesRefused?: boolean | undefined
  /**
   * Whether TLS is to be had: by STARTTLS, as an offer or as a condition (530 to what must not come before it), or from the
   * first byte. Default `off`.
   */
  readonly tls?: "off" | "offered" | "required" | "implicit" | undefined
  /** Who is let in by AUTH, and how. Without it, AUTH is not known. */
  readonly auth?: SinkAuthConfig | undefined
  /**
   * What EHLO and LHLO offer, besides STARTTLS and AUTH; parameters of what is not offered are refused. Default: PIPELINING, SIZE,
   * 8BITMIME, SMTPUTF8, DSN, CHUNKING, BINARYMIME, ENHANCEDSTATUSCODES, and, once there is TLS, REQUIRETLS (RFC 8689 §3). `SIZE`
   * alone is `maxMessageSize`.
   * `XCLIENT NAME ADDR` lets anybody say who its client is, which changes nothing.
   */
  readonly offers?: ReadonlyArray<string> | undefined
  /**
   * Whether parameters of MAIL and RCPT are looked at, and those of what is not offered refused by 555. Default: `strict` manners do,
   * `loose` ones take what stands there.
   */
  readonly parameters?: "checked" | "taken" | undefined
  /** How many transactions a connection may begin; 452 afterwards (RFC 9422 §4.1). Default: any number. */
  readonly maxTransactions?: number | undefined
  /**
   * Who has to begin with the header of the PROXY protocol, which names the client: `any`, or addresses and networks with commas
   * between. Whoever of them does not is closed. Default: nobody, and the header is no command that is known.
   */
  readonly proxy?: string | undefined
}

/**
 * A sink's configuration and what it tells. The functions are for tests: they cost more than everything else.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkOptions extends SinkConfig {
  /** Asked before each reply; the session then tells its `actions` instead of returning bytes. */
  readonly behaviour?: Behaving | undefined
  /** What CRAM-MD5 and SCRAM need, which are not offered without it. */
  readonly crypto?: AuthCrypto["Type"] | undefined
  /** Called with each message when it has been accepted. Without it, content is not kept. */
  readonly onMessage?: ((message: SinkMessage) => void) | undefined
  /** Looks at contents as they come, without keeping them. */
  readonly tap?: OpenTap | undefined
  /** What it answers `NOOP X-CLOCK` with: the time, in microseconds since 1970, and its name, sixteen hexadecimal digits. */
  readonly clock?: { readonly now: () => number; readonly sink: string } | undefined
  /** Called with each command as it came, and of a content's end, with the session's number. */
  readonly onCommand?: ((session: number, line: string) => void) | undefined
  /** Told when the count of `contents`, or of sessions that have `ended`, has changed. `quits` are of those that have ended. */
  readonly onCount?: ((counts: Pick<SinkCounts, "contents" | "ended" | "quits">) => void) | undefined
  /** Where to count: an array of `countersLength` zeros, in shared memory if others are to read it. */
  readonly counters?: Float64Array | undefined
}
