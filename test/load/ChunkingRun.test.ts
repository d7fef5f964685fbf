import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Load from "../../src/load/Load.js"
import * as MessageSource from "../../src/load/scenario/MessageSource.js"
import type * as Plan from "../../src/plan/Plan.js"
import * as PlanModule from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import type { Behaviour } from "../../src/sink/Behaviour.js"
import { servers, wrong } from "./Faults.js"
import { overOne, simulate as simulateScenario } from "./scenario/scenarios.js"
import { drive, type Script, type SimulationOptions, simulate } from "./ScriptedServer.js"

const offers = ["PIPELINING", "CHUNKING"]

const run = (input: Plan.PlanInput, options: SimulationOptions = {}) =>
  drive(simulate({ messages: 3, reuse: true, chunking: "on", ...input }, { offers, ...options }))

const commands = ({ server }: { readonly server: { readonly events: ReadonlyArray<{ readonly what: string }> } }) =>
  server.events.map(({ what }) => what.split(/[ :]/)[0]!)

const say =
  (moment: string, nth: number, say: string): Script =>
  (turn) =>
    turn.moment === moment && turn.total === nth ? { say } : undefined

const ways = (["off", "on", "full"] as const).flatMap((pipelining) =>
  [false, true].map((lmtp) => ({ pipelining, lmtp }) as const)
)

