import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import * as Exit from "effect/Exit"
import * as Load from "../../src/load/Load.js"
import * as Scenario from "../../src/load/scenario/Scenario.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { type Answer, drive, make, type Moment, type Script, settled, simulate } from "./ScriptedServer.js"

/** The first turn of this kind is answered so; all others as usual. */
const first =
  (wanted: Moment, answer: Answer): Script =>
  ({ moment, total }) =>
    moment === wanted && total === 0 ? answer : undefined

const always =
  (wanted: Moment, answer: Answer): Script =>
  ({ moment }) =>
    moment === wanted ? answer : undefined

const silent: Answer = { say: "", end: undefined }

describe("a time-out", () => {
  const steps = [
    ["greeting", "greeting", "Failed"],
    ["hello", "hello", "Failed"],
    ["mail", "mail", "Failed"],
    ["rcpt", "rcpt", "Failed"],
    ["data", "data", "Failed"],
    ["content", "final", "Unknown"]
  ] as const

  for (const [moment, step, end] of steps) {
    it.scoped(`strikes a silent server after --timeout, to the millisecond: ${step}`, () =>
      Effect.gen(function* () {
        const { elapsed, ends, fatal } = yield* drive(simulate({ messages: 2 }, { script: first(moment, silent) }))
        assert.strictEqual(elapsed, 300_000)
        assert.deepStrictEqual(ends, [`${end}, ReplyTimeout ${step}`])
        assert.strictEqual(fatal, `ReplyTimeout ${step}`)
      })
    )

    it.scoped(`is a deadline: a drip does not put it off: ${step}`, () =>
      Effect.gen(function* () {
        const { elapsed, ends } = yield* drive(simulate({ timeout: 20 }, { script: first(moment, { drip: 3000 }) }))
        assert.strictEqual(elapsed, 20_000)
        assert.deepStrictEqual(ends, [`${end}, ReplyTimeout ${step}`])
      })
    )

    it.scoped(`is not there for a reply that just makes it: ${step}`, () =>
      Effect.gen(function* () {
        const { elapsed, ends } = yield* drive(simulate({ timeout: 20 }, { script: first(moment, { after: 19_999 }) }))
        assert.strictEqual(elapsed, 19_999)
        assert.deepStrictEqual(ends, ["Accepted"])
      })
    )
  }

  it.scoped("counts from each command anew: a slow server is not a dead one", () =>
    Effect.gen(function* () {
      const slow: Script = ({ moment }) =>
        moment === "connect" || moment === "writing" || moment === "quit" ? undefined : { after: 290_000 }
      const { elapsed, ends } = yield* drive(simulate({}, { script: slow }))
      assert.deepStrictEqual(ends, ["Accepted"])
      assert.strictEqual(elapsed, 6 * 290_000)
    })
  )

  it.scoped("strikes RSET, and the message keeps its refusal", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment, total }) =>
        moment === "mail" && total === 0 ? { say: "550 no\r\n" } : moment === "rset" ? silent : undefined
      const accepting = yield* drive(simulate({ messages: 2, reuse: true, acceptRejection: true }, { script }))
      assert.strictEqual(accepting.elapsed, 300_000)
      assert.deepStrictEqual(accepting.ends, ["Rejected mail 550, ReplyTimeout rset"])
      assert.strictEqual(accepting.fatal, "ReplyTimeout rset")
      const going = yield* drive(simulate({ messages: 2, reuse: true, keepGoing: true }, { script }))
      assert.deepStrictEqual(going.ends, ["Rejected mail 550, ReplyTimeout rset", "Accepted"])
      assert.strictEqual(going.server.count("connect"), 2)
    })
  )

  it.scoped("strikes a server that stops reading, and the message was not delivered", () =>
    Effect.gen(function* () {
      const { elapsed, ends, server } = yield* drive(
        simulate({ length: 1_000_000 }, { script: first("writing", { after: 1e9 }) })
      )
      assert.strictEqual(elapsed, 300_000)
      assert.deepStrictEqual(ends, ["Failed, ReplyTimeout content"])
      assert.strictEqual(server.count("."), 0)
    })
  )

  it.scoped("leaves a server alone that reads slowly but reads", () =>
    Effect.gen(function* () {
      const { elapsed, ends } = yield* drive(
        simulate({ length: 1_000_000 }, { script: first("writing", { reading: { bytes: 100_100, every: 299_000 } }) })
      )
      assert.strictEqual(elapsed, 2_990_000)
      assert.deepStrictEqual(ends, ["Accepted"])
    })
  )

  it.scoped("strikes a server that reads slowly and then no more, so long after it read the last", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment }) =>
        moment === "writing" ? { reading: { bytes: 500, every: 100_000 } } : moment === "content" ? silent : undefined
      const { elapsed, ends } = yield* drive(simulate({ length: 1000 }, { script }))
      assert.strictEqual(elapsed, 600_000)
      assert.deepStrictEqual(ends, ["Unknown, ReplyTimeout final"])
    })
  )

  it.scoped("of one session leaves the others alone", () =>
    Effect.gen(function* () {
      const script: Script = ({ connection, moment }) =>
        connection === 0 && moment === "rcpt"
          ? silent
          : connection === 1 && moment === "content"
            ? { after: 1000 }
            : undefined
      const { accounting, elapsed, ends, server } = yield* drive(
        simulate({ messages: 50, sessions: 2, reuse: true, keepGoing: true }, { script })
      )
      assert.strictEqual(accounting.accepted, 49)
      assert.strictEqual(ends[0], "Failed, ReplyTimeout rcpt")
      assert.strictEqual(server.times("QUIT")[0], 49_000)
      assert.strictEqual(elapsed, 300_000)
    })
  )
})

