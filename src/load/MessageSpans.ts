/**
 * Spans and log lines of messages, for runs that ask for them.
 *
 * They are made when a message has ended, from its times: the dialogue itself knows nothing of them, and a run that does not
 * ask for them does nothing for them.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as HashMap from "effect/HashMap"
import * as List from "effect/List"
import * as LogLevel from "effect/LogLevel"
import type { Outcome } from "../smtp/Outcome.js"
import { ReplyRejected, type SmtpError } from "../smtp/SmtpError.js"
import type { OnOutcome } from "./MessageTimes.js"

/**
 * What a run is asked to tell of each of its messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface Telling {
  /**
   * A span for each message, `smtp.transaction`, by the tracer that is provided and under the span that the run is in: from
   * when the message was due, or else from when its transaction began, to its end. It fails as the message did.
   */
  readonly spans?: boolean | undefined
  /** A line for each message at the log level Debug: its number, how it ended, and after how many milliseconds. */
  readonly logs?: boolean | undefined
}

/**
 * Tells of each message what is asked for, after `onOutcome`; without any of it, that is `onOutcome` itself.
 *
 * @since 0.1.0
 * @category constructors
 */
export const listener = ({
  logs = false,
  onOutcome,
  spans = false
}: Telling & { readonly onOutcome?: OnOutcome | undefined }): Effect.Effect<OnOutcome | undefined> =>
  spans || logs
    ? Effect.gen(function* () {
        const tell = [
          ...(onOutcome === undefined ? [] : [onOutcome]),
          ...(spans ? [yield* spanned] : []),
          ...(logs ? [yield* logged] : [])
        ]
        return (message, outcome, times) => {
          for (const each of tell) each(message, outcome, times)
        }
      })
    : Effect.succeed(onOutcome)

const spanned: Effect.Effect<OnOutcome> = Effect.gen(function* () {
  const tracer = yield* Effect.tracer
  const clock = yield* Effect.clock
  const parent = yield* Effect.option(Effect.currentParentSpan)
  return (message, outcome, { elapsed = 0, late }) => {
    if (outcome._tag === "NotStarted") return
    const now = clock.unsafeCurrentTimeNanos()
    const start = now - BigInt(Math.round(elapsed * 1e6))
    const span = tracer.span("smtp.transaction", parent, Context.empty(), [], start, "client")
    for (const [name, value] of Object.entries(attributesOf(message, outcome))) span.attribute(name, value)
    if (late > 0) span.attribute("smtp.late", late)
    const error = errorOf(outcome)
    span.end(now, error === undefined ? Exit.void : Exit.fail(error))
  }
})

const silent: OnOutcome = () => {}

/** The loggers are called as they are: a line is written when its message ends, and no fiber is forked for it. */
const logged: Effect.Effect<OnOutcome> = Effect.gen(function* () {
  const logLevel = LogLevel.Debug
  if (LogLevel.lessThan(logLevel, yield* FiberRef.get(FiberRef.currentMinimumLogLevel))) return silent
  const loggers = yield* FiberRef.get(FiberRef.currentLoggers)
  const known = yield* FiberRef.get(FiberRef.currentLogAnnotations)
  const clock = yield* Effect.clock
  const context = yield* Effect.getFiberRefs
  const fiberId = yield* Effect.fiberId
  const log: OnOutcome = (message, outcome, { elapsed }) => {
    const error = errorOf(outcome)
    const line = `message ${message}: ${outcome._tag}${error === undefined ? "" : `, ${error.message}`}`
    const told = { ...attributesOf(message, outcome), "smtp.elapsed": elapsed }
    const annotations = HashMap.union(known, HashMap.fromIterable<string, unknown>(Object.entries(told)))
    const date = new Date(clock.unsafeCurrentTimeMillis())
    const entry = {
      fiberId,
      logLevel,
      message: [line],
      cause: Cause.empty,
      context,
      spans: List.empty(),
      annotations,
      date
    }
    for (const logger of loggers) logger.log(entry)
  }
  return log
})

const attributesOf = (message: number, outcome: Outcome): { readonly [name: string]: number | string } => ({
  "smtp.message": message,
  "smtp.outcome": outcome._tag,
  ...(outcome._tag === "NotStarted"
    ? {}
    : {
        "smtp.recipients.offered": outcome.recipients.offered,
        "smtp.recipients.accepted": outcome.recipients.accepted
      }),
  ...(outcome._tag === "Rejected" ? { "smtp.step": outcome.step, "smtp.code": outcome.reply.code } : {})
})

const errorOf = (outcome: Outcome): SmtpError | undefined => {
  switch (outcome._tag) {
    case "Accepted":
    case "NotStarted":
      return undefined
    case "Rejected":
      return new ReplyRejected(outcome)
    default:
      return outcome.error
  }
}
