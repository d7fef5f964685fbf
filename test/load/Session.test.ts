import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Pause from "../../src/plan/Pause.js"
import * as Plan from "../../src/plan/Plan.js"
import { drive, type Script, type ScriptedServer, simulate } from "./ScriptedServer.js"

/** What one connection saw, without times. */
const dialogue = (server: ScriptedServer, connection: number): ReadonlyArray<string> =>
  server.events.filter((event) => event.connection === connection).map(({ what }) => what)

const timesOn = (server: ScriptedServer, connection: number, what: string): ReadonlyArray<number> =>
  server.events.filter((event) => event.connection === connection && event.what.startsWith(what)).map(({ at }) => at)

describe("a session's dialogue", () => {
  const plan = { messages: 2, helloName: "me.example", from: "a@x", to: "b@y" } as const

  it.scoped("is QUIT after each message, and a new connection for the next one (S7.1, S7.5)", () =>
    Effect.gen(function* () {
      const { server } = yield* drive(simulate(plan))
      const once = ["connect", "HELO me.example", "MAIL FROM:<a@x>", "RCPT TO:<b@y>", "DATA", ".", "QUIT", "reset"]
      assert.deepStrictEqual(dialogue(server, 0), once)
      assert.deepStrictEqual(dialogue(server, 1), once)
      assert.strictEqual(server.count("connect"), 2)
    })
  )

  it.scoped("is the next MAIL at once with -d, without RSET (S7.5)", () =>
    Effect.gen(function* () {
      const { server } = yield* drive(simulate({ ...plan, reuse: true }))
      const message = ["MAIL FROM:<a@x>", "RCPT TO:<b@y>", "DATA", "."]
      assert.deepStrictEqual(dialogue(server, 0), [
        "connect",
        "HELO me.example",
        ...message,
        ...message,
        "QUIT",
        "reset"
      ])
      assert.strictEqual(server.count("connect"), 1)
    })
  )

  it.scoped("has LHLO with -L, and no hello with -o (S8.6, S12)", () =>
    Effect.gen(function* () {
      const [lmtp, bare, both] = yield* drive(
        Effect.all(
          [
            simulate({ ...plan, lmtp: true }),
            simulate({ ...plan, bare: true }),
            simulate({ ...plan, bare: true, lmtp: true })
          ],
          { concurrency: "unbounded" }
        )
      )
      assert.strictEqual(dialogue(lmtp.server, 0)[1], "LHLO me.example")
      assert.strictEqual(dialogue(bare.server, 0)[1], "MAIL FROM:<a@x>")
      assert.strictEqual(dialogue(both.server, 0)[1], "MAIL FROM:<a@x>")
    })
  )

  it.scoped("offers -r recipients one after another, numbered over the run's messages (S7.1, S14)", () =>
    Effect.gen(function* () {
      const { server } = yield* drive(simulate({ ...plan, reuse: true, recipients: 2, numberRecipients: true }))
      assert.deepStrictEqual(
        dialogue(server, 0).filter((what) => what.startsWith("RCPT")),
        ["RCPT TO:<1b@y>", "RCPT TO:<2b@y>", "RCPT TO:<3b@y>", "RCPT TO:<4b@y>"]
      )
    })
  )

  it.scoped("closes with a FIN where the plan says so", () =>
    Effect.gen(function* () {
      const { server } = yield* drive(simulate({ ...plan, close: "fin" }))
      assert.deepStrictEqual([server.count("fin"), server.count("reset")], [2, 0])
    })
  )

  it.scoped("sends the whole content, its own for each message", () =>
    Effect.gen(function* () {
      const { server } = yield* drive(simulate({ ...plan, messages: 3, length: 20_000, reuse: true }))
      assert.lengthOf(server.accepted, 3)
      assert.strictEqual(new Set(server.accepted).size, 3)
      for (const content of server.accepted) {
        assert.match(content, /^From: <a@x>\r\nTo: <b@y>\r\n/)
        assert.strictEqual(content.slice(content.indexOf("\r\n\r\n") + 4).length, 20_005)
      }
    })
  )
})