describe("LMTP", () => {
  const finals = (...codes: ReadonlyArray<number>): Answer => ({
    say: codes.map((code) => `${code} x\r\n`).join("")
  })
  const lmtp = (script: Script, input: Plan.PlanInput = {}) =>
    drive(simulate({ lmtp: true, recipients: 3, messages: 1, reuse: true, ...input }, { script }))

  it.scoped("books each recipient by its own answer (RFC 2033 §4.2)", () =>
    Effect.gen(function* () {
      const { accounting, ends } = yield* lmtp(first("content", finals(250, 450, 550)))
      assert.deepStrictEqual(ends, ["Accepted"])
      assert.deepStrictEqual(accounting.recipients, {
        offered: 3,
        accepted: 1,
        refused: 0,
        refusedAfterContent: 2,
        unknown: 0,
        abandoned: 0
      })
    })
  )

  it.scoped("is one answer for each recipient that was accepted, and not for each that was offered", () =>
    Effect.gen(function* () {
      const refuseSecond: Script = ({ moment, nth }) =>
        moment === "rcpt" && nth === 1 ? { say: "550 no\r\n" } : undefined
      const { accounting, elapsed, ends } = yield* lmtp(refuseSecond, { acceptRejection: true })
      assert.deepStrictEqual(ends, ["Accepted"])
      assert.deepInclude(accounting.recipients, { offered: 3, accepted: 2, refused: 1 })
      assert.strictEqual(elapsed, 0)
    })
  )

  it.scoped("is a refusal when all answers are", () =>
    Effect.gen(function* () {
      const { accounting, ends } = yield* lmtp(first("content", finals(450, 550, 451)), { keepGoing: true })
      assert.deepStrictEqual(ends, ["Rejected final 450"])
      assert.deepInclude(accounting.recipients, { offered: 3, accepted: 0, refusedAfterContent: 3 })
    })
  )

  it.scoped("keeps the answers that came, and leaves open those that are missing", () =>
    Effect.gen(function* () {
      for (const [answer, lost] of [
        [{ ...finals(250, 550), end: "close" }, "ConnectionLost final"],
        [{ ...finals(250, 550), end: "reset" }, "ConnectionLost final"],
        [finals(250, 550), "ReplyTimeout final"]
      ] satisfies ReadonlyArray<readonly [Answer, string]>) {
        for (const keepGoing of [true, false]) {
          const { accounting, ends, fatal } = yield* lmtp(first("content", answer), { keepGoing, messages: 2 })
          assert.deepStrictEqual(ends, [`Accepted, ${lost}`, ...(keepGoing ? ["Accepted"] : [])])
          assert.strictEqual(fatal, keepGoing ? undefined : lost)
          assert.deepInclude(accounting.recipients, { refusedAfterContent: 1, unknown: 1 })
          assert.strictEqual(accounting.recipients.accepted, keepGoing ? 4 : 1)
        }
      }
    })
  )

  it.scoped("takes a 421 as the answer for one, and leaves open what becomes of the rest", () =>
    Effect.gen(function* () {
      const { accounting, ends, server } = yield* lmtp(first("content", { ...finals(250, 421), end: "close" }), {
        keepGoing: true,
        messages: 2
      })
      assert.deepStrictEqual(ends, ["Accepted", "Accepted"])
      assert.deepInclude(accounting.recipients, { offered: 6, accepted: 4, refusedAfterContent: 1, unknown: 1 })
      assert.strictEqual(server.count("connect"), 2)
    })
  )

  it.scoped("takes answers that are too many for no other message's", () =>
    Effect.gen(function* () {
      const { accounting, ends, server } = yield* lmtp(first("content", finals(250, 250, 250, 250)), {
        keepGoing: true,
        messages: 2
      })
      assert.deepStrictEqual(ends, ["Accepted", "Accepted"])
      assert.strictEqual(accounting.recipients.accepted, 6)
      assert.strictEqual(server.count("connect"), 2)
    })
  )

  it.scoped("leaves open what an answer means that is neither yes nor no, and believes nothing after it", () =>
    Effect.gen(function* () {
      const { accounting, ends, server } = yield* lmtp(first("content", finals(250, 199, 550)), {
        keepGoing: true,
        messages: 2
      })
      assert.deepStrictEqual(ends, ["Accepted", "Accepted"])
      assert.deepInclude(accounting.recipients, { accepted: 4, unknown: 1, refusedAfterContent: 1 })
      assert.strictEqual(server.count("connect"), 2)
    })
  )

  it.scoped("is refused as a whole before it is sent in full: nobody's mail is in doubt", () =>
    Effect.gen(function* () {
      const { accounting, ends } = yield* lmtp(first("writing", { say: "552 too big\r\n" }), {
        keepGoing: true
      })
      assert.deepStrictEqual(ends, ["Rejected final 552"])
      assert.strictEqual(accounting.recipients.unknown, 0)
    })
  )

  it.scoped("gives each answer the whole time-out", () =>
    Effect.gen(function* () {
      const slowly: Script = ({ moment }) => (moment === "content" ? { drip: 16_000 } : undefined)
      const { accounting } = yield* lmtp(slowly)
      // 16 bytes each: 256 s.
      assert.strictEqual(accounting.recipients.accepted, 3)
    })
  )
})

