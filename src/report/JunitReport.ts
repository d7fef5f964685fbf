/**
 * A run as JUnit's XML, for what shows test results: the run is a test case, and so is each verdict.
 *
 * @since 0.1.0
 */
import * as Printable from "../smtp/Printable.js"
import type { RunReport } from "./RunReport.js"

/**
 * The XML of one test suite.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = ({ elapsed, ended, reason, startedAt, verdicts = [] }: RunReport): string => {
  const cases = [
    { name: "the run comes to its end", problem: ended === "completed" ? undefined : (reason ?? "it was stopped") },
    ...verdicts.map(({ expression, failed, measured }) => ({
      name: `not ${expression}`,
      problem: failed ? `${expression}: ${measured}` : undefined
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
    "  </testsuite>",
    "</testsuites>",
    ""
  ].join("\n")
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
