/**
 * What a run that goes on looks like: lines for a terminal, or one line for a log. Pure.
 *
 * @since 0.1.0
 */
import * as Counts from "../measure/Counts.js"
import type { Interval } from "../measure/Series.js"
import * as Summary from "./Summary.js"

/**
 * The messages of an open run, which begin when they are due.
 *
 * @since 0.1.0
 * @category models
 */
export interface Arrivals {
  /** How many were due so far, and how many of them in the last second. */
  readonly due: number
  readonly dueLately: number
  /** How many of them wait for a session. */
  readonly waiting: number
  /** When the last one is due, in milliseconds. */
  readonly end: number
}

/** How messages end, one way for each. */
type Ended = Pick<Interval, "accepted" | "rejected" | "failed" | "unknown">

/**
 * How far a run is. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  /** Undefined where it is the run's time alone that ends it. */
  readonly planned: number | undefined
  /** How long the run lasts at most. */
  readonly lasts?: number | undefined
  readonly elapsed: number
  /** Messages that have come to their end. */
  readonly ended: Ended & Counts.Counts<typeof Counts.arrivals> & Pick<Interval, "abandoned">
  /** The last second, or as much of it as there was. */
  readonly lately: Interval
  /** Whether no message is begun any more. */
  readonly isStopping?: boolean | undefined
  /** Of an open run. */
  readonly arrivals?: Arrivals | undefined
}

/**
 * How far a proof of delivery is. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settling {
  readonly accepted: number
  readonly arrived: number
  readonly awaited: number
  /** When the wait ends, unless something arrives before. */
  readonly left: number
}

const { count } = Summary

const total = ({ accepted, failed, rejected, unknown }: Ended): number => accepted + rejected + failed + unknown

const perSecond = (messages: number, milliseconds: number): number =>
  milliseconds > 0 ? Math.round((messages * 1000) / milliseconds) : 0

/** How much of the run is over, by its messages or by its time: whichever comes first. */
const shareOf = ({ elapsed, ended, lasts, planned }: State): number =>
  Math.min(
    1,
    Math.max(planned ? (total(ended) + ended.dropped) / planned : 0, lasts === undefined ? 0 : elapsed / lasts)
  )

/** When the run will have come to its end, if it goes on as it did so far. */
const remaining = (state: State): string => {
  if (state.isStopping === true) return "stopping"
  const milliseconds = state.arrivals === undefined ? byShare(state) : byArrivals(state, state.arrivals)
  return milliseconds === undefined ? "" : `ETA ${whole(milliseconds / 1000)}`
}

const byShare = (state: State): number | undefined => {
  const share = shareOf(state)
  return share === 0 ? undefined : (state.elapsed * (1 - share)) / share
}

/**
 * When the last message is due; later, where messages wait, at the rate of the last second. What still waits when the time
 * is over is not sent.
 */
const byArrivals = (
  { elapsed, ended, lately, lasts, planned = 0 }: State,
  { end, waiting }: Arrivals
): number | undefined => {
  const untilDue = Math.max(0, end - elapsed)
  if (waiting === 0) return untilDue
  const untilOver = lasts === undefined ? undefined : Math.max(0, lasts - elapsed)
  const lastly = total(lately)
  if (lastly === 0) return untilOver
  const untilSent = ((planned - total(ended) - ended.dropped) * lately.length) / lastly
  return Math.min(untilOver ?? Number.POSITIVE_INFINITY, Math.max(untilDue, untilSent))
}

