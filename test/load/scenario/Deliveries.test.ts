/**
 * Messages with which nothing else is done than to send them: they follow one another in one piece of dialogue.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scenario from "../../../src/load/scenario/Scenario.js"
import * as Histogram from "../../../src/measure/Histogram.js"
import * as Plan from "../../../src/plan/Plan.js"
import * as TestServer from "../../../src/sink/TestServer.js"
import * as Dialogue from "../../../src/smtp/Dialogue.js"
import type { Script, Wire } from "../../../src/smtp/Wire.js"
import * as Simulation from "../../../src/testing/Simulation.js"
import { overOne, simulate } from "./scenarios.js"

/** Counts the pieces of dialogue over a connection. */
const counting = (wire: Wire): { dialogues: number } => {
  const count = { dialogues: 0 }
  const converse = wire.converse.bind(wire) as Wire["converse"]
  Object.assign(wire, {
    converse: <A>(script: () => Script<A>) => {
      count.dialogues++
      return converse(script)
    }
  })
  return count
}

describe("messages that are only sent", () => {
  it.effect("follow one another in one piece of dialogue, and each is measured from the end of the one before", () =>
    Effect.gen(function* () {
      let dialogues = 0
      const ends: Array<readonly [message: number, tag: string]> = []
      const scenario = Effect.gen(function* () {
        const wire = yield* Scenario.open
        const count = counting(wire)
        yield* Scenario.forEachMessage((message) => Scenario.deliver(wire, message))
        dialogues = count.dialogues
      })
      const { accounting, recorder } = yield* simulate({ messages: 5 }, scenario, {
        latency: "10 millis",
        run: { onOutcome: (message, { _tag }) => void ends.push([message, _tag]) }
      })
      assert.strictEqual(dialogues, 1)
      assert.strictEqual(accounting.accepted, 5)
      assert.deepStrictEqual(
        ends,
        [0, 1, 2, 3, 4].map((message) => [message, "Accepted"] as const)
      )
      const durations = recorder.histogram("transaction", "accepted")!
      assert.strictEqual(Histogram.total(durations), 5)
      for (const percent of [0, 100]) {
        assert.closeTo(Histogram.valueAtPercentile(durations, percent) / 1e6, 40, 0.1)
      }
    })
  )

  it.effect("do so in their order where others go another way, or more is done with them", () =>
    Effect.gen(function* () {
      const numbers: Array<number> = []
      const scenario = Effect.gen(function* () {
        const one = yield* Scenario.open
        const other = yield* Scenario.open
        yield* Scenario.forEachMessage((message) => {
          if (message.number % 5 === 2) return Scenario.deliver(other, message)
          if (message.number % 5 === 4) {
            return Effect.zipRight(Dialogue.request(one, "NOOP"), Scenario.deliver(one, message))
          }
          return Scenario.deliver(one, message)
        })
      })
      const { accounting, server } = yield* simulate({ messages: 40 }, scenario, {
        run: { onOutcome: (message) => void numbers.push(message) }
      })
      assert.strictEqual(accounting.accepted, 40)
      assert.deepStrictEqual(numbers, [...numbers.keys()])
      const over = server.log.filter(({ line }) => line.startsWith("MAIL")).map(({ session }) => session)
      const [one] = over
      assert.deepStrictEqual(
        over.map((session) => session === one),
        numbers.map((number) => number % 5 !== 2)
      )
    })
  )

  it.effect("go on after one that is refused, and after one that was lost are lost", () =>
    Effect.gen(function* () {
      const tags: Array<string> = []
      let mails = 0
      const { server } = yield* simulate({ messages: 8 }, overOne(), {
        run: { onOutcome: (_, { _tag }) => void tags.push(_tag) },
        script: ({ stage }) => {
          if (stage === "mail" && ++mails === 2) return TestServer.reply("550 no")
          return stage === "final" && mails === 6 ? TestServer.reset : undefined
        }
      })
      const expected = ["Accepted", "Rejected", "Accepted", "Accepted", "Accepted", "Unknown", "Failed", "Failed"]
      assert.deepStrictEqual(tags, expected)
      assert.strictEqual(server.sessions.length, 1)
    })
  )

  it.effect("are booked once, whenever they are interrupted", () =>
    Effect.gen(function* () {
      let accepted = 0
      const struck = new Set<string>()
      for (let after = 0; after < 300; after += 7) {
        const tags: Array<string> = []
        const numbers: Array<number> = []
        yield* Effect.gen(function* () {
          const server = yield* TestServer.TestServer
          const fiber = yield* Effect.fork(
            Scenario.run(Plan.make({ messages: 20 }), overOne(), {
              onOutcome: (message, { _tag }) => {
                numbers.push(message)
                tags.push(_tag)
              }
            })
          )
          yield* Effect.sleep(after)
          yield* Fiber.interrupt(fiber)
          yield* Effect.sleep("1 second")
          assert.strictEqual(server.sessions.filter(({ end }) => end === undefined).length, 0, `after ${after} ms`)
        }).pipe(Effect.provide(TestServer.layer({ latency: "10 millis" })), (program) => Simulation.run(program))
        assert.deepStrictEqual(numbers, [...numbers.keys()], `after ${after} ms`)
        const last = tags.pop()
        // Those before the one under way had come to their end.
        assert.deepStrictEqual(tags, new Array(tags.length).fill("Accepted"), `after ${after} ms`)
        if (last !== undefined) struck.add(last)
        accepted += tags.length
      }
      // The dot had been sent of some, and not of others.
      assert.sameMembers([...struck], ["Failed", "Unknown"])
      assert.isAbove(accepted, 50)
    })
  )

  it.effect("end with a defect of who decides, and the message it struck is booked as given up", () =>
    Effect.gen(function* () {
      const scenario = Effect.gen(function* () {
        const wire = yield* Scenario.open
        yield* Scenario.forEachMessage((message) => {
          if (message.number === 3) throw new RangeError("no more")
          return Scenario.deliver(wire, message)
        })
      })
      const { accounting, sessions } = yield* simulate({ messages: 10 }, scenario)
      assert.deepInclude({ ...accounting }, { accepted: 3, failed: 1, notStarted: 6 })
      const [end] = sessions
      assert.isTrue(end !== undefined && Exit.isFailure(end) && Cause.isDie(end.cause))
    })
  )
})
