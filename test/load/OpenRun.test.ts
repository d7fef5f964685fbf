import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Load from "../../src/load/Load.js"
import * as Histogram from "../../src/measure/Histogram.js"
import * as Laws from "../../src/measure/Laws.js"
import { type Recorded, Recorder } from "../../src/measure/Recorder.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Stages from "../../src/report/Stages.js"
import { ConnectFailed } from "../../src/smtp/SmtpError.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { drive, type Script, simulate } from "./ScriptedServer.js"

const slow =
  (milliseconds: number): Script =>
  ({ moment }) =>
    moment === "mail" ? { after: milliseconds } : undefined

const range = (recorder: Recorded, name: string) => {
  const histogram = recorder.ownHistogram(name, "accepted")
  return histogram === undefined ? undefined : { ...Histogram.range(histogram), count: Histogram.total(histogram) }
}

describe("messages that are due", () => {
  it.scoped("start then, and not when earlier ones were answered", () =>
    Effect.gen(function* () {
      const plan = { rate: "10/s", messages: 5, reuse: true }
      const { accounting, recorder, server } = yield* drive(simulate(plan, { script: slow(1000) }))
      assert.deepStrictEqual(server.times("MAIL"), [0, 100, 200, 300, 400])
      assert.strictEqual(server.count("connect"), 5)
      assert.strictEqual(accounting.accepted, 5)
      assert.strictEqual(recorder.late, 0)
    })
  )

  it.scoped("start as stages have it, with a rest between them", () =>
    Effect.gen(function* () {
      const plan = { stages: "1s:2/s, 2s:0/s, 2s:0/s..2/s", reuse: true }
      const { accounting, server } = yield* drive(simulate(plan))
      const times = server.times("MAIL")
      // On the ramp the area is t²/2: 1 at √2 s. The clock is good for a microsecond.
      const expected = [0, 500, 3000, 3000 + Math.SQRT2 * 1000]
      assert.lengthOf(times, 4)
      times.forEach((time, index) => {
        assert.closeTo(time, expected[index]!, 0.002)
        assert.isAtLeast(time, expected[index]!)
      })
      assert.strictEqual(accounting.planned, 4)
    })
  )

  it.scoped("go to the session that was idle for the shortest time, and open no connection that is not needed", () =>
    Effect.gen(function* () {
      const plan = { rate: "10/s", messages: 20, reuse: true }
      const script: Script = ({ moment, total }) => (moment === "mail" && total === 0 ? { after: 250 } : undefined)
      const { server } = yield* drive(simulate(plan, { script }))
      assert.strictEqual(server.count("connect"), 2)
      assert.strictEqual(server.count("QUIT"), server.count("connect"))
    })
  )

  it.scoped("start late where no session is free, which is counted and measured", () =>
    Effect.gen(function* () {
      const plan = { rate: "10/s", messages: 4, maxSessions: 1, reuse: true }
      const { accounting, recorder, server } = yield* drive(simulate(plan, { script: slow(150) }))
      assert.deepStrictEqual(server.times("MAIL"), [0, 150, 300, 450])
      assert.strictEqual(recorder.late, 3)
      assert.strictEqual(recorder.behind, 0)
      assert.strictEqual(accounting.notStarted, 0)
      const start = range(recorder, "start")
      assert.strictEqual(start?.count, 4)
      assert.closeTo((start?.max ?? 0) / 1e6, 150, 0.2)
      // From when it was due it took 300 ms, from when it was taken up 150.
      const transaction = recorder.histogram("transaction", "accepted")!
      assert.closeTo(Histogram.range(transaction).max / 1e6, 300, 0.4)
      assert.closeTo((range(recorder, "service")?.max ?? 0) / 1e6, 150, 0.2)
    })
  )

  it.live("start late where the generator is behind, which is counted apart from the wait for a session", () =>
    Effect.gen(function* () {
      let work = 60
      // The thread is busy with something else while the messages after the first become due.
      const onOutcome = () => {
        const until = performance.now() + work
        work = 0
        while (performance.now() < until);
      }
      const { recorder } = yield* Load.run(Plan.make({ rate: "100/s", messages: 12, reuse: true }), { onOutcome })
      assert.isAtLeast(recorder.behind, 3)
      assert.strictEqual(recorder.late, 0)
      const data = new Recorder()
      data.add(recorder.toData())
      assert.strictEqual(data.behind, recorder.behind)
    }).pipe(Effect.provide(TestServer.layer()))
  )

  it.scoped("are dropped where they would start too late, and the books balance", () =>
    Effect.gen(function* () {
      const plan = { rate: "10/s", messages: 10, maxSessions: 1, reuse: true, dropLate: 0.1 }
      const { accounting, recorder, server } = yield* drive(simulate(plan, { script: slow(350) }))
      // Free at 350 and 700, where those of 300 and 600 are late enough, and at 1050, where all are too late.
      assert.deepStrictEqual(server.times("MAIL"), [0, 350, 700])
      assert.strictEqual(recorder.dropped, 7)
      assert.strictEqual(accounting.accepted, 3)
      assert.strictEqual(accounting.notStarted, 7)
    })
  )

  it.scoped("start in bursts", () =>
    Effect.gen(function* () {
      const { server } = yield* drive(simulate({ rate: "10/s", burst: 3, messages: 7, reuse: true }))
      assert.deepStrictEqual(server.times("MAIL"), [0, 0, 0, 300, 300, 300, 600])
    })
  )

  it.scoped("have a connection each, without -d", () =>
    Effect.gen(function* () {
      const { server } = yield* drive(simulate({ rate: "10/s", messages: 4 }))
      assert.strictEqual(server.count("connect"), 4)
      assert.deepStrictEqual(server.times("QUIT"), [0, 100, 200, 300])
    })
  )

  it.scoped("get a new connection where the server has closed the idle one: that is no error", () =>
    Effect.gen(function* () {
      for (const say of ["421 idle\r\n", ""]) {
        const script: Script = ({ connection, moment }) =>
          moment === "content" && connection === 0 ? { say: `250 ok\r\n${say}`, end: "close" } : undefined
        const { accounting, fatal, server } = yield* drive(
          simulate({ rate: "1/s", messages: 3, reuse: true }, { script })
        )
        assert.isUndefined(fatal)
        assert.strictEqual(accounting.accepted, 3)
        assert.strictEqual(server.count("connect"), 2)
      }
    })
  )

  it.scoped("end the run at once where the server refuses one, as without a rate", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment, total }) =>
        moment === "rcpt" && total === 1 ? { say: "550 no\r\n" } : undefined
      const { accounting, fatal } = yield* drive(simulate({ rate: "1/s", messages: 5, reuse: true }, { script }))
      assert.strictEqual(fatal, "ReplyRejected rcpt 550")
      assert.strictEqual(accounting.started, 2)
      assert.strictEqual(accounting.notStarted, 3)
    })
  )

  it.scoped("begin no more when the run is asked to stop, and those under way end", () =>
    Effect.gen(function* () {
      const stopping = Effect.sleep(250)
      const plan = { rate: "10/s", messages: 50, reuse: true }
      const { accounting, elapsed, server, stopped } = yield* drive(simulate(plan, { stopping, script: slow(1000) }))
      assert.isTrue(stopped)
      assert.deepStrictEqual(server.times("MAIL"), [0, 100, 200])
      assert.strictEqual(accounting.accepted, 3)
      assert.strictEqual(accounting.notStarted, 47)
      assert.strictEqual(elapsed, 1200)
    })
  )
})