describe("a run in chunks", () => {
  it.scoped.each(ways)("%j: the messages are those that DATA carries", (way) =>
    Effect.gen(function* () {
      const asked = { ...way, recipients: 2, messages: 4, length: 300 }
      const dotted = yield* run({ ...asked, chunking: "off" })
      const bodies = ({ server }: typeof dotted) =>
        server.accepted.map((content) => content.replace(/^(Message-Id: <).*(\.[0-9a-f]+@)/m, "$1$2")).sort()
      for (const chunking of ["on", "64", "1"]) {
        const result = yield* run({ ...asked, chunking })
        assert.strictEqual(result.accounting.accepted, 4)
        assert.deepStrictEqual(bodies(result), bodies(dotted))
        assert.strictEqual(result.server.count("DATA"), 0)
        assert.strictEqual(result.server.delivered(), 8)
        assert.strictEqual(result.recorder.contents, 4)
      }
    })
  )

  it.scoped("a file goes as it is: dots stay, and none is added", () =>
    Effect.gen(function* () {
      const text = "Subject: x\r\n\r\n.\r\n..a\r\nb\r\n"
      const file = Buffer.from("Subject: x\r\n\r\n..\r\n...a\r\nb\r\n.\r\n")
      const result = yield* run({ messages: 1, file: "f", declareSize: true }, { file, offers: [...offers, "SIZE"] })
      assert.deepStrictEqual(result.server.accepted, [`${text}.\r\n`])
      assert.strictEqual(result.server.count(`MAIL FROM:<foo@localhost> SIZE=${text.length}`), 1)
    })
  )

  it.scoped("bodies that are drawn are the same in chunks", () =>
    Effect.gen(function* () {
      const asked = { messages: 6, length: "1..400", body: "random", seed: "x", declareSize: true } as const
      const offers = ["PIPELINING", "CHUNKING", "SIZE"]
      const bodies = ({ server }: { readonly server: { readonly accepted: ReadonlyArray<string> } }) =>
        server.accepted.map((content) => content.slice(content.indexOf("\r\n\r\n")))
      const odd = yield* run({ headers: [".odd: 1"], messages: 1 })
      assert.match(odd.server.accepted[0]!, /^\.odd: 1\r\n/)
      const dotted = yield* run({ ...asked, chunking: "off" }, { offers })
      const chunked = yield* run(asked, { offers })
      assert.deepStrictEqual(bodies(chunked), bodies(dotted))
      const sizes = (result: typeof dotted) => result.server.events.flatMap(({ what }) => /SIZE=\d+/.exec(what) ?? [])
      assert.lengthOf(sizes(chunked), 6)
      assert.deepStrictEqual(
        sizes(chunked).map((size) => size.length),
        sizes(dotted).map((size) => size.length)
      )
    })
  )

  it.scoped("with PIPELINING a transaction is one write; without, each command waits", () =>
    Effect.gen(function* () {
      const slow: Behaviour = { latency: "1 second" }
      const one = yield* run({ messages: 1, pipelining: "on", chunking: "100" }, { behaviour: slow })
      const each = yield* run({ messages: 1, chunking: "100" }, { behaviour: slow })
      const first = (result: typeof one, what: string) => result.server.times(what)[0]!
      assert.strictEqual(first(one, "BDAT"), first(one, "MAIL"))
      assert.isAbove(first(each, "BDAT"), first(each, "RCPT"))
      const [, second, third] = each.server.times("BDAT")
      assert.isAbove(third!, second!)
    })
  )

  it.scoped("a refused chunk is told as such, and the transaction is reset", () =>
    Effect.gen(function* () {
      for (const pipelining of ["off", "on"] as const) {
        const script = say("chunk", 1, "552 5.3.4 No more\r\n")
        const result = yield* run({ pipelining, chunking: "50", keepGoing: true }, { script })
        assert.deepStrictEqual(result.ends, ["Rejected chunk 552", "Accepted", "Accepted"])
        assert.strictEqual(result.server.count("RSET"), 1)
        assert.strictEqual(result.accounting.recipients.refusedAfterContent, 1)
      }
    })
  )

  it.scoped("after a last chunk that was refused comes RSET, so that the next message has its own sender", () =>
    Effect.gen(function* () {
      for (const way of ways) {
        const script = say("content", 0, "550 5.7.1 Spam\r\n")
        const result = yield* run({ ...way, keepGoing: true }, { script })
        assert.deepStrictEqual(result.ends, ["Rejected final 550", "Accepted", "Accepted"])
        assert.strictEqual(result.server.count("RSET"), 1)
      }
    })
  )

  it.scoped("the envelope that was refused says why, and not the chunk that went with it", () =>
    Effect.gen(function* () {
      for (const moment of ["mail", "rcpt"] as const) {
        const result = yield* run({ pipelining: "on", keepGoing: true }, { script: say(moment, 0, "550 no\r\n") })
        assert.deepStrictEqual(result.ends, [`Rejected ${moment} 550`, "Accepted", "Accepted"])
      }
    })
  )

  it.scoped("the last chunk's reply counts: what was sent to some recipients is accepted", () =>
    Effect.gen(function* () {
      const script = say("rcpt", 0, "550 no\r\n")
      const result = yield* run({ pipelining: "on", recipients: 2, messages: 1 }, { script })
      assert.deepStrictEqual(result.ends, ["Accepted"])
      assert.deepInclude(result.accounting.recipients, { offered: 2, accepted: 1, refused: 1 })
      // Without -A or --keep-going a reply that was not hoped for ends the run, as ever.
      assert.strictEqual(result.fatal, "ReplyRejected final 550")
    })
  )

  it.scoped("LMTP answers the last chunk once for each accepted recipient", () =>
    Effect.gen(function* () {
      const script = say("rcpt", 0, "550 no\r\n")
      for (const pipelining of ["off", "on", "full"] as const) {
        const result = yield* run({ lmtp: true, pipelining, recipients: 3, messages: 2, keepGoing: true }, { script })
        assert.deepStrictEqual(result.ends, ["Accepted", "Accepted"])
        assert.deepInclude(result.accounting.recipients, { offered: 6, accepted: 5, refused: 1 })
      }
    })
  )

  it.scoped("is unknown from when the last chunk was handed over, and not before", () =>
    Effect.gen(function* () {
      const end =
        (moment: string): Script =>
        (turn) =>
          turn.moment === moment ? { say: "", end: "reset" } : undefined
      const ends = (input: Plan.PlanInput, script: Script) =>
        Effect.map(run({ messages: 1, chunking: "50", keepGoing: true, ...input }, { script }), ({ ends }) => ends[0])
      assert.strictEqual(yield* ends({}, end("mail")), "Failed, ConnectionLost mail")
      assert.strictEqual(yield* ends({}, end("chunk")), "Failed, ConnectionLost chunk")
      assert.strictEqual(yield* ends({}, end("content")), "Unknown, ConnectionLost final")
      // All of it was written at once.
      for (const [moment, step] of [
        ["mail", "mail"],
        ["rcpt", "rcpt"],
        ["chunk", "chunk"],
        ["content", "final"]
      ] as const) {
        assert.strictEqual(yield* ends({ pipelining: "on" }, end(moment)), `Unknown, ConnectionLost ${step}`)
      }
    })
  )

  it.scoped("what is not offered costs the message, or goes by DATA and is counted", () =>
    Effect.gen(function* () {
      const without = { offers: ["PIPELINING"] }
      const failed = yield* run({ keepGoing: true }, without)
      assert.deepStrictEqual(failed.ends, new Array(3).fill("Failed, NotOffered chunk"))
      const skipped = yield* run({ whenNotOffered: "skip", pipelining: "full", depth: 2 }, without)
      assert.strictEqual(skipped.accounting.accepted, 3)
      assert.strictEqual(skipped.server.count("DATA"), 3)
      assert.deepStrictEqual(skipped.recorder.without(), [{ what: "CHUNKING", messages: 3 }])
      const sent = yield* run({ whenNotOffered: "send", messages: 1, keepGoing: true }, without)
      assert.deepStrictEqual(sent.ends, ["Rejected final 500"])
    })
  )
})

