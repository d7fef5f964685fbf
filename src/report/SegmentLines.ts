/**
 * The segments of a run in words: when they began, and what is lost with those that nobody saw the end of.
 *
 * @since 0.1.0
 */
import * as Figures from "./Figures.js"
import type { RunSegment } from "./RunSegments.js"
import * as RunSegments from "./RunSegments.js"

/**
 * How far apart the segments began, by their machines' clocks, and which were late; undefined where that is not known.
 *
 * @since 0.1.0
 * @category formatting
 */
export const beginnings = ({
  segments = []
}: {
  readonly segments?: ReadonlyArray<RunSegment> | undefined
}): string | undefined => {
  const spans = segments.flatMap(({ elapsed = 0, late = 0, startedAt }) => {
    if (startedAt === undefined) return []
    const start = Date.parse(startedAt)
    return [{ from: start + late, to: start + Math.max(late, elapsed) }]
  })
  if (spans.length < 2) return undefined
  const starts = spans.map(({ from }) => from)
  const last = starts.reduce((one, other) => Math.max(one, other))
  const apart = last - starts.reduce((one, other) => Math.min(one, other))
  const late = segments.flatMap(({ index, late, of }) => (late === undefined ? [] : [{ index, late, of }]))
  const named = late.slice(0, mostNamed).map(({ index, late, of }) => `${index}/${of} by ${seconds(late)}`)
  const more = late.length > mostNamed ? [`${Figures.count(late.length - mostNamed)} more`] : []
  const told = late.length === 0 ? "" : `; late: ${[...named, ...more].join(", ")}`
  const when = apart === 0 ? "together" : `${seconds(apart)} apart`
  // A clock that is an hour off looks like a machine that began an hour later.
  const disjoint = spans.some(({ to }) => to < last)
  const doubt = disjoint ? "; some had ended before others began: if clocks are wrong, so are rates and charts" : ""
  return `began ${when} by their machines' clocks${told}${doubt}`
}

/**
 * Which segment's generator was the busiest, such as `3/4`; undefined where fewer than two tell how they fared.
 *
 * @since 0.1.0
 * @category formatting
 */
export const busiest = ({
  segments = []
}: {
  readonly segments?: ReadonlyArray<RunSegment> | undefined
}): string | undefined => {
  const known = segments.flatMap(({ generator, index, of }) =>
    generator === undefined ? [] : [{ ...generator, name: `${index}/${of}` }]
  )
  const [first, second] = known.toSorted((a, b) => b.saturation - a.saturation || b.utilisation - a.utilisation)
  return second === undefined ? undefined : first?.name
}

const seconds = (milliseconds: number): string => Figures.duration(milliseconds / 1000)

/** As many segments are named one by one. */
const mostNamed = 20

/**
 * What is lost, in sentences: which segments, and how many messages.
 *
 * @since 0.1.0
 * @category formatting
 */
export const losses = ({
  segments = []
}: {
  readonly segments?: ReadonlyArray<RunSegment> | undefined
}): ReadonlyArray<string> => {
  const incomplete = segments.filter(RunSegments.isIncomplete)
  const told = incomplete.slice(0, mostNamed).map((segment) => {
    const { elapsed = 0, ended, index, lost, of } = segment
    const many =
      lost === undefined
        ? "an unknown number of messages is"
        : lost === 1
          ? "1 message is"
          : `${Figures.count(lost)} messages are`
    const how = ended === "missing" ? "is missing" : `was cut after ${Figures.duration(elapsed / 1000)}`
    return `segment ${index}/${of} ${how}: ${many} lost`
  })
  return incomplete.length > mostNamed
    ? [...told, `${Figures.count(incomplete.length - mostNamed)} more segments are lost`]
    : told
}
