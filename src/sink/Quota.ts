/**
 * The limits that a server sets its clients: connections at a time, messages of a connection, and rates by token buckets.
 *
 * Pure: the clock comes in with the question, in milliseconds. Bounded: of clients and domains that were not seen for longest, no
 * more is known.
 *
 * @since 0.1.0
 */
import type { LimitRule } from "../plan/SinkRules.js"
import type { Stage } from "../smtp/Stage.js"
import type { SinkEvent } from "./SinkEvent.js"

/** What is about to be answered, or read. */
type Asked = Omit<SinkEvent, "stage"> & { readonly stage: string }

/** The most clients, or domains, that a limit knows. */
const most = 100_000

/** Tokens that come back with time; one is taken for what is let through. */
interface Bucket {
  tokens: number
  at: number
}

/**
 * What a limit is about: it has nothing to do with any other reply.
 *
 * @since 0.1.0
 * @category getters
 */
export const momentOf = (rule: LimitRule): Stage => {
  switch (rule._tag) {
    case "Connections":
      return "greeting"
    case "Messages":
      return "mail"
    case "Recipients":
      return "rcpt"
    case "Rate":
      return rule.by === "domain" ? "rcpt" : "mail"
  }
}

/**
 * The limits at work.
 *
 * @since 0.1.0
 * @category models
 */
export class Quota {
  private open = 0
  private readonly clients = new Map<string, number>()
  private readonly buckets: ReadonlyArray<Map<string, Bucket>>
  private readonly moments: ReadonlyArray<Stage>
  /** The buckets of the question that is being answered. */
  private readonly taken: Array<Bucket> = []

  constructor(private readonly rules: ReadonlyArray<LimitRule>) {
    this.buckets = rules.map(() => new Map())
    this.moments = rules.map(momentOf)
  }

  /** A connection has come. */
  opened(client = ""): void {
    this.open++
    this.clients.set(client, (this.clients.get(client) ?? 0) + 1)
  }

  /** A connection is over. */
  closed(client = ""): void {
    // Those that came before this limit are not counted.
    this.open = Math.max(0, this.open - 1)
    const left = (this.clients.get(client) ?? 1) - 1
    if (left > 0) this.clients.set(client, left)
    else this.clients.delete(client)
  }

  /** The limit that what is about to be answered goes beyond, by its place, and what is said to it. What is let through is counted. */
  beyond(event: Asked, now: () => number): { readonly index: number; readonly say: string } | undefined {
    // Of what is refused anyway, nothing is counted.
    if (event.stage !== "greeting" && !event.reply.startsWith("2")) return undefined
    const { moments, rules, taken } = this
    for (let index = 0; index < rules.length; index++) {
      if (moments[index] !== event.stage) continue
      const rule = rules[index]!
      const bucket = rule._tag === "Rate" ? this.bucketOf(rule, index, event, now()) : undefined
      const isBeyond = bucket === undefined ? this.isBeyond(rule, event) : bucket.tokens < 1
      if (isBeyond) {
        taken.length = 0
        return { index, say: `${rule.reply ?? usual[rule._tag]}\r\n` }
      }
      if (bucket !== undefined) taken.push(bucket)
    }
    while (taken.length > 0) taken.pop()!.tokens--
    return undefined
  }

  private isBeyond(rule: LimitRule, { client = "", message, recipientPlace = 0 }: Asked): boolean {
    switch (rule._tag) {
      case "Connections":
        return (rule.by === "all" ? this.open : (this.clients.get(client) ?? 0)) > rule.most
      case "Messages":
        return message > rule.most
      case "Recipients":
        return recipientPlace > rule.most
      case "Rate":
        return false
    }
  }

  /** The bucket that this takes a token of, filled up by now. */
  private bucketOf(
    { by, most: count, per }: Extract<LimitRule, { readonly _tag: "Rate" }>,
    index: number,
    event: Asked,
    now: number
  ): Bucket {
    const key = by === "all" ? "" : by === "client" ? (event.client ?? "") : domainOf(event.recipient ?? "")
    const buckets = this.buckets[index]!
    const known = buckets.get(key)
    const bucket = known ?? { tokens: count, at: now }
    bucket.tokens = Math.min(count, bucket.tokens + ((now - bucket.at) * count) / per)
    bucket.at = now
    if (by === "all" && known !== undefined) return bucket
    // Those seen last are last.
    buckets.delete(key)
    buckets.set(key, bucket)
    if (buckets.size > most) buckets.delete(buckets.keys().next().value!)
    return bucket
  }
}

const domainOf = (address: string): string => address.slice(address.lastIndexOf("@") + 1).toLowerCase()

const usual: { readonly [tag in LimitRule["_tag"]]: string } = {
  Connections: "421 4.7.0 Error: too many connections",
  Messages: "452 4.5.3 Error: too many messages over this connection",
  Recipients: "452 4.5.3 Error: too many recipients",
  Rate: "450 4.7.1 Error: too much mail, try again later"
}
