import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Workers from "../../src/load/Workers.js"
import * as Corpus from "../../src/plan/Corpus.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { well } from "./WorkersHere.js"

// What is in message k depends on the plan and on k, not on who sends it.

const sent = (input: Plan.PlanInput, workers: number) =>
  Effect.gen(function* () {
    const plan = Plan.make({ helloName: "me.example", messages: 60, sessions: 4, seed: "seed", ...input, workers })
    const { accounting, violations } = yield* Workers.run(plan, {
      parts: {
        data: new TextEncoder().encode("a\nAnn\nBob\nEve\n"),
        rows: 3,
        template: input.template === undefined ? undefined : "X: {{uuid}} {{row.a}}\n\n{{words 9}}\n",
        corpus: input.corpus === undefined ? undefined : corpus
      }
    })
    assert.deepStrictEqual(violations, [])
    const { accepted } = yield* TestServer.TestServer
    const messages = accepted.map(({ content, recipients }) => {
      // The run's own name is in it, and the date.
      const body = content.replace(/^(Date|Message-Id): .*\r\n/gm, "").replaceAll(/=_[0-9a-f.]+/g, "boundary")
      return `${recipients.join(" ")}\r\n${body}`
    })
    return { messages: messages.sort(), accounting }
  }).pipe(Effect.provide(Layer.provideMerge(well, TestServer.layer())), (program) => Simulation.run(program))

const collector = new Corpus.Collector({ rewrite: ["subject"], unusual: "skip" })
for (let item = 0; item < 60; item++)
  collector.add(Buffer.from(`X: ${item}\nSubject: old\n\n${"line\n".repeat(item * 100)}`))
const corpus = collector.end()

const plans: ReadonlyArray<Plan.PlanInput> = [
  { length: "1k..40k", recipients: "isp" },
  { length: "isp", numberRecipients: true, recipients: "1..5" },
  { attach: ["50%: 100..40k"], length: "100..300" },
  { template: "t", data: "u", dataOrder: "random" },
  { corpus: "c", order: "shuffle", subject: "{{hex 8}}", expand: true, rewrite: "subject" },
  { data: "u", to: "{{row.a}}{{hex 4}}@x", expand: true, headers: "X: {{uuid}}", dataOrder: "shuffle" },
  { body: "50%: words, 30%: random, 10%: gtube, 10%: eicar", length: "exp(2k)" }
]

describe("a run's messages are the same set over one, two and four threads, and over three segments", () => {
  for (const plan of plans) {
    it.effect(JSON.stringify(plan), () =>
      Effect.gen(function* () {
        const one = yield* sent(plan, 1)
        assert.lengthOf(one.messages, 60)
        assert.isAbove(new Set(one.messages).size, 50)
        for (const workers of [2, 4]) {
          const several = yield* sent(plan, workers)
          assert.deepStrictEqual(several.messages, one.messages)
          assert.deepStrictEqual(several.accounting.recipients, one.accounting.recipients)
        }
        const segments = yield* Effect.forEach(["1/3", "2/3", "3/3"], (segment) =>
          sent({ ...plan, segment, weights: "1,1,2", runId: "abc" }, 1)
        )
        assert.deepStrictEqual(
          segments.map(({ messages }) => messages.length),
          [15, 15, 30]
        )
        assert.deepStrictEqual(segments.flatMap(({ messages }) => messages).toSorted(), one.messages)
      })
    )
  }
})

describe("the books", () => {
  it.effect("have the recipients that each message had", () =>
    Effect.gen(function* () {
      const { accounting, messages } = yield* sent({ recipients: "1..9" }, 1)
      const recipients = messages.reduce((sum, message) => sum + message.split("\r\n")[0]!.split(" ").length, 0)
      assert.strictEqual(accounting.recipients.accepted, recipients)
      assert.strictEqual(accounting.recipients.offered, recipients)
    })
  )
})
