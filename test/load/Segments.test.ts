import { createHash } from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import * as Load from "../../src/load/Load.js"
import * as MessageSource from "../../src/load/scenario/MessageSource.js"
import * as Scenario from "../../src/load/scenario/Scenario.js"
import * as Workers from "../../src/load/Workers.js"
import * as Corpus from "../../src/plan/Corpus.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Segment from "../../src/plan/Segment.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"
import * as AccountTable from "../../src/smtp/AccountTable.js"
import { well } from "./WorkersHere.js"

// Several segments are the single run, message for message: the number, when it is due, and what is in it.

interface Message {
  readonly number: number
  readonly time: number
  readonly recipients: ReadonlyArray<string>
  readonly content: string
}

const collector = new Corpus.Collector({ rewrite: [], unusual: "skip" })
for (let item = 0; item < 90; item++) collector.add(Buffer.from(`X: ${item}\nSubject: old\n\n${"line\n".repeat(item)}`))
const corpus = collector.end()

/** What is in the files that a plan names. */
const partsOf = ({ corpus: folder, data, template }: Plan.Plan): Load.RunOptions["parts"] => ({
  data: data === undefined ? undefined : new TextEncoder().encode(`a\n${"Ann\nBob\nEve\n".repeat(30)}`),
  rows: data === undefined ? undefined : 90,
  template: template === undefined ? undefined : "X-Number: {{message}}\nX: {{uuid}} {{row.a}}\n\n{{words 9}}\n",
  corpus: folder === undefined ? undefined : corpus
})

/** A message's number: in its Message-Id, or where a template has it. */
const numberOf = (content: string): number => {
  const [, written] = /^X-Number: (\d+)/m.exec(content) ?? []
  const [, id = ""] = /^Message-Id: <.*\.([\da-f]{8})@/m.exec(content) ?? []
  return written === undefined ? Number.parseInt(id, 16) : Number(written)
}

/** Runs a plan against a server that answers at once, so that a message arrives when it is due. */
const messagesOf = (plan: Plan.Plan, more: Load.RunOptions = {}) =>
  Effect.gen(function* () {
    const options = { parts: partsOf(plan), ...more }
    const result = plan.workers === 1 ? yield* Load.run(plan, options) : yield* Workers.run(plan, options)
    assert.deepStrictEqual(result.violations, [])
    const { accepted } = yield* TestServer.TestServer
    return {
      ...result,
      messages: accepted.map(({ content, recipients, time }): Message => {
        return {
          number: numberOf(content),
          time,
          recipients,
          content: createHash("sha256").update(content).digest("hex")
        }
      })
    }
  }).pipe(Effect.provide(Layer.provideMerge(well, TestServer.layer())), (program) => Simulation.run(program))

const runId = "nightly-1"

const inOrder = (messages: ReadonlyArray<Message>): ReadonlyArray<Message> =>
  messages.toSorted((a, b) => a.number - b.number)

const base: Plan.PlanInput = { target: "mail.example", helloName: "me.example", runId, recipients: 2, subject: "load" }

interface Row {
  readonly name: string
  readonly input: Plan.PlanInput
  readonly of: number
  readonly weights?: ReadonlyArray<number>
  /** Messages that wait for sessions are due at no time. */
  readonly closed?: boolean
}

