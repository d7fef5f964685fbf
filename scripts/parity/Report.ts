/**
 * The comparison in words. Pure.
 */
import { type Case, readable } from "./Case.js"
import type { Discrepancy, Verdict } from "./Compare.js"
import { differences } from "./Differences.js"
import type { Run } from "./Run.js"

/** A case that was tried. */
export interface Trial {
  readonly one: Case
  readonly original: Run
  readonly ours: Run
  readonly verdict: Verdict
}

/** Whether the trial needs no explanation. */
export const isExplained = ({ verdict }: Trial): boolean => verdict._tag === "Same" || verdict._tag === "OnPurpose"

/** The whole report, from the counts of each group to the last line. */
export const report = (trials: ReadonlyArray<Trial>): string => {
  const same = count(trials, "Same")
  const onPurpose = count(trials, "OnPurpose")
  const unexplained = trials.length - same - onPurpose
  return [
    ...groups(trials),
    ...trials.filter((trial) => !isExplained(trial)).map(explain),
    "",
    `parity: ${trials.length} cases, ${same} same, ${onPurpose} differ on purpose, ${unexplained} unexplained`,
    `${trials.length - unexplained} passed, ${unexplained} failed`
  ].join("\n")
}

const groups = (trials: ReadonlyArray<Trial>): ReadonlyArray<string> => {
  const names = new Set(trials.map(({ one }) => one.group))
  return Array.from(names, (name) =>
    summary(
      name,
      trials.filter(({ one }) => one.group === name)
    )
  )
}

const count = (trials: ReadonlyArray<Trial>, tag: Verdict["_tag"]): number =>
  trials.filter(({ verdict }) => verdict._tag === tag).length

const summary = (name: string, trials: ReadonlyArray<Trial>): string => {
  const onPurpose = count(trials, "OnPurpose")
  const unexplained = trials.filter((trial) => !isExplained(trial)).length
  const parts = [
    `${count(trials, "Same")} same`,
    ...(onPurpose > 0 ? [`${onPurpose} differ on purpose`] : []),
    ...(unexplained > 0 ? [`${unexplained} UNEXPLAINED`] : [])
  ]
  return `${name}: ${parts.join(", ")}`
}

const explain = ({ one, original, ours, verdict }: Trial): string =>
  [
    "",
    `${one.group}: ${one.name}`,
    `  ${ours.commandLine.map(readable).join(" ")}`,
    ...(verdict._tag === "NeedlessExcuse" ? ["  excuse not needed: ours does what the original does"] : []),
    ...(one.excuse === undefined ? [] : [`  excused: ${one.excuse.difference}. ${differences[one.excuse.difference]}`]),
    ...(verdict._tag === "Unexplained" ? verdict.discrepancies.flatMap(contrast) : []),
    ...stderr("original", original),
    ...stderr("ours", ours)
  ].join("\n")

const stderr = (whose: string, run: Run): ReadonlyArray<string> =>
  run.stderr === "" ? [] : [`  ${whose} on stderr: ${excerpt(run.stderr, 0, 200)}`]

const contrast = ({ expected, facet, found }: Discrepancy): ReadonlyArray<string> => {
  const at = firstDifference(expected, found)
  const where = at === 0 ? "" : ` from byte ${at}`
  return [
    `  ${facet}${where}:`,
    `    expected ${excerpt(expected, at, 100)}`,
    `    found    ${excerpt(found, at, 100)}`
  ]
}

const firstDifference = (left: string, right: string): number => {
  let at = 0
  while (at < left.length && left[at] === right[at]) at++
  return at
}

/** Some bytes before a place and some after it, on one line. */
const excerpt = (text: string, at: number, size: number): string => {
  const from = Math.max(0, at - 30)
  const until = Math.min(text.length, at + size)
  const shown = text
    .slice(from, until)
    .replace(/\\/g, "\\\\")
    .replace(/\r/g, "\\r")
    .replace(/\n/g, "\\n")
    .replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`)
  return `${from > 0 ? "…" : ""}${shown === "" ? "(nothing)" : shown}${until < text.length ? "…" : ""}`
}
