/**
 * Where a duration is counted, exactly: against a server whose delays are known, in virtual time.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SampleMerge } from "../../src/load/SampleMerge.js"
import * as Accounting from "../../src/measure/Accounting.js"
import * as Counts from "../../src/measure/Counts.js"
import * as Histogram from "../../src/measure/Histogram.js"
import * as Meter from "../../src/measure/Meter.js"
import { type Recorded, Recorder } from "../../src/measure/Recorder.js"
import * as Series from "../../src/measure/Series.js"
import { drive, type Moment, type Script, simulate } from "../load/ScriptedServer.js"

/** Milliseconds, all different. `content` is the moment of the answer to the dot. */
const delays: {
  readonly [moment in Exclude<
    Moment,
    "tls" | "starttls" | "auth" | "xclient" | "xforward" | "chunk" | "writing" | "rset" | "other"
  >]: number
} = {
  connect: 3,
  greeting: 5,
  hello: 7,
  mail: 11,
  rcpt: 13,
  data: 17,
  content: 19,
  quit: 23
}

const stepOf = { connect: "connect", greeting: "greeting", hello: "hello", mail: "mail", rcpt: "rcpt" } as const
const steps = { ...stepOf, data: "data", content: "final", quit: "quit" } as const

/** Every duration, as [step, ending, milliseconds, how many], bucket by bucket. */
const samples = (recorder: Recorded) =>
  [...recorder.durations()].flatMap(({ ending, histogram, of }) =>
    [...histogram.counts.entries()].flatMap(([index, count]) =>
      count === 0 ? [] : [{ of, ending, lowest: Histogram.lowestAt(index), highest: Histogram.highestAt(index), count }]
    )
  )

const has = (recorder: Recorded, of: string, ending: string, milliseconds: number): number =>
  samples(recorder)
    .filter((sample) => sample.of === of && sample.ending === ending)
    .filter(({ highest, lowest }) => lowest <= milliseconds * 1e6 && milliseconds * 1e6 <= highest)
    .reduce((sum, { count }) => sum + count, 0)

const delayed =
  (more: Script = () => undefined): Script =>
  (turn) => {
    const usual = delays[turn.moment as keyof typeof delays]
    return more(turn) ?? (usual === undefined ? undefined : { after: usual })
  }

const moments = Object.keys(steps) as ReadonlyArray<keyof typeof steps>

describe("durations", () => {
  it.effect("are counted at their own step, in the bucket that holds the delay of the server", () =>
    Effect.gen(function* () {
      const { recorder } = yield* drive(simulate({ messages: 20, sessions: 2 }, { script: delayed() }))
      for (const moment of moments) {
        assert.strictEqual(has(recorder, steps[moment], "accepted", delays[moment]), 20, moment)
        const all = recorder.histogram(steps[moment], "accepted")!
        assert.strictEqual(Histogram.total(all), 20)
        // Three significant figures.
        for (const percentile of [0, 50, 90, 99, 100]) {
          const value = Histogram.valueAtPercentile(all, percentile) / 1e6
          assert.closeTo(value / delays[moment], 1, 0.001, `p${percentile}(${moment})`)
        }
      }
      assert.strictEqual(has(recorder, "transaction", "accepted", 11 + 13 + 17 + 19), 20)
    })
  )

  it.effect(
    "of a step that stalls once are long there, once, and nowhere else but in its transaction and connection",
    () =>
      Effect.gen(function* () {
        for (const stalled of moments) {
          const script = delayed(({ moment, total }) =>
            moment === stalled && total === 7 ? { after: 5000 } : undefined
          )
          const { recorder } = yield* drive(simulate({ messages: 20, sessions: 1 }, { script }))
          const inside = ["mail", "rcpt", "data", "content"].includes(stalled)
          const long = samples(recorder).filter(({ highest }) => highest >= 1e9)
          assert.deepStrictEqual(
            long.map(({ count, ending, of }) => [of, ending, count]),
            [
              [steps[stalled], "accepted", 1],
              ...(inside ? [["transaction", "accepted", 1]] : []),
              ...(stalled === "connect" ? [] : [["connection", "accepted", 1]])
            ]
          )
        }
      })
  )

  it.effect("of what was refused, or came to nothing, are never among those of what was accepted", () =>
    Effect.gen(function* () {
      const script = delayed(({ moment, total }) =>
        moment === "rcpt" && total % 5 === 1
          ? { after: 100, say: "550 no\r\n" }
          : moment === "rcpt" && total % 5 === 2
            ? { after: 200, say: "999 what\r\n" }
            : undefined
      )
      const { accounting, recorder } = yield* drive(simulate({ messages: 50, keepGoing: true }, { script }))
      assert.deepInclude(accounting, { accepted: 30, rejected: 10, failed: 10 })
      assert.strictEqual(has(recorder, "rcpt", "accepted", 13), 30)
      assert.strictEqual(has(recorder, "rcpt", "rejected", 100), 10)
      assert.strictEqual(has(recorder, "rcpt", "failed", 200), 10)
      for (const of of ["rcpt", "transaction"] as const) {
        assert.strictEqual(Histogram.total(recorder.histogram(of, "accepted")!), 30)
      }
      assert.strictEqual(has(recorder, "transaction", "accepted", 60), 30)
    })
  )

  it.effect("of a step that was cut off are counted there, as long as it was waited for", () =>
    Effect.gen(function* () {
      const ends: { readonly [moment in "mail" | "content"]: ReturnType<Script> } = {
        mail: { after: 250, say: "", end: "reset" },
        content: { say: "" }
      }
      const script = delayed(({ moment, total }) =>
        (moment === "mail" && total === 0) || (moment === "content" && total === 3) ? ends[moment] : undefined
      )
      const { accounting, recorder } = yield* drive(
        simulate({ messages: 10, keepGoing: true, timeout: 30, reuse: true }, { script })
      )
      assert.deepInclude(accounting, { accepted: 8, failed: 1, unknown: 1 })
      assert.strictEqual(has(recorder, "mail", "failed", 250), 1)
      assert.strictEqual(has(recorder, "final", "unknown", 30_000), 1)
      assert.isUndefined(recorder.histogram("final", "failed"))
      const ofTransactions = Object.fromEntries(
        (["accepted", "failed", "unknown"] as const).map((ending) => [
          ending,
          Histogram.total(recorder.histogram("transaction", ending)!)
        ])
      )
      assert.deepStrictEqual(ofTransactions, { accepted: 8, failed: 1, unknown: 1 })
      assert.strictEqual(has(recorder, "transaction", "unknown", 11 + 13 + 17 + 30_000), 1)
    })
  )

  it.effect("of connections are from when they stood to their end, and failed where the server ended them", () =>
    Effect.gen(function* () {
      const script = delayed(({ connection, moment }) =>
        connection === 1 && moment === "mail" ? { after: 500, say: "", end: "close" } : undefined
      )
      const { recorder } = yield* drive(simulate({ messages: 3, keepGoing: true }, { script }))
      assert.strictEqual(has(recorder, "connection", "accepted", 5 + 7 + 11 + 13 + 17 + 19 + 23), 2)
      assert.strictEqual(has(recorder, "connection", "failed", 5 + 7 + 500), 1)
    })
  )

  it("are the same, bucket by bucket, however many threads took them", () => {
    const alone = new Recorder()
    const threads = [new Recorder(), new Recorder(), new Recorder()]
    let state = 1
    for (let sample = 0; sample < 10_000; sample++) {
      state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff
      const elapsed = 10 ** ((state / 0x7fff_ffff) * 7 - 3)
      const ending = sample % 7 === 0 ? "rejected" : "accepted"
      alone.record("final", ending, elapsed)
      threads[state % 3]!.record("final", ending, elapsed)
    }
    const merged = new Recorder()
    for (const thread of threads) merged.add(thread.toData())
    for (const ending of ["accepted", "rejected"] as const) {
      assert.deepStrictEqual(merged.histogram("final", ending), alone.histogram("final", ending))
    }
  })
})

