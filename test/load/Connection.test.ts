import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Plan from "../../src/plan/Plan.js"
import { drive, type Script, simulate } from "./ScriptedServer.js"

const on =
  (wanted: string, answer: ReturnType<Script>): Script =>
  ({ moment }) =>
    moment === wanted ? answer : undefined

describe("connections that are being opened", () => {
  it.scoped("are never more than --connecting, until they are greeted", () =>
    Effect.gen(function* () {
      const { server } = yield* drive(
        simulate(
          { messages: 6, sessions: 6, connecting: 2 },
          {
            script: ({ moment }) =>
              moment === "greeting" ? { after: 500 } : moment === "content" ? { after: 60_000 } : undefined
          }
        )
      )
      assert.deepStrictEqual(server.times("connect"), [0, 0, 500, 500, 1000, 1000])
      assert.deepStrictEqual(server.times("HELO"), [500, 500, 1000, 1000, 1500, 1500])
    })
  )

  it.scoped("give their place back a second after they stand: slow greeters do not make a run sequential", () =>
    Effect.gen(function* () {
      const { elapsed, server } = yield* drive(
        simulate({ messages: 4, sessions: 4, connecting: 1 }, { script: on("greeting", { after: 10_000 }) })
      )
      assert.deepStrictEqual(server.times("connect"), [0, 1000, 2000, 3000])
      assert.strictEqual(elapsed, 13_000)
    })
  )

  it.scoped("keep their place as long as they do not stand", () =>
    Effect.gen(function* () {
      const { server } = yield* drive(
        simulate({ messages: 3, sessions: 3, connecting: 1 }, { script: on("connect", { after: 5000 }) })
      )
      assert.deepStrictEqual(server.times("connect"), [5000, 10_000, 15_000])
    })
  )

  it.scoped("give their place back when they cannot be opened, are refused or are lost", () =>
    Effect.gen(function* () {
      const script: Script = ({ connection, moment }) => {
        if (moment === "connect") return { after: 100, refuse: connection === 0 ? "ECONNREFUSED" : undefined }
        if (moment !== "greeting") return undefined
        return connection === 1 ? { say: "554 no\r\n" } : connection === 2 ? { say: "", end: "reset" } : undefined
      }
      const { ends } = yield* drive(simulate({ messages: 4, sessions: 4, connecting: 1, keepGoing: true }, { script }))
      assert.deepStrictEqual(ends, [
        "Failed, ConnectFailed connect",
        "Rejected greeting 554",
        "Failed, ConnectionLost greeting",
        "Accepted"
      ])
    })
  )
})

describe("-C", () => {
  const refusing =
    (...connections: ReadonlyArray<number>): Script =>
    ({ connection, moment }) =>
      moment === "connect" && connections.includes(connection) ? { refuse: "ECONNREFUSED" } : undefined

  it.scoped("is one attempt, without it: a failure ends the run (S5.4)", () =>
    Effect.gen(function* () {
      const { ends, fatal } = yield* drive(simulate({ messages: 2 }, { script: refusing(0) }))
      assert.deepStrictEqual(ends, ["Failed, ConnectFailed connect"])
      assert.strictEqual(fatal, "ConnectFailed connect")
    })
  )

  it.scoped("tries again so many times, and then the failure ends the run (S5.4)", () =>
    Effect.gen(function* () {
      for (const [refused, accepted] of [
        [[0, 1], 1],
        [[0, 1, 2], 0]
      ] as const) {
        const { accounting, fatal, recorder } = yield* drive(
          simulate({ messages: 1, connectAttempts: 3 }, { script: refusing(...refused) })
        )
        assert.strictEqual(accounting.accepted, accepted)
        assert.strictEqual(fatal, accepted === 1 ? undefined : "ConnectFailed connect")
        const failed = recorder.histogram("connect", "failed")
        assert.strictEqual(failed?.counts[0], refused.length)
      }
    })
  )

  it.scoped("is a budget for all of a session's life, which no success fills up again (S5.4)", () =>
    Effect.gen(function* () {
      const { ends, fatal } = yield* drive(simulate({ messages: 4, connectAttempts: 3 }, { script: refusing(0, 2, 4) }))
      assert.deepStrictEqual(ends, ["Accepted", "Accepted", "Failed, ConnectFailed connect"])
      assert.strictEqual(fatal, "ConnectFailed connect")
    })
  )

  it.scoped("is a budget for each session (S5.4)", () =>
    Effect.gen(function* () {
      const { accounting } = yield* drive(
        simulate({ messages: 3, sessions: 3, connectAttempts: 2 }, { script: refusing(0, 1, 2) })
      )
      assert.strictEqual(accounting.accepted, 3)
    })
  )

  it.scoped("tries no second time to find a host that is not known", () =>
    Effect.gen(function* () {
      for (const refuse of ["ENOTFOUND", "EAI_AGAIN"]) {
        const { fatal, recorder } = yield* drive(
          simulate({ connectAttempts: 5 }, { script: on("connect", { refuse }) })
        )
        assert.strictEqual(fatal, "ConnectFailed connect")
        assert.strictEqual(recorder.histogram("connect", "failed")?.counts[0], 1)
      }
    })
  )

  it.scoped("tells of an attempt that is made again", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      const onTrouble = (kind: string, text: string) => told.push(`${kind}: ${text}`)
      yield* drive(simulate({ connectAttempts: 3 }, { script: refusing(0, 1), onTrouble }))
      assert.deepStrictEqual(told, ["unused ECONNREFUSED: connect: ECONNREFUSED"])
    })
  )
})