describe("sessions", () => {
  it.scoped("are as many as asked for, but no more than messages (S4.2)", () =>
    Effect.gen(function* () {
      const slow: Script = ({ moment }) => (moment === "content" ? { after: 100 } : undefined)
      for (const [sessions, messages, connections] of [
        [5, 2, 2],
        [2, 5, 2],
        [3, 3, 3]
      ] as const) {
        const { accounting, server } = yield* drive(simulate({ sessions, messages, reuse: true }, { script: slow }))
        assert.strictEqual(server.count("connect"), connections)
        assert.strictEqual(accounting.accepted, messages)
      }
    })
  )

  it.scoped("send at the same time, and share the messages as they get to them", () =>
    Effect.gen(function* () {
      const script: Script = ({ connection, moment }) =>
        moment === "content" ? { after: connection === 0 ? 1000 : 100 } : undefined
      const { elapsed, server } = yield* drive(simulate({ sessions: 2, messages: 10, reuse: true }, { script }))
      assert.strictEqual(timesOn(server, 0, "MAIL").length, 1)
      assert.deepStrictEqual(timesOn(server, 1, "MAIL"), [0, 100, 200, 300, 400, 500, 600, 700, 800])
      assert.strictEqual(elapsed, 1000)
    })
  )
})

describe("-w", () => {
  it.scoped("waits between the messages of a connection, and not after the last one (S6.1)", () =>
    Effect.gen(function* () {
      const { elapsed, server } = yield* drive(simulate({ messages: 3, reuse: true, delay: 2 }))
      assert.deepStrictEqual(server.times("MAIL"), [0, 2000, 4000])
      assert.deepStrictEqual(server.times("QUIT"), [4000])
      assert.strictEqual(elapsed, 4000)
    })
  )

  it.scoped("waits after QUIT, without a connection, where connections are not kept (S6.1)", () =>
    Effect.gen(function* () {
      const { elapsed, server } = yield* drive(simulate({ messages: 3, delay: 2 }))
      assert.deepStrictEqual(server.times("connect"), [0, 2000, 4000])
      assert.deepStrictEqual(server.times("QUIT"), [0, 2000, 4000])
      assert.deepStrictEqual(server.times("reset"), [0, 2000, 4000])
      assert.strictEqual(elapsed, 4000)
    })
  )

  it.scoped("waits from the end of one message to the beginning of the next", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment }) => (moment === "content" ? { after: 700 } : undefined)
      const { elapsed, server } = yield* drive(simulate({ messages: 3, reuse: true, delay: 2 }, { script }))
      assert.deepStrictEqual(server.times("MAIL"), [0, 2700, 5400])
      assert.strictEqual(elapsed, 6100)
    })
  )

  it.scoped("takes fractions of a second", () =>
    Effect.gen(function* () {
      const { server } = yield* drive(simulate({ messages: 3, reuse: true, delay: 0.25 }))
      assert.deepStrictEqual(server.times("MAIL"), [0, 250, 500])
    })
  )

  it.scoped("of one session does not hold up another", () =>
    Effect.gen(function* () {
      const script: Script = ({ connection, moment }) =>
        moment === "content" && connection === 0 ? { after: 3000 } : undefined
      const { server } = yield* drive(simulate({ messages: 7, sessions: 2, reuse: true, delay: 10 }, { script }))
      assert.deepStrictEqual(timesOn(server, 0, "MAIL"), [0, 13_000, 26_000])
      assert.deepStrictEqual(timesOn(server, 1, "MAIL"), [0, 10_000, 20_000, 30_000])
    })
  )

  it.scoped("keeps no session waiting for which nothing is left: it says QUIT and is gone (S6.5)", () =>
    Effect.gen(function* () {
      const { elapsed, server } = yield* drive(simulate({ messages: 4, sessions: 3, reuse: true, delay: 100 }))
      assert.deepStrictEqual(server.times("QUIT"), [0, 0, 100_000])
      assert.strictEqual(elapsed, 100_000)
    })
  )

  it.scoped("waits after a message that was refused, too (S6.1)", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment, total }) => {
        if (moment === "mail" && total === 0) return { say: "550 no\r\n" }
        if (moment === "rcpt" && total === 0) return { say: "421 bye\r\n", end: "close" }
        return undefined
      }
      const { ends, server } = yield* drive(
        simulate({ messages: 3, reuse: true, delay: 2, acceptRejection: true }, { script })
      )
      assert.deepStrictEqual(ends, ["Rejected mail 550", "Rejected rcpt 421", "Accepted"])
      assert.deepStrictEqual(server.times("MAIL"), [0, 2000, 4000])
      assert.deepStrictEqual(server.times("connect"), [0, 4000])
      assert.deepStrictEqual(server.times("reset"), [2000, 4000], "a connection that ends is not kept over a pause")
    })
  )
})

