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
import type { TlsWay } from "../../src/smtp/Tls.js"
import { type ConnectOptions, Connector } from "../../src/smtp/Wire.js"
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

/** The names that TLS asks for over the first connections. */
const names = (
  input: Plan.PlanInput,
  connections: number,
  server: TestServer.TestServerOptions = { addresses: () => ["192.0.2.1", "192.0.2.2"] }
) =>
  Effect.gen(function* () {
    const plan = Plan.make(input)
    const targets = ConnectionBegin.targetsOf(plan, plan.target!)
    const connector = yield* Connector
    const routes = Routes.make(plan, {
      targetsOf: () => targets,
      helloName: "localhost",
      tls: {},
      recorder: new Recorder(),
      connector
    })
    const options = { timeout: 1000 } as ConnectOptions
    const asked: Array<string | undefined> = []
    for (let connection = 0; connection < connections; connection++) {
      const [route] = yield* routes.of(connection).all(options)
      asked.push(route?.introduction.tls?.settings.name)
    }
    return asked
  }).pipe(Effect.provide(TestServer.layer(server)))

describe("connections of several shapes", () => {
  it.effect("with TLS from the first byte go to its own port, unless the target names one", () =>
    Effect.gen(function* () {
      const connector = yield* Connector
      const ports = (target: string) =>
        Effect.gen(function* () {
          const plan = Plan.make({ target, shapes: ["1: tls implicit", "1: tls starttls", "1"] })
          const targetsOf = (way: TlsWay) => ConnectionBegin.targetsOf(plan, target, way)
          const routes = Routes.make(plan, { targetsOf, helloName: "x", tls: {}, recorder: new Recorder(), connector })
          const found: Array<unknown> = []
          for (const way of ["implicit", "starttls", undefined] as const) {
            const [route] = yield* routes.of(0, way).all({ timeout: 1000 } as ConnectOptions)
            const { goes, introduction } = route!
            found.push([goes._tag === "Unix" ? "" : goes.port, introduction.tls?.how, introduction.verb])
          }
          return found
        })
      const [implicit, starttls, off] = [
        ["implicit", "EHLO"],
        ["starttls", "EHLO"],
        [undefined, "EHLO"]
      ]
      assert.deepStrictEqual(yield* ports("mail.example"), [
        [465, ...implicit],
        [25, ...starttls],
        [25, ...off]
      ])
      assert.deepStrictEqual(yield* ports("mail.example:2525"), [
        [2525, ...implicit],
        [2525, ...starttls],
        [2525, ...off]
      ])
    }).pipe(Effect.provide(TestServer.layer()))
  )
})

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
    Effect.gen(function* () {
      const plan: Plan.PlanInput = { target: "one.example,two.example:465", tls: "implicit" }
      assert.deepStrictEqual(yield* names(plan, 2), ["one.example", "two.example"])
      assert.deepStrictEqual(yield* names({ ...plan, connectTo: ["two.example::127.0.0.1:"], spread: true }, 2), [
        "one.example",
        "two.example"
      ])
    })
  )

  it.effect("one target has no counts of its own", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* run("a closed run", { target: "one" })).targets, [])
    })
  )
})

describe("--spread", () => {
  const addresses = (host: string) => (host === "mail.example" ? ["192.0.2.1", "2001:db8::2", "192.0.2.3"] : undefined)

  for (const way of Object.keys(ways) as ReadonlyArray<Way>) {
    it.effect(`${way} goes to all addresses of a name in turn, and counts each`, () =>
      Effect.gen(function* () {
        const { targets, tried } = yield* run(way, { target: "mail.example:2525", spread: true }, { addresses })
        const places = ["192.0.2.1:2525", "[2001:db8::2]:2525", "192.0.2.3:2525"]
        const turns = Array.from({ length: connectionsOf(way) }, (_, n) => places[n % 3]!)
        assert.deepStrictEqual(tried.toSorted(), turns.toSorted())
        const opened = (place: string) => turns.filter((turn) => turn === place).length
        assert.deepStrictEqual(
          targets.map(({ accepted, opened, target }) => [target, opened, accepted]),
          [
            ["mail.example:2525 (192.0.2.1)", opened(places[0]!), opened(places[0]!)],
            ["mail.example:2525 (192.0.2.3)", opened(places[2]!), opened(places[2]!)],
            ["mail.example:2525 (2001:db8::2)", opened(places[1]!), opened(places[1]!)]
          ]
        )
      })
    )
  }

  it.effect("each of several targets has its own addresses in turn", () =>
    Effect.gen(function* () {
      const plan: Plan.PlanInput = { target: "mail.example,other*2,unix:/run/smtp", messages: 12, spread: true }
      const { tried } = yield* run("a closed run", plan, { addresses })
      const [first, second, third, unix, other] = [
        "192.0.2.1:25",
        "[2001:db8::2]:25",
        "192.0.2.3:25",
        "unix:/run/smtp",
        "other:25"
      ]
      assert.deepStrictEqual(tried, [other, first, unix, other, other, second, unix, other, other, third, unix, other])
    })
  )

  it.effect("an address that is down costs its own messages", () =>
    Effect.gen(function* () {
      const { accounting, targets } = yield* run(
        "a closed run",
        { target: "mail.example", spread: true, messages: 4, keepGoing: true },
        { addresses: () => ["192.0.2.1", "dead"] }
      )
      assert.strictEqual(accounting.failed, 2)
      assert.deepStrictEqual(targets, [
        counted("mail.example:25 (192.0.2.1)", { opened: 2, accepted: 2 }),
        counted("mail.example:25 (dead)", { unopened: 2, failed: 2 })
      ])
    })
  )
})