describe("counters", () => {
  /** A recorder that counted each name a different number of times. */
  const counted = (factor: number) => {
    const recorder = new Recorder()
    Counts.recorded.forEach((name, place) => {
      recorder[name] = factor * (place + 1)
    })
    return recorder
  }
  const numbers = (factor: number) =>
    Object.fromEntries(Counts.recorded.map((name, place) => [name, factor * (place + 1)]))

  it("of threads are added up, each of them", () => {
    const whole = new Recorder()
    assert.deepStrictEqual(whole.toData().counts, Counts.sum(Counts.recorded, []))
    for (const part of [counted(1), counted(10)]) whole.add(structuredClone(part.toData()))
    assert.deepInclude(whole, numbers(11))
    assert.deepStrictEqual(whole.connections(), Counts.pick(Counts.connections, counted(11)))
  })

  it("are told by samples, each of them, in the interval in which they grew", () => {
    const recorder = counted(1)
    const ledger = Accounting.make(10)
    const meter = new Meter.Meter(ledger, recorder, 0)
    assert.isFalse(meter.hasNews())
    for (const name of [...Counts.arrivals, ...Counts.connections] as const) {
      recorder[name] += 7
      assert.isTrue(meter.hasNews(), name)
      const { interval } = meter.take(1000)
      const sum = Series.sum([interval])
      const expected = Series.sum([])
      assert.deepStrictEqual(
        sum,
        (Counts.arrivals as ReadonlyArray<string>).includes(name)
          ? { ...expected, [name]: 7 }
          : { ...expected, connections: { ...expected.connections, [name]: 7 } }
      )
      assert.isFalse(meter.hasNews(), name)
    }
  })

  it("of samples of several threads are added up, and a thread that is quiet adds none", () => {
    const interval = (at: number, factor: number): Series.Interval => {
      const of = <const Names extends ReadonlyArray<string>>(names: Names) =>
        Counts.make(names, (name) => factor * (names.indexOf(name) + 1))
      const flat = of([...Counts.messages, ...Counts.arrivals, "errors"])
      const nested = { bytes: of(Counts.bytes), connections: of(Counts.connections), codes: of(Counts.codes) }
      return { ...Series.sum([]), ...flat, ...nested, at, length: 1000, underWay: factor, open: factor, buckets: [] }
    }
    const sample = (at: number, factor: number): Meter.Sample => ({
      interval: interval(at, factor),
      recipients: Counts.sum(Counts.recipients, []),
      durations: [],
      replies: [],
      errors: []
    })
    const taken: Array<Meter.Sample> = []
    const merge = new SampleMerge(2, { take: (merged) => taken.push(merged) })
    merge.add(0, sample(1000, 1))
    merge.add(1, sample(1000, 10))
    merge.add(0, sample(2000, 3))
    merge.finish()
    assert.deepStrictEqual(taken, [
      sample(1000, 11),
      { ...sample(2000, 3), interval: { ...interval(2000, 3), underWay: 13, open: 13 } }
    ])
  })
})
