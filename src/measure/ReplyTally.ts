/**
 * Counts replies by step, code and enhanced status code (RFC 3463).
 *
 * It counts every reply. A reply that a server repeats is mostly the same object, so that the usual one is found by
 * identity: a comparison, without a look at its text. What it keeps is bounded, whatever the server says.
 *
 * @since 0.1.0
 */
import * as Reply from "../smtp/Reply.js"
import { type Step, stepPlace, steps } from "../smtp/SmtpError.js"
import * as Sightings from "./Sightings.js"

/**
 * The replies of one kind.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReplyCount extends Sightings.Sightings {
  readonly step: Step
  /** 0 where there was none. */
  readonly code: number
  readonly enhanced?: string | undefined
}

/**
 * The kinds of one step beyond which enhanced status codes are told apart no more.
 *
 * @since 0.1.0
 * @category limits
 */
export const mostKinds = 256

/**
 * The replies of one step that are known by identity.
 *
 * @since 0.1.0
 * @category limits
 */
export const mostKnown = 512

/**
 * The characters of a reply that is known by identity, at most. Longer ones are hardly ever the same object again, and would
 * be kept whole.
 *
 * @since 0.1.0
 * @category limits
 */
export const longestKnown = 512

/**
 * A tally. One for each thread.
 *
 * @since 0.1.0
 * @category models
 */
export class ReplyTally {
  private readonly steps: Array<OfStep | undefined> = Array.from({ length: steps.length })

  /** Counts one reply. `place` is the step's in `steps`, and `now` is in milliseconds. */
  count(place: number, reply: Reply.Reply, now: number): void {
    let ofStep = this.steps[place]
    if (ofStep === undefined) {
      ofStep = new OfStep()
      this.steps[place] = ofStep
    }
    const kind = ofStep.lately === reply ? ofStep.kind : ofStep.kindOf(reply, now)
    kind.count++
    kind.last = now
  }

  /** What was counted; times since `begun`. */
  toData(begun: number): ReadonlyArray<ReplyCount> {
    return steps.flatMap((step, place) =>
      [...(this.steps[place]?.kinds.values() ?? [])].map(({ code, count, enhanced, example, first, last }) => ({
        step,
        code,
        ...(enhanced === undefined ? {} : { enhanced }),
        count,
        first: first - begun,
        last: last - begun,
        example
      }))
    )
  }
}

/**
 * The counts of all parts together, in the order of the dialogue.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (parts: ReadonlyArray<ReadonlyArray<ReplyCount>>): ReadonlyArray<ReplyCount> =>
  Sightings.mergeAll(parts.flat(), ({ code, enhanced = "", step }) =>
    [stepPlace(step), String(code).padStart(3, "0"), enhanced].join(" ")
  )

interface Kind {
  readonly code: number
  readonly enhanced: string | undefined
  readonly example: string
  readonly first: number
  count: number
  last: number
}

class OfStep {
  readonly kinds = new Map<string, Kind>()
  private readonly known = new Map<Reply.Reply, Kind>()
  lately: Reply.Reply | undefined = undefined
  /** That of `lately`. */
  kind: Kind = { code: 0, enhanced: undefined, example: "", first: 0, count: 0, last: 0 }

  kindOf(reply: Reply.Reply, now: number): Kind {
    // Replies with a queue id in them are all new, and of one kind.
    if (isLike(this.kind, reply)) return this.kind
    if (reply.text.length > longestKnown) return this.kindByKey(reply, now)
    let kind = this.known.get(reply)
    if (kind === undefined) {
      kind = this.kindByKey(reply, now)
      if (this.known.size >= mostKnown) this.known.clear()
      this.known.set(reply, kind)
    }
    this.lately = reply
    this.kind = kind
    return kind
  }

  private kindByKey(reply: Reply.Reply, now: number): Kind {
    const { code, text } = reply
    const found = Reply.enhancedStatusCode(reply)
    const full = this.kinds.size >= mostKinds && !this.kinds.has(keyOf(code, found))
    const enhanced = full ? undefined : found
    const key = keyOf(code, enhanced)
    let kind = this.kinds.get(key)
    if (kind === undefined) {
      const example = Reply.beginning(text, Sightings.longestExample)
      kind = { code, enhanced, example, first: now, count: 0, last: now }
      this.kinds.set(key, kind)
    }
    return kind
  }
}

const isLike = ({ code, enhanced }: Kind, reply: Reply.Reply): boolean =>
  enhanced !== undefined &&
  reply.code === code &&
  reply.text.startsWith(enhanced) &&
  reply.text.charCodeAt(enhanced.length) === SPACE

const SPACE = 32

const keyOf = (code: number, enhanced: string | undefined): string => `${code} ${enhanced ?? ""}`
