/**
 * Which segments of a run a report is of, and what is lost with those that nobody saw the end of.
 *
 * @since 0.1.0
 */
import * as Order from "effect/Order"
import * as Schema from "effect/Schema"
import * as GeneratorHealth from "../measure/GeneratorHealth.js"
import * as Arrival from "../plan/Arrival.js"
import * as Partition from "../plan/Partition.js"
import * as Segment from "../plan/Segment.js"
import { Count } from "./CountField.js"

const which = {
  run: Schema.String.annotations({ description: "The run's id, which all its segments have in common." }),
  index: Schema.Int.annotations({ description: "From 1." }),
  of: Schema.Int,
  weights: Schema.optionalWith(Schema.String, { exact: true }),
  whole: Schema.optionalWith(Count, { exact: true }).annotations({
    description: "The messages of the whole run; absent where its time alone ends it."
  })
}

/**
 * The schema of what a segment is.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Which = Schema.Struct(which)

/**
 * The schema of what became of a segment.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct({
  ...which,
  ended: Schema.Literal("completed", "stopped", "failed", "cut", "missing").annotations({
    description: "missing: there is no result of it."
  }),
  startedAt: Schema.optionalWith(Schema.String, { exact: true }).annotations({
    description: "From when its times count, by its machine's clock: its start, or the one that was agreed upon."
  }),
  late: Schema.optionalWith(Schema.Number, { exact: true }).annotations({
    description: "By how many milliseconds it began after the start that was agreed upon, where it was late."
  }),
  elapsed: Schema.optionalWith(Schema.Number, { exact: true }).annotations({ description: "In milliseconds." }),
  generator: Schema.optionalWith(
    Schema.Struct({ utilisation: Schema.Number, saturation: Schema.Number, delayP99: Schema.Number }),
    { exact: true }
  ).annotations({
    description:
      "How its generator fared: the share of time in which the busiest thread worked, that in which it worked or had no processor, and by how many milliseconds its timers were late."
  }),
  lost: Schema.optionalWith(Count, { exact: true }).annotations({
    description: "Messages of which nobody knows what became of them; absent where their number is not known either."
  })
})

/**
 * What a segment is.
 *
 * @since 0.1.0
 * @category models
 */
export type Which = typeof Which.Type

/**
 * What became of a segment.
 *
 * @since 0.1.0
 * @category models
 */
export type RunSegment = typeof schema.Type

/**
 * The segment of a plan's run; undefined where it is the whole.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ofPlan = (
  plan: Arrival.ArrivalPlan &
    Segment.SegmentFields & { readonly seed?: string | undefined; readonly once?: boolean | undefined },
  runId: string
): Which | undefined => {
  const segment = Segment.ofPlan(plan)
  if (segment.of === 1) return undefined
  // How many rows there are is known to those who have read them.
  const isOfRows = plan.once === true && plan.messages === undefined
  const whole = isOfRows
    ? Arrival.unlimited
    : (Arrival.make(plan, plan.seed ?? runId)?.messages ?? Arrival.messagesOf(plan))
  return {
    run: runId,
    index: segment.index + 1,
    of: segment.of,
    ...(plan.weights === undefined ? {} : { weights: plan.weights }),
    ...(whole === Arrival.unlimited ? {} : { whole })
  }
}

/** In milliseconds: who begins with less than this after the start that was agreed upon is not late. */
const tolerated = 100

/**
 * When a segment began, out of its own report: by how much after the start that was agreed upon, its first interval tells.
 *
 * @since 0.1.0
 * @category constructors
 */
export const begun = ({
  plan,
  series,
  startedAt
}: {
  readonly plan: { readonly startAt?: unknown }
  readonly series?: { readonly intervals: ReadonlyArray<{ readonly at: number; readonly length: number }> } | undefined
  readonly startedAt: string
}): Pick<RunSegment, "late" | "startedAt"> => {
  const [first] = series?.intervals ?? []
  const after = first === undefined || plan.startAt === undefined ? 0 : first.at - first.length
  return { startedAt, ...(after > tolerated ? { late: Math.round(after) } : {}) }
}

/**
 * How a segment's generator fared, out of its own report: gauges are not added up, and are kept of each.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fared = (generator: Omit<GeneratorHealth.Health, "cpu"> | undefined): Pick<RunSegment, "generator"> => {
  if (generator === undefined) return {}
  const { delayP99, utilisation } = generator
  return { generator: { utilisation, saturation: GeneratorHealth.saturationOf(generator), delayP99 } }
}

/** What of a report is looked at. */
interface Reported {
  readonly segments?: ReadonlyArray<RunSegment> | undefined
  readonly ended: string
  readonly messages: { readonly planned: number; readonly lost: number }
  readonly plan: { readonly [field: string]: unknown }
}

