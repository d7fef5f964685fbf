/**
 * The sink over real sockets, in a thread of its own, so that it does not share the generator's event loop.
 *
 * The thread's entry is the module `sinkWorker`: a built package holds `sinkWorker.js` in the same folder as the file
 * that this module is built into, bundled or not.
 *
 * @since 0.1.0
 */
import { existsSync } from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as util from "node:util"
import { performance } from "node:perf_hooks"
import type { Worker } from "node:worker_threads"
import * as Duration from "effect/Duration"
import type { Server } from "node:http"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import * as Behaviour from "../sink/Behaviour.js"
import * as ContentTap from "../sink/ContentTap.js"
import { EmbeddedSink, type RunningSink, SinkFailed, type SinkServing } from "../sink/EmbeddedSink.js"
import * as SinkCounts from "../sink/SinkCounts.js"
import type { SinkConfig, SinkOptions } from "../sink/SinkOptions.js"
import { ChangingBehaviour } from "../sink/ChangingBehaviour.js"
import * as Misbehaviour from "../sink/Misbehaviour.js"
import * as SinkMetrics from "../sink/SinkMetrics.js"
import * as SmtpSink from "../sink/SmtpSink.js"
import * as Target from "../smtp/Target.js"
import type { ProofOrder } from "../plan/ProofOrder.js"
import * as NodeAuthCrypto from "./NodeAuthCrypto.js"
import * as NodeDump from "./NodeDump.js"
import * as NodeProof from "./NodeProof.js"
import * as NodeSinkControl from "./NodeSinkControl.js"
import * as NodeTls from "./NodeTls.js"
import * as SelfSigned from "./SelfSigned.js"
import * as SinkListener from "./SinkListener.js"
import * as SocketBuffers from "./SocketBuffers.js"
import * as WorkerEntry from "./WorkerEntry.js"
import type { SinkWorkerData, SinkWorkerMessage, SinkWorkerOrder } from "./sinkWorker.js"

/**
 * Where and how sinks listen.
 *
 * @since 0.1.0
 * @category models
 */
export type NodeSinkOptions = SinkServing

/**
 * Provides an `EmbeddedSink` over real sockets. What a start says of its serving goes before `options`.
 *
 * @since 0.1.0
 * @category layers
 * @example
 * import * as Effect from "effect/Effect"
 * import { EmbeddedSink, Load, NodeServices, NodeSink, Plan, Target } from "smtp-source"
 *
 * // A hundred messages to a server of one's own, in this thread, and how many it has counted.
 * export const tried = Effect.gen(function* () {
 *   const { start } = yield* EmbeddedSink.EmbeddedSink
 *   const sink = yield* start()
 *   yield* Load.run(Plan.make({ target: Target.format(sink.target), messages: 100 }))
 *   return (yield* sink.counts).messages
 * }).pipe(Effect.scoped, Effect.provide([NodeServices.layer, NodeSink.layer({ thread: false })]))
 */
export const layer = (options: NodeSinkOptions = {}): Layer.Layer<EmbeddedSink> =>
  Layer.succeed(
    EmbeddedSink,
    EmbeddedSink.of({
      start: (config = {}, serving = {}) => Effect.suspend(() => start(config, { ...options, ...serving }))
    })
  )