describe("--connect-to", () => {
  it.effect("connections go where it says, and are counted by the target that was asked for", () =>
    Effect.gen(function* () {
      const connectTo = ["mail.example:25:127.0.0.1:2525", "::[::1]:"]
      const { targets, tried } = yield* run("a closed run", { target: "mail.example,other:26", messages: 2, connectTo })
      assert.deepStrictEqual(tried, ["127.0.0.1:2525", "[::1]:26"])
      assert.deepStrictEqual(
        targets.map(({ target }) => target),
        ["mail.example:25", "other:26"]
      )
    })
  )

  it.effect("what it says may be a name with several addresses", () =>
    Effect.gen(function* () {
      const plan: Plan.PlanInput = { target: "a", messages: 2, connectTo: ["::many:2525"], spread: true }
      const { tried } = yield* run("a closed run", plan, {
        addresses: (host) => (host === "many" ? ["192.0.2.1", "192.0.2.2"] : undefined)
      })
      assert.deepStrictEqual(tried, ["192.0.2.1:2525", "192.0.2.2:2525"])
    })
  )
})

describe("mx:", () => {
  const records = [
    { priority: 20, exchange: "b.example" },
    { priority: 10, exchange: "a.example" },
    { priority: 20, exchange: "c.example" }
  ]
  const of = (found: typeof records | undefined): TestServer.TestServerOptions => ({
    exchangers: (domain) => (domain === "example.org" ? found : undefined)
  })

  for (const way of Object.keys(ways) as ReadonlyArray<Way>) {
    it.effect(`${way} goes to the preferred host, and counts by hosts`, () =>
      Effect.gen(function* () {
        const { targets, tried } = yield* run(way, { target: "mx:example.org" }, of(records))
        const all = connectionsOf(way)
        assert.deepStrictEqual(tried, Array(all).fill("a.example:25"))
        assert.deepStrictEqual(targets, [counted("a.example:25", { opened: all, accepted: all })])
      })
    )
  }

  it.effect("where it is down, the others take turns; an attempt that failed costs no message", () =>
    Effect.gen(function* () {
      const down = records.map((record) => (record.priority === 10 ? { ...record, exchange: "dead.example" } : record))
      const { accounting, recorder, targets, tried } = yield* run(
        "a closed run",
        { target: "mx:example.org:2525", messages: 3 },
        of(down)
      )
      assert.deepStrictEqual(
        tried,
        ["b", "c", "b"].flatMap((host) => ["dead.example:2525", `${host}.example:2525`])
      )
      assert.strictEqual(accounting.accepted, 3)
      assert.strictEqual(recorder.connections().failed, 3)
      assert.deepStrictEqual(targets, [
        counted("b.example:2525", { opened: 2, accepted: 2 }),
        counted("c.example:2525", { opened: 1, accepted: 1 }),
        counted("dead.example:2525", { unopened: 3 })
      ])
    })
  )

  it.effect("where all are down, the message fails at the last", () =>
    Effect.gen(function* () {
      const down = [1, 2].map((priority) => ({ priority, exchange: `dead${priority}.example` }))
      const { accounting, targets, tried } = yield* run(
        "a closed run",
        { target: "mx:example.org", messages: 1, keepGoing: true, connectAttempts: 2 },
        of(down)
      )
      assert.deepStrictEqual(tried, ["dead1.example:25", "dead2.example:25", "dead1.example:25", "dead2.example:25"])
      assert.strictEqual(accounting.failed, 1)
      assert.deepStrictEqual(targets, [
        counted("dead1.example:25", { unopened: 2 }),
        counted("dead2.example:25", { unopened: 2, failed: 1 })
      ])
    })
  )

  it.effect("a domain without records is its own host; one that takes no mail, or is none, costs the message", () =>
    Effect.gen(function* () {
      const implicit = yield* run("a closed run", { target: "mx:example.org", messages: 1 }, of([]))
      assert.deepStrictEqual(implicit.tried, ["example.org:25"])
      for (const [found, reason] of [
        [[{ priority: 0, exchange: "" }], "connect: mx:example.org: the domain takes no mail (null MX)"],
        [undefined, "connect: mx:example.org: the domain does not exist"]
      ] as const) {
        const plan: Plan.PlanInput = { target: "mx:example.org", messages: 2, keepGoing: true, connectAttempts: 5 }
        const { accounting, recorder, targets, tried } = yield* run("a closed run", plan, of(found && [...found]))
        assert.deepStrictEqual(tried, [])
        assert.strictEqual(accounting.failed, 2)
        assert.strictEqual(recorder.errors()[0]?.example, reason)
        assert.deepStrictEqual(targets, [counted("mx:example.org", { unopened: 2, failed: 2 })])
      }
    })
  )

  it.effect("--connect-to holds of hosts, and TLS asks for a host's name", () =>
    Effect.gen(function* () {
      const plan: Plan.PlanInput = { target: "mx:example.org", messages: 1, connectTo: ["a.example:25:127.0.0.1:2525"] }
      assert.deepStrictEqual((yield* run("a closed run", plan, of(records))).tried, ["127.0.0.1:2525"])
      assert.deepStrictEqual(yield* names({ ...plan, tls: "starttls" }, 1, of(records)), ["a.example"])
      assert.match(Plan.problems({ target: "mx:example.org", spread: true }).join(), /--spread cannot be used with mx:/)
    })
  )
})
