import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as ConnectionBegin from "../../src/load/ConnectionBegin.js"
import * as Routes from "../../src/load/Routes.js"
import { Recorder } from "../../src/measure/Recorder.js"
import type { TargetCount } from "../../src/measure/TargetTally.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Target from "../../src/smtp/Target.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { connectionsOf, type Way, ways } from "./Ways.js"
import { well } from "./WorkersHere.js"

/** Runs it in virtual time; no connection to a host whose name begins with `dead` is opened. Gives where connections went, too. */
const run = (way: Way, input: Plan.PlanInput, server: TestServer.TestServerOptions = {}) =>
  Effect.gen(function* () {
    const tried: Array<string> = []
    const memory = TestServer.layer({
      ...server,
      connect: (_, target) => {
        tried.push(Target.format(target))
        return target._tag === "Inet" && target.host.startsWith("dead") ? { refuse: "ECONNREFUSED" } : undefined
      }
    })
    const layer = Layer.provideMerge(well, memory)
    const result = yield* Effect.orDie(ways[way](input, {}).pipe(Effect.provide(layer), Simulation.run))
    assert.deepStrictEqual(result.violations, [])
    return { ...result, tried, targets: result.recorder.targets() }
  })

const nothing = { opened: 0, unopened: 0, accepted: 0, rejected: 0, failed: 0, abandoned: 0, unknown: 0 }

const counted = (target: string, counts: Partial<TargetCount>): TargetCount => ({ ...nothing, target, ...counts })

describe("several targets", () => {
  for (const way of Object.keys(ways) as ReadonlyArray<Way>) {
    it.effect(`${way} goes to them in turn, by weight, and counts each by itself`, () =>
      Effect.gen(function* () {
        const { targets, tried } = yield* run(way, { target: "one:25*3,[::1]:2525,unix:/run/smtp" })
        const connections = connectionsOf(way)
        const turns = Array.from({ length: connections }, (_, n) => [0, 0, 1, 2, 0][n % 5]!)
        const places = ["one:25", "[::1]:2525", "unix:/run/smtp"]
        assert.deepStrictEqual(tried.toSorted(), turns.map((place) => places[place]!).toSorted())
        assert.deepStrictEqual(
          targets,
          places.toSorted().map((place) => {
            const share = turns.filter((turn) => places[turn] === place).length
            return counted(place, { opened: share, accepted: share })
          })
        )
      })
    )

    it.effect(`${way} loses the messages of a target that is down, and no others`, () =>
      Effect.gen(function* () {
        const { accounting, targets } = yield* run(way, { target: "one,dead", keepGoing: true })
        const dead = Math.floor(connectionsOf(way) / 2)
        const alive = connectionsOf(way) - dead
        assert.strictEqual(accounting.accepted, alive)
        assert.strictEqual(accounting.failed, dead)
        assert.deepStrictEqual(targets, [
          counted("dead:25", { unopened: dead, failed: dead }),
          counted("one:25", { opened: alive, accepted: alive })
        ])
      })
    )
  }

  it.effect("without --keep-going a target that is down ends the run, as a single one does", () =>
    Effect.gen(function* () {
      const { accounting, endedBy, targets } = yield* run("a closed run", { target: "one,dead" })
      assert.include(Option.getOrThrow(endedBy).message, "connect to dead:25")
      assert.strictEqual(accounting.accepted, 1)
      assert.deepStrictEqual(targets[0], counted("dead:25", { unopened: 1, failed: 1 }))
    })
  )

  it.effect("further attempts of -C go to the same target", () =>
    Effect.gen(function* () {
      const { tried } = yield* run("a closed run", { target: "one,dead", connectAttempts: 3 })
      assert.deepStrictEqual(tried, ["one:25", "dead:25", "dead:25", "dead:25"])
    })
  )

  it.effect("connections that are kept are kept to all of them", () =>
    Effect.gen(function* () {
      const { targets } = yield* run("a closed run", { target: "a,b", sessions: 4, messages: 100, reuse: true })
      assert.deepStrictEqual(
        targets.map(({ opened }) => opened),
        [2, 2]
      )
      assert.strictEqual(targets[0]!.accepted + targets[1]!.accepted, 100)
      assert.isAbove(targets[0]!.accepted, 25)
    })
  )

  it.effect("what is rejected, abandoned or unknown is counted where it was", () =>
    Effect.gen(function* () {
      const script: TestServer.TestServerOptions["script"] = ({ session, stage }) =>
        stage === "rcpt" && session === 1
          ? { say: "550 no\r\n" }
          : stage === "final" && session === 2
            ? { say: "", end: "reset" }
            : undefined
      const plan: Plan.PlanInput = { target: "a,b,c", messages: 3, keepGoing: true }
      const { targets } = yield* run("a closed run", plan, { script })
      assert.deepStrictEqual(targets, [
        counted("a:25", { opened: 1, rejected: 1 }),
        counted("b:25", { opened: 1, unknown: 1 }),
        counted("c:25", { opened: 1, accepted: 1 })
      ])
      const abandoned = yield* run("a closed run", { ...plan, abandon: ["mail"] })
      assert.deepStrictEqual(abandoned.targets[0], counted("a:25", { opened: 1, failed: 1, abandoned: 1 }))
    })
  )

  it.effect("each segment goes to all of them, and all segments together keep to the weights", () =>
    Effect.gen(function* () {
      const plan: Plan.PlanInput = { target: "a,b", messages: 8, sessions: 2 }
      for (const segment of ["1/2", "2/2"]) {
        const { tried } = yield* run("a closed run", { ...plan, segment, seed: "s", runId: "r" })
        const order = segment === "1/2" ? ["a:25", "b:25"] : ["b:25", "a:25"]
        assert.deepStrictEqual(tried, [...order, ...order])
      }
    })
  )

  it.effect("TLS asks each for its own name", () =>
    Effect.sync(() => {
      const plan = Plan.make({ target: "one.example,two.example:465", tls: "implicit" })
      const targets = ConnectionBegin.targetsOf(plan, plan.target!)
      const routes = Routes.make(plan, { targets, helloName: "localhost", tls: {}, recorder: new Recorder() })
      assert.deepStrictEqual(
        [0, 1].map((connection) => {
          const { introduction, target } = routes.of(connection)
          return [introduction.tls?.settings.name, Target.format(target)]
        }),
        [
          ["one.example", "one.example:465"],
          ["two.example", "two.example:465"]
        ]
      )
    })
  )

  it.effect("one target has no counts of its own", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* run("a closed run", { target: "one" })).targets, [])
    })
  )
})
