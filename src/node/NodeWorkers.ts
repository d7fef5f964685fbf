/**
 * Workers over `node:worker_threads`.
 *
 * @since 0.1.0
 */
import * as os from "node:os"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { type WorkerEnd, WorkerDied, type WorkerNews, Workers } from "../load/Workers.js"
import * as WorkerEntry from "./WorkerEntry.js"

/**
 * What a worker's thread sends: news, or its end.
 *
 * @since 0.1.0
 * @category models
 */
export type FromWorker =
  | { readonly _tag: "News"; readonly news: WorkerNews }
  | { readonly _tag: "End"; readonly end: WorkerEnd }

/**
 * Provides `Workers`. Signals stay with the main thread.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Workers> = Layer.sync(Workers, () =>
  Workers.of({
    processors: os.availableParallelism(),
    start: (payload, onNews) =>
      Effect.gen(function* () {
        const end = yield* Deferred.make<WorkerEnd, WorkerDied>()
        const died = (reason: string, cause?: Error) =>
          Deferred.unsafeDone(end, new WorkerDied({ reason, ...(cause === undefined ? {} : { cause }) }))
        const thread = yield* Effect.acquireRelease(
          Effect.try({
            try: () => WorkerEntry.start(import.meta.url, "loadWorker", { workerData: payload }),
            catch: (cause) => new WorkerDied({ reason: String(cause), cause })
          }),
          (started) => Effect.promise(() => started.terminate())
        )
        thread.on("message", (message: FromWorker) => {
          if (message._tag === "News") onNews(message.news)
          else Deferred.unsafeDone(end, Effect.succeed(message.end))
        })
        thread.on("error", (error) => died(error.message, error))
        thread.on("exit", (status) => died(`exit status ${status}`))
        return {
          end: Deferred.await(end),
          tell: (what) => Effect.sync(() => thread.postMessage(what))
        }
      })
  })
)