/** A server that greets two connections at a time; the others wait until one of these ends. It stalls once, for half a second. */
const two = {
  connections: { limit: 2, beyond: "wait" },
  latency: { final: "10 millis" },
  stalls: [{ at: "1 second", lasts: "500 millis" }]
} as const

/** Runs a plan in virtual time. */
const against = (server: TestServer.TestServerOptions, plan: Plan.PlanInput, options: Load.RunOptions = {}) =>
  Load.run(Plan.make(plan), options).pipe(Effect.provide(TestServer.layer(server)), (program) =>
    Simulation.run(program)
  )

describe("messages that are due while a connection is opened", () => {
  it.effect("go over whichever is ready first: a server that serves few at a time costs nothing but its stall", () =>
    Effect.gen(function* () {
      const plan = { rate: "100/s", duration: "5s", maxSessions: 60, reuse: true }
      const { accounting, elapsed, recorder, violations } = yield* against(two, plan)
      assert.deepStrictEqual(violations, [])
      assert.strictEqual(accounting.accepted, 500)
      assert.isAbove(recorder.opened, 10)
      // The stall, and what it has put off: not the rest of the run, until a connection is given up.
      assert.isBelow(Histogram.range(recorder.histogram("transaction", "accepted")!).max / 1e6, 1000)
      assert.isAtLeast(range(recorder, "waited")!.count, 40)
      // Connections that are still not greeted hold nobody up at the end.
      assert.isBelow(elapsed, 5100)
    })
  )

  it.effect("have their own connection, where they need one each", () =>
    Effect.gen(function* () {
      const latency = { greeting: "300 millis" } as const
      const { recorder } = yield* against({ latency }, { rate: "10/s", messages: 10 })
      assert.deepStrictEqual([range(recorder, "start")?.max, range(recorder, "waited")], [0, undefined])
      assert.closeTo(range(recorder, "service")!.min / 1e6, 300, 1)
    })
  )

  it.effect("cost no connection more when those before them are still being opened and were not needed", () =>
    Effect.gen(function* () {
      // The first is greeted at once, and then none for ten seconds.
      let greeted = 0
      const script: TestServer.Script = ({ stage }) =>
        stage === "greeting" && greeted++ > 0 ? { after: 10_000 } : undefined
      const plan = { rate: "20/s", burst: 2, messages: 80, reuse: true }
      const { accounting, recorder } = yield* against({ script, latency: { final: "45 millis" } }, plan)
      assert.strictEqual(accounting.accepted, 80)
      // The second of each two waits for the first connection.
      assert.strictEqual(recorder.opened, 2)
      assert.strictEqual(range(recorder, "waited")?.count, 40)
    })
  )

  it.effect("go over another connection where theirs is of no more use, and are begun once", () =>
    Effect.gen(function* () {
      // The second connection takes one message and no more; its next one goes to the first, which is idle.
      const script: Script = ({ connection, moment, nth }) =>
        moment === "mail" && connection === 1 && nth > 0
          ? { say: "421 enough\r\n", end: "close" }
          : moment === "content"
            ? { after: connection === 1 ? 80 : nth === 0 ? 150 : 10 }
            : undefined
      const plan = { rate: "10/s", messages: 4, reuse: true, keepGoing: true }
      const { accounting, server } = yield* drive(simulate(plan, { script }))
      assert.deepStrictEqual([accounting.started, accounting.accepted], [4, 4])
      assert.strictEqual(server.count("connect"), 2)
    })
  )

  it.effect("are booked once, whenever the run is cut off", () =>
    Effect.gen(function* () {
      // Every second message meets a server that takes no more, and has to find another connection, which takes a while.
      const script: Script = ({ moment, nth }) =>
        moment === "greeting"
          ? { after: 7 }
          : moment === "mail" && nth > 0
            ? { say: "421 enough\r\n", end: "close" }
            : undefined
      for (let after = 60; after < 160; after += 3) {
        const plan = { rate: "200/s", messages: 100, maxSessions: 3, reuse: true, keepGoing: true, drain: 0 }
        const { accounting, stopped } = yield* drive(simulate(plan, { script, stopping: Effect.sleep(after) }))
        assert.isTrue(stopped)
        assert.strictEqual(accounting.planned, 100)
      }
    })
  )

  it.effect("fail with the connection that was opened for them; one that nobody needs any more costs none", () =>
    Effect.gen(function* () {
      // The second attempt is refused after a second; its message was sent over the first connection long before.
      const connect = (attempt: number) =>
        (attempt === 2 ? { refuse: "ECONNREFUSED", after: "1 second" } : undefined) as never
      const plan = { rate: "10/s", messages: 20, reuse: true, keepGoing: true }
      const { accounting, recorder } = yield* against({ connect, latency: { final: "150 millis" } }, plan)
      assert.deepStrictEqual([accounting.accepted, accounting.failed], [20, 0])
      assert.strictEqual(recorder.errors().length, 1)
      const refusing = { connect: () => ({ refuse: "ECONNREFUSED" }) }
      const { accounting: refused } = yield* against(refusing, { ...plan, messages: 5 })
      assert.deepStrictEqual([refused.started, refused.failed], [5, 5])
      // Without --keep-going it ends the run all the same.
      const { endedBy } = yield* against({ connect, latency: { final: "150 millis" } }, { ...plan, keepGoing: false })
      assert.strictEqual(endedBy._tag, "Some")
    })
  )
})

