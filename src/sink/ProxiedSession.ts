/**
 * A connection that comes by way of a load balancer: it begins with the header of the PROXY protocol, and is then the session of
 * the client that the header names.
 *
 * @since 0.1.0
 */
import * as IpAddress from "../smtp/IpAddress.js"
import type { Action } from "./Action.js"
import * as ProxyHeader from "./ProxyHeader.js"
import type { SinkSession, Verdict } from "./SinkSession.js"

/**
 * From whom the header is expected: `any`, or addresses and networks with commas between, as they were checked before.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sources = (text: string): ((client: string | undefined) => boolean) => {
  if (text === "any") return () => true
  const ranges = text.split(",").flatMap((range) => IpAddress.parseRange(range.trim()) ?? [])
  return (client) => {
    const address = client === undefined ? undefined : IpAddress.parse(client.replace(/%.*$/, ""))
    return address !== undefined && ranges.some((range) => IpAddress.contains(range, address))
  }
}

/**
 * The session of a connection that is to begin with a header. `open` opens that of the client, whose address is `client` where the
 * header names none; `onRefused` is called for a connection that begins otherwise, which is closed without a reply.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  client: string | undefined,
  open: (client: string | undefined) => SinkSession,
  onRefused: () => void
): SinkSession => new Proxied(client, open, onRefused)

const nothing = new Uint8Array(0)

class Proxied implements SinkSession {
  readonly greeting = undefined
  unread: Uint8Array | undefined = undefined
  private held: Uint8Array = nothing
  private inner: SinkSession | undefined = undefined
  private isTlsFirst = false
  private own: Verdict = "open"
  private ending: ReadonlyArray<Action> = []

  constructor(
    private readonly client: string | undefined,
    private readonly open: (client: string | undefined) => SinkSession,
    private readonly onRefused: () => void
  ) {}

  get verdict(): Verdict {
    return this.inner?.verdict ?? this.own
  }

  get inContent(): boolean {
    return this.inner?.inContent ?? false
  }

  push(chunk: Uint8Array, start = 0, end = chunk.length): Uint8Array | undefined {
    if (this.inner !== undefined) {
      if (!this.isTlsFirst || this.inner.verdict !== "secure") return this.inner.push(chunk, start, end)
      this.unread = Buffer.concat([this.unread ?? nothing, chunk.subarray(start, end)])
      return undefined
    }
    if (this.own !== "open") return undefined
    const before = this.held.length
    const bytes = Buffer.concat([this.held, chunk.subarray(start, Math.min(end, start + ProxyHeader.most - before))])
    const header = ProxyHeader.parse(bytes)
    if (header._tag === "More") {
      this.held = bytes
      return undefined
    }
    this.held = nothing
    if (header._tag === "Wrong") return this.refuse()
    const inner = this.open(header.client ?? this.client)
    this.inner = inner
    const at = start + header.length - before
    // What follows is TLS, where that comes first.
    if (inner.verdict === "secure") {
      this.isTlsFirst = true
      if (at < end) this.unread = Uint8Array.from(chunk.subarray(at, end))
      return inner.greeting
    }
    const replies = at < end ? inner.push(chunk, at, end) : undefined
    return joined(inner.greeting, replies)
  }

  private refuse(): undefined {
    this.own = "close"
    this.ending = [{ _tag: "End", how: "close" }]
    this.onRefused()
  }

  secured(): Uint8Array | undefined {
    return this.inner?.secured()
  }

  actions(): ReadonlyArray<Action> {
    const { ending } = this
    this.ending = []
    return this.inner?.actions() ?? ending
  }

  closed(): void {
    if (this.inner !== undefined) return this.inner.closed()
    if (this.own !== "open") return
    // It has waited for a greeting, perhaps: a client of SMTP says nothing before that.
    this.own = "close"
    this.onRefused()
  }

  expire(say?: string | undefined): Uint8Array | undefined {
    if (this.inner !== undefined) return this.inner.expire(say)
    if (this.own !== "open") return undefined
    this.own = "close"
    this.onRefused()
    return nothing
  }
}

const joined = (one: Uint8Array | undefined, other: Uint8Array | undefined): Uint8Array | undefined =>
  one === undefined ? other : other === undefined ? one : Buffer.concat([one, other])
