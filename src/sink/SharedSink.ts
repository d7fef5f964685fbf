/**
 * What the sessions of a sink share: prepared once, read by all of them.
 *
 * @since 0.1.0
 */
import type { Behaving } from "./Behaviour.js"
import * as ContentTap from "./ContentTap.js"
import { keeping } from "./KeptContent.js"
import * as ProxiedSession from "./ProxiedSession.js"
import * as SinkAuth from "./SinkAuth.js"
import * as SinkCounts from "./SinkCounts.js"
import type { SinkOptions } from "./SinkOptions.js"
import * as SinkOffers from "./SinkOffers.js"
import { introduce, looseReplies, replies } from "./SinkReply.js"

/**
 * The settings and the counters.
 *
 * @since 0.1.0
 * @category models
 */
export class SharedSink {
  readonly lmtp: boolean
  readonly maxMessageSize: number
  readonly maxRecipients: number
  readonly maxCommandLength: number
  readonly maxErrors: number
  readonly behaviour: Behaving | undefined
  readonly servesRefused: boolean
  readonly loose: boolean
  readonly esmtp: boolean
  readonly replies: typeof replies
  readonly tap: ContentTap.OpenTap | undefined
  readonly clock: SinkOptions["clock"]
  readonly onCommand: SinkOptions["onCommand"]
  private readonly onCount: SinkOptions["onCount"]
  /** Of the sessions that have ended. One that was just answered may stand for a moment. */
  endedByQuit = 0
  /** Whether somebody looks at the addresses of clients, of senders, of recipients. */
  readonly knowsClients: boolean
  readonly knowsSenders: boolean
  readonly knowsRecipients: boolean
  readonly counters: Float64Array
  /** The keywords of what EHLO offers. */
  readonly offers: ReadonlySet<string>
  readonly offersSize: boolean
  readonly own: ReturnType<typeof introduce>
  readonly tls: NonNullable<SinkOptions["tls"]>
  readonly auth: SinkAuth.SinkAuth | undefined
  /** Whether parameters are looked at. */
  readonly checksParameters: boolean
  readonly maxTransactions: number
  /** Whether a client has to begin with the header of the PROXY protocol. */
  readonly isProxied: (client: string | undefined) => boolean

  constructor(options: SinkOptions) {
    this.lmtp = options.protocol === "lmtp"
    this.maxMessageSize = options.maxMessageSize ?? 1_073_741_824
    this.maxRecipients = options.maxRecipients ?? 10_000
    this.maxCommandLength = options.maxCommandLength ?? 2048
    this.maxErrors = options.maxErrors ?? (options.manners === "loose" ? Number.POSITIVE_INFINITY : 20)
    this.behaviour = options.behaviour
    this.servesRefused = options.servesRefused ?? false
    this.loose = options.manners === "loose"
    this.esmtp = options.esmtp ?? true
    this.replies = this.loose ? looseReplies(this.lmtp) : replies
    const { onMessage, tap } = options
    this.tap = ContentTap.all([
      ...(onMessage === undefined ? [] : [keeping(onMessage)]),
      ...(tap === undefined ? [] : [tap])
    ])
    this.clock = options.clock
    this.onCommand = options.onCommand
    this.onCount = options.onCount
    const { wants } = options.behaviour ?? {}
    this.knowsClients = this.tap !== undefined || wants?.clients === true || options.proxy !== undefined
    this.knowsSenders = this.tap !== undefined || wants?.senders === true
    this.knowsRecipients = this.tap !== undefined || wants?.recipients === true
    this.counters = options.counters ?? new Float64Array(SinkCounts.length)
    this.tls = options.tls ?? "off"
    this.checksParameters = (options.parameters ?? (this.loose ? "taken" : "checked")) === "checked"
    this.maxTransactions = options.maxTransactions ?? Number.POSITIVE_INFINITY
    this.isProxied = options.proxy === undefined ? () => false : ProxiedSession.sources(options.proxy)
    const offers = (options.offers ?? SinkOffers.usual.map(([, line]) => line)).map((line) =>
      line === "SIZE" ? `SIZE ${this.maxMessageSize}` : line
    )
    this.offers = new Set(offers.map((offer) => offer.split(/[ =]/)[0]!.toUpperCase()))
    this.offersSize = this.offers.has("SIZE")
    this.auth = options.auth === undefined ? undefined : SinkAuth.make(options.auth, this.tls !== "off", options.crypto)
    const mechanisms = { plain: this.auth?.offers(false) ?? [], secure: this.auth?.offers(true) ?? [] }
    const { greeting, hostname = "localhost" } = options
    this.own = introduce({ name: hostname, greeting, lmtp: this.lmtp, offers, mechanisms, loose: this.loose })
  }

  /** A content, or a session, has come to its end. */
  counted(): void {
    const { counters, onCount } = this
    onCount?.({
      contents: counters[SinkCounts.Counter.contents]!,
      ended: counters[SinkCounts.Counter.ended]!,
      quits: this.endedByQuit
    })
  }
}