describe("when the time is over", () => {
  const silent: Script = ({ moment }) => (moment === "greeting" || moment === "mail" ? { say: "" } : undefined)

  it.effect("what waits for a session is not begun, and what is under way ends", () =>
    Effect.gen(function* () {
      for (const time of [{ rate: "100/s", duration: "2s" }, { stages: "1s:100/s, 1s:100/s" }]) {
        const plan = { ...time, maxSessions: 5, reuse: true }
        const { accounting, elapsed, server, stopped } = yield* drive(simulate(plan, { script: slow(500) }))
        assert.isFalse(stopped)
        assert.strictEqual(accounting.planned, 200)
        assert.strictEqual(accounting.accepted, accounting.started)
        assert.strictEqual(accounting.started, 20)
        assert.isAtMost(Math.max(...server.times("MAIL")), 2000)
        assert.isAtMost(elapsed, 2500)
      }
    })
  )

  it.effect("a server that says nothing is left when the run has drained, whatever kind of run it is", () =>
    Effect.gen(function* () {
      for (const kind of [
        { rate: "10/s", duration: "10s" },
        { rate: "10/s", duration: "10s", reuse: true, maxSessions: 3 },
        { stages: "10s:5/s" },
        { duration: "10s", sessions: 100 },
        { duration: "10s", sessions: 100, messages: 1000, reuse: true }
      ]) {
        const { accounting, brokenOff, elapsed } = yield* drive(simulate({ ...kind, drain: 3 }, { script: silent }))
        assert.strictEqual(elapsed, 13_000)
        assert.isTrue(brokenOff)
        assert.strictEqual(accounting.accepted, 0)
      }
    })
  )

  it.effect("who waits to connect in a closed run does not begin", () =>
    Effect.gen(function* () {
      // The one that is let in is answered in the time to drain.
      const script: Script = ({ moment }) => (moment === "greeting" ? { after: 2500 } : undefined)
      const plan = { duration: "2s", sessions: 3, messages: 10, connectRate: 0.25, keepGoing: true }
      const { accounting, server } = yield* drive(simulate(plan, { script }))
      assert.deepStrictEqual([server.count("connect"), accounting.started, accounting.accepted], [1, 1, 1])
      assert.strictEqual(accounting.notStarted, 9)
    })
  )
})

