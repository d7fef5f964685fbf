/**
 * The sink over real sockets, in a thread of its own, so that it does not share the generator's event loop.
 *
 * The thread's entry is the module `sinkWorker`: a built package holds `sinkWorker.js` in the same folder as the file
 * that this module is built into, bundled or not.
 *
 * @since 0.1.0
 */
import * as util from "node:util"
import { performance } from "node:perf_hooks"
import type { Worker } from "node:worker_threads"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import type * as Scope from "effect/Scope"
import * as Behaviour from "../sink/Behaviour.js"
import { EmbeddedSink, type RunningSink, SinkFailed } from "../sink/EmbeddedSink.js"
import * as SinkCounts from "../sink/SinkCounts.js"
import type { SinkConfig, SinkOptions } from "../sink/SinkOptions.js"
import * as SmtpSink from "../sink/SmtpSink.js"
import * as Target from "../smtp/Target.js"
import * as NodeAuthCrypto from "./NodeAuthCrypto.js"
import * as SelfSigned from "./SelfSigned.js"
import * as SinkListener from "./SinkListener.js"
import * as WorkerEntry from "./WorkerEntry.js"
import type { SinkWorkerData, SinkWorkerMessage } from "./sinkWorker.js"

/**
 * Where and how sinks listen.
 *
 * @since 0.1.0
 * @category models
 */
export interface NodeSinkOptions extends Pick<SinkOptions, "onMessage" | "tap"> {
  /** How the sink behaves. Default: it answers at once, for as long as the client likes. */
  readonly behaviour?: Behaviour.Behaviour | undefined
  /** Default: a free port of 127.0.0.1. Other machines reach a sink only if this says so. */
  readonly listen?: Target.Target | undefined
  /** False runs it in this thread; so do `behaviour`, `onMessage` and `tap`, which cannot leave it. Default true. */
  readonly thread?: boolean | undefined
  /** The connections that wait to be accepted, as far as the system allows it. Default 4096. */
  readonly backlog?: number | undefined
  /** More of them are turned away with 421. Default 20,000. */
  readonly maxConnections?: number | undefined
  /** How long a client may be silent, exact to some seconds. Default 5 minutes. */
  readonly idleTimeout?: Duration.DurationInput | undefined
}

/**
 * Provides an `EmbeddedSink` over real sockets.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: NodeSinkOptions = {}): Layer.Layer<EmbeddedSink> => {
  const { behaviour, onMessage, tap } = options
  const listen: SinkListener.ListenOptions = {
    target: options.listen ?? Target.inet("127.0.0.1", 0),
    backlog: options.backlog ?? 4096,
    maxConnections: options.maxConnections ?? 20_000,
    idleTimeout: Duration.toMillis(options.idleTimeout ?? "5 minutes")
  }
  const here = options.thread === false || onMessage !== undefined || tap !== undefined || behaviour !== undefined
  return Layer.succeed(
    EmbeddedSink,
    EmbeddedSink.of({
      start: (config = {}) =>
        Effect.suspend(() => {
          const speaksTls = config.tls !== undefined && config.tls !== "off"
          const certified = speaksTls ? SelfSigned.selfSigned(hostsOf(config, listen.target)) : undefined
          const where = { ...listen, certified }
          const started = here ? startHere({ ...config, onMessage, tap }, behaviour, where) : startThread(config, where)
          return Effect.map(started, (sink) => ({ ...sink, certificate: certified?.certificate }))
        })
    })
  )
}

/** What the certificate is for: all names that the sink can be reached by on this machine. */
const hostsOf = ({ hostname }: SinkConfig, target: Target.Target): readonly [string, ...ReadonlyArray<string>] => {
  const names = ["localhost", hostname ?? [], target._tag === "Inet" ? target.host : [], "127.0.0.1", "::1"].flat()
  return ["localhost", ...new Set(names.slice(1))]
}

type Start = Effect.Effect<RunningSink, SinkFailed, Scope.Scope>

const startHere = (
  options: SinkOptions,
  behaviour: Behaviour.Behaviour | undefined,
  bounds: SinkListener.ListenOptions
): Start =>
  Effect.suspend(() => {
    const behaving = behaviour === undefined ? undefined : Behaviour.make(behaviour, () => performance.now())
    const sink = SmtpSink.make({ ...options, behaviour: behaving, crypto: NodeAuthCrypto.make() })
    const listen = { ...bounds, behaving }
    const started = Effect.async<readonly [SinkListener.SinkListener, Target.Target], SinkFailed>((resume) => {
      const listener = SinkListener.listen(
        sink,
        listen,
        (target) => resume(Exit.succeed([listener, target])),
        (error) => resume(Exit.fail(failed(listen, error)))
      )
    })
    return Effect.acquireRelease(started, ([listener]) =>
      Effect.async<void>((resume) => listener.close(() => resume(Exit.void)))
    ).pipe(Effect.map(([, target]) => ({ target, counts: Effect.sync(sink.counts) })))
  })

const startThread = (config: SinkConfig, listen: SinkListener.ListenOptions): Start =>
  Effect.suspend(() => {
    const counters = new Float64Array(new SharedArrayBuffer(SinkCounts.length * Float64Array.BYTES_PER_ELEMENT))
    // Nothing is expected to end the thread but its release: that is a bug of ours, told when the counts are asked for.
    let defect: unknown
    const acquire = Effect.sync(() => {
      const workerData: SinkWorkerData = { config, counters, listen }
      const worker = WorkerEntry.start(import.meta.url, "sinkWorker", { workerData, execArgv: [], name: "sink" })
      worker.on("error", (error) => {
        defect = error
      })
      return worker
    })
    const listening = (worker: Worker) =>
      Effect.async<Target.Target, SinkFailed>((resume) => {
        worker.once("message", (message: SinkWorkerMessage) =>
          resume(message._tag === "Listening" ? Exit.succeed(message.target) : Exit.fail(failed(listen, message)))
        )
        worker.once("error", (error) => resume(Exit.die(error)))
      })
    return Effect.acquireRelease(acquire, (worker) => Effect.promise(() => worker.terminate())).pipe(
      Effect.flatMap(listening),
      Effect.map((target) => ({
        target,
        counts: Effect.suspend(() =>
          defect === undefined ? Exit.succeed(SinkCounts.read(counters)) : Exit.die(defect)
        )
      }))
    )
  })

const failed = (
  { target }: SinkListener.ListenOptions,
  error: { readonly code?: string | undefined; readonly errno?: number | undefined }
): SinkFailed => {
  const code = error.code ?? "EUNKNOWN"
  const known = error.errno === undefined ? undefined : util.getSystemErrorMap().get(error.errno)
  return new SinkFailed({ code, cause: error, reason: `${Target.format(target)}: ${known?.[1] ?? code}` })
}
