/**
 * The entry of the sink's thread.
 *
 * @since 0.1.0
 */
import { parentPort, workerData } from "node:worker_threads"
import type { ProofOrder } from "../plan/ProofOrder.js"
import type { SinkConfig } from "../sink/SinkOptions.js"
import * as SmtpSink from "../sink/SmtpSink.js"
import type { Target } from "../smtp/Target.js"
import * as NodeAuthCrypto from "./NodeAuthCrypto.js"
import * as NodeProof from "./NodeProof.js"
import * as SinkListener from "./SinkListener.js"

/**
 * What the thread is given.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkWorkerData {
  readonly config: SinkConfig
  readonly counters: Float64Array
  readonly listen: SinkListener.ListenOptions
  readonly proof: ProofOrder | undefined
}

/**
 * What the thread says: one of the first two, and the last when it was told to close.
 *
 * @since 0.1.0
 * @category models
 */
export type SinkWorkerMessage =
  | { readonly _tag: "Listening"; readonly target: Target }
  | { readonly _tag: "Failed"; readonly code: string | undefined; readonly errno: number | undefined }
  | { readonly _tag: "Closed" }

/**
 * What the thread is told, once.
 *
 * @since 0.1.0
 */
export type SinkWorkerOrder = { readonly _tag: "Close" }

const { config, counters, listen, proof }: SinkWorkerData = workerData
const say = (message: SinkWorkerMessage): void => parentPort?.postMessage(message)

const listener = SinkListener.listen(
  SmtpSink.make({ ...config, counters, crypto: NodeAuthCrypto.make(), tap: proof && NodeProof.tap(proof) }),
  listen,
  (target) => say({ _tag: "Listening", target }),
  ({ code, errno }) => say({ _tag: "Failed", code, errno })
)

// Between two events of the sockets: what was taken by then is answered.
parentPort?.once("message", (_: SinkWorkerOrder) => listener.close(() => say({ _tag: "Closed" })))
