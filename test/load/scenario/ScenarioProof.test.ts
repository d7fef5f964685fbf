import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import * as Load from "../../../src/load/Load.js"
import * as MessageSource from "../../../src/load/scenario/MessageSource.js"
import * as Scenario from "../../../src/load/scenario/Scenario.js"
import * as ArrivalTimes from "../../../src/measure/ArrivalTimes.js"
import * as Histogram from "../../../src/measure/Histogram.js"
import * as Plan from "../../../src/plan/Plan.js"
import * as Simulation from "../../../src/testing/Simulation.js"
import * as TestRelay from "../../../src/testing/TestRelay.js"

const proving = (input: Plan.PlanInput): Plan.Plan =>
  Plan.make({ prove: "recipients", downstream: "unix:next", settle: 60, failIf: "missing > 100", ...input })

const relayed =
  (relaying: TestRelay.Relaying) =>
  <A, E, R>(load: Effect.Effect<A, E, R>) =>
    Simulation.run(Effect.provide(load, TestRelay.layer(relaying)))

/** Sends one message, and does something with it then. */
const withOne = <A, E, R>(use: (message: Scenario.TakenMessage) => Effect.Effect<A, E, R>) =>
  Scenario.forNextMessage((message) =>
    Effect.gen(function* () {
      yield* Scenario.deliver(yield* Scenario.kept, message)
      return yield* use(message)
    })
  )

const failureOf = <A, E>(exit: Exit.Exit<A, E> | undefined): string =>
  exit !== undefined && Exit.isFailure(exit) ? String(Cause.squash(exit.cause)) : "none"

