/**
 * The books of a run: every message ends in exactly one of five ways, and the sums say so.
 *
 * They are kept in one typed array, so that another thread can read them while they are written, and after the writer is
 * gone.
 *
 * @since 0.1.0
 */
import { isAbandoned, type Outcome, type Recipients } from "../smtp/Outcome.js"
import * as Counts from "./Counts.js"

export { noRecipients } from "../smtp/Outcome.js"

/**
 * What has become of the messages and recipients of a run so far.
 *
 * @since 0.1.0
 * @category models
 */
export interface Accounting {
  readonly planned: number
  /** Taken up by a session, ended or not. */
  readonly started: number
  readonly accepted: number
  readonly rejected: number
  readonly failed: number
  /** Of those that failed, the ones that the plan had abandoned: they came to the end that they were to come to. */
  readonly abandoned: number
  readonly unknown: number
  readonly notStarted: number
  /** Of a run whose end nobody saw, the messages of which it is not known whether they were started. */
  readonly lost?: number | undefined
  readonly recipients: Recipients
}

/**
 * Books that are written.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ledger extends Accounting {
  /** A session takes up a message. */
  readonly start: () => void
  /** A message has come to its end. One that had begun was counted by `start`. */
  readonly book: (outcome: Outcome) => void
  /** This many messages have an end of this kind that nobody saw. */
  readonly add: (end: "unknown" | "notStarted", messages: number) => void
}

const names = ["started", "accepted", "rejected", "failed", "unknown", "notStarted", "abandoned"] as const

/**
 * The bytes that books take.
 *
 * @since 0.1.0
 * @category constants
 */
export const size = (names.length + Counts.recipients.length) * Float64Array.BYTES_PER_ELEMENT

/**
 * The books of a run of `planned` messages, kept in `memory`: as it was left, or empty where it is new.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (planned: number, memory: ArrayBufferLike = new ArrayBuffer(size)): Ledger =>
  new Books(planned, new Float64Array(memory))

const STARTED = 0
const ACCEPTED = 1
const REJECTED = 2
const FAILED = 3
const UNKNOWN = 4
const NOT_STARTED = 5
const ABANDONED = 6
const RECIPIENTS = 7

class Books implements Ledger {
  constructor(
    readonly planned: number,
    private readonly cells: Float64Array
  ) {}

  get started(): number {
    return this.cells[STARTED]!
  }
  get accepted(): number {
    return this.cells[ACCEPTED]!
  }
  get rejected(): number {
    return this.cells[REJECTED]!
  }
  get failed(): number {
    return this.cells[FAILED]!
  }
  get abandoned(): number {
    return this.cells[ABANDONED]!
  }
  get unknown(): number {
    return this.cells[UNKNOWN]!
  }
  get notStarted(): number {
    return this.cells[NOT_STARTED]!
  }
  get recipients(): Recipients {
    const [offered = 0, accepted = 0, refused = 0, refusedAfterContent = 0, unknown = 0, abandoned = 0] =
      this.cells.subarray(RECIPIENTS)
    return { offered, accepted, refused, refusedAfterContent, unknown, abandoned }
  }

  start(): void {
    this.increase(STARTED, 1)
  }

  add(end: "unknown" | "notStarted", messages: number): void {
    this.increase(end === "unknown" ? UNKNOWN : NOT_STARTED, messages)
  }

  book(outcome: Outcome): void {
    this.increase(cellOf[outcome._tag], 1)
    if (outcome._tag === "NotStarted") return
    if (isAbandoned(outcome)) this.increase(ABANDONED, 1)
    const { recipients } = outcome
    this.increase(RECIPIENTS, recipients.offered)
    this.increase(RECIPIENTS + 1, recipients.accepted)
    if (recipients.accepted === recipients.offered) return
    this.increase(RECIPIENTS + 2, recipients.refused)
    this.increase(RECIPIENTS + 3, recipients.refusedAfterContent)
    this.increase(RECIPIENTS + 4, recipients.unknown)
    this.increase(RECIPIENTS + 5, recipients.abandoned)
  }

  private increase(cell: number, by: number): void {
    this.cells[cell] = this.cells[cell]! + by
  }
}

const cellOf = { Accepted: ACCEPTED, Rejected: REJECTED, Failed: FAILED, Unknown: UNKNOWN, NotStarted: NOT_STARTED }

/**
 * The books of the whole, from those of its parts, which planned nothing by themselves.
 *
 * @since 0.1.0
 * @category combining
 */
export const sum = (planned: number, parts: ReadonlyArray<Accounting>): Accounting => {
  return {
    planned,
    ...Counts.sum(names, parts),
    recipients: Counts.sum(
      Counts.recipients,
      parts.map(({ recipients }) => recipients)
    )
  }
}

/**
 * The laws that the books of a finished run break; none, unless there is a bug.
 *
 * - planned = started + not started + lost
 * - started = accepted + rejected + failed + unknown
 * - failed, of which abandoned are a part
 * - recipients offered = accepted + refused + refused after content + unknown + abandoned
 *
 * @since 0.1.0
 * @category laws
 */
export const violations = (self: Accounting): ReadonlyArray<string> => {
  const { abandoned, accepted, failed, lost = 0, notStarted, planned, recipients, rejected, started, unknown } = self
  const { offered, refused, refusedAfterContent } = recipients
  const laws: ReadonlyArray<readonly [boolean, string]> = [
    [
      planned === started + notStarted + lost,
      `planned ${planned} is not the sum of started ${started} and not started ${notStarted}${lost === 0 ? "" : `, and lost ${lost}`}`
    ],
    [
      started === accepted + rejected + failed + unknown,
      `started ${started} is not the sum of accepted ${accepted}, rejected ${rejected}, failed ${failed} and unknown ${unknown}`
    ],
    [abandoned <= failed, `abandoned ${abandoned} are more than failed ${failed}`],
    [
      offered === recipients.accepted + refused + refusedAfterContent + recipients.unknown + recipients.abandoned,
      `recipients offered ${offered} is not the sum of ${JSON.stringify(recipients)}`
    ]
  ]
  return laws.flatMap(([holds, law]) => (holds ? [] : [law]))
}