const start = (config: SinkConfig, asked: SinkServing): Start => {
  const { words } = asked
  const isBehaving = asked.behaviour !== undefined || words === undefined || !Misbehaviour.isAny(words)
  const serving = isBehaving ? asked : { ...asked, behaviour: Misbehaviour.behaviourOf(words) }
  const { behaviour, clock, dumps = [], onCommand, onCount, onMessage, onTrouble, proof, tap } = serving
  const noBuffers = serving.windowSize === undefined ? undefined : SocketBuffers.unusable()
  if (noBuffers !== undefined) return Effect.fail(new SinkFailed({ code: "EWINDOW", reason: noBuffers }))
  const speaksTls = config.tls !== undefined && config.tls !== "off"
  const target = serving.listen ?? Target.inet("127.0.0.1", 0)
  const identity = speaksTls && serving.identity !== undefined ? Redacted.value(serving.identity) : undefined
  const problem = identity && NodeTls.problemOf(identity)
  if (problem !== undefined) {
    return Effect.fail(new SinkFailed({ code: "ECERTIFICATE", reason: problem.message, cause: problem }))
  }
  const certified = identity ?? (speaksTls ? SelfSigned.selfSigned(hostsOf(config, target)) : undefined)
  const listen: SinkListener.ListenOptions = {
    target,
    family: serving.family ?? "any",
    backlog: serving.backlog ?? 4096,
    windowSize: serving.windowSize,
    maxConnections: serving.maxConnections ?? 20_000,
    beyond: serving.beyond ?? "busy",
    idleTimeout: Duration.toMillis(serving.idleTimeout ?? "5 minutes"),
    idleSay: serving.idleSay,
    certified
  }
  const functions = [behaviour, clock, onMessage, tap, onCommand, onCount, dumps[0], serving.control]
  const here = serving.thread === false || functions.some((each) => each !== undefined)
  const taps = [
    ...(tap === undefined ? [] : [tap]),
    ...NodeDump.taps(dumps, config.hostname, onTrouble),
    ...(here && proof !== undefined ? [NodeProof.tap(proof)] : [])
  ]
  const started = here
    ? startHere({ ...config, clock, onMessage, onCommand, onCount }, taps, serving, listen)
    : startThread(config, listen, proof)
  return Effect.map(started, (sink) => ({ ...sink, certificate: certified?.certificate }))
}

/** What the certificate is for: all names that the sink can be reached by on this machine. */
const hostsOf = ({ hostname }: SinkConfig, target: Target.Target): readonly [string, ...ReadonlyArray<string>] => {
  const names = ["localhost", hostname ?? [], target._tag === "Inet" ? target.host : [], "127.0.0.1", "::1"].flat()
  return ["localhost", ...new Set(names.slice(1))]
}

type Start = Effect.Effect<RunningSink, SinkFailed, Scope.Scope>

const startHere = (
  options: SinkOptions,
  taps: ReadonlyArray<ContentTap.OpenTap>,
  serving: SinkServing,
  bounds: SinkListener.ListenOptions
): Start =>
  Effect.gen(function* () {
    const { behaviour, control } = serving
    const make = (of: Behaviour.Behaviour) => Behaviour.make(of, () => performance.now())
    const changing = control === undefined ? undefined : new ChangingBehaviour(make(behaviour ?? bounded(bounds)))
    const behaving = changing ?? (behaviour === undefined ? undefined : make(behaviour))
    let words: Misbehaviour.Misbehaviour = serving.words ?? {}
    const controlling =
      control === undefined || changing === undefined
        ? undefined
        : NodeSinkControl.make(
            {
              metrics: () => SinkMetrics.render(sink.counts(), changing.strikes()),
              faults: () => words,
              change: (input) =>
                Either.match(Misbehaviour.decode(input), {
                  onLeft: (wrong) => wrong,
                  onRight: (next) => {
                    words = next
                    changing.change(make(together(serving.steady ?? bounded(bounds), next)))
                    return []
                  }
                })
            },
            control.host
          )
    const tap = ContentTap.all([...taps, ...(controlling === undefined ? [] : [controlling.tap])])
    const sink = SmtpSink.make({ ...options, tap, behaviour: behaving, crypto: NodeAuthCrypto.make() })
    const listen = { ...bounds, behaving }
    const started = Effect.async<readonly [SinkListener.SinkListener, Target.Target], SinkFailed>((resume) => {
      const listener = SinkListener.listen(
        sink,
        listen,
        (target) => resume(Exit.succeed([listener, target])),
        (error) => resume(Exit.fail(failed(listen, error)))
      )
    })
    const [listener, target] = yield* Effect.acquireRelease(started, ([listener]) =>
      Effect.async<void>((resume) => listener.close(() => resume(Exit.void)))
    )
    const controlled =
      control === undefined || controlling === undefined ? undefined : yield* listenControl(controlling.server, control)
    return {
      target,
      control: controlled,
      writable: Effect.suspend(() => {
        const reason = NodeDump.problemOf(serving.dumps ?? [])
        return reason === undefined ? Effect.void : Effect.fail(new SinkFailed({ code: "EDUMP", reason }))
      }),
      answered: Effect.async<void>((resume) => listener.whenAnswered(() => resume(Exit.void))),
      counts: Effect.sync(sink.counts),
      strikes: Effect.sync(() => behaving?.strikes() ?? [])
    }
  })