describe("what a scenario asks of a proof of delivery", () => {
  it.effect("is whether a message has come, and how late it was", () =>
    Effect.gen(function* () {
      const seen = yield* Ref.make<ReadonlyArray<Option.Option<Scenario.Arrived>>>([])
      const look = (message: Scenario.TakenMessage) =>
        Effect.flatMap(Scenario.arrival(message), (arrived) => Ref.update(seen, (all) => [...all, arrived]))
      const result = yield* Load.run(
        proving({ messages: 3, prove: "messages" }),
        Effect.repeatN(
          withOne((message) =>
            Effect.zipRight(look(message), Effect.zipRight(Effect.sleep("2 seconds"), look(message)))
          ),
          2
        )
      )
      assert.deepStrictEqual(result.violations, [])
      const [before, after, ...rest] = yield* seen
      assert.isTrue(Option.isNone(before!))
      // The relay looks for messages every 20 ms.
      assert.closeTo(Duration.toMillis(Option.getOrThrow(after!).after), 300, 20)
      assert.deepStrictEqual(
        rest.map((arrived) => Option.map(arrived, ({ after }) => Math.floor(Duration.toSeconds(after)))),
        [Option.none(), Option.some(1), Option.none(), Option.none()]
      )
      assert.deepInclude(result.proof!.tally, { accepted: 3, missing: 1, deliveredAccepted: 2 })
    }).pipe(relayed((message) => (message === 2 ? [] : [{ after: message === 0 ? 300 : 1500 }])))
  )

  it.effect("is when it comes, of one recipient or of all: a wait is over then, and measures it", () =>
    Effect.gen(function* () {
      const { recorder, sessions } = yield* Load.run(
        proving({ messages: 40, sessions: 40, recipients: 2, numberRecipients: true, to: "x@example.com" }),
        withOne((message) =>
          Effect.gen(function* () {
            const first = yield* Scenario.measure(Scenario.awaitArrival(message, { recipient: 0 }), "first")
            const all = yield* Scenario.awaitArrival(message)
            const second = yield* Scenario.awaitArrival(message, { recipient: 1 })
            assert.deepStrictEqual(all, second)
            assert.closeTo(Duration.toMillis(all.after) - Duration.toMillis(first.after), 4000, 1)
          })
        )
      )
      assert.isTrue(
        sessions.every(Exit.isSuccess),
        sessions.map(failureOf).find((text) => text !== "none")
      )
      const first = recorder.ownHistogram("first", "accepted")!
      assert.strictEqual(Histogram.total(first), 40)
      assert.closeTo(Histogram.valueAtPercentile(first, 100) / 1e6, 1000, 40)
    }).pipe(
      relayed((_, { recipients }) => [
        { after: "1 second", recipients: recipients.slice(0, 1) },
        { after: "4 seconds", recipients: recipients.slice(1) }
      ])
    )
  )

  it.effect("is waited for only so long, or until a notice says that it was returned", () =>
    Effect.gen(function* () {
      const ends = yield* Ref.make<ReadonlyArray<string>>([])
      const { elapsed, sessions } = yield* Load.run(
        proving({ messages: 2, prove: "messages" }),
        Effect.repeatN(
          withOne((message) =>
            Scenario.awaitArrival(message, { within: "3 seconds" }).pipe(
              Effect.catchTag("NotArrived", ({ message }) => Ref.update(ends, (all) => [...all, message]))
            )
          ),
          1
        )
      )
      assert.isTrue(sessions.every(Exit.isSuccess))
      assert.deepStrictEqual(yield* ends, ["message 0 has not come in time", "message 1 was returned"])
      assert.closeTo(elapsed, 3500, 50)
    }).pipe(
      relayed((message, { content }) =>
        message === 0
          ? []
          : [{ after: 500, sender: "", content: `Subject: Undelivered\r\n\r\nAction: failed\r\n\r\n${content}` }]
      )
    )
  )

  it.effect("is interrupted at once", () =>
    Effect.gen(function* () {
      const ended = yield* Ref.make(0)
      const run = yield* Effect.fork(
        Load.run(
          proving({ messages: 1, settle: 1 }),
          withOne((message) =>
            Scenario.awaitArrival(message, { within: "1 hour" }).pipe(
              Effect.timeoutOption("1 second"),
              Effect.zipRight(Effect.flatMap(Clock.currentTimeMillis, (now) => Ref.set(ended, now)))
            )
          )
        )
      )
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Ref.get(ended), 1000)
      yield* TestClock.adjust("2 seconds")
      assert.strictEqual((yield* Fiber.join(run)).proof?.tally.missing, 1)
    }).pipe(Effect.provide(TestRelay.layer(() => [])))
  )

  it.effect("needs a proof, a recipient that there is, and the plan's own messages", () =>
    Effect.gen(function* () {
      const failed = (plan: Plan.Plan, scenario: Scenario.Scenario<unknown, unknown>) =>
        Effect.map(Load.run(plan, scenario), ({ sessions }) => failureOf(sessions[0]))
      const one = proving({ messages: 1, settle: 1 })
      assert.include(
        yield* failed(Plan.make({ messages: 1 }), withOne(Scenario.arrival)),
        "InvalidScenario: nobody knows what has arrived: the plan has no prove and downstream"
      )
      // Stamps alone are for a store that is looked into later.
      const stamped = Plan.make({ messages: 1, prove: "recipients" })
      for (const asking of [withOne(Scenario.arrival), withOne((message) => Scenario.awaitArrival(message))]) {
        assert.include(yield* failed(stamped, asking), "InvalidScenario: nobody knows what has arrived")
      }
      assert.include(
        yield* failed(
          one,
          withOne((message) => Scenario.awaitArrival(message, { recipient: 1 }))
        ),
        "InvalidScenario: there is no recipient 1 to be told apart"
      )
      const source = MessageSource.fromFunction(() => ({
        sender: "a@x",
        recipients: ["b@x"],
        content: "Subject: x\n\nx\n"
      }))
      for (const plan of [one, stamped]) {
        assert.include(
          yield* failed(
            plan,
            Scenario.forEachMessage(() => Effect.void, source)
          ),
          "MailUnusable: message 0: only the plan's own messages have stamps"
        )
      }
      // The plan's own have theirs, by whatever name they are asked for.
      const own = Scenario.forEachMessage(
        (message) => Effect.flatMap(Scenario.kept, Scenario.deliver(message)),
        MessageSource.take(MessageSource.fromPlan, 1)
      )
      assert.include(yield* failed(stamped, own), "MailUnusable")
      const { accounting, sessions } = yield* Load.run(
        stamped,
        Scenario.forNextMessage(
          (message) => Effect.flatMap(Scenario.kept, Scenario.deliver(message)),
          MessageSource.fromPlan
        )
      )
      assert.isTrue(sessions.every(Exit.isSuccess))
      assert.strictEqual(accounting.accepted, 1)
    }).pipe(relayed(() => [{}]))
  )
})

describe("times of arrival", () => {
  it("are those of the last that came", () => {
    const memory = ArrivalTimes.ArrivalTimes.memoryFor(3)
    const times = new ArrivalTimes.ArrivalTimes(memory)
    const reader = new ArrivalTimes.ArrivalTimes(memory)
    assert.isUndefined(reader.get(0))
    for (let key = 0; key < 5; key++) times.set(key, { at: key * 10, sentAt: key })
    assert.deepStrictEqual(
      [0, 1, 2, 3, 4].map((key) => reader.get(key)?.at),
      [undefined, undefined, 20, 30, 40]
    )
    assert.strictEqual(
      ArrivalTimes.ArrivalTimes.memoryFor(Number.POSITIVE_INFINITY).byteLength,
      ArrivalTimes.most * 3 * 8
    )
  })
})
