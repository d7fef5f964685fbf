/**
 * A run as JUnit's XML, for what shows test results: that it comes to its end is a test case; with --keep-going, that every
 * message is accepted; and so is each verdict. The report as text goes along.
 *
 * @since 0.1.0
 */
import * as Printable from "../smtp/Printable.js"
import * as Judgement from "./Judgement.js"
import type { RunReport } from "./RunReport.js"
import * as Summary from "./Summary.js"
import * as TextReport from "./TextReport.js"

/**
 * The XML of one test suite.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (report: RunReport): string => {
  const { elapsed, ended, plan, reason, startedAt, verdicts = [] } = report
  const cases = [
    { name: "the run comes to its end", problem: ended === "completed" ? undefined : (reason ?? unseen[ended]) },
    ...(plan.keepGoing === true ? [{ name: "every message is accepted", problem: othersOf(report) }] : []),
    ...verdicts.map((verdict) => ({
      name:
        verdict.implied === true
          ? "nothing is missing"
          : `${verdict.expression} is ${verdict.kind === "require" ? "true" : "not true"}`,
      problem:
        verdict.undecided === true
          ? `undecided: ${Judgement.sentence(verdict)}`
          : verdict.failed
            ? Judgement.sentence(verdict)
            : undefined
    }))
  ]
  const failures = cases.filter(({ problem }) => problem !== undefined).length
  const seconds = (elapsed / 1000).toFixed(3)
  const counts = `tests="${cases.length}" failures="${failures}" errors="0" skipped="0" time="${seconds}"`
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts}>`,
    `  <testsuite name="smtp-source" ${counts} timestamp="${attribute(startedAt.replace(/(\.\d+)?Z$/, ""))}">`,
    ...cases.map(({ name, problem }, index) => {
      // The run's time is that of its own case.
      const opening = `    <testcase classname="smtp-source" name="${attribute(name)}" time="${index === 0 ? seconds : "0.000"}"`
      return problem === undefined
        ? `${opening}/>`
        : `${opening}>\n      <failure message="${attribute(problem)}"/>\n    </testcase>`
    }),
    `    <system-out>${TextReport.render(report).split("\n").map(attribute).join("\n")}</system-out>`,
    "  </testsuite>",
    "</testsuites>",
    ""
  ].join("\n")
}

/** What became of a run that has no reason of its own. */
const unseen = {
  stopped: "it was stopped on request",
  failed: "it ended early",
  cut: "nobody saw its end: it was killed, or what it wrote was cut"
} as const

/** The messages that were not accepted, and should have been. */
const othersOf = ({ messages }: RunReport): string | undefined => {
  const { abandoned, failed, lost, notStarted, rejected, unknown } = messages
  const others = [
    [rejected, "rejected"],
    [failed - abandoned, "failed"],
    [unknown, "unknown"],
    [notStarted, "not started"],
    [lost, "lost"]
  ] as const
  const told = others.flatMap(([count, end]) => (count > 0 ? [`${Summary.count(count)} ${end}`] : []))
  return told.length === 0 ? undefined : told.join(", ")
}

/**
 * A text as the value of an attribute. XML has no way to write control characters: they are made printable.
 *
 * @since 0.1.0
 * @category formatting
 */
export const attribute = (text: string): string =>
  Printable.escape(text)
    .replace(/[\ufffe\uffff]/g, "?")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