const rows: ReadonlyArray<Row> = [
  { name: "a constant rate", input: { rate: "50/s", duration: "2s" }, of: 4 },
  { name: "Poisson arrivals", input: { rate: "50/s", duration: "2s", arrivals: "poisson" }, of: 3 },
  { name: "stages", input: { stages: "1s:20/s, 1s:20/s..60/s, 500ms:0/s, 1s:30/s" }, of: 4 },
  {
    name: "random stages with a number of messages",
    input: { stages: "2s:50/s..10/s", arrivals: "poisson", messages: 40 },
    of: 2
  },
  {
    name: "sizes, recipients and bodies that are drawn",
    input: { rate: "50/s", duration: "2s", length: "isp", recipients: "isp", body: "50%: words, 50%: random" },
    of: 3
  },
  { name: "bursts", input: { rate: "40/s", duration: "2s", burst: 5 }, of: 3 },
  { name: "weights", input: { rate: "50/s", duration: "2s" }, of: 3, weights: [1, 2, 5] },
  {
    name: "weights and a seed",
    input: { rate: "50/s", duration: "2s", arrivals: "poisson", seed: "7" },
    of: 4,
    weights: [3, 1, 1, 4]
  },
  { name: "threads", input: { rate: "50/s", duration: "2s", workers: 2 }, of: 2, weights: [2, 1] },
  {
    name: "a corpus, shuffled",
    input: { rate: "50/s", duration: "2s", corpus: "c", order: "shuffle", arrivals: "poisson" },
    of: 3,
    weights: [1, 2, 1]
  },
  {
    name: "rows, each once, in a template",
    input: {
      rate: "40/s",
      duration: "2s",
      data: "u",
      dataOrder: "shuffle",
      once: true,
      template: "t"
    },
    of: 3
  },
  { name: "fewer messages than segments", input: { rate: "50/s", messages: 3 }, of: 7 },
  {
    name: "sessions",
    input: { messages: 101, sessions: 12, reuse: true, numberRecipients: true },
    of: 4,
    closed: true
  },
  {
    name: "sessions in threads, with weights",
    input: { messages: 100, sessions: 12, reuse: true, workers: 2 },
    of: 3,
    weights: [1, 2, 1],
    closed: true
  },
  { name: "fewer messages than sessions", input: { messages: 2, sessions: 8 }, of: 4, closed: true }
]

describe("segments are the single run, message for message, with", () => {
  for (const { closed = false, input, name, of, weights } of rows) {
    it.effect(name, () =>
      Effect.gen(function* () {
        // What is written has a subject of its own.
        const { subject: _, ...bare } = base
        const isWritten = input.template !== undefined || input.corpus !== undefined
        const plan = Plan.make({ ...(isWritten ? bare : base), ...input })
        const seen = ({ messages }: { readonly messages: ReadonlyArray<Message> }) =>
          closed ? messages.map((message) => ({ ...message, time: 0 })) : messages
        const single = yield* messagesOf(plan)
        const parts: Array<Message> = []
        let planned = 0
        for (let i = 1; i <= of; i++) {
          const part = yield* messagesOf(Segment.of(plan, i, of, { runId, weights }))
          parts.push(...seen(part))
          planned += part.accounting.planned
        }
        assert.isAbove(single.messages.length, 1)
        assert.strictEqual(planned, single.accounting.planned)
        const whole = inOrder(seen(single))
        const timeless = (messages: ReadonlyArray<Message>) => messages.map((message) => ({ ...message, time: 0 }))
        assert.deepStrictEqual(timeless(inOrder(parts)), timeless(whole))
        // Virtual time adds up the naps, each of whole microseconds.
        for (const [index, { time }] of inOrder(parts).entries()) assert.closeTo(time, whole[index]?.time ?? 0, 0.01)
      })
    )
  }

  it.effect("their own share of sessions, and of messages where time alone ends the run", () =>
    Effect.gen(function* () {
      const plan = Plan.make({ ...base, sessions: 3, duration: "10s", delay: 1 })
      const numbers: Array<number> = []
      for (const i of [1, 2, 3]) {
        const { accounting, messages } = yield* messagesOf(Segment.of(plan, i, 3, { runId }))
        assert.deepStrictEqual([accounting.planned, accounting.notStarted], [10, 0])
        assert.isTrue(messages.every(({ number }) => number % 3 === i - 1))
        numbers.push(...messages.map(({ number }) => number))
      }
      assert.strictEqual(new Set(numbers).size, 30)
    })
  )
})

