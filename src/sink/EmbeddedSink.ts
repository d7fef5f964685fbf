/**
 * A sink that can be started beside a run, to aim it at.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Target } from "../smtp/Target.js"
import type { SinkCounts } from "./SinkCounts.js"
import type { SinkConfig } from "./SinkOptions.js"

/**
 * The sink could not listen.
 *
 * @since 0.1.0
 * @category errors
 */
export class SinkFailed extends Data.TaggedError("SinkFailed")<{
  readonly code: string
  readonly reason: string
  /** What the system said: an error, or its code and number where that was another thread's. */
  readonly cause?: unknown
}> {
  override get message(): string {
    return `sink: ${this.reason}`
  }
}

/**
 * A sink that listens.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunningSink {
  readonly target: Target
  /** The certificate that it shows, in PEM, where it speaks TLS over sockets: who trusts it as an authority can verify it. */
  readonly certificate?: string | undefined
  /** What it has seen by now. All that it has answered is in it. */
  readonly counts: Effect.Effect<SinkCounts>
}

/**
 * Starts sinks.
 *
 * @since 0.1.0
 * @category services
 */
export class EmbeddedSink extends Context.Tag("smtp-source/EmbeddedSink")<
  EmbeddedSink,
  {
    /** Starts a sink, which listens until the scope is closed; the connections that are left end with it. */
    readonly start: (config?: SinkConfig | undefined) => Effect.Effect<RunningSink, SinkFailed, Scope.Scope>
  }
>() {}
