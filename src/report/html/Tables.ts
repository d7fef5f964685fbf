/**
 * The tables of a report's page. There is none where it would be empty.
 *
 * @since 0.1.0
 */
import * as CorpusSummary from "../CorpusSummary.js"
import type { Durations } from "../Durations.js"
import * as LoginSummary from "../LoginSummary.js"
import * as Phrases from "../Phrases.js"
import type { RunReport } from "../RunReport.js"
import * as Summary from "../Summary.js"
import * as Axis from "./Axis.js"
import { Markup, markup } from "./Markup.js"

const { count } = Summary

/**
 * A table with a name. It scrolls by itself where it is too wide, and can be reached by the keyboard for it.
 *
 * @since 0.1.0
 * @category rendering
 */
export const table = (
  name: string,
  headings: ReadonlyArray<readonly [string, "text" | "number"]>,
  rows: ReadonlyArray<Markup>
): Markup =>
  markup`<div class="scroll" role="region" aria-label="${name}" tabindex="0"><table><thead><tr>${headings.map(
    ([text, kind]) => markup`<th scope="col"${new Markup(kind === "number" ? ' class="number"' : "")}>${text}</th>`
  )}</tr></thead><tbody>${rows}</tbody></table></div>`

/**
 * A cell that holds a number.
 *
 * @since 0.1.0
 * @category rendering
 */
export const number = (value: string): Markup => markup`<td class="number">${value}</td>`

/**
 * How long each step took, the transaction first.
 *
 * @since 0.1.0
 * @category rendering
 */
export const durationTable = (durations: ReadonlyArray<Durations>): ReadonlyArray<Markup> => {
  if (durations.length === 0) return []
  const whole = durations.filter(({ of }) => of === "transaction")
  const ordered = [...whole, ...durations.filter(({ of }) => of !== "transaction")]
  const figures = ["min", "mean", "p50", "p90", "p99", "p999", "max"] as const
  return [
    table(
      "Latency by step",
      [
        ["Step", "text"],
        ["Count", "number"],
        ...figures.map((name) => [name === "p999" ? "p99.9" : name, "number"] as const)
      ],
      ordered.map(
        (row) =>
          markup`<tr${new Markup(row.of === "transaction" && row.ending === "accepted" ? ' class="main"' : "")}><th scope="row">${row.of}${row.ending === "accepted" ? "" : markup` <span class="failed">${row.ending}</span>`}</th>${number(count(row.count))}${figures.map((name) => number(Axis.time(row[name])))}</tr>`
      )
    )
  ]
}

/**
 * What the names of the steps mean, of those that need it.
 *
 * @since 0.1.0
 * @category rendering
 */
export const glossary = (report: RunReport): ReadonlyArray<Markup> => {
  const lines = Phrases.glossary(report)
  return lines.length === 0 ? [] : [markup`<p class="soft terms">${lines.map((line) => markup`${line}<br>`)}</p>`]
}

const during = (first: number, last: number): string => {
  const [from, to] = [first, last].map((time) => Axis.clock(time / 1000))
  return from === to ? `${from}` : `${from} – ${to}`
}

/**
 * Refusals and errors, most often first.
 *
 * @since 0.1.0
 * @category rendering
 */
export const troubleTable = (report: RunReport): ReadonlyArray<Markup> => {
  const refusals = Phrases.refusals(report).map((reply) => ({
    ...reply,
    what: markup`<span class="failed">${String(reply.code).padStart(3, "0")}${reply.enhanced === undefined ? "" : ` ${reply.enhanced}`}</span>`,
    text: Phrases.replyText(reply)
  }))
  const errors = report.errors.map((error) => ({
    ...error,
    what: markup`${kinds[error.kind]}${error.detail === "" ? undefined : markup` <span class="soft">${error.detail}</span>`}${error.local ? markup` <span class="soft">(on this machine)</span>` : undefined}`,
    text: Phrases.errorText(error)
  }))
  const all = [...refusals, ...errors].sort((one, other) => other.count - one.count)
  if (all.length === 0) return []
  return [
    table(
      "What went wrong",
      [
        ["Count", "number"],
        ["Step", "text"],
        ["What", "text"],
        ["Seen", "text"],
        ["For example", "text"]
      ],
      all.map(
        ({ count: times, first, last, step, text, what }) =>
          markup`<tr>${number(count(times))}<td>${step}</td><td>${what}</td><td class="soft short">${during(first, last)}</td><td class="words">${text}</td></tr>`
      )
    )
  ]
}