const people: ReadonlyArray<{ readonly name: string; readonly input: Plan.PlanInput }> = [
  { name: "accounts in turn", input: { auth: "plain", authInsecure: true, accounts: "file", accountOrder: "round" } },
  {
    name: "accounts at random",
    input: { auth: "plain", authInsecure: true, accounts: "file", accountOrder: "random" }
  },
  { name: "clients in turn, by XCLIENT", input: { clients: "file", xclient: "NAME,ADDR" } },
  { name: "clients at random, by XCLIENT", input: { clients: "file", xclient: "NAME,ADDR", clientOrder: "random" } },
  {
    name: "a client for each message, by XFORWARD",
    input: { clientAddresses: "192.0.2.0/24", xforward: "ADDR,NAME=m{n}.example", reuse: true }
  },
  { name: "a name for each connection", input: { helloPattern: "client{n}.example" } }
]

/** Who sends each message, by its number: what the server was told of it on its connection. */
const sendersOf = (plan: Plan.Plan) =>
  Effect.gen(function* () {
    const clients = Buffer.from("NAME,ADDR\na.example,192.0.2.1\nb.example,192.0.2.2\nc.example,192.0.2.3\n")
    const result = yield* Load.run(plan, { clients, accounts: AccountTable.of(accounts) })
    assert.deepStrictEqual(result.violations, [])
    const { accepted, log } = yield* TestServer.TestServer
    const told = new Map<number, Map<string, string>>()
    const senders = new Map<number, ReadonlyArray<string>>()
    const numbers = new Map<number, Array<number>>()
    for (const { content, session } of accepted) {
      const own = numbers.get(session) ?? []
      own.push(numberOf(content))
      numbers.set(session, own)
    }
    for (const { line, session } of log) {
      const lines = told.get(session) ?? new Map<string, string>()
      told.set(session, lines)
      const [, verb] = /^(HELO|EHLO|AUTH|XCLIENT|XFORWARD) /.exec(line) ?? []
      if (verb !== undefined) lines.set(verb, line)
      if (line === ".") senders.set(numbers.get(session)?.shift() ?? -1, [...lines.values()])
    }
    return senders
  }).pipe(Effect.provide(TestServer.layer(everything)), (program) => Simulation.run(program))

const accounts = Array.from({ length: 5 }, (_, index) => ({ user: `user${index}`, password: "secret" }))
const everything = {
  offers: ["XCLIENT NAME ADDR", "XFORWARD NAME ADDR"],
  auth: { mechanisms: ["PLAIN" as const], accounts }
}

describe("whoever sends a message does so with the single run's", () => {
  for (const { input, name } of people) {
    it.effect(name, () =>
      Effect.gen(function* () {
        const plan = Plan.make({ ...base, rate: "40/s", duration: "1s", from: "a@b", ...input })
        const single = yield* sendersOf(plan)
        assert.strictEqual(single.size, 40)
        // They are not all alike.
        assert.isAbove(new Set([...single.values()].map(String)).size, 2)
        const parts = new Map<number, ReadonlyArray<string>>()
        for (const i of [1, 2, 3]) {
          const part = yield* sendersOf(Segment.of(plan, i, 3, { runId, weights: [1, 2, 1] }))
          for (const [message, sender] of part) parts.set(message, sender)
        }
        const inOrder = (senders: ReadonlyMap<number, ReadonlyArray<string>>) =>
          [...senders].toSorted(([one], [other]) => one - other)
        assert.deepStrictEqual(inOrder(parts), inOrder(single))
      })
    )
  }
})

/** Virtual time begins at 0. */
const at = (seconds: number) => new Date(seconds * 1000).toISOString()

