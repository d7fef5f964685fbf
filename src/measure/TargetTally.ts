/**
 * Counts by target, of a run that has several: the connections to each, and how the messages ended that went there.
 *
 * A message is booked with the target of the connection that it was begun for last, whether or not that was opened.
 *
 * @since 0.1.0
 */
import { isAbandoned, type Outcome } from "../smtp/Outcome.js"
import * as Counts from "./Counts.js"

/**
 * What is counted: connections that were `opened`, and attempts that led to none (`unopened`); then messages by how they
 * ended. `abandoned` are those of the failed ones that were to end so.
 *
 * @since 0.1.0
 * @category names
 */
export const names = ["opened", "unopened", "accepted", "rejected", "failed", "abandoned", "unknown"] as const

/**
 * The counts of one target.
 *
 * @since 0.1.0
 * @category models
 */
export interface TargetCount extends Counts.Counts<typeof names> {
  readonly target: string
}

const ends = {
  Accepted: "accepted",
  Rejected: "rejected",
  Failed: "failed",
  Unknown: "unknown",
  NotStarted: undefined
} as const

/**
 * The counts of one target, as they are made.
 *
 * @since 0.1.0
 * @category models
 */
export class Counter implements TargetCount {
  opened = 0
  unopened = 0
  accepted = 0
  rejected = 0
  failed = 0
  abandoned = 0
  unknown = 0

  constructor(
    readonly target: string,
    /** Also where nothing was counted. */
    readonly isShown: boolean
  ) {}

  /** Counts a message. */
  book(outcome: Outcome): void {
    const end = ends[outcome._tag]
    if (end === undefined) return
    this[end]++
    if (isAbandoned(outcome)) this.abandoned++
  }
}

/**
 * Whether there is something to tell of it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isShown = (counter: Counter): boolean => counter.isShown || names.some((name) => counter[name] > 0)

/**
 * The counts of all parts together, in the order of the names: one row for each target.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (parts: ReadonlyArray<ReadonlyArray<TargetCount>>): ReadonlyArray<TargetCount> => {
  const all = new Map<string, ReadonlyArray<TargetCount>>()
  for (const one of parts.flat()) all.set(one.target, [...(all.get(one.target) ?? []), one])
  return [...all]
    .map(([target, counts]) => ({ target, ...Counts.sum(names, counts) }))
    .sort((one, other) => (one.target < other.target ? -1 : 1))
}