describe("a stop request", () => {
  const stopAfter = (milliseconds: number): Load.RunOptions => ({ stopping: Effect.sleep(milliseconds) })

  it.scoped("lets transactions end and sessions say QUIT, and begins no more messages", () =>
    Effect.gen(function* () {
      const { accounting, elapsed, fatal, server, stopped } = yield* drive(
        simulate(
          { messages: 100, sessions: 2, reuse: true },
          { script: always("content", { after: 1000 }), ...stopAfter(2500) }
        )
      )
      assert.isTrue(stopped)
      assert.isUndefined(fatal)
      assert.strictEqual(elapsed, 3000)
      assert.deepInclude(accounting, { started: 6, accepted: 6, notStarted: 94 })
      assert.deepStrictEqual(server.times("QUIT"), [3000, 3000])
    })
  )

  it.scoped("waits no longer than --drain, and books what is under way for what it is", () =>
    Effect.gen(function* () {
      const script: Script = ({ connection, moment }) => {
        if (connection === 0 && moment === "greeting") return silent
        if (connection === 1 && moment === "rcpt") return silent
        if (connection === 2 && moment === "writing") return { after: 1e9 }
        if (connection === 3 && moment === "content") return silent
        return undefined
      }
      const { accounting, elapsed, ends, fatal, server, stopped } = yield* drive(
        simulate({ messages: 9, sessions: 5, reuse: true, drain: 3, delay: 100 }, { script, ...stopAfter(1000) })
      )
      assert.isTrue(stopped)
      assert.isUndefined(fatal)
      assert.strictEqual(elapsed, 4000)
      assert.deepStrictEqual(ends, [
        "Failed, ConnectionLost greeting",
        "Failed, ConnectionLost rcpt",
        "Failed, ConnectionLost content",
        "Unknown, ConnectionLost final",
        "Accepted"
      ])
      assert.deepInclude(accounting, { started: 5, notStarted: 4 })
      assert.deepInclude(accounting.recipients, { offered: 4, accepted: 1, abandoned: 2, unknown: 1 })
      // Who waited between messages said QUIT when the request came.
      assert.deepStrictEqual(server.times("QUIT"), [1000])
    })
  )

  it.scoped("waits not at all with --drain 0", () =>
    Effect.gen(function* () {
      const { elapsed, ends } = yield* drive(
        simulate({ messages: 9, drain: 0 }, { script: always("content", silent), ...stopAfter(1000) })
      )
      assert.strictEqual(elapsed, 1000)
      assert.deepStrictEqual(ends, ["Unknown, ConnectionLost final"])
    })
  )

  it.scoped("is cut short by a second one", () =>
    Effect.gen(function* () {
      const { accounting, elapsed, ends, stopped } = yield* drive(
        simulate(
          { messages: 9, drain: 60 },
          { script: always("content", silent), ...stopAfter(1000), hurrying: Effect.sleep(2500) }
        )
      )
      assert.isTrue(stopped)
      assert.isAtLeast(elapsed, 1000)
      assert.isAtMost(elapsed, 3500)
      assert.deepStrictEqual(ends, ["Unknown, ConnectionLost final"])
      assert.strictEqual(accounting.notStarted, 8)
    })
  )

  it.scoped("wakes all who pause, and none of them sends another message", () =>
    Effect.gen(function* () {
      const { accounting, elapsed, server } = yield* drive(
        simulate({ messages: 100, sessions: 8, reuse: true, delay: 1000 }, stopAfter(700))
      )
      assert.strictEqual(elapsed, 700)
      assert.deepInclude(accounting, { started: 8, accepted: 8, notStarted: 92 })
      assert.strictEqual(server.count("MAIL"), 8)
      assert.strictEqual(server.count("QUIT"), 8)
    })
  )

  it.scoped("that comes once is heard by all, however many pause", () =>
    Effect.gen(function* () {
      const { accounting, elapsed } = yield* drive(
        Effect.gen(function* () {
          const requests = yield* Queue.unbounded<void>()
          yield* Effect.fork(Effect.delay(Queue.offer(requests, undefined), 700))
          const plan = { messages: 4, sessions: 2, reuse: true, delay: 5 }
          return yield* simulate(plan, { stopping: Queue.take(requests) })
        })
      )
      assert.strictEqual(elapsed, 700)
      assert.deepInclude(accounting, { started: 2, notStarted: 2 })
    })
  )

  it.scoped("that comes after the last message changes nothing", () =>
    Effect.gen(function* () {
      const { accounting, stopped } = yield* drive(simulate({ messages: 3 }, stopAfter(1000)))
      assert.isFalse(stopped)
      assert.strictEqual(accounting.accepted, 3)
    })
  )

  it.scoped("lets those go who wait for a place to connect", () =>
    Effect.gen(function* () {
      const { accounting, elapsed } = yield* drive(
        simulate(
          { messages: 10, sessions: 10, connecting: 1, drain: 2 },
          { script: always("connect", { after: 60_000 }), ...stopAfter(1000) }
        )
      )
      assert.strictEqual(elapsed, 3000)
      assert.strictEqual(accounting.failed + accounting.notStarted, 10)
    })
  )

  it.scoped("books a message as refused that was refused, though RSET was not answered any more", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment }) =>
        moment === "mail" ? { say: "550 no\r\n" } : moment === "rset" ? silent : undefined
      const { ends } = yield* drive(simulate({ keepGoing: true }, { script, ...stopAfter(1000) }))
      assert.match(ends.join(), /^Rejected mail 550/)
    })
  )

  it.scoped("books a message as accepted whose final answer came, though the next one's envelope rode with it", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment, total }) => (moment === "mail" && total === 1 ? { after: 1e9 } : undefined)
      const { accounting, ends, server } = yield* drive(
        simulate(
          { messages: 2, reuse: true, pipelining: "full" },
          { script, offers: ["PIPELINING"], ...stopAfter(1000) }
        )
      )
      assert.lengthOf(server.accepted, 1)
      assert.strictEqual(ends[0], "Accepted, ConnectionLost mail")
      assert.strictEqual(accounting.accepted, 1)
    })
  )

  it.scoped("keeps the answers of LMTP that came", () =>
    Effect.gen(function* () {
      const script = always("content", { say: "250 a\r\n550 b\r\n" })
      const { accounting } = yield* drive(simulate({ lmtp: true, recipients: 3 }, { script, ...stopAfter(1000) }))
      assert.deepInclude(accounting.recipients, { accepted: 1, refusedAfterContent: 1, unknown: 1 })
    })
  )
})