/** The limits that a behaviour has of its own, where it is to be had later. */
const bounded = ({
  beyond,
  idleSay,
  idleTimeout,
  maxConnections
}: SinkListener.ListenOptions): Behaviour.Behaviour => ({
  connections: { limit: maxConnections, beyond },
  idle: { after: idleTimeout, ...(idleSay === undefined ? {} : { say: idleSay }) }
})

/** What stays, and what is asked for now. */
const together = (steady: Behaviour.Behaviour, words: Misbehaviour.Misbehaviour): Behaviour.Behaviour => {
  const asked = Misbehaviour.behaviourOf(words)
  return { ...steady, ...asked, faults: [...(steady.faults ?? []), ...(asked.faults ?? [])] }
}

const listenControl = (
  server: Server,
  { host, port }: { readonly host: string; readonly port: number }
): Effect.Effect<Target.Target, SinkFailed, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Target.Target, SinkFailed>((resume) => {
      server.once("error", (error: NodeJS.ErrnoException) => {
        const { cause, code, reason } = failed({ target: Target.inet(host, port) }, error)
        resume(Exit.fail(new SinkFailed({ cause, code, reason, option: "--listen-metrics" })))
      })
      server.listen(port, host, () => {
        const address = server.address()
        resume(Exit.succeed(Target.inet(host, typeof address === "object" && address !== null ? address.port : port)))
      })
    }),
    () =>
      Effect.sync(() => {
        server.close()
        server.closeAllConnections()
      })
  )

/** How long a thread may take to close its connections, in milliseconds. */
const longestClose = 2000

const startThread = (config: SinkConfig, listen: SinkListener.ListenOptions, proof: ProofOrder | undefined): Start =>
  Effect.suspend(() => {
    const counters = new Float64Array(new SharedArrayBuffer(SinkCounts.length * Float64Array.BYTES_PER_ELEMENT))
    // Nothing is expected to end the thread but its release: that is a bug of ours, told when the counts are asked for.
    let defect: unknown
    const acquire = Effect.sync(() => {
      const workerData: SinkWorkerData = { config, counters, listen, proof }
      const worker = WorkerEntry.start(import.meta.url, "sinkWorker", { workerData, execArgv: [], name: "sink" })
      worker.on("error", (error) => {
        defect = error
      })
      return worker
    })
    const listening = (worker: Worker) =>
      Effect.async<Target.Target, SinkFailed>((resume) => {
        worker.once("message", (message: SinkWorkerMessage) => {
          if (message._tag === "Listening") resume(Exit.succeed(message.target))
          else if (message._tag === "Failed") resume(Exit.fail(failed(listen, message)))
        })
        worker.once("error", (error) => resume(Exit.die(error)))
      })
    // A thread that is ended in the midst of its work could have counted a message, and not have answered it.
    const release = (worker: Worker) =>
      Effect.async<void>((resume) => {
        const end = () => {
          clearTimeout(timer)
          void worker.terminate().then(() => resume(Exit.void))
        }
        const timer = setTimeout(end, longestClose)
        worker.on("message", ({ _tag }: SinkWorkerMessage) => {
          if (_tag === "Closed") end()
        })
        if (defect === undefined) worker.postMessage({ _tag: "Close" } satisfies SinkWorkerOrder)
        else end()
      })
    return Effect.acquireRelease(acquire, release).pipe(
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
  { target }: Pick<SinkListener.ListenOptions, "target">,
  error: { readonly code?: string | undefined; readonly errno?: number | undefined }
): SinkFailed => {
  const code = error.code ?? "EUNKNOWN"
  const known = error.errno === undefined ? undefined : util.getSystemErrorMap().get(error.errno)
  // Of a socket whose folder is missing, Node says that it must not be made.
  if (code === "EACCES" && target._tag === "Unix" && !existsSync(path.dirname(target.path))) {
    return failed({ target }, { code: "ENOENT", errno: -os.constants.errno.ENOENT })
  }
  return new SinkFailed({ code, cause: error, reason: `${Target.format(target)}: ${known?.[1] ?? code}` })
}
