/**
 * Greylisting: who sends for the first time is told to come back later (RFC 6647).
 *
 * Pure: the time comes in with the question. Bounded: the oldest acquaintances are forgotten first.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"

/**
 * When a pair of sender and recipient is let in: from `after` its first attempt on. An attempt later than `until` counts as
 * a first one again, unless the pair has been let in before.
 *
 * @since 0.1.0
 * @category models
 */
export interface GreylistOptions {
  readonly after: Duration.DurationInput
  /** Default: 4 hours. */
  readonly until?: Duration.DurationInput | undefined
  /** How many bits of an IPv4 address say who the client is; of an IPv6 address it is 64. Default: the client is of no interest. */
  readonly bits?: number | undefined
}

/** The most pairs that are remembered. */
const most = 1_000_000

/** A pair that is let in for good. */
const known = Number.NEGATIVE_INFINITY

/**
 * The pairs that were seen.
 *
 * @since 0.1.0
 * @category models
 */
export class Greylist {
  private readonly after: number
  private readonly until: number
  private readonly bits: number
  /** By 52 bits of a hash, which are a number and take no more room than that. */
  private readonly seen = new Map<number, number>()

  constructor(options: GreylistOptions) {
    this.after = Duration.toMillis(options.after)
    this.bits = options.bits ?? 0
    this.until = Duration.toMillis(options.until ?? "4 hours")
  }

  /** Whether the pair is let in `now`, a time in milliseconds. */
  isKnown(sender: string, recipient: string, now: number, client?: string | undefined): boolean {
    const pair = placeOf(JSON.stringify([netOf(client, this.bits), sender, recipient]))
    const first = this.seen.get(pair)
    if (first === known) return true
    if (first !== undefined && now - first >= this.after && now - first <= this.until) {
      this.seen.set(pair, known)
      return true
    }
    if (first === undefined || now - first > this.until) this.remember(pair, now)
    return false
  }

  private remember(pair: number, now: number): void {
    this.seen.delete(pair)
    this.seen.set(pair, now)
    if (this.seen.size <= most) return
    for (const oldest of this.seen.keys()) {
      this.seen.delete(oldest)
      return
    }
  }
}

/** Two hashes in one number: of a million triplets, two are the same in one run of thousands. */
const placeOf = (text: string): number => {
  let high = 0
  let low = 0x811c9dc5
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at)
    low = Math.imul(low ^ code, 0x01000193)
    high = Math.imul(high ^ code, 0x85ebca6b) + (high >>> 15)
  }
  return ((high >>> 12) & 0xf_ffff) * 0x1_0000_0000 + (low >>> 0)
}

/** The net that a client is in. */
const netOf = (client: string | undefined, bits: number): string => {
  if (bits === 0 || client === undefined) return ""
  const [, quad] = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/.exec(client) ?? []
  if (quad === undefined) return client.split(":").slice(0, 4).join(":")
  const number = quad.split(".").reduce((sum, part) => sum * 256 + Number(part), 0)
  return String(Math.floor(number / 2 ** (32 - bits)))
}
