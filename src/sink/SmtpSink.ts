/**
 * A server that accepts mail and throws it away: the dialogue of SMTP (RFC 5321) or LMTP (RFC 2033), without a network.
 *
 * Pure: bytes in, bytes out; no socket, no clock, no Effect. However the input is split, the replies and the counts are
 * the same. A message ends with CRLF . CRLF and with nothing else: a bare line feed is content (no smuggling), although
 * it ends a command, for people who type by hand. What a client can make it hold is bounded. It never relays, and it keeps
 * nothing of a message unless `onMessage` asks for it.
 *
 * @since 0.1.0
 */
import * as ProxiedSession from "./ProxiedSession.js"
import { SharedSink } from "./SharedSink.js"
import * as SinkCounts from "./SinkCounts.js"
import * as SinkDialogue from "./SinkDialogue.js"
import type { SinkOptions } from "./SinkOptions.js"
import type { SinkSession } from "./SinkSession.js"

export type { SinkSession, Verdict } from "./SinkSession.js"

/**
 * A sink, shared by its sessions.
 *
 * @since 0.1.0
 * @category models
 */
export interface SmtpSink {
  /** Whether `open` has a use for the client's address, which takes a system call to find out. */
  readonly wantsClients: boolean
  /** Opens the dialogue of a connection; `client` is its address, for those who look at what comes. */
  readonly open: (client?: string | undefined) => SinkSession
  readonly counts: () => SinkCounts.SinkCounts
  /** What to tell a client that is one too many. */
  readonly busy: Uint8Array
}

/**
 * Creates a sink.
 *
 * @example
 * import { SmtpSink } from "smtp-source"
 *
 * const sink = SmtpSink.make({ protocol: "lmtp" })
 * const session = sink.open()
 *
 * // The reply, as bytes.
 * export const reply = session.push(Buffer.from("LHLO example.com\r\n"))
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: SinkOptions = {}): SmtpSink => {
  const shared = new SharedSink(options)
  return {
    wantsClients: shared.knowsClients,
    open: (client) => {
      const open = (client: string | undefined) => SinkDialogue.make(shared, client)
      if (!shared.isProxied(client)) return open(client)
      return ProxiedSession.make(client, open, () => {
        shared.counters[SinkCounts.Counter.unproxied]!++
      })
    },
    counts: () => SinkCounts.read(shared.counters),
    busy: shared.own.busy.bytes
  }
}
