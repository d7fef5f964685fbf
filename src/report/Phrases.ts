/**
 * What the faces for people say alike, in words. Nothing here is escaped.
 *
 * @since 0.1.0
 */
import * as TlsFields from "../plan/TlsFields.js"
import * as Tls from "../smtp/Tls.js"
import * as ConnectionCounters from "./ConnectionCounters.js"
import * as CounterTable from "./CounterTable.js"
import { activeOf, type RunReport } from "./RunReport.js"
import * as Figures from "./Figures.js"
import * as Spans from "./Spans.js"
import * as Summary from "./Summary.js"

const { count } = Summary

/**
 * How many messages went where, or how many scenarios that had none.
 *
 * @since 0.1.0
 * @category formatting
 */
export const title = ({
  messages,
  plan,
  scenarios
}: Pick<RunReport, "messages" | "plan"> & Partial<Pick<RunReport, "scenarios">>): string => {
  const target = plan.sink === true ? "the embedded sink" : plan.target
  const { planned } = messages
  const [number, what] = planned === 0 && scenarios !== undefined ? [scenarios.begun, "scenario"] : [planned, "message"]
  return `${count(number)} ${what}${number === 1 ? "" : "s"}${typeof target === "string" ? ` to ${target}` : ""}`
}

/**
 * What became of connections, in parts; what never happened is left out.
 *
 * @since 0.1.0
 * @category formatting
 */
export const connections = ({ connections }: Pick<RunReport, "connections">): ReadonlyArray<string> =>
  CounterTable.phrases(ConnectionCounters.counters, connections, count)

/**
 * What a warm-up leaves out, and what not; undefined where there was none.
 *
 * @since 0.1.0
 * @category formatting
 */
export const warmUp = ({
  durations,
  measured,
  plan
}: Pick<RunReport, "durations" | "measured" | "plan">): string | undefined => {
  if (measured === undefined) return undefined
  const handshakes = durations.some(({ of }) => of === "greeting")
  // What a server does before its greeting is not seen by who reads durations alone.
  const unseen = handshakes
    ? ""
    : "; connections were opened in it, so that connect, greeting and hello have no durations"
  return `durations, replies and the rate leave out the first ${String(plan.warmUp)}; messages, connections, traffic and errors count from the start${unseen}`
}

/**
 * A warning where the warm-up was all there was.
 *
 * @since 0.1.0
 * @category formatting
 */
export const nothingMeasured = ({ measured, plan }: Pick<RunReport, "measured" | "plan">): string | undefined =>
  measured !== undefined && Spans.length(measured.active) === 0
    ? `Nothing was measured: the run was over before its warm-up of ${String(plan.warmUp)}.`
    : undefined

/**
 * How many messages a second were accepted; of an open run, beside those that were intended and those that were started.
 *
 * @since 0.1.0
 * @category formatting
 */
export const rates = ({
  afterwards = 0,
  rate: accepted,
  rates
}: Pick<RunReport, "afterwards" | "rate" | "rates">): string => {
  if (rates === undefined) return `${Figures.rate(accepted)} messages/s`
  const tail = afterwards === 0 ? "" : `, and ${count(afterwards)} accepted after the last was due`
  return `${Figures.rate(rates.intended)}/s intended, ${Figures.rate(rates.started)}/s started, ${Figures.rate(rates.accepted)}/s accepted${tail}`
}

/**
 * How long a run took; of several that were put together, how long any of them was under way, too.
 *
 * @since 0.1.0
 * @category formatting
 */
export const took = (report: Pick<RunReport, "active" | "elapsed">): string => {
  const { elapsed } = report
  const underWay = Spans.length(activeOf(report))
  const whole = Summary.duration(elapsed / 1000)
  return underWay > 0 && underWay < elapsed - 1
    ? `${whole}, and was under way for ${Summary.duration(underWay / 1000)} of it`
    : whole
}

/**
 * So much in each second in which a run was under way.
 *
 * @since 0.1.0
 * @category reading
 */
export const perSecond = (amount: number, report: Pick<RunReport, "active" | "elapsed">): number => {
  const time = Spans.length(activeOf(report))
  return time > 0 ? (amount * 1000) / time : 0
}

/**
 * What durations with names of their own in an open run are of, for those that there are.
 *
 * @since 0.1.0
 * @category formatting
 */
export const glossary = ({ arrivals, durations }: Pick<RunReport, "arrivals" | "durations">): ReadonlyArray<string> =>
  arrivals === undefined
    ? []
    : explained.flatMap(([name, meaning]) => (durations.some(({ of }) => of === name) ? [`${name}: ${meaning}`] : []))