describe("interruption of run", () => {
  /** Interrupts a run so many turns after it began, and gives how many wires were handed out and are left open. */
  const interruptedAfter = (turns: number, script: Script) =>
    Effect.gen(function* () {
      const server = yield* make(script)
      const plan = Plan.make({ messages: 20, sessions: 3, delay: 0.001, reuse: true })
      const fiber = yield* Effect.fork(Effect.provide(Load.run(plan), server.layer))
      for (let turn = 0; turn < turns; turn++) yield* Effect.yieldNow()
      yield* Fiber.interrupt(fiber)
      yield* settled
      return { connects: server.count("connect"), open: server.open() }
    })

  it.scoped("leaves no wire open, whenever it comes", () =>
    Effect.gen(function* () {
      let connects = 0
      const leaks: Array<number> = []
      for (let turns = 0; turns < 120; turns++) {
        const result = yield* interruptedAfter(turns, () => undefined)
        connects += result.connects
        if (result.open > 0) leaks.push(turns)
      }
      assert.isAbove(connects, 100)
      assert.deepStrictEqual(leaks, [])
    })
  )

  it.scoped("is prompt, whatever is waited for", () =>
    Effect.gen(function* () {
      for (const moment of ["connect", "greeting", "hello", "rcpt", "content", "writing", "quit"] as const) {
        const answer: Answer = moment === "connect" ? { after: 1e9 } : moment === "writing" ? { after: 1e9 } : silent
        const server = yield* make(always(moment, answer))
        const running = Effect.provide(Load.run(Plan.make({ messages: 5, sessions: 5 })), server.layer)
        const fiber = yield* Effect.fork(running)
        yield* settled
        assert.isTrue(Option.isNone(yield* fiber.poll), moment)
        // No time passes: the clock stands.
        assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)), moment)
        assert.strictEqual(server.open(), 0, moment)
      }
    })
  )

  it.scoped("may come from a time-out around it", () =>
    Effect.gen(function* () {
      const server = yield* make(always("rcpt", silent))
      const running = Effect.provide(Load.run(Plan.make({})), server.layer)
      const result = yield* Effect.timeoutOption(running, 7000)
      assert.isTrue(Option.isNone(result))
      assert.strictEqual(server.open(), 0)
      assert.deepStrictEqual(server.times("reset"), [7000])
    }).pipe(drive)
  )
})

