import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Workers from "../../src/load/Workers.js"
import * as Laws from "../../src/measure/Laws.js"
import * as Histogram from "../../src/measure/Histogram.js"
import * as NodeServices from "../../src/node/NodeServices.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import * as MessageFile from "../../src/plan/MessageFile.js"
import * as Plan from "../../src/plan/Plan.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import * as Target from "../../src/smtp/Target.js"

const services = Layer.merge(NodeServices.layer, NodeSink.layer({ thread: false }))

/** A run over several threads against a sink, and what the sink counted. */
const send = (input: Plan.PlanInput) =>
  Effect.gen(function* () {
    const sink = yield* (yield* EmbeddedSink).start()
    const result = yield* Workers.run(Plan.make({ target: Target.format(sink.target), ...input }))
    return { result, counts: yield* sink.counts }
  }).pipe(Effect.provide(services))

const violations = (result: Workers.WorkersResult) =>
  Laws.violations({ ...result, warmedUp: false, cutOff: Option.isSome(result.endedBy), partial: false })

describe("a run over several threads", () => {
  it.scopedLive("sends exactly as many messages as one, over as many sessions, and its books balance", () =>
    Effect.gen(function* () {
      const { counts, result } = yield* send({ messages: 1001, sessions: 7, reuse: true, workers: 3 })
      assert.deepStrictEqual(violations(result), [])
      assert.strictEqual(result.accounting.accepted, 1001)
      assert.strictEqual(counts.messages, 1001)
      assert.isAtMost(counts.sessions, 7)
      assert.isAtLeast(counts.sessions, 3)
      const histogram = result.recorder.histogram("transaction", "accepted")
      assert.strictEqual(histogram === undefined ? 0 : Histogram.total(histogram), 1001)
    })
  )

  it.scopedLive("sends the file that was read, over each thread", () =>
    Effect.gen(function* () {
      const content = `Subject: a\n\n${"b".repeat(20_000)}\n`
      const file = Either.getOrThrow(MessageFile.stuff(new TextEncoder().encode(content)))
      const sink = yield* (yield* EmbeddedSink).start()
      const plan = Plan.make({
        target: Target.format(sink.target),
        messages: 20,
        sessions: 4,
        workers: 2,
        reuse: true,
        file: "mail"
      })
      const error = yield* Effect.flip(Workers.run(plan))
      assert.include(error.message, "file (read it first")
      yield* Workers.run(plan, { file })
      const { bytesIn, messages } = yield* sink.counts
      assert.strictEqual(messages, 20)
      assert.isAtLeast(bytesIn, 20 * file.length)
      assert.isAtMost(bytesIn, 20 * (file.length + 200))
    }).pipe(Effect.provide(services))
  )

  it.scopedLive("tell what they died of, with its cause", () =>
    Effect.gen(function* () {
      const workers = yield* Workers.Workers
      // A function cannot be given to a thread.
      const payload = { plan: () => undefined } as never
      const error = yield* Effect.flip(workers.start(payload, () => undefined))
      assert.strictEqual(error._tag, "WorkerDied")
      assert.match(error.message, /^a worker died: .*could not be cloned/)
      assert.instanceOf(error.cause, Error)
    }).pipe(Effect.provide(services))
  )

  it.scopedLive("tell what they died of while they ran, with its cause", () =>
    Effect.gen(function* () {
      const workers = yield* Workers.Workers
      // What no plan's payload is: the thread starts, and then ends by what that leads to.
      const worker = yield* workers.start({ plan: undefined } as never, () => undefined)
      const error = yield* Effect.flip(worker.end)
      assert.strictEqual(error._tag, "WorkerDied")
      assert.match(error.message, /^a worker died: .*undefined/)
      assert.instanceOf(error.cause, Error)
    }).pipe(Effect.provide(services))
  )

  it.scopedLive("ends as a whole when one session meets what ends a run", () =>
    Effect.gen(function* () {
      const { result } = yield* send({ target: "127.0.0.1:9", messages: 100, sessions: 4, workers: 2 })
      assert.strictEqual(Option.getOrThrow(result.endedBy)._tag, "ConnectFailed")
      assert.isTrue(Option.isNone(result.workerDied))
      assert.deepStrictEqual(violations(result), [])
      assert.isAbove(result.accounting.notStarted, 0)
    })
  )

  it.scopedLive("starts each message that is due once, with late starts and durations of all threads added up", () =>
    Effect.gen(function* () {
      const plan = { rate: "500/s", arrivals: "poisson", seed: "x", duration: "1s", reuse: true } as const
      const one = yield* send({ ...plan, workers: 1 })
      const two = yield* send({ ...plan, workers: 2, maxSessions: 10 })
      for (const { counts, result } of [one, two]) {
        assert.deepStrictEqual(violations(result), [])
        const { accepted, notStarted, planned, started } = result.accounting
        assert.strictEqual(accepted, started)
        assert.strictEqual(counts.messages, started)
        // On a busy machine some wait for a session when the time is over.
        assert.isAbove(started, 0)
        assert.strictEqual(notStarted, planned - started)
        const starts = result.recorder.ownHistogram("start", "accepted")
        assert.strictEqual(starts === undefined ? 0 : Histogram.total(starts), started)
      }
      // The same arrivals, whoever sends them.
      assert.strictEqual(two.result.accounting.planned, one.result.accounting.planned)
      assert.isAtMost(two.counts.sessions, 10)
      assert.isAtLeast(two.result.elapsed, 900)
    })
  )

  it.scopedLive("ends with its duration, and has planned what was begun", () =>
    Effect.gen(function* () {
      const { counts, result } = yield* send({ duration: "300ms", sessions: 4, reuse: true, workers: 2 })
      assert.deepStrictEqual(violations(result), [])
      assert.strictEqual(result.accounting.notStarted, 0)
      assert.isAbove(result.accounting.accepted, 0)
      assert.strictEqual(result.accounting.planned, result.accounting.accepted)
      assert.strictEqual(counts.messages, result.accounting.accepted)
      assert.isFalse(result.stopped)
    })
  )
})