describe("a duration", () => {
  it.scoped("ends a run without a rate, whose messages are planned as they begin", () =>
    Effect.gen(function* () {
      const { accounting, elapsed, stopped } = yield* drive(
        simulate({ duration: "1s", reuse: true }, { script: slow(300) })
      )
      assert.strictEqual(accounting.planned, 4)
      assert.strictEqual(accounting.accepted, 4)
      assert.strictEqual(elapsed, 1200)
      assert.isFalse(stopped)
    })
  )

  it.scoped("leaves those of -m that had not begun", () =>
    Effect.gen(function* () {
      const plan = { duration: "1s", messages: 10, reuse: true }
      const { accounting } = yield* drive(simulate(plan, { script: slow(300) }))
      assert.strictEqual(accounting.started, 4)
      assert.strictEqual(accounting.notStarted, 6)
    })
  )

  it.scoped("ends a pause that is longer", () =>
    Effect.gen(function* () {
      const { accounting, elapsed } = yield* drive(simulate({ duration: "10s", delay: 3600, reuse: true }))
      assert.strictEqual(accounting.accepted, 1)
      assert.strictEqual(elapsed, 10_000)
    })
  )

  it.scoped("ends a run with a rate by what is due", () =>
    Effect.gen(function* () {
      const { accounting } = yield* drive(simulate({ rate: "10/s", duration: "1s", reuse: true }))
      assert.strictEqual(accounting.planned, 10)
      assert.strictEqual(accounting.accepted, 10)
    })
  )
})

