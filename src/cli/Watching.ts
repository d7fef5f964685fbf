/**
 * Whether anybody looks at a run while it goes on, or wants a report of it. What does that is much of the command's code, and
 * is loaded for those runs alone.
 *
 * @since 0.1.0
 */
import type { Plan } from "../plan/Plan.js"
import * as ReportRequest from "../plan/ReportRequest.js"
import type { Output } from "../report/Output.js"
import * as Screen from "./Screen.js"

/**
 * Whether the plan asks for what only a report tells.
 *
 * @since 0.1.0
 * @category predicates
 */
export const wantsReport = ({ abortIf = [], failIf = [], report = [], require = [], ...plan }: Plan): boolean =>
  // A proof has a verdict of its own.
  (plan.prove !== undefined && (plan.sink || plan.downstream !== undefined)) ||
  [abortIf, failIf, report, require].some((wanted) => wanted.length > 0)

/**
 * Whether the run is to be sampled: for a report, for the live view, or for a collector.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isWatched = (plan: Plan, output: Output["Type"]): boolean =>
  wantsReport(plan) || plan.otlp !== undefined || Screen.viewOf(plan, output) !== "off"

/**
 * Whether a report for people goes to standard error: all that a summary says is in it, and its verdicts.
 *
 * @since 0.1.0
 * @category predicates
 */
export const showsReport = ({ report = [] }: Pick<Plan, "report">): boolean =>
  report.some((text) => {
    const request = ReportRequest.parse(text)
    return request?.format === "text" && request.file === undefined
  })