describe("a scenario in chunks", () => {
  const text = "Subject: x\n\n.\n..a\nb\n"
  const mails = MessageSource.fromFunction(() => ({ sender: "a@b", recipients: ["c@d", "e@f"], content: text }))
  for (const way of [{}, { pipelining: "on" }, { lmtp: true }, { chunking: "4" }] as const) {
    it.effect(`sends the plan's messages and its own, without dots: ${JSON.stringify(way)}`, () =>
      Effect.gen(function* () {
        const asked = { chunking: "on", messages: 2, recipients: 2, length: 300, ...way } as const
        const server = { offers: [...offers, "SIZE"], protocol: "lmtp" in way ? "lmtp" : "smtp" } as const
        const own = yield* simulateScenario(asked, overOne(mails), server)
        assert.strictEqual(own.accounting.accepted, 2)
        assert.deepStrictEqual(
          own.server.accepted.map(({ content }) => content),
          new Array(2).fill(text.replaceAll("\n", "\r\n"))
        )
        const planned = yield* simulateScenario({ ...asked, declareSize: true }, overOne(), server)
        assert.strictEqual(planned.accounting.recipients.accepted, 4)
        const sizes = planned.server.log.flatMap(({ line }) => / SIZE=(\d+)/.exec(line)?.[1] ?? [])
        assert.deepStrictEqual(
          sizes.map(Number),
          planned.server.accepted.map(({ content }) => content.length)
        )
        for (const { log } of [own.server, planned.server]) {
          assert.isTrue(log.some(({ line }) => line.startsWith("BDAT")))
          assert.isFalse(log.some(({ line }) => line === "DATA"))
        }
      })
    )
  }

  it.effect("what is not offered costs the message, or goes by DATA and is counted", () =>
    Effect.gen(function* () {
      const asked = { chunking: "on", messages: 2 } as const
      const failed = yield* simulateScenario(asked, overOne(mails), { offers: [] })
      assert.strictEqual(failed.accounting.failed, 2)
      assert.deepInclude(failed.recorder.errors()[0], { kind: "NotOffered", detail: "CHUNKING", count: 2 })
      const skipped = yield* simulateScenario({ ...asked, whenNotOffered: "skip" }, overOne(mails), { offers: [] })
      assert.strictEqual(skipped.accounting.accepted, 2)
      assert.deepStrictEqual(skipped.recorder.without(), [{ what: "CHUNKING", messages: 2 }])
    })
  )

  it.effect("several transactions in one write are not for it, and it says what is", () =>
    Effect.gen(function* () {
      const plan = PlanModule.make({ chunking: "on", pipelining: "full", depth: 2, reuse: true })
      const error = yield* Effect.flip(Load.run(plan, overOne()))
      assert.match(error.message, /depth \(a scenario sends one message at a time: --chunking without it/)
    }).pipe(Effect.provide(TestServer.layer()))
  )
})

describe("several transactions in one write", () => {
  const deep = { pipelining: "full", depth: 3, messages: 7 } as const

  it.scoped("so many at a time, reset in between, and the rest at the end", () =>
    Effect.gen(function* () {
      const result = yield* run(deep, { behaviour: { latency: "1 second" } })
      assert.strictEqual(result.accounting.accepted, 7)
      const times = result.server.times("MAIL")
      assert.deepStrictEqual(
        [...new Set(times)].map((at) => times.filter((time) => time === at).length),
        [3, 3, 1]
      )
      assert.deepStrictEqual(commands(result).slice(2, 11), [
        ...["MAIL", "RCPT", "BDAT", "RSET", "MAIL", "RCPT", "BDAT", "RSET", "MAIL"]
      ])
      assert.strictEqual(result.recorder.contents, 7)
      assert.strictEqual(result.recorder.reused, 6)
    })
  )

  it.scoped("connections carry no more than they are to, and nobody takes more than there are", () =>
    Effect.gen(function* () {
      const result = yield* run({ ...deep, reuse: false, perConnection: "4", sessions: 2, messages: 9 })
      assert.strictEqual(result.accounting.accepted, 9)
      assert.strictEqual(result.server.count("connect"), 3)
      assert.strictEqual(result.server.count("QUIT"), 3)
    })
  )

  it.scoped("what becomes of one is nothing to the others", () =>
    Effect.gen(function* () {
      for (const moment of ["mail", "rcpt", "content"] as const) {
        const result = yield* run({ ...deep, keepGoing: true }, { script: say(moment, 1, "550 no\r\n") })
        const ends = new Array(7).fill("Accepted")
        ends[1] = `Rejected ${moment === "content" ? "final" : moment} 550`
        assert.deepStrictEqual(result.ends, ends)
        assert.lengthOf(result.server.accepted, 6)
      }
    })
  )

  it.scoped("the first that goes wrong ends the run, and those that were sent with it have their own ends", () =>
    Effect.gen(function* () {
      const result = yield* run(deep, { script: say("rcpt", 1, "550 no\r\n") })
      assert.strictEqual(result.fatal, "ReplyRejected rcpt 550")
      assert.deepStrictEqual(result.ends, ["Accepted", "Rejected rcpt 550", "Accepted"])
      assert.strictEqual(result.accounting.notStarted, 4)
    })
  )

  it.scoped("a connection that is lost leaves no more unknown than were in the write", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment, total }) =>
        moment === "content" && total === 4 ? { say: "", end: "reset" } : undefined
      const result = yield* run({ ...deep, keepGoing: true }, { script })
      assert.strictEqual(result.accounting.unknown, 2)
      assert.strictEqual(result.accounting.accepted, 5)
    })
  )

  it.scoped("a server that takes no more over this connection gets the rest over another one", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment, nth }) =>
        moment === "mail" && nth === 4 ? { say: "421 4.7.0 enough\r\n" } : undefined
      const result = yield* run({ ...deep, messages: 12, keepGoing: true }, { script })
      assert.strictEqual(result.accounting.accepted, 12)
      assert.strictEqual(result.server.count("connect"), 3)
    })
  )

  it.scoped("one that turns away the first message of every connection does not keep us for ever", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment }) => (moment === "mail" ? { say: "421 4.7.0 no\r\n" } : undefined)
      const result = yield* run({ ...deep, keepGoing: true }, { script })
      assert.strictEqual(result.accounting.accepted, 0)
      assert.strictEqual(result.accounting.started, 7)
    })
  )

  it.scoped("a stop lets what is under way end, and a hurried one books it", () =>
    Effect.gen(function* () {
      const stopping = Effect.sleep(2500)
      const slow: Behaviour = { latency: "1 second" }
      const ended = yield* run({ ...deep, messages: 100, drain: 60 }, { behaviour: slow, stopping })
      assert.strictEqual(ended.accounting.accepted, 3)
      const cut = yield* run(
        { ...deep, messages: 100, drain: 0 },
        { behaviour: { latency: "10 seconds" }, stopping: Effect.sleep(25_000) }
      )
      assert.strictEqual(cut.accounting.unknown, 3)
    })
  )
})

