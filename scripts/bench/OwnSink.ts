/**
 * Our sink on loopback, in a thread of this process, for what smtp-sink does not speak.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import * as NodeSink from "../../src/node/NodeSink.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as Target from "../../src/smtp/Target.js"

/** A sink that runs. */
export interface OwnSink {
  readonly target: string
  readonly stop: () => Promise<void>
}

export const start = (config: SinkConfig): Promise<OwnSink> =>
  Effect.runPromise(
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { target } = yield* Scope.extend(
        Effect.flatMap(EmbeddedSink, (embedded) => embedded.start(config)),
        scope
      )
      return { target: Target.format(target), stop: () => Effect.runPromise(Scope.close(scope, Exit.void)) }
    }).pipe(Effect.provide(NodeSink.layer()))
  )
