/**
 * A comparison for people, in 80 columns.
 *
 * @since 0.1.0
 */
import * as Printable from "../smtp/Printable.js"
import type { Comparison, Method, Row } from "./Comparison.js"
import * as Lines from "./Lines.js"
import * as Summary from "./Summary.js"

/**
 * The comparison, with its line ends.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (comparison: Comparison): string => {
  const { bottlenecks, method, plan, replies, rows, runs } = comparison
  const lines = [
    ...(bottlenecks[0] + bottlenecks[1] === 0
      ? []
      : [
          `THE GENERATOR WAS THE BOTTLENECK in ${counted(bottlenecks[0])} before and ${counted(bottlenecks[1])} after:`,
          "  what is compared may be the generator, and not the server.",
          ""
        ]),
    `${counted(runs[0])} before, ${counted(runs[1])} after`,
    ...verdictOf(comparison),
    ...plan.map(({ after, before, field }) => `  plan: ${field} is ${shown(before)} before and ${shown(after)} after`),
    "",
    line("", ["before", "after", "change", "interval"], "finding"),
    ...rows.flatMap((row, index) => {
      const own = row.of === "run" ? row.name : row.of
      const opens = row.of !== "run" && rows[index - 1]?.of !== row.of
      const table = line(row.of === "run" ? own : `  ${row.name}`, cells(row), findingOf(row))
      return opens ? [`${row.of}, milliseconds`, table] : [table]
    }),
    ...prefixed(missingOf(comparison)),
    ...(replies.length === 0
      ? []
      : [
          "",
          "refusals per 1,000 messages started",
          ...replies.map(({ after, before, code, enhanced, step }) =>
            line(`  ${step} ${String(code).padStart(3, "0")}${enhanced === undefined ? "" : ` ${enhanced}`}`, [
              figure(before),
              figure(after),
              "",
              ""
            ])
          )
        ]),
    "",
    ...explanations[method]
  ]
  return lines.map((each) => `${Printable.escape(each.trimEnd())}\n`).join("")
}

const prefixed = (lines: ReadonlyArray<string>): ReadonlyArray<string> => (lines.length === 0 ? [] : ["", ...lines])

const counted = (runs: number): string => `${runs} ${runs === 1 ? "run" : "runs"}`

const verdictOf = ({ method, rows }: Comparison): ReadonlyArray<string> => {
  if (method === "none") {
    return ["One run a side: it cannot be told whether a difference is more than chance.", "Repeat each."]
  }
  const [better = 0, worse = 0] = ["better", "worse"].map(
    (word) => rows.filter(({ finding }) => finding === word).length
  )
  if (better + worse === 0) return ["Nothing is proven to be better or worse."]
  return [`Proven: ${better} better, ${worse} worse.`]
}

/** Which steps are not compared, and why. */
const missingOf = ({ missing }: Comparison): ReadonlyArray<string> => {
  const on = (side: Comparison["missing"][number]["on"]) =>
    missing.flatMap((each) => (each.on === side ? [each.of] : [])).join(", ")
  return [
    ...(on("before") === "" ? [] : [`measured only after: ${on("before")}`]),
    ...(on("after") === "" ? [] : [`measured only before: ${on("after")}`]),
    ...(on("both") === "" ? [] : [`not measured, for connections were opened in the warm-up: ${on("both")}`])
  ].flatMap((line) => Lines.wrap(line, 80, 2))
}

const cells = ({ after, before, interval, ratio, unit }: Row): ReadonlyArray<string> => [
  unit === "%" ? `${figure(before)} %` : figure(before),
  unit === "%" ? `${figure(after)} %` : figure(after),
  ratio === undefined || !Number.isFinite(ratio) ? "" : percent(ratio),
  interval === undefined ? "" : interval.map(percent).join(" to ")
]

const findingOf = (row: Row): string => {
  // What one looks for stands out.
  return row.finding === "better" || row.finding === "worse" ? row.finding.toUpperCase() : row.finding
}

/** Columns stay apart whatever is in them; a long name takes from the room of the first. */
const line = (name: string, values: ReadonlyArray<string>, last = ""): string => {
  const [first = "", ...others] = values
  const cells = others.map((value, index) => ` ${value.padStart([9, 8, 20][index] ?? 9)}`)
  return `${name} ${first.padStart(25 - name.length)}${cells.join("")}  ${last}`
}

/** In at most nine characters. */
const figure = (value: number): string =>
  value === 0
    ? "0"
    : value < 10
      ? value.toFixed(3)
      : value < 1000
        ? value.toFixed(1)
        : value < 1e7
          ? Summary.count(Math.round(value))
          : value.toExponential(2)

/** In at most eight characters. */
const percent = (ratio: number): string => {
  if (ratio >= 1000) return "> x1000"
  if (ratio >= 9.9995) return `x${ratio.toPrecision(3)}`
  const change = (ratio - 1) * 100
  return `${change < 0 ? "-" : "+"}${Math.abs(change).toFixed(1)} %`
}

const shown = (value: unknown): string => (value === undefined ? "not set" : JSON.stringify(value))

const explanations: { readonly [method in Method]: ReadonlyArray<string> } = {
  runs: [
    "Test: Welch's t-test across runs, each run one observation, by logarithms",
    "(shares: by the arcsine of their roots). With 95 % confidence the intervals of",
    "all main figures hold at once, and those of all steps (Bonferroni). Not proven:",
    "the interval does not rule out that nothing changed. Changed, and neither",
    "better nor worse: it is the generator's own."
  ],
  none: [
    "Test: none. One run does not say how much runs vary: give two or more on each",
    "side (--compare FILE once for each before, and the others as operands)."
  ]
}
