/**
 * Whether a run was as fast as the generator, and not as the server, and why.
 *
 * @since 0.1.0
 */
import * as GeneratorHealth from "../measure/GeneratorHealth.js"
import * as Figures from "./Figures.js"
import type { RunReport } from "./RunReport.js"
import * as SegmentLines from "./SegmentLines.js"

/**
 * What it is told by.
 *
 * @since 0.1.0
 * @category models
 */
export type Evidence = Pick<RunReport, "arrivals" | "generator" | "segments"> & {
  readonly messages: Pick<RunReport["messages"], "accepted" | "rejected" | "started">
}

/**
 * Why the generator was the bottleneck.
 *
 * - `busy`: its busiest thread worked nearly all of the time.
 * - `starved`: it had work to do and got no processor.
 * - `delayed`: its timers were late, for a reason that is not known.
 * - `behind`: messages began late though a session was free.
 *
 * @since 0.1.0
 * @category models
 */
export type Cause = "busy" | "starved" | "delayed" | "behind"

/** The share of time beyond which there is none to spare. */
const most = 0.95

/** With fewer messages, one or two that were late are no sign. */
const fewest = 100

/**
 * The causes; none where the generator was not the bottleneck. A server that accepted nothing, or that most messages did not
 * get an answer from, is not judged to have been faster; nor is a generator that waited for the server's sessions more often
 * than for itself.
 *
 * @since 0.1.0
 * @category reading
 */
export const causesOf = (evidence: Evidence): ReadonlyArray<Cause> => {
  const { arrivals, generator, messages } = evidence
  const { accepted, rejected, started } = messages
  if (accepted === 0 || (accepted + rejected) * 2 < started) return []
  const { behind, late } = arrivals ?? { behind: 0, late: 0 }
  const isBehind = started >= fewest && behind > late && GeneratorHealth.isBehind(behind, started)
  return [...slowness(generator), ...(isBehind ? (["behind"] as const) : [])]
}

const slowness = (generator: RunReport["generator"]): ReadonlyArray<Cause> => {
  if (generator === undefined || !GeneratorHealth.isBottleneck(generator)) return []
  if (generator.utilisation > most) return ["busy"]
  return GeneratorHealth.saturationOf(generator) > most ? ["starved"] : ["delayed"]
}

/**
 * What was wrong, and what to do about it, in a line for the person who waits for the run; none where nothing was.
 *
 * @since 0.1.0
 * @category formatting
 */
export const brief = (evidence: Evidence): string | undefined => {
  const causes = causesOf(evidence)
  if (causes.length === 0) return undefined
  const { arrivals, generator } = evidence
  const { delayMean = 0, utilisation = 0, waited = 0, watched = 0 } = generator ?? {}
  const said: { readonly [cause in Cause]: string } = {
    busy: `busy ${(utilisation * 100).toFixed(0)} % of the time`,
    starved: `no processor for ${Figures.duration(waited / 1000)} of ${Figures.duration(watched / 1000)}`,
    delayed: `timers late by ${delayMean.toFixed(1)} ms`,
    behind: `${Figures.counted(arrivals?.behind ?? 0, "message")} late by it`
  }
  const advice = isStarved(causes, evidence)
    ? "keep a processor free for it, or run it elsewhere"
    : "try --workers auto, or fewer sessions"
  return `${causes.map((cause) => said[cause]).join(", ")}: ${advice}`
}

/** Whether others had the processors that it wanted. */
const isStarved = (causes: ReadonlyArray<Cause>, { generator }: Evidence): boolean => {
  const { utilisation = 0, waited = 0, watched = 0 } = generator ?? {}
  return causes.includes("starved") || (!causes.includes("busy") && waited > utilisation * watched)
}

/**
 * What was wrong, and what to do about it, in sentences.
 *
 * @since 0.1.0
 * @category formatting
 */
export const explain = (evidence: Evidence): ReadonlyArray<string> => {
  const causes = causesOf(evidence)
  if (causes.length === 0) return []
  const { arrivals, generator, messages } = evidence
  const { delayMean = 0, utilisation = 0, waited = 0, watched = 0 } = generator ?? {}
  const said: { readonly [cause in Cause]: string } = {
    busy: `It was busy for ${(utilisation * 100).toFixed(0)} % of the time.`,
    starved: `It had work to do and no processor for ${Figures.duration(waited / 1000)} of ${Figures.duration(watched / 1000)}.`,
    delayed: `Its timers were late by ${delayMean.toFixed(1)} ms on average.`,
    behind: `${Figures.count(arrivals?.behind ?? 0)} of ${Figures.count(messages.started)} messages started over 10 ms late because it was behind.`
  }
  const advice = isStarved(causes, evidence)
    ? `Other programs, perhaps the server itself, had the processors${waited > 0 && !causes.includes("starved") ? ` for ${Figures.duration(waited / 1000)}` : ""}: run it on another machine, or keep a processor free for it.`
    : "Try --workers auto, or fewer sessions."
  const busiest = SegmentLines.busiest(evidence)
  const where = busiest === undefined ? [] : [`The busiest was segment ${busiest}.`]
  return [...causes.map((cause) => said[cause]), ...where, advice]
}
