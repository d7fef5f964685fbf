/**
 * A segment of a run: one of several processes, on as many machines as there are, that make one run together. No process needs
 * to hear of another. A run that nobody has cut is segment 1 of 1; threads share a segment out once more.
 *
 * What counts by numbers, such as sessions, is shared out without a rest: the shares add up to it. Messages have numbers, and
 * `Partition` says whose each is. All else of a plan is the same for every segment: message k, when it is due, and what is drawn
 * for it depend on the plan, the seed and k.
 *
 * @since 0.1.0
 */
import { dual } from "effect/Function"

/**
 * The fields of a plan that say which segment it is of.
 *
 * @since 0.1.0
 * @category models
 */
export interface SegmentFields {
  readonly segment?: string | undefined
  readonly weights?: string | undefined
  readonly runId?: string | undefined
}

/**
 * The segment `index`, from 0, `of` this many. Without weights all are alike; with them, each has its weight's share.
 *
 * @since 0.1.0
 * @category models
 */
export interface Segment {
  readonly index: number
  readonly of: number
  readonly weights?: ReadonlyArray<number> | undefined
}

/**
 * All of it.
 *
 * @since 0.1.0
 * @category constants
 */
export const whole: Segment = { index: 0, of: 1 }

/**
 * The most segments of a run, and the most that their weights may add up to.
 *
 * @since 0.1.0
 * @category constants
 */
export const most = 10_000

/**
 * Reads `3/8`, in which segments count from 1; undefined where it is none.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Segment | undefined => {
  const [, number, of] = /^([1-9]\d{0,4})\/([1-9]\d{0,4})$/.exec(text) ?? []
  const segment = { index: Number(number) - 1, of: Number(of) }
  return number !== undefined && segment.of <= most && segment.index < segment.of ? segment : undefined
}

/**
 * Reads `1,2,5`; undefined where it is no list of weights.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseWeights = (text: string): ReadonlyArray<number> | undefined => {
  if (!/^[1-9]\d*(,[1-9]\d*)*$/.test(text)) return undefined
  const weights = text.split(",").map(Number)
  return totalOf(weights) <= most ? weights : undefined
}

/**
 * As it is written: `3/8`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const print = ({ index, of }: Segment): string => `${index + 1}/${of}`

/**
 * The segment that a plan is of; the whole where it names none, or leaves it to the engine (`auto`).
 *
 * @since 0.1.0
 * @category reading
 */
export const ofPlan = ({ segment, weights }: SegmentFields): Segment => {
  const parsed = segment === undefined ? undefined : parse(segment)
  if (parsed === undefined) return whole
  return weights === undefined ? parsed : { ...parsed, weights: parseWeights(weights) }
}

/**
 * What all segments of a run have in common.
 *
 * @since 0.1.0
 * @category models
 */
export interface SegmentOptions {
  readonly runId: string
  readonly weights?: ReadonlyArray<number> | undefined
}

/**
 * A plan that names its segment.
 *
 * @since 0.1.0
 * @category models
 */
export type Segmented<Plan extends SegmentFields> = Plan & { readonly segment: string; readonly runId: string }

/**
 * Segment i of n of a plan, counted from 1, for a process of its own. All segments need the same `runId`: it tells the run from
 * others, and all that is random is drawn from it, or from the plan's seed. `weights` has a whole number for each segment, where
 * machines are of different strength. `Plan.check` says what is wrong with it, as does every run.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { Plan, Segment } from "smtp-source"
 *
 * const plan = Plan.make({ target: "mail.example:25", rate: "1000/s", duration: "10m" })
 *
 * export const third = Segment.of(plan, 3, 8, { runId: "nightly-17" })
 */
export const of: {
  (i: number, n: number, options: SegmentOptions): <Plan extends SegmentFields>(plan: Plan) => Segmented<Plan>
  <Plan extends SegmentFields>(plan: Plan, i: number, n: number, options: SegmentOptions): Segmented<Plan>
} = dual(
  4,
  <Plan extends SegmentFields>(
    plan: Plan,
    i: number,
    n: number,
    { runId, weights }: SegmentOptions
  ): Segmented<Plan> => ({
    ...plan,
    segment: `${i}/${n}`,
    runId,
    ...(weights === undefined ? {} : { weights: weights.join(",") })
  })
)

/**
 * What tells this segment of a run from all other segments and runs.
 *
 * @since 0.1.0
 * @category formatting
 */
export const nameOf = (segment: Segment, runId: string): string =>
  segment.of === 1 ? runId : `${runId} ${print(segment)}`

/**
 * How many of this many are the segment's. Those of all segments add up to it.
 *
 * @since 0.1.0
 * @category sharing
 */
export const shareOf = (count: number, segment: Segment): number => {
  const { all, from, to } = weighed(segment)
  return Math.floor((count * to) / all) - Math.floor((count * from) / all)
}

/**
 * The segment's part of a rate, in events per second, and how many milliseconds after the run's start it begins, so that the
 * events of all are evenly spaced, where their weights are equal.
 *
 * @since 0.1.0
 * @category sharing
 */
export const rateOf = (rate: number, segment: Segment): { readonly rate: number; readonly after: number } => {
  const { all, from, to } = weighed(segment)
  return {
    rate: (rate * (to - from)) / all,
    after: rate === Number.POSITIVE_INFINITY ? 0 : (segment.index * 1000) / rate
  }
}

/** From where to where the segment goes, of how much in all. */
const weighed = ({ index, of, weights }: Segment) => {
  if (weights === undefined) return { from: index, to: index + 1, all: of }
  const from = totalOf(weights.slice(0, index))
  return { from, to: from + (weights[index] ?? 0), all: totalOf(weights) }
}

const totalOf = (weights: ReadonlyArray<number>): number => weights.reduce((sum, weight) => sum + weight, 0)