describe("a start that is agreed upon", () => {
  const open = Plan.make({ ...base, rate: "10/s", duration: "2s", startAt: at(5) })

  it.effect("is waited for, and is the messages' date", () =>
    Effect.gen(function* () {
      for (const plan of [open, { ...open, startAt: "+5s" }, { ...open, workers: 2 }]) {
        const { elapsed, messages, startedAt } = yield* messagesOf(plan)
        assert.deepStrictEqual(
          inOrder(messages).map(({ time }) => time),
          Array.from({ length: 20 }, (_, message) => 5000 + message * 100)
        )
        assert.strictEqual(startedAt.getTime(), 5000)
        assert.closeTo(elapsed, 2000, 101)
      }
    })
  )

  /** The process is there this many seconds after the start of the world, whose start was agreed to be at 5 s. */
  const late = (plan: Plan.Plan, seconds: number) => {
    const told: Array<string> = []
    const onTrouble = (_kind: string, text: string) => told.push(text)
    const began = Effect.delay(
      Effect.suspend(() => (plan.workers === 1 ? Load.run(plan, { onTrouble }) : Workers.run(plan, { onTrouble }))),
      seconds * 1000
    )
    return Effect.gen(function* () {
      const result = yield* began
      const { accepted } = yield* TestServer.TestServer
      return { ...result, told, times: accepted.map(({ time }) => time) }
    }).pipe(Effect.provide(Layer.provideMerge(well, TestServer.layer())), (program) => Simulation.run(program))
  }

  it.effect("leaves out what was due before a process that is late, of its own messages, and says so", () =>
    Effect.gen(function* () {
      for (const workers of [1, 2]) {
        const second = Segment.of({ ...open, workers }, 2, 2, { runId })
        const { accounting, times, told } = yield* late(second, 5.75)
        // Messages 1, 3, 5 and 7 were due at 5.1 to 5.7.
        assert.deepStrictEqual([accounting.planned, accounting.notStarted, accounting.accepted], [10, 4, 6])
        assert.deepStrictEqual(
          times.toSorted((a, b) => a - b),
          [5900, 6100, 6300, 6500, 6700, 6900]
        )
        assert.deepStrictEqual(told, [
          "began 0.8 s after the start of 1970-01-01T00:00:05.000Z: 4 messages were due by then, not started"
        ])
      }
    })
  )

  it.effect("sends nothing where all is over, and all where it is only just late", () =>
    Effect.gen(function* () {
      const never = yield* late(open, 60)
      assert.deepStrictEqual([never.accounting.notStarted, never.times.length], [20, 0])
      const almost = yield* late(open, 5.05)
      assert.deepStrictEqual([almost.accounting.accepted, almost.told.length, almost.times[0]], [20, 0, 5050])
    })
  )

  it.effect("counts for the duration of sessions, too", () =>
    Effect.gen(function* () {
      const closed = Plan.make({ ...base, duration: "10s", delay: 1, startAt: at(5) })
      const { accounting, told } = yield* late(closed, 8)
      assert.strictEqual(accounting.accepted, 7)
      assert.deepStrictEqual(told, ["began 3.0 s after the start of 1970-01-01T00:00:05.000Z"])
    })
  )

  it.effect("is not waited for when the run is asked to stop", () =>
    Effect.gen(function* () {
      for (const plan of [open, Plan.make({ ...base, messages: 5, startAt: at(5) })]) {
        const { accounting, elapsed, messages, stopped } = yield* messagesOf(plan, {
          stopping: Effect.sleep("2 seconds")
        })
        assert.deepStrictEqual([accounting.notStarted, messages.length, stopped], [accounting.planned, 0, true])
        assert.strictEqual(elapsed, 0)
      }
    })
  )
})

/** What a scenario of one's own sends, and the result. */
const scenarioOf = <A, E>(plan: Plan.Plan, scenario: Scenario.Scenario<A, E>, options: Scenario.ScenarioOptions = {}) =>
  Effect.gen(function* () {
    const result = yield* Load.run(plan, scenario, options)
    assert.deepStrictEqual(result.violations, [])
    const { accepted } = yield* TestServer.TestServer
    return { ...result, messages: accepted.map(({ content, recipients, time }) => ({ content, recipients, time })) }
  }).pipe(Effect.provide(TestServer.layer()), (program) => Simulation.run(program))

const sendAll = <E>(source?: MessageSource.MessageSource<E>) =>
  Scenario.forEachMessage(
    (message) => Effect.scoped(Effect.flatMap(Scenario.open, (wire) => Scenario.deliver(wire, message))),
    source
  )