const explained = [
  ["transaction", "from when the message was due to the reply to its final dot"],
  ["service", "the same from when a session took it up"],
  ["start", "by how much later than due that was"],
  ["waited", "how long messages waited for a connection to be opened, until another one was free before"]
] as const

/**
 * Replies that say that something is wrong. A malformed one is reported as an error, where it is one.
 *
 * @since 0.1.0
 * @category reading
 */
export const refusals = ({ errors, replies }: Pick<RunReport, "errors" | "replies">): RunReport["replies"] =>
  replies.filter(
    ({ code, step }) =>
      (code >= 400 && code < 600) ||
      ((code < 200 || code >= 600) && !errors.some((error) => error.step === step && error.kind === "ReplyMalformed"))
  )

/**
 * The text of a reply in one line, without the enhanced code that is told beside it.
 *
 * @since 0.1.0
 * @category formatting
 */
export const replyText = ({
  enhanced,
  example,
  lines = [example]
}: {
  readonly enhanced?: string | undefined
  readonly example: string
  readonly lines?: ReadonlyArray<string> | undefined
}): string =>
  lines
    .map((line) => (enhanced !== undefined && line.startsWith(enhanced) ? line.slice(enhanced.length) : line).trim())
    .join(" ")

/**
 * What an error tells beyond its step and kind, which is nothing at times. Of reports that were written before errors had
 * their parts, it is the whole example where that tells more.
 *
 * @since 0.1.0
 * @category formatting
 */
export const errorText = ({
  example,
  kind,
  reason,
  reply,
  waited
}: Pick<RunReport["errors"][number], "example" | "kind" | "reason" | "reply" | "waited">): string => {
  switch (kind) {
    case "ConnectionLost":
      if (reply === undefined) return example.includes("(") ? example : ""
      return `the server said: ${String(reply.code).padStart(3, "0")} ${reply.text}`
    case "NotOffered":
      return ""
    case "ReplyTimeout":
      return waited === undefined ? "" : `${Number((waited / 1000).toFixed(3))} s`
    default:
      return reason ?? example
  }
}

/**
 * A kind of TLS sessions, in words: "TLSv1.3, TLS_AES_256_GCM_SHA384, X25519, verified by name".
 *
 * @since 0.1.0
 * @category formatting
 */
export const tlsText = (sessions: NonNullable<RunReport["tls"]>[number]): string => {
  const { cipher, distrust, group, resumed, trust, version } = sessions
  const verified =
    trust === "none"
      ? `NOT VERIFIED${distrust === "" ? "" : ` (${Tls.distrustText(distrust)})`}`
      : `verified by ${{ name: "chain and name", chain: "chain", pin: "key" }[trust]}`
  return [version, cipher, group, resumed ? "resumed" : "", verified].filter((part) => part !== "").join(", ")
}

/**
 * The connections of a run that went without TLS, where that could be: others had it, or it was to be had if it was offered.
 *
 * @since 0.1.0
 * @category formatting
 */
export const inPlainText = ({ connections, errors, plan, tls = [] }: RunReport): number => {
  const ways = TlsFields.waysOf(plan)
  if (!ways.includes("if-offered") && (ways.length === 1 || !ways.includes("off"))) return 0
  const secured = tls.reduce((sum, { count }) => sum + count, 0)
  const failed = errors.reduce((sum, { count, step }) => sum + (step === "tls" ? count : 0), 0)
  return Math.max(0, connections.opened - secured - failed)
}

/**
 * That the report is of more than one run, or of one that several processes made; empty where it is not.
 *
 * @since 0.1.0
 * @category formatting
 */
export const together = ({ runs, segments = [] }: Pick<RunReport, "runs" | "segments">): string => {
  const [first] = segments
  if (first === undefined) return runs > 1 ? `, ${runs} runs together` : ""
  const present = segments.filter(({ ended }) => ended !== "missing").length
  if (segments.length === 1) return `, segment ${first.index} of ${first.of} of run ${first.run}`
  return `, ${Summary.count(present)} of ${Summary.counted(first.of, "segment")} of run ${first.run}`
}

/**
 * Kinds of errors, as people read them beside the step that they struck.
 *
 * @since 0.1.0
 * @category constants
 */
export const errorKinds = {
  ConnectFailed: "failed",
  ConnectionLost: "connection lost",
  ReplyTimeout: "timed out",
  ReplyMalformed: "malformed reply",
  TlsFailed: "TLS failed",
  NotOffered: "not offered",
  NotAllowed: "not allowed",
  ContentUnusable: "no message to send",
  WireBusy: "connection busy",
  ArgumentInvalid: "invalid argument"
} as const