describe("-R", () => {
  const times = (randomDelay: number, seed: string, messages = 20) =>
    Effect.map(simulate({ messages, reuse: true, randomDelay, seed }), ({ server }) => server.times("MAIL"))
  const gaps = (times: ReadonlyArray<number>) => times.slice(1).map((time, index) => time - times[index]!)

  it.scoped("waits for whole seconds, as its interval is whole, and for no more (S6.3)", () =>
    Effect.gen(function* () {
      const waits = gaps(yield* drive(times(3, "a", 60)))
      assert.deepStrictEqual(new Set(waits), new Set([0, 1000, 2000, 3000]))
    })
  )

  it.scoped("waits for any fraction where its interval has one", () =>
    Effect.gen(function* () {
      const waits = gaps(yield* drive(times(2.5, "a")))
      assert.isTrue(waits.every((wait) => wait >= 0 && wait <= 2501))
      assert.isAbove(waits.filter((wait) => wait % 1000 !== 0).length, 15)
    })
  )

  it.scoped("is the same in every run with the same seed, and another with another", () =>
    Effect.gen(function* () {
      const [one, again, other] = yield* drive(
        Effect.all([times(9, "a"), times(9, "a"), times(9, "b")], { concurrency: "unbounded" })
      )
      assert.deepStrictEqual(one, again)
      assert.notDeepEqual(one, other)
    })
  )

  it.scoped("waits before message k for what seed and k say, whichever session sends it", () =>
    Effect.gen(function* () {
      const input = {
        messages: 12,
        sessions: 3,
        reuse: true,
        randomDelay: 9,
        seed: "a",
        numberRecipients: true,
        to: "x"
      }
      const { server } = yield* drive(simulate(input))
      const pauseBefore = Pause.make(Plan.make(input), "a")!
      for (const connection of [0, 1, 2]) {
        const sent = server.events.filter((event) => event.connection === connection && event.what.startsWith("RCPT"))
        assert.isAbove(sent.length, 1)
        for (let index = 1; index < sent.length; index++) {
          const message = Number(/<(\d+)x>/.exec(sent[index]!.what)?.[1]) - 1
          assert.strictEqual(sent[index]!.at - sent[index - 1]!.at, pauseBefore(message))
        }
      }
    })
  )

  it.scoped("differs between runs that name no seed", () =>
    Effect.gen(function* () {
      const runs = Array.from({ length: 4 }, () => simulate({ messages: 20, reuse: true, randomDelay: 9 }))
      const all = yield* drive(Effect.all(runs, { concurrency: "unbounded" }))
      assert.isAbove(new Set(all.map(({ server }) => server.times("MAIL").join())).size, 1)
    })
  )
})

describe("onContentSent", () => {
  it.scoped("is told of each final dot when it is sent, whatever the answer will be (S11.1)", () =>
    Effect.gen(function* () {
      let sent = 0
      const script: Script = ({ moment, total }) => {
        if (moment === "content") return { say: total === 0 ? "550 no\r\n" : "250 ok\r\n", after: 100 }
        return moment === "mail" && total === 1 ? { say: "550 no\r\n" } : undefined
      }
      const { ends } = yield* drive(
        simulate({ messages: 3, acceptRejection: true }, { script, onContentSent: () => sent++ })
      )
      assert.deepStrictEqual(ends, ["Rejected final 550", "Rejected mail 550", "Accepted"])
      assert.strictEqual(sent, 2)
    })
  )
})