describe("a warm-up", () => {
  it.scoped("is left out of durations and replies, and its messages are counted", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment, total }) => (moment === "mail" && total < 10 ? { after: 200 } : undefined)
      const plan = { rate: "10/s", messages: 20, reuse: true, warmUp: "950ms" }
      const { accounting, recorder } = yield* drive(simulate(plan, { script }))
      assert.strictEqual(accounting.accepted, 20)
      const transaction = recorder.histogram("transaction", "accepted")!
      assert.strictEqual(Histogram.total(transaction), 10)
      assert.isBelow(Histogram.range(transaction).max, 1e6)
      assert.strictEqual(range(recorder, "start")?.count, 10)
      assert.deepInclude(recorder, { warmUpEnd: 950, warmUpAccepted: 8 })
    })
  )

  it.scoped("leaves out each step that was begun in it, whenever it ended, with its reply", () =>
    Effect.gen(function* () {
      // RCPT is sent at 900 ms; its reply, and all that follows, comes after the warm-up.
      const script: Script = ({ moment, total }) =>
        total === 0 && moment === "mail" ? { after: 900 } : moment === "rcpt" ? { after: 200 } : undefined
      const { recorder } = yield* drive(simulate({ messages: 2, reuse: true, warmUp: "1s" }, { script }))
      const counted = (["connect", "mail", "rcpt", "data", "content", "final"] as const).map((step) => {
        const histogram = recorder.histogram(step, "accepted")
        return [step, histogram === undefined ? 0 : Histogram.total(histogram)]
      })
      assert.deepStrictEqual(Object.fromEntries(counted), {
        connect: 0,
        mail: 1,
        rcpt: 1,
        data: 2,
        content: 2,
        final: 2
      })
      assert.deepStrictEqual(
        recorder.replies().flatMap(({ count, step }) => (step === "quit" ? [] : [[step, count]])),
        [
          ["mail", 1],
          ["rcpt", 1],
          ["data", 2],
          ["final", 2]
        ]
      )
    })
  )

  it.scoped("leaves out the connect, and what a scenario measures, that was begun in it", () =>
    Effect.gen(function* () {
      const recorder = new Recorder(undefined, undefined, () => 1500)
      recorder.measuresFrom = 1000
      const failed = new ConnectFailed({ code: "ECONNREFUSED", reason: "no", local: false })
      recorder.record("connect", "accepted", 600)
      recorder.onConnectFailed(failed, 600)
      recorder.recordOwn("login", "accepted", 600)
      recorder.onQueued(600)
      recorder.onFailed("mail", 600, 1500)
      recorder.onClosed(true, 600, 1500)
      assert.deepStrictEqual([...recorder.durations()], [])
      recorder.record("connect", "accepted", 500)
      recorder.onConnectFailed(failed, 500)
      recorder.recordOwn("login", "accepted", 500)
      recorder.onQueued(500)
      recorder.onFailed("mail", 500, 1500)
      recorder.onClosed(true, 500, 1500)
      assert.lengthOf([...recorder.durations()], 6)
      assert.strictEqual(recorder.connections().failed, 2)
    })
  )

  it.scoped("that outlasts the run leaves nothing", () =>
    Effect.gen(function* () {
      const { recorder } = yield* drive(simulate({ messages: 3, warmUp: "1h" }, {}))
      assert.deepInclude(recorder, { warmUpEnd: 3_600_000, warmUpAccepted: 3 })
      assert.deepStrictEqual([...recorder.durations()], [])
    })
  )

  it.scoped("goes for runs without a rate, too", () =>
    Effect.gen(function* () {
      const plan = { messages: 10, reuse: true, warmUp: "1s" }
      const { accounting, recorder } = yield* drive(simulate(plan, { script: slow(300) }))
      assert.strictEqual(accounting.accepted, 10)
      // Begun at 1200 ms and later.
      assert.strictEqual(Histogram.total(recorder.histogram("transaction", "accepted")!), 6)
    })
  )
})

/**
 * Why there are two ways to load a server. It takes 10 ms for a message and stalls for 1 s in 30 s. A hundred messages each
 * second are due all the same, and those of that second wait: 3 % of all, so that the 99th percentile is most of a second. In
 * a closed loop of two sessions, which comes to much the same rate, the loop waits with the server: two messages are slow,
 * the hundred that would have come meanwhile were never sent, and the 99th percentile knows nothing of the stall.
 */
describe("a server that stalls for a second", () => {
  const p99 = (plan: Plan.PlanInput) =>
    Effect.gen(function* () {
      const result = yield* Load.run(Plan.make(plan))
      const whole = { warmedUp: plan.warmUp !== undefined, cutOff: false, partial: false }
      assert.deepStrictEqual(Laws.violations({ ...result, ...whole }), [])
      const { recorder } = result
      return Histogram.valueAtPercentile(recorder.histogram("transaction", "accepted")!, 99) / 1e6
    }).pipe(
      Effect.provide(
        TestServer.layer({ latency: { final: "10 millis" }, stalls: [{ at: "10 seconds", lasts: "1 second" }] })
      ),
      (program) => Simulation.run(program)
    )

  it.effect("shows in the 99th percentile of an open run, and not in that of a closed one", () =>
    Effect.gen(function* () {
      const open = yield* p99({ rate: "100/s", duration: "30s", reuse: true, maxSessions: 200 })
      assert.isAbove(open, 600)
      const closed = yield* p99({ sessions: 1, duration: "30s", reuse: true })
      assert.isBelow(closed, 11)
    })
  )
})

