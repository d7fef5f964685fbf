/**
 * How the messages of an open run fared in each of its stages: how many were due, and how many of them the run began, and the
 * server accepted, while the stage lasted.
 *
 * Messages are counted as begun and accepted when they were, whichever stage they were due in: a stage after one that was too
 * much for the server catches up with it. Lateness and durations are those of the messages that were due in the stage.
 *
 * @since 0.1.0
 */
import type { Outcome } from "../smtp/Outcome.js"
import * as Series from "./Series.js"
import { SparseHistogram } from "./SparseHistogram.js"

/**
 * A stage of a run, with its counts. Times are in milliseconds since messages began to be due.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageCount {
  readonly from: number
  readonly to: number
  /** Messages per second, where it begins and where it ends. */
  readonly rate: readonly [number, number]
  readonly due: number
  readonly started: number
  readonly accepted: number
  /** Messages due in it that began more than 10 ms late. */
  readonly late: number
  /** Of the transactions that were due in it and were accepted. */
  readonly buckets: Series.Buckets
}

/**
 * The stages, without what was due in the warm-up, and what was accepted when no more was due.
 *
 * @since 0.1.0
 * @category models
 */
export interface StageCounts {
  readonly stages: ReadonlyArray<StageCount>
  readonly afterwards: number
}

/** In milliseconds. */
const lateAfter = 10

interface Slot {
  started: number
  accepted: number
  late: number
  readonly histogram: SparseHistogram
}

/**
 * Counts messages when they have ended.
 *
 * @since 0.1.0
 * @category models
 */
export class StageTally {
  private readonly slots: ReadonlyArray<Slot>
  private before: StageCounts | undefined

  /** `origin` is when messages began to be due, and `measuresFrom` when the warm-up ends, by the clock of what is counted. */
  constructor(
    private readonly stages: ReadonlyArray<Pick<StageCount, "from" | "to" | "rate" | "due">>,
    private readonly origin: number,
    private readonly measuresFrom: number
  ) {
    this.slots = [...stages, undefined].map(() => ({
      started: 0,
      accepted: 0,
      late: 0,
      histogram: new SparseHistogram()
    }))
  }

  count({ _tag }: Pick<Outcome, "_tag">, due: number, started: number, ended: number): void {
    if (due < this.measuresFrom) return
    this.slotAt(started).started++
    const slot = this.slotAt(due)
    if (started - due > lateAfter) slot.late++
    if (_tag !== "Accepted") return
    this.slotAt(ended).accepted++
    slot.histogram.record((ended - due) * 1e6)
  }

  /** Adds what another tally of the same stages counted. */
  add(counts: StageCounts): void {
    this.before = sum(this.before === undefined ? [counts] : [this.before, counts])
  }

  toData(): StageCounts {
    const from = Math.max(0, this.measuresFrom - this.origin)
    const stages = this.stages.map((stage, index) => {
      const { accepted, histogram, late, started } = this.slots[index]!
      return { ...between(stage, from, stage.to), started, accepted, late, buckets: histogram.buckets() }
    })
    const counts = { stages, afterwards: this.slots.at(-1)!.accepted }
    return this.before === undefined ? counts : sum([counts, this.before])
  }

  private slotAt(time: number): Slot {
    const { slots, stages } = this
    const at = time - this.origin
    let index = 0
    while (index < stages.length && at >= stages[index]!.to) index++
    return slots[index]!
  }
}

/**
 * What several tallies of the same stages counted.
 *
 * @since 0.1.0
 * @category combining
 */
export const sum = (all: ReadonlyArray<StageCounts>): StageCounts => {
  const total = (of: (counts: StageCounts) => number) => all.reduce((before, each) => before + of(each), 0)
  return {
    stages: (all.find(({ stages }) => stages.length > 0)?.stages ?? []).map((stage, index) => ({
      ...stage,
      started: total(({ stages }) => stages[index]?.started ?? 0),
      accepted: total(({ stages }) => stages[index]?.accepted ?? 0),
      late: total(({ stages }) => stages[index]?.late ?? 0),
      buckets: Series.sumBuckets(all.map(({ stages }) => stages[index]?.buckets ?? []))
    })),
    afterwards: total(({ afterwards }) => afterwards)
  }
}

/**
 * The part of a stage from one time to another, with so much of what is due as its rate says.
 *
 * @since 0.1.0
 * @category reading
 */
export const between = <Stage extends Pick<StageCount, "from" | "to" | "rate" | "due">>(
  stage: Stage,
  from: number,
  to: number
): Stage => {
  const [start, end] = [from, to].map((time) => Math.min(Math.max(time, stage.from), stage.to))
  if (start === undefined || end === undefined || (start === stage.from && end === stage.to)) return stage
  const lasts = stage.to - stage.from
  const [first, last] = stage.rate
  const rateAt = (time: number) => (lasts > 0 ? first + ((last - first) * (time - stage.from)) / lasts : first)
  const rate = [rateAt(start), rateAt(end)] as const
  const whole = (first + last) * lasts
  const part = whole > 0 ? Math.max(0, ((rate[0] + rate[1]) * (end - start)) / whole) : 0
  return { ...stage, from: start, to: Math.max(start, end), rate, due: Math.round(stage.due * part) }
}
