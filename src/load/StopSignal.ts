/**
 * What asks a run to stop from outside: the signals that a user or a supervisor sends.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"

/**
 * The signals that stop a run.
 *
 * @since 0.1.0
 * @category models
 */
export type SignalName = "SIGINT" | "SIGTERM"

/**
 * Stop requests. The first one lets the transactions under way end; the second does not wait for them.
 *
 * @since 0.1.0
 * @category services
 */
export class StopSignal extends Context.Tag("smtp-source/StopSignal")<
  StopSignal,
  {
    readonly first: Effect.Effect<SignalName>
    readonly second: Effect.Effect<SignalName>
  }
>() {}