const mail = (number: number) => ({
  sender: "",
  recipients: [`u${number}@example.com`],
  content: `Subject: ${number}\n\n`
})
const named = (messages: ReadonlyArray<{ readonly recipients: ReadonlyArray<string> }>) =>
  messages.flatMap(({ recipients }) => recipients).toSorted((a, b) => a.localeCompare(b))

describe("scenarios of one's own in segments", () => {
  for (const { input, name } of [
    { name: "messages that wait for sessions", input: { sessions: 5, messages: 23 } },
    { name: "messages that are due", input: { rate: "20/s", duration: "2s", arrivals: "poisson", maxSessions: 8 } }
  ] satisfies ReadonlyArray<{ readonly name: string; readonly input: Plan.PlanInput }>) {
    it.effect(`are the single run: ${name}`, () =>
      Effect.gen(function* () {
        const plan = Plan.make({ ...base, ...input, length: "isp" })
        const scenario = sendAll()
        const single = yield* scenarioOf(plan, scenario)
        const parts = []
        for (const i of [1, 2, 3]) {
          parts.push(yield* scenarioOf(Segment.of(plan, i, 3, { runId, weights: [1, 1, 2] }), scenario))
        }
        const contents = (messages: typeof single.messages) => messages.map(({ content }) => content).toSorted()
        assert.isAbove(single.messages.length, 20)
        assert.deepStrictEqual(contents(parts.flatMap(({ messages }) => messages)), contents(single.messages))
        assert.strictEqual(
          parts.reduce((sum, { accounting }) => sum + accounting.planned, 0),
          single.accounting.planned
        )
        if (input.rate === undefined) return
        const times = (messages: typeof single.messages) => messages.map(({ time }) => time).toSorted((a, b) => a - b)
        for (const [index, time] of times(parts.flatMap(({ messages }) => messages)).entries()) {
          assert.closeTo(time, times(single.messages)[index] ?? 0, 0.01)
        }
      })
    )
  }

  it.effect("have the sessions of the run, each in one of them, and what they draw", () =>
    Effect.gen(function* () {
      const plan = Plan.make({ ...base, sessions: 10 })
      const scenario = Effect.all([Scenario.sessionNumber, Scenario.draw])
      const drawn = (result: { readonly sessions: ReadonlyArray<Exit.Exit<readonly [number, number]>> }) =>
        result.sessions.map((exit) => Exit.getOrElse(exit, () => [-1, -1] as const))
      const single = drawn(yield* scenarioOf(plan, scenario))
      const parts = []
      for (const i of [1, 2, 3]) parts.push(...drawn(yield* scenarioOf(Segment.of(plan, i, 3, { runId }), scenario)))
      assert.strictEqual(single.length, 10)
      assert.deepStrictEqual(
        parts.toSorted(([a], [b]) => a - b),
        single
      )
    })
  )

  it.effect("have their share of a rate, and their own of the times at which something begins", () =>
    Effect.gen(function* () {
      const plan = Plan.make({ ...base, sessions: 3, duration: "10s", seed: "s" })
      const times: { [name: string]: Array<number> } = { rate: [], schedule: [] }
      const tell = (name: string) =>
        Effect.map(Scenario.ScenarioSession, (session) => {
          times[name]?.push(Math.round(session.now()))
        })
      const limit = Scenario.rateLimit(3)
      const starts = Scenario.arrivals({ rate: "2/s", duration: "10s" })
      for (const i of [1, 2, 3]) {
        const part = Segment.of(plan, i, 3, { runId })
        yield* scenarioOf(part, tell("rate").pipe(Scenario.rateLimited(limit), Scenario.repeat({ times: 4 })))
        yield* scenarioOf(part, tell("schedule").pipe(Scenario.onSchedule(starts)))
      }
      const inOrder = (name: string) => times[name]?.toSorted((a, b) => a - b)
      assert.deepStrictEqual(inOrder("rate"), [0, 333, 667, 1000, 1333, 1667, 2000, 2333, 2667, 3000, 3333, 3667])
      assert.deepStrictEqual(
        inOrder("schedule"),
        Array.from({ length: 20 }, (_, index) => index * 500)
      )
    })
  )

  it.effect("send their own of a source that has one mail after another", () =>
    Effect.gen(function* () {
      const mails = Array.from({ length: 20 }, (_, number) => mail(number))
      const plan = Plan.make({ ...base, sessions: 4 })
      for (const source of [
        MessageSource.fromIterable(mails),
        MessageSource.fromStream(Stream.fromIterable(mails)),
        MessageSource.fromFunction(mail).pipe(MessageSource.take(20))
      ]) {
        const all = []
        for (const i of [1, 2]) {
          const part = Segment.of(plan, i, 2, { runId, weights: [1, 3] })
          const { messages } = yield* scenarioOf(part, sendAll(source))
          assert.strictEqual(messages.length, i === 1 ? 5 : 15)
          all.push(...messages)
        }
        assert.deepStrictEqual(named(all), named(mails))
      }
    })
  )

  it.effect("refuse a source that goes by the messages before", () =>
    Effect.gen(function* () {
      const source = MessageSource.fromFunction(mail).pipe(MessageSource.filter(() => true))
      const part = Segment.of(Plan.make({ ...base, sessions: 4, messages: 9 }), 1, 2, { runId })
      const { accounting, sessions } = yield* scenarioOf(part, sendAll(source))
      assert.strictEqual(accounting.accepted, 0)
      const [exit] = sessions
      assert.include(exit === undefined ? "" : String(exit), "filter, concat and mixed go by the messages before it")
    })
  )

  it.effect("wait for the start that was agreed upon, and leave out what was due before it", () =>
    Effect.gen(function* () {
      const open = Plan.make({ ...base, rate: "10/s", duration: "2s", startAt: at(5) })
      const { accounting, messages } = yield* scenarioOf(open, sendAll())
      assert.strictEqual(accounting.accepted, 20)
      assert.strictEqual(Math.min(...messages.map(({ time }) => time)), 5000)
      const told: Array<string> = []
      const late = yield* Effect.delay(
        Effect.suspend(() => Load.run(open, sendAll(), { onTrouble: (_kind, text) => told.push(text) })),
        "5750 millis"
      ).pipe(Effect.provide(TestServer.layer()), (program) => Simulation.run(program))
      assert.deepStrictEqual([late.accounting.notStarted, late.accounting.accepted], [8, 12])
      assert.strictEqual(told.length, 1)
      const starts = Scenario.arrivals({ rate: "2/s", duration: "2s" })
      const begun: Array<number> = []
      const session = Effect.map(Scenario.ScenarioSession, ({ now }) => void begun.push(now()))
      const closed = Plan.make({ ...base, startAt: at(-0.75) })
      yield* scenarioOf(closed, Scenario.onSchedule(session, starts))
      assert.deepStrictEqual(begun, [1000, 1500])
    })
  )

  it.effect("do not begin where the run is asked to stop before its start", () =>
    Effect.gen(function* () {
      for (const input of [{ rate: "10/s", duration: "2s" }, { messages: 5 }]) {
        const plan = Plan.make({ ...base, ...input, startAt: at(5) })
        const { accounting, messages, scenarios, stopped } = yield* scenarioOf(plan, sendAll(), {
          stopping: Effect.sleep("2 seconds")
        })
        assert.deepStrictEqual([messages.length, scenarios.begun, stopped], [0, 0, true])
        assert.strictEqual(accounting.notStarted, accounting.planned)
      }
    })
  )
})

describe("a segment of the engine's", () => {
  it.effect("is for the command to find", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Load.run(Plan.make({ ...base, segment: "auto" })))
      assert.strictEqual(error._tag, "PlanUnsupported")
    }).pipe(Effect.provide(TestServer.layer()))
  )
})