describe("whatever the load in chunks, the books agree with a server that", () => {
  const all = [{}, { acceptRejection: true }, { keepGoing: true }].flatMap((manner) =>
    [{ reuse: true }, { perConnection: "2" }].map((life) => ({ ...manner, ...life }))
  )
  const deep = [
    { pipelining: "full", chunking: "on", depth: 2 },
    { pipelining: "full", chunking: "150", depth: 5 }
  ] as const
  // Each way with its own share of the manners: all of them together take too long.
  const loads: ReadonlyArray<Plan.PlanInput> = [
    ...ways.flatMap((way, index) => [
      { chunking: "on", ...way, ...all[index % 6]! },
      { chunking: "150", ...way, ...all[(index + 3) % 6]! }
    ]),
    ...deep.flatMap((way) => all.map((manner) => ({ ...way, ...manner })))
  ].map((load) => ({ messages: 7, recipients: 2, sessions: 2, timeout: 10, seed: "matrix", ...load }))
  const check = (input: Plan.PlanInput, behaviour: Behaviour) => {
    const troubles: Array<string> = []
    const onTrouble = (_: string, text: string) => void troubles.push(text)
    return Effect.map(simulate(input, { behaviour, offers, onTrouble }), ({ outcomes, server, ...result }) =>
      wrong(input, result, outcomes, troubles, { contents: server.accepted, recipients: server.delivered() }).map(
        (fault) => `${JSON.stringify(input)}: ${fault}`
      )
    )
  }
  for (const [name, behaviour] of Object.entries(servers(1000))) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const found = yield* drive(Effect.forEach(loads, (load) => check(load, behaviour), { concurrency: 16 }))
        assert.deepStrictEqual(found.flat(), [])
      })
    )
  }
})