describe("at a high rate in virtual time", () => {
  it.effect("20,000 random arrivals start within two microseconds of when they were due", () =>
    Effect.gen(function* () {
      const { accounting, elapsed, recorder } = yield* Load.run(
        Plan.make({ rate: "20000/s", arrivals: "poisson", duration: "1s", reuse: true, seed: "x", maxSessions: 50 })
      )
      assert.closeTo(accounting.accepted, 20_000, 600)
      assert.strictEqual(accounting.notStarted, 0)
      assert.closeTo(elapsed, 1000, 2)
      assert.isBelow(range(recorder, "start")!.max, 2000)
    }).pipe(Effect.provide(TestServer.layer()), (program) => Simulation.run(program))
  )
})

describe("the stages of an open run", () => {
  const staged = (recorder: Recorded, end?: number) => Stages.make(recorder.stages!.toData(), end)

  it.scoped("tell what was due, begun and accepted in each, and how late and slow its messages were", () =>
    Effect.gen(function* () {
      // One session, which takes 100 ms for a message: ten a second.
      const plan = { stages: "2s:5/s, 2s:20/s, 4s:2/s", maxSessions: 1, reuse: true }
      const { recorder } = yield* drive(simulate(plan, { script: slow(100) }))
      const stages = staged(recorder)
      assert.deepStrictEqual(
        stages.map(({ due, from, late, rate, to }) => ({ from, to, rate, due, late })),
        [
          { from: 0, to: 2000, rate: [5, 5], due: 10, late: 0 },
          { from: 2000, to: 4000, rate: [20, 20], due: 40, late: 39 },
          { from: 4000, to: 8000, rate: [2, 2], due: 8, late: 5 }
        ]
      )
      const rates = stages.map((stage) => Stages.ratesOf([stage]))
      assert.deepStrictEqual(rates[0], { intended: 5, started: 5, accepted: 5 })
      assert.deepInclude(rates[1], { intended: 20, started: 10 })
      // It catches up.
      assert.isAbove(rates[2]?.accepted ?? 0, 2)
      assert.closeTo(stages[0]?.p99 ?? 0, 100, 5)
      assert.isAbove(stages[1]?.p99 ?? 0, 1500)
      assert.strictEqual(
        stages.reduce((sum, { accepted }) => sum + accepted, 0) + recorder.stages!.toData().afterwards,
        58
      )
    })
  )

  it.scoped("leave out what was due in the warm-up, so that no more is accepted than was intended", () =>
    Effect.gen(function* () {
      const plan = { rate: "10/s", duration: "4s", warmUp: "2s", maxSessions: 50, reuse: true }
      const { recorder } = yield* drive(simulate(plan, { script: slow(900) }))
      const [stage] = staged(recorder)
      assert.deepInclude(stage, { from: 2000, to: 4000, due: 20, started: 20, accepted: 11 })
      assert.strictEqual(recorder.stages!.toData().afterwards, 9)
    })
  )

  it.scoped("count messages that were cut off at the end as begun, in the stage in which they were", () =>
    Effect.gen(function* () {
      const plan = { stages: "1s:5/s, 4s:10/s", maxSessions: 50, reuse: true }
      const script: Script = ({ moment }) => (moment === "content" ? { after: 60_000 } : undefined)
      const stop = { stopping: Effect.sleep(2000), hurrying: Effect.sleep(2500) }
      const { accounting, recorder } = yield* drive(simulate(plan, { script, ...stop }))
      assert.deepInclude(accounting, { started: 15, accepted: 0, unknown: 15 })
      const [first, second] = staged(recorder, 2500)
      assert.deepInclude(first, { due: 5, started: 5 })
      assert.deepInclude(second, { to: 2500, started: 10 })
    })
  )

  it.scoped("make the rate that of the planned time, in a burst too, and end with a run that is stopped", () =>
    Effect.gen(function* () {
      const plan = { rate: "10/s", burst: 10, duration: "2s", maxSessions: 20, reuse: true }
      const { recorder } = yield* drive(simulate(plan))
      assert.deepStrictEqual(Stages.ratesOf(staged(recorder)), { intended: 10, started: 10, accepted: 10 })
      assert.deepInclude(staged(recorder, 500)[0], { to: 500, due: 5 })
    })
  )
})