describe("--keep-going, when no connection can be opened", () => {
  it.scoped("costs the message, and the next one tries again", () =>
    Effect.gen(function* () {
      const script: Script = ({ connection, moment }) =>
        moment === "connect" && connection < 2 ? { refuse: "ECONNREFUSED" } : undefined
      const { ends, fatal } = yield* drive(simulate({ messages: 3, keepGoing: true }, { script }))
      assert.deepStrictEqual(ends, ["Failed, ConnectFailed connect", "Failed, ConnectFailed connect", "Accepted"])
      assert.isUndefined(fatal)
    })
  )

  it.scoped("tries less and less often, up to once a second, until one stands", () =>
    Effect.gen(function* () {
      const tries: Array<number> = []
      const script: Script = ({ moment, total }) => {
        if (moment === "connect") tries.push(total)
        return moment === "connect" && total !== 14 ? { refuse: "ECONNREFUSED" } : undefined
      }
      const { accounting, elapsed, server } = yield* drive(simulate({ messages: 18, keepGoing: true }, { script }))
      // 0, 1, 2, 4 ... 512, 1000, 1000, 1000 milliseconds; the one that stands forgets them, and so the next two are tried at once.
      assert.deepStrictEqual(server.times("connect"), [1023 + 3 * 1000])
      assert.strictEqual(accounting.accepted, 1)
      assert.strictEqual(tries.length, 18)
      assert.strictEqual(elapsed, 4023 + 1)
    })
  )

  it.scoped("ends the wait before the next try when nothing more is to begin", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment }) => (moment === "connect" ? { refuse: "ECONNREFUSED" } : undefined)
      const { accounting, elapsed } = yield* drive(simulate({ duration: "2s", keepGoing: true }, { script }))
      // At 0, 0, 1, 3, 7 ... 1023 milliseconds; the one of 2023 is not begun.
      assert.strictEqual(accounting.failed, 12)
      assert.strictEqual(elapsed, 2000)
    })
  )

  it.scoped("does the same where every connection is refused by its greeting", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment }) =>
        moment === "greeting" ? { say: "421 too many\r\n", end: "close" } : undefined
      const { server } = yield* drive(simulate({ messages: 6, keepGoing: true }, { script }))
      assert.deepStrictEqual(server.times("connect"), [0, 0, 1, 3, 7, 15])
    })
  )

  it.scoped("waits where this machine is out of something, longer each time up to 100 ms, and blames nobody", () =>
    Effect.gen(function* () {
      const script: Script = ({ connection, moment }) =>
        moment === "connect" && connection < 10 ? { refuse: "EMFILE", local: true } : undefined
      const told: Array<string> = []
      const onTrouble = (_: string, text: string) => told.push(text)
      const { accounting, recorder, server } = yield* drive(
        simulate({ messages: 1, keepGoing: true }, { script, onTrouble })
      )
      // 1 + 2 + 4 + 8 + 16 + 32 + 64 + 100 + 100 + 100
      assert.deepStrictEqual(server.times("connect"), [427])
      assert.strictEqual(accounting.accepted, 1)
      // It is told, as this machine's, and it is no failed connect of the server's.
      assert.deepStrictEqual(told, ["connect: EMFILE"])
      const [error, ...others] = recorder.errors()
      assert.deepInclude(error, { step: "connect", detail: "EMFILE", local: true, count: 10 })
      assert.deepStrictEqual(others, [])
      assert.deepInclude(recorder.connections(), { opened: 1, failed: 0, local: 10 })
      assert.isUndefined(recorder.histogram("connect", "failed"))
    })
  )

  it.scoped("gives the message up when this machine has been out of something for the whole time-out", () =>
    Effect.gen(function* () {
      const { elapsed, ends } = yield* drive(
        simulate(
          { messages: 1, keepGoing: true, timeout: 2 },
          { script: on("connect", { refuse: "EADDRNOTAVAIL", local: true }) }
        )
      )
      assert.deepStrictEqual(ends, ["Failed, ConnectFailed connect"])
      assert.isAtLeast(elapsed, 2000)
      assert.isAtMost(elapsed, 2100)
    })
  )
})

describe("trouble of this machine, without --keep-going", () => {
  it.scoped("ends the run like any other failure (S5.4)", () =>
    Effect.gen(function* () {
      const { fatal } = yield* drive(simulate({}, { script: on("connect", { refuse: "EMFILE", local: true }) }))
      assert.strictEqual(fatal, "ConnectFailed connect")
    })
  )
})