describe("what ends a run", () => {
  it.scoped("ends all its sessions at once, and their messages are booked for what they are", () =>
    Effect.gen(function* () {
      const script: Script = ({ connection, moment }) => {
        if (connection === 0 && moment === "mail") return { say: "550 no\r\n", after: 1000 }
        if (connection === 1 && moment === "rcpt") return silent
        if (connection === 2 && moment === "content") return silent
        return undefined
      }
      const { accounting, elapsed, ends, fatal, server } = yield* drive(
        simulate({ messages: 10, sessions: 3 }, { script })
      )
      assert.strictEqual(elapsed, 1000)
      assert.strictEqual(fatal, "ReplyRejected mail 550")
      assert.deepStrictEqual(ends, [
        "Rejected mail 550",
        "Failed, ConnectionLost rcpt",
        "Unknown, ConnectionLost final"
      ])
      assert.strictEqual(accounting.notStarted, 7)
      assert.deepStrictEqual(server.times("reset"), [1000, 1000, 1000])
    })
  )

  it.scoped("does not unmake what was answered in the moment in which it struck", () =>
    Effect.gen(function* () {
      // The third connection is lost between its messages; the other two have theirs answered before their fibers run.
      const lost: Script = ({ connection, moment }) =>
        connection === 2 && moment === "content" ? { end: "reset" } : undefined
      for (const refused of ["mail", "content", undefined] as const) {
        const script: Script = (turn) =>
          turn.total >= 3 && turn.moment === refused ? { say: "550 no\r\n" } : lost(turn)
        const { ends, fatal, server } = yield* drive(
          simulate({ messages: 6, sessions: 3, delay: 1, reuse: true, acceptRejection: true }, { script })
        )
        assert.strictEqual(fatal, "ConnectionLost mail")
        const end = refused === undefined ? "Accepted" : `Rejected ${refused === "mail" ? "mail" : "final"} 550`
        assert.deepStrictEqual(ends.slice(3), [end, end, "Failed, ConnectionLost mail"])
        assert.lengthOf(server.accepted, refused === undefined ? 5 : 3)
      }
    })
  )

  it.scoped("is told as the run's end, and not as its failure", () =>
    Effect.gen(function* () {
      const server = yield* make(always("connect", { refuse: "ECONNREFUSED" }))
      const result = yield* Effect.either(Effect.provide(Load.run(Plan.make({})), server.layer))
      assert.isTrue(Either.isRight(result))
    })
  )

  it.effect("is a file that was not read, before anything is sent", () =>
    Effect.gen(function* () {
      const plan = Plan.make({ file: "/nowhere", messages: 2 })
      const server = yield* TestServer.TestServer
      const one = Scenario.forEachMessage(() => Effect.void)
      for (const run of [Load.run(plan), Load.run(plan, one), Stream.runDrain(Load.stream(plan))]) {
        const error = yield* Effect.flip(run)
        assert.strictEqual(
          error.message,
          "the plan cannot be run like this: file (read it first: what Plan.load gives is the run's option file)"
        )
      }
      assert.strictEqual(server.sessions.length, 0)
    }).pipe(Effect.provide(TestServer.layer()))
  )

  it.effect("is no file that was read: each message is what it holds", () =>
    Effect.gen(function* () {
      const plan = Plan.make({ file: "mail", messages: 2 })
      const file = yield* Plan.load(plan)
      const deliver = Scenario.forEachMessage((message) =>
        Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message)))
      )
      for (const run of [Load.run(plan, { file }), Load.run(plan, deliver, { file })]) {
        const { content, result } = yield* Effect.gen(function* () {
          const result = yield* run
          const server = yield* TestServer.TestServer
          return { result, content: server.accepted.map(({ content }) => content) }
        }).pipe(Effect.provide(TestServer.layer()), (program) => Simulation.run(program))
        assert.strictEqual(result.accounting.accepted, 2)
        assert.deepStrictEqual(content, ["Subject: a\r\n\r\n.b\r\n", "Subject: a\r\n\r\n.b\r\n"])
      }
    }).pipe(
      Effect.provide(
        FileSystem.layerNoop({
          // What can be read only once asks no more of a file system.
          stat: () => Effect.succeed({ type: "FIFO" } as FileSystem.File.Info),
          readFile: () => Effect.succeed(new TextEncoder().encode("Subject: a\n\n.b\n"))
        })
      )
    )
  )
})