const kinds = { ...Phrases.errorKinds, ConnectFailed: "connect failed" } as const

/**
 * What became of connections and messages at each of several targets.
 *
 * @since 0.1.0
 * @category rendering
 */
export const targetTable = ({ targets = [] }: RunReport): ReadonlyArray<Markup> =>
  targets.length === 0
    ? []
    : [
        table(
          "Targets",
          [
            ["Target", "text"],
            ["Connections", "number"],
            ["Not opened", "number"],
            ["Accepted", "number"],
            ["Rejected", "number"],
            ["Failed", "number"],
            ["Unknown", "number"]
          ],
          targets.map(
            ({ abandoned, accepted, failed, opened, rejected, target, unknown, unopened }) =>
              markup`<tr><th scope="row">${target}</th>${[opened, unopened, accepted, rejected, failed - abandoned, unknown].map((times) => number(count(times)))}</tr>`
          )
        )
      ]

/**
 * What was read of the corpus.
 *
 * @since 0.1.0
 * @category rendering
 */
export const corpusTable = (report: RunReport): ReadonlyArray<Markup> =>
  report.corpus === undefined
    ? []
    : [
        table(
          "Messages of the corpus",
          [
            ["What", "text"],
            ["Number", "number"]
          ],
          [[report.corpus.found, "found"] as const, ...CorpusSummary.told(report)].map(
            ([times, what]) => markup`<tr><td>${what}</td>${number(count(times))}</tr>`
          )
        )
      ]

/**
 * What messages went without.
 *
 * @since 0.1.0
 * @category rendering
 */
export const withoutTable = ({ without = [] }: RunReport): ReadonlyArray<Markup> =>
  without.length === 0
    ? []
    : [
        table(
          "Extensions that were asked for and not offered",
          [
            ["Extension", "text"],
            ["Messages without it", "number"]
          ],
          without.map(({ messages, what }) => markup`<tr><td>${what}</td>${number(count(messages))}</tr>`)
        )
      ]

/**
 * The kinds of TLS sessions.
 *
 * @since 0.1.0
 * @category rendering
 */
export const tlsTable = (report: RunReport): ReadonlyArray<Markup> => {
  const { tls = [] } = report
  const plain = Phrases.inPlainText(report)
  const rows = [
    ...tls.map((kind) => [kind.count, Phrases.tlsText(kind)] as const),
    ...(plain > 0 ? [[plain, "in plain text"] as const] : [])
  ]
  if (rows.length === 0) return []
  return [
    table(
      "TLS sessions",
      [
        ["Count", "number"],
        ["What they came to", "text"]
      ],
      rows.map(([times, text]) => markup`<tr>${number(count(times))}<td class="words">${text}</td></tr>`)
    )
  ]
}

/**
 * The logins of each mechanism.
 *
 * @since 0.1.0
 * @category rendering
 */
export const loginTable = ({ auth }: RunReport): ReadonlyArray<Markup> =>
  auth === undefined
    ? []
    : [
        table(
          `Logins: ${LoginSummary.accounts(auth, count)}`,
          [
            ["Mechanism", "text"],
            ["Accepted", "number"],
            ["Deferred (4xx)", "number"],
            ["Refused (5xx)", "number"],
            ["Not to be believed", "number"]
          ],
          auth.mechanisms.map(
            ({ accepted, deferred, failed, mechanism, refused }) =>
              markup`<tr><th scope="row">${mechanism}</th>${[accepted, deferred, refused, failed].map((times) => number(count(times)))}</tr>`
          )
        )
      ]

/**
 * The replies of each step and code.
 *
 * @since 0.1.0
 * @category rendering
 */
export const replyTable = ({ replies }: RunReport): ReadonlyArray<Markup> =>
  replies.length === 0
    ? []
    : [
        table(
          "Replies",
          [
            ["Step", "text"],
            ["Code", "text"],
            ["Count", "number"],
            ["Seen", "text"],
            ["For example", "text"]
          ],
          replies.map(
            ({ code, count: times, enhanced, example, first, last, lines, step }) =>
              markup`<tr><th scope="row">${step}</th><td${new Markup(code >= 400 || code < 200 ? ' class="failed short"' : ' class="short"')}>${String(code).padStart(3, "0")}${enhanced === undefined ? "" : ` ${enhanced}`}</td>${number(count(times))}<td class="soft short">${during(first, last)}</td><td class="words">${Phrases.replyText({ enhanced, example, lines })}</td></tr>`
          )
        )
      ]