describe("EHLO", () => {
  const hello = (script: Script | undefined, offers: ReadonlyArray<string>, input = {}) =>
    Effect.map(
      drive(simulate({ messages: 1, pipelining: "on", ...input }, { script, offers })),
      ({ ends, server }) => ({ ends, verbs: server.events.map(({ what }) => what.slice(0, 4)) })
    )
  const inSteps = ["MAIL", "RCPT", "DATA", ".", "QUIT", "rese"]

  it.scoped("is asked where commands are to go out in groups, and LHLO in LMTP", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual((yield* hello(undefined, ["PIPELINING"])).verbs, ["conn", "EHLO", ...inSteps])
      assert.deepStrictEqual((yield* hello(undefined, ["PIPELINING"], { lmtp: true })).verbs[1], "LHLO")
    })
  )

  for (const code of [500, 502, 504]) {
    it.scoped(`is followed by HELO where the server does not know it: ${code}`, () =>
      Effect.gen(function* () {
        const script: Script = ({ line, moment }) =>
          moment === "hello" && line.startsWith("EHLO") ? { say: `${code} what\r\n` } : undefined
        const { ends, verbs } = yield* hello(script, ["PIPELINING"])
        assert.deepStrictEqual(verbs, ["conn", "EHLO", "HELO", ...inSteps])
        assert.deepStrictEqual(ends, ["Accepted"])
      })
    )
  }

  it.scoped("is a refusal like any other where the server does not want us", () =>
    Effect.gen(function* () {
      const { ends, verbs } = yield* hello(on("hello", { say: "550 go away\r\n" }), [])
      assert.deepStrictEqual(ends, ["Rejected hello 550"])
      assert.deepStrictEqual(verbs, ["conn", "EHLO", "rese"])
    })
  )

  it.scoped("lets nobody go out in groups whom the server did not ask to", () =>
    Effect.gen(function* () {
      let most = 0
      const onTrace = (direction: string, text: string) => {
        if (direction === "sent") most = Math.max(most, text.split("\r\n").length - 1)
      }
      for (const [offers, commands] of [
        [["SIZE"], 1],
        [["PIPELINING"], 3]
      ] as const) {
        most = 0
        yield* drive(simulate({ pipelining: "on" }, { offers, onTrace }))
        assert.strictEqual(most, commands)
      }
    })
  )
})

describe("PIPELINING that the plan asks for", () => {
  const asked = (input: Plan.PlanInput, offers: ReadonlyArray<string>, script?: Script) =>
    Effect.gen(function* () {
      const told: Array<string> = []
      const onTrouble = (kind: string, text: string) => told.push(`${kind}: ${text}`)
      const plan = { messages: 3, pipelining: "on", ...input } as const
      const { recorder } = yield* drive(simulate(plan, { offers, script, onTrouble }))
      return { told, without: recorder.connections().unpipelined }
    })
  const warning = "pipelining: the server does not offer PIPELINING: each command waits for its reply"

  it.scoped("and the server does not offer is counted for each connection, and told of once", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* asked({}, ["SIZE"]), { told: [warning], without: 3 })
      assert.deepStrictEqual(yield* asked({ reuse: true }, ["SIZE"]), { told: [warning], without: 1 })
      assert.deepStrictEqual(yield* asked({ lmtp: true, pipelining: "full" }, []), { told: [warning], without: 3 })
    })
  )

  it.scoped("is not offered by a server that knows HELO alone", () =>
    Effect.gen(function* () {
      const script: Script = ({ line }) => (line.startsWith("EHLO") ? { say: "502 what\r\n" } : undefined)
      assert.deepStrictEqual(yield* asked({}, ["PIPELINING"], script), { told: [warning], without: 3 })
    })
  )

  it.scoped("is not missed where it is offered, is not asked for, or nobody was welcome", () =>
    Effect.gen(function* () {
      const refused = on("hello", { say: "550 go away\r\n" })
      assert.deepStrictEqual(yield* asked({}, ["PIPELINING"]), { told: [], without: 0 })
      assert.deepStrictEqual(yield* asked({ pipelining: "off" }, []), { told: [], without: 0 })
      assert.strictEqual((yield* asked({ keepGoing: true }, [], refused)).without, 0)
    })
  )
})

describe("QUIT", () => {
  for (const [name, answer, elapsed] of [
    ["is answered with anything (S7.6)", { say: "500 what\r\n" }, 0],
    ["is answered with a close alone", { say: "", end: "close" }, 0],
    ["is answered with a reset", { say: "", end: "reset" }, 0],
    ["is answered with garbage", { say: "what\r\n" }, 0],
    ["is not answered: 5 s are enough", { say: "", end: undefined }, 5000],
    ["is answered in drips", { drip: 2000 }, 5000]
  ] as const) {
    it.scoped(`changes nothing when it ${name}`, () =>
      Effect.gen(function* () {
        for (const keepGoing of [false, true]) {
          const result = yield* drive(simulate({ keepGoing }, { script: on("quit", answer) }))
          assert.deepStrictEqual(result.ends, ["Accepted"])
          assert.isUndefined(result.fatal)
          assert.strictEqual(result.elapsed, elapsed)
        }
      })
    )
  }
})
