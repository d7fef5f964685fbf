/**
 * What scenarios measure under names of their own, and what counts as a success.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import { type Ending, measured, measuredBesides, otherNames } from "../../measure/Recorder.js"
import type { Outcome } from "../../smtp/Outcome.js"
import type { Reply } from "../../smtp/Reply.js"
import { ReplyRejected } from "../../smtp/SmtpError.js"
import { InvalidScenario } from "./InvalidScenario.js"
import { ScenarioSession } from "./ScenarioSession.js"
import { endings } from "../MessageEnd.js"

/**
 * Options of `measure`.
 *
 * @since 0.1.0
 * @category models
 */
export interface MeasureOptions<A, E> {
  /** How it ended. Default: `endingOf`. */
  readonly ending?: ((exit: Exit.Exit<A, E>) => Ending) | undefined
}

/**
 * Measures a step under its own name, by how it ended (`endingOf`). Nothing is measured where there was nothing to do: no
 * message was left for `send` or `forNextMessage`. Reports have it beside the steps of SMTP. Fails with `InvalidScenario`,
 * before the step, where the name is one of theirs.
 *
 * @since 0.1.0
 * @category combinators
 */
export const measure: {
  (name: string): <A, E, R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | InvalidScenario, R | ScenarioSession>
  <A, E>(
    name: string,
    options: MeasureOptions<A, E>
  ): <R>(self: Effect.Effect<A, E, R>) => Effect.Effect<A, E | InvalidScenario, R | ScenarioSession>
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    name: string,
    options?: MeasureOptions<A, E>
  ): Effect.Effect<A, E | InvalidScenario, R | ScenarioSession>
} = dual(
  (args) => Effect.isEffect(args[0]),
  <A, E, R>(
    self: Effect.Effect<A, E, R>,
    name: string,
    { ending = endingOf }: MeasureOptions<A, E> = {}
  ): Effect.Effect<A, E | InvalidScenario, R | ScenarioSession> => {
    const problem = problemOfName(name)
    if (problem !== undefined) return Effect.fail(problem)
    return Effect.flatMap(ScenarioSession, (session) => {
      const begun = session.now()
      const foundNone = session.foundNone()
      return Effect.onExit(self, (exit) =>
        Effect.sync(() => {
          if (!isNone(exit) || session.foundNone() === foundNone) {
            session.record(name, ending(exit), session.now() - begun)
          }
        })
      )
    })
  }
)

/**
 * Whether it gave nothing: with `foundNone`, that there was no message to do anything with.
 *
 * @since 0.1.0
 * @category endings
 */
export const isNone = (exit: Exit.Exit<unknown, unknown>): boolean =>
  Exit.isSuccess(exit) && Option.isOption(exit.value) && Option.isNone(exit.value)

/**
 * How it ended, as can be told by looking at it: a failure by a reply that was not what it must be is `rejected`, another one
 * is `failed`. Of what succeeded, a message's outcome goes by what became of the message, a reply by its code (from 400 on it
 * is `rejected`, and `failed` if it breaks the grammar), an Option or an Either by what it holds; none, and a left one that
 * holds none of these, is `failed`. All other success is `accepted`.
 *
 * @since 0.1.0
 * @category endings
 */
export const endingOf = (exit: Exit.Exit<unknown, unknown>): Ending => {
  if (Exit.isSuccess(exit)) return endingOfValue(exit.value)
  return endingOfError(Option.getOrUndefined(Cause.failureOption(exit.cause)))
}

const endingOfError = (error: unknown): Ending => (error instanceof ReplyRejected ? "rejected" : "failed")

const endingOfValue = (value: unknown): Ending => {
  if (Option.isOption(value)) return Option.isSome(value) ? endingOfValue(value.value) : "failed"
  if (Either.isEither(value)) return Either.isRight(value) ? endingOfValue(value.right) : endingOfError(value.left)
  if (isOutcome(value)) return endings[value._tag]
  if (!isReply(value)) return "accepted"
  if (value.defect !== undefined || value.code < 200) return "failed"
  return value.code < 400 ? "accepted" : "rejected"
}

const isOutcome = (value: unknown): value is Outcome =>
  typeof value === "object" &&
  value !== null &&
  "_tag" in value &&
  Object.hasOwn(endings, String(value._tag)) &&
  (value._tag === "NotStarted" || "recipients" in value)

const isReply = (value: unknown): value is Reply =>
  typeof value === "object" &&
  value !== null &&
  "code" in value &&
  typeof value.code === "number" &&
  "text" in value &&
  typeof value.text === "string"

/** What reports tell of by themselves, besides the steps of SMTP. */
const taken: ReadonlySet<string> = new Set([...measured, ...measuredBesides, "scenario", otherNames])

/**
 * What is wrong with a name of one's own: reports have it for something else, or it is none.
 *
 * @since 0.1.0
 * @category endings
 */
export const problemOfName = (name: string): InvalidScenario | undefined =>
  typeof name !== "string" || name === "" || taken.has(name)
    ? new InvalidScenario({
        problem: `not a name of one's own: ${JSON.stringify(name)}`
      })
    : undefined