const inOrder = Order.combine(
  Order.mapInput(Order.string, ({ run }: RunSegment) => run),
  Order.mapInput(Order.number, ({ index }: RunSegment) => index)
)

/**
 * The segments of two reports together, in their order.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (
  reports: ReadonlyArray<Pick<Reported, "segments">>
): { readonly segments?: ReadonlyArray<RunSegment> } => {
  const all = reports.flatMap(({ segments = [] }) => segments)
  return all.length === 0 ? {} : { segments: all.toSorted(inOrder) }
}

/**
 * Why two reports are not segments of one run; undefined where they can be added up. A whole run has no segments.
 *
 * @since 0.1.0
 * @category predicates
 */
export const discord = (a: Pick<Reported, "segments">, b: Pick<Reported, "segments">): string | undefined => {
  const [[one], [two]] = [a.segments ?? [], b.segments ?? []]
  if (one === undefined && two === undefined) return undefined
  if (one === undefined || two === undefined) return "one is a segment of a run, and the other a whole run"
  if (one.run !== two.run) return `they are segments of different runs, ${one.run} and ${two.run}`
  if (one.of !== two.of) return `the run is cut into ${one.of} segments in one, and ${two.of} in the other`
  return one.weights === two.weights ? undefined : "the segments have other weights"
}

/**
 * The segments that there is no result of, each with what is lost by that.
 *
 * @since 0.1.0
 * @category reading
 */
export const missing = ({ segments = [] }: Pick<Reported, "segments">): ReadonlyArray<RunSegment> => {
  const [first] = segments
  if (first === undefined || segments.some(({ run }) => run !== first.run)) return []
  const present = new Set(segments.map(({ index }) => index))
  const { of, run, weights, whole } = first
  return Array.from({ length: of }, (_, index) => index + 1).flatMap((index) => {
    if (present.has(index)) return []
    const segment = Segment.ofPlan({ segment: `${index}/${of}`, weights })
    const lost = whole === undefined ? {} : { whole, lost: Partition.of(segment).count(whole) }
    return [{ run, index, of, ...(weights === undefined ? {} : { weights }), ...lost, ended: "missing" as const }]
  })
}

/**
 * How many messages are lost at most; infinite where nobody knows.
 *
 * @since 0.1.0
 * @category reading
 */
export const lossOf = ({ ended, messages, plan, segments = [] }: Reported): number => {
  const unbounded =
    segments.some((segment) => isIncomplete(segment) && segment.lost === undefined) ||
    // Of a whole run that was cut, time alone knew how many there would be.
    (ended === "cut" && segments.length === 0 && plan.messages === undefined && isTimed(plan))
  return unbounded ? Number.POSITIVE_INFINITY : messages.lost
}

/**
 * How many messages are those of segments, or of a run, that nobody saw the end of, whatever is known of each; infinite where
 * nobody knows.
 *
 * @since 0.1.0
 * @category reading
 */
export const unendedOf = ({ ended, messages, plan, segments = [] }: Reported): number => {
  if (segments.length === 0) {
    if (ended !== "cut") return 0
    return plan.messages === undefined && isTimed(plan) ? Number.POSITIVE_INFINITY : messages.planned
  }
  return segments
    .filter(isIncomplete)
    .reduce(
      (sum, { index, of, weights, whole = Number.POSITIVE_INFINITY }) =>
        sum + Partition.of(Segment.ofPlan({ segment: `${index}/${of}`, weights })).count(whole),
      0
    )
}

/**
 * Whether a message is one of a segment, or of a run, that nobody saw the end of.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isUnended = ({
  ended,
  segments = []
}: Pick<Reported, "ended" | "segments">): ((message: number) => boolean) => {
  const [first] = segments
  if (first === undefined) return () => ended === "cut"
  const lost = new Set(segments.filter(isIncomplete).map(({ index }) => index - 1))
  const { weights } = Segment.ofPlan({ segment: `${first.index}/${first.of}`, weights: first.weights })
  const owner = Partition.ownerIn({ of: first.of, weights })
  return (message) => lost.has(owner(message))
}

/** Whether its sessions send as much as they can until its time is over. */
const isTimed = ({ duration, rate, stages }: { readonly [field: string]: unknown }): boolean =>
  duration !== undefined && rate === undefined && stages === undefined

/**
 * Whether there is a segment without a result.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isMissing = ({ segments = [] }: Pick<Reported, "segments">): boolean =>
  segments.some(({ ended }) => ended === "missing")

/**
 * Whether nobody saw the end of a segment.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isIncomplete = ({ ended }: RunSegment): boolean => ended === "cut" || ended === "missing"
