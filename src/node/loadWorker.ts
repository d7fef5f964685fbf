/**
 * The entry of a worker's thread: runs its part of the plan and tells how it ended.
 */
import { parentPort, workerData } from "node:worker_threads"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Workers from "../load/Workers.js"
import * as NodeAuthCrypto from "./NodeAuthCrypto.js"
import * as NodeChecksum from "./NodeChecksum.js"
import * as NodeDkimCrypto from "./NodeDkimCrypto.js"
import * as NodeCorpusStore from "./NodeCorpusStore.js"
import * as NodeConnector from "./NodeConnector.js"
import * as NodeHealth from "./NodeHealth.js"
import type { FromWorker } from "./NodeWorkers.js"

const post = (message: FromWorker) => parentPort?.postMessage(message)

const main = Effect.gen(function* () {
  const stopping = yield* Deferred.make<void>()
  const hurrying = yield* Deferred.make<void>()
  parentPort?.on("message", (what: "stop" | "hurry") => {
    Deferred.unsafeDone(what === "stop" ? stopping : hurrying, Effect.void)
  })
  // The thread that started this one built the payload: it is what its type says.
  const payload = workerData as Workers.WorkerPayload
  const told = { stopping: Deferred.await(stopping), hurrying: Deferred.await(hurrying) }
  const end = yield* Workers.work(payload, told, (news) => post({ _tag: "News", news }))
  post({ _tag: "End", end })
  parentPort?.close()
})

const services = Layer.mergeAll(
  NodeConnector.layer,
  NodeHealth.layer,
  NodeAuthCrypto.layer,
  NodeChecksum.layer,
  NodeCorpusStore.layer,
  NodeDkimCrypto.layer
)

Effect.runFork(Effect.provide(main, services)).addObserver((exit) => {
  // A thread that fails says why and ends, or whoever waits for it would wait for ever.
  if (Exit.isFailure(exit)) throw new Error(Cause.pretty(exit.cause))
})