const whole = (seconds: number): string => {
  const rounded = Math.ceil(seconds)
  const two = (number: number) => String(number).padStart(2, "0")
  const minutes = Math.floor(rounded / 60)
  if (minutes === 0) return `${rounded} s`
  return minutes < 60
    ? `${minutes}:${two(rounded % 60)} min`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(rounded % 60)} h`
}

const percentOf = (state: State): string => `${Math.floor(shareOf(state) * 100)} %`

const doneOf = ({ ended, planned }: State): string =>
  planned === undefined ? `${count(total(ended))} messages` : `${count(total(ended))} of ${count(planned)}`

/** What an open run is to do now, and what it is behind with. */
const intendedOf = ({ arrivals, lately }: State): ReadonlyArray<string> =>
  arrivals === undefined ? [] : [`${count(perSecond(arrivals.dueLately, lately.length))}/s due`]

const behindOf = ({ arrivals, ended }: State): ReadonlyArray<string> =>
  [
    [arrivals?.waiting ?? 0, "waiting"] as const,
    ...Counts.arrivals.map((name) => [ended[name], name] as const)
  ].flatMap(([number, word]) => (number > 0 ? [`${count(number)} ${word}`] : []))

const latencyOf = ({ p50, p99 }: Interval): ReadonlyArray<string> =>
  p50 === undefined || p99 === undefined
    ? []
    : [`p50 ${Summary.milliseconds(p50 * 1e6)}`, `p99 ${Summary.milliseconds(p99 * 1e6)}`]

const errorsOf = ({ abandoned, failed, rejected, unknown }: State["ended"]): ReadonlyArray<string> => {
  const wrong = [
    [rejected, "rejected"],
    [failed - abandoned, "failed"],
    [unknown, "unknown"]
  ].flatMap(([number, word]) => (Number(number) > 0 ? [`${count(Number(number))} ${word}`] : []))
  return [wrong.join(", ") || "no errors", ...(abandoned > 0 ? [`${count(abandoned)} abandoned`] : [])]
}

/**
 * The live view, in lines of fewer than `columns` characters: parts that do not fit are left out, the less telling first.
 *
 * @since 0.1.0
 * @category rendering
 */
export const lines = (state: State, columns: number): ReadonlyArray<string> => {
  const { elapsed, ended, lately } = state
  const done = total(ended)
  const share = shareOf(state)
  const width = Math.max(0, Math.min(30, columns - 50))
  const filled = Math.round(share * width)
  const bar = width < 10 ? "" : `[${"#".repeat(filled)}${"-".repeat(width - filled)}]`
  const now = perSecond(total(lately), lately.length)
  return [
    fitting([bar, percentOf(state), doneOf(state), remaining(state)], columns),
    fitting(
      [
        `${count(now)}/s now`,
        ...(state.arrivals === undefined ? [`${count(perSecond(done, elapsed))}/s on average`] : intendedOf(state)),
        ...latencyOf(lately)
      ],
      columns
    ),
    fitting(
      [...errorsOf(ended), ...behindOf(state), `${count(lately.underWay)} busy`, `${count(lately.open)} connections`],
      columns
    )
  ]
}

/** As many of the parts as fit, from the first. */
const fitting = (parts: ReadonlyArray<string>, columns: number): string => {
  let line = ""
  for (const part of parts.filter((part) => part !== "")) {
    const longer = line === "" ? part : `${line}  ${part}`
    if (longer.length < columns) line = longer
    else if (line === "") return part.slice(0, Math.max(0, columns - 1))
  }
  return line
}

/**
 * The same as one line, for a log.
 *
 * @since 0.1.0
 * @category rendering
 */
export const plain = (state: State): string => {
  const { elapsed, ended, lately } = state
  const parts = [
    `${Math.round(elapsed / 1000)} s: ${doneOf(state)} (${percentOf(state)})`,
    `${count(perSecond(total(lately), lately.length))} messages/s`,
    ...intendedOf(state),
    ...latencyOf(lately),
    ...errorsOf(ended),
    ...behindOf(state),
    `${count(lately.underWay)} busy`,
    remaining(state)
  ]
  return parts.filter((part) => part !== "").join(", ")
}

/**
 * The last line of a log: what became of the run, with `lately` being all of it.
 *
 * @since 0.1.0
 * @category rendering
 */
export const closing = (state: State): string => {
  const { elapsed, ended, lately } = state
  const rate = `${count(perSecond(total(ended), elapsed))} messages/s`
  const parts = [...latencyOf(lately), ...errorsOf(ended), ...behindOf({ ...state, arrivals: undefined })]
  return `over after ${Summary.duration(elapsed / 1000)}: ${[doneOf(state), rate, ...parts].join(", ")}`
}

/**
 * What a run waits for that has sent its last message, in one line.
 *
 * @since 0.1.0
 * @category rendering
 */
export const settling = ({ accepted, arrived, awaited, left }: Settling): string => {
  // Those that arrived were not answered.
  const again = awaited - (accepted - arrived)
  return [
    `settling: ${count(arrived)} of ${count(accepted)} arrived`,
    ...(again > 0 ? [`${count(again)} to be sent again`] : []),
    `waits ${whole(left / 1000)} for the next`
  ].join(", ")
}

/**
 * What draws `lines` over what was drawn before, in one write: nothing is cleared that is not drawn again at once, so that it
 * does not flicker. `before` is what stands there; a terminal that became narrower since has broken its lines.
 *
 * @since 0.1.0
 * @category rendering
 */
export const redraw = (before: ReadonlyArray<string>, after: ReadonlyArray<string>, columns: number): string => {
  const rows = before.reduce((sum, line) => sum + Math.max(1, Math.ceil(line.length / Math.max(1, columns))), 0)
  const up = rows === 0 ? "" : `\u001b[${rows}A`
  return `${up}\r${after.map((line) => `${line}\u001b[K\n`).join("")}\u001b[J`
}