describe("onOutcome and the recorder", () => {
  it.scoped("have a transaction's duration from MAIL to the final answer, by how it ended", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment, total }) =>
        moment === "content"
          ? { after: total === 0 ? 100 : 40, say: total === 0 ? "250 a\r\n" : "550 b\r\n" }
          : { after: 10 }
      const { recorder } = yield* drive(simulate({ messages: 2, reuse: true, acceptRejection: true }, { script }))
      const durations = (what: "final" | "mail" | "transaction", ending: "accepted" | "rejected") => {
        const histogram = recorder.histogram(what, ending)
        return histogram === undefined ? [] : [...histogram.counts].reduce((sum, count) => sum + count, 0)
      }
      assert.strictEqual(durations("transaction", "accepted"), 1)
      assert.strictEqual(durations("transaction", "rejected"), 1)
      assert.strictEqual(durations("mail", "accepted"), 2)
      assert.strictEqual(durations("final", "rejected"), 1)
    })
  )

  it.scoped("count the bytes that went out and came in", () =>
    Effect.gen(function* () {
      const { recorder, server } = yield* drive(simulate({ helloName: "me", from: "a", to: "b", bare: true }))
      const out = "MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\nQUIT\r\n".length + server.accepted[0]!.length
      assert.strictEqual(recorder.bytesOut, out)
      const back = [
        "220 localhost ESMTP",
        "250 2.1.0 Ok",
        "250 2.1.5 Ok",
        "354 End data with <CR><LF>.<CR><LF>",
        "250 2.0.0 Ok",
        "221 2.0.0 Bye"
      ].reduce((sum, line) => sum + line.length + 2, 0)
      assert.strictEqual(recorder.bytesIn, back)
    })
  )

  it.scoped("hear of every message once", () =>
    Effect.gen(function* () {
      const heard = yield* Deferred.make<void>()
      const messages: Array<number> = []
      yield* drive(simulate({ messages: 30, sessions: 4 }, { onOutcome: (message) => messages.push(message) }))
      yield* Deferred.succeed(heard, undefined)
      assert.deepStrictEqual(
        messages.sort((a, b) => a - b),
        Array.from({ length: 30 }, (_, message) => message)
      )
    })
  )
})
