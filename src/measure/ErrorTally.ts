/**
 * Counts what went wrong by kind and step: what messages failed of, and each connect that was tried in vain.
 *
 * @since 0.1.0
 */
import { isAbandoned, type Outcome } from "../smtp/Outcome.js"
import * as Reply from "../smtp/Reply.js"
import { type ConnectFailed, type Step, stepPlace, type WireError } from "../smtp/SmtpError.js"
import * as Sightings from "./Sightings.js"

/**
 * The errors of one kind.
 *
 * @since 0.1.0
 * @category models
 */
export interface ErrorCount extends Sightings.Sightings {
  readonly step: Step
  readonly kind: (WireError | ConnectFailed)["_tag"]
  /**
   * The system's code of a connect that failed (`ECONNREFUSED`); how a connection was lost; in which way TLS failed; what the
   * server does not offer; else nothing.
   */
  readonly detail: string
  /** Trouble of this machine, and not of the server. */
  readonly local: boolean
  /** Of the example: why it failed, as it came. */
  readonly reason?: string
  /** What the server said before it ended the connection. */
  readonly reply?: { readonly code: number; readonly text: string }
  /** How long was waited, in milliseconds. */
  readonly waited?: number
}

/**
 * A tally. One for each thread.
 *
 * @since 0.1.0
 * @category models
 */
export class ErrorTally {
  private readonly kinds = new Map<string, { -readonly [name in keyof ErrorCount]: ErrorCount[name] }>()

  /** Counts one error. `now` is in milliseconds. */
  count(error: WireError | ConnectFailed, now: number): void {
    const { _tag: kind, step } = error
    const detail = detailOf(error)
    const key = keyOf({ step, kind, detail })
    const known = this.kinds.get(key)
    if (known !== undefined) {
      known.count++
      known.last = now
      return
    }
    const example = Reply.beginning(error.message, Sightings.longestExample)
    const local = kind === "ConnectFailed" && error.local
    this.kinds.set(key, { step, kind, detail, local, count: 1, first: now, last: now, example, ...told(error) })
  }

  /** Counts what a message came to grief by, if anything. `now` is asked for where there is something. */
  countOutcome(outcome: Outcome, now: () => number): void {
    if (outcome._tag === "NotStarted" || isAbandoned(outcome)) return
    const error = outcome._tag === "Failed" || outcome._tag === "Unknown" ? outcome.error : outcome.lost
    if (error !== undefined) this.count(error, now())
  }

  /** What was counted; times since `begun`. */
  toData(begun: number): ReadonlyArray<ErrorCount> {
    return [...this.kinds.values()].map((kind) => ({ ...kind, first: kind.first - begun, last: kind.last - begun }))
  }
}

/**
 * The counts of all parts together, in the order of the dialogue.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (parts: ReadonlyArray<ReadonlyArray<ErrorCount>>): ReadonlyArray<ErrorCount> =>
  Sightings.mergeAll(parts.flat(), keyOf)

const keyOf = ({ detail, kind, step }: Pick<ErrorCount, "step" | "kind" | "detail">): string =>
  `${stepPlace(step)} ${kind} ${detail}`

const detailOf = (error: WireError | ConnectFailed): string => {
  switch (error._tag) {
    case "ConnectFailed":
      return error.code
    case "ConnectionLost":
      return error.how
    case "TlsFailed":
      return error.kind
    case "NotOffered":
      return error.what
    default:
      return ""
  }
}

/** What an error tells beyond its step and kind. */
const told = (error: WireError | ConnectFailed): Pick<ErrorCount, "reason" | "reply" | "waited"> => {
  switch (error._tag) {
    case "ConnectionLost":
      if (error.reply === undefined) return {}
      return { reply: { code: error.reply.code, text: Reply.beginning(error.reply.text, Sightings.longestExample) } }
    case "ReplyTimeout":
      return { waited: error.waited }
    case "ConnectFailed":
    case "ReplyMalformed":
    case "TlsFailed":
      return { reason: Reply.beginning(error.reason, Sightings.longestExample) }
    default:
      return {}
  }
}
