import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Stream from "effect/Stream"
import * as MessageSource from "../../../src/load/scenario/MessageSource.js"
import * as Scenario from "../../../src/load/scenario/Scenario.js"
import * as Corpus from "../../../src/plan/Corpus.js"
import { overOne, simulate } from "./scenarios.js"

const mail =
  (of: string) =>
  (number: number): MessageSource.Mail => ({
    sender: "me@example.com",
    recipients: ["you@example.com"],
    content: `${of}${number}`
  })

const mails = (of: string, count: number) => Array.from({ length: count }, (_, number) => mail(of)(number))

const few = (of: string, count: number) => MessageSource.fromIterable(mails(of, count))

/** The contents that a source has sent, over one session or several. */
const sent = <E>(source: MessageSource.MessageSource<E>, input = {}) =>
  Effect.map(
    simulate({ messages: 50, ...input }, overOne(source), { latency: "1 millis" }),
    ({ accounting, server }) => {
      const contents = server.accepted.map(({ content }) => content.trimEnd())
      assert.strictEqual(accounting.accepted, contents.length)
      assert.strictEqual(accounting.notStarted, 0)
      return contents
    }
  )

describe("a source of messages", () => {
  it.effect("fromIterable has each once, over all sessions, and all of them again in the next run", () =>
    Effect.gen(function* () {
      const source = few("a", 20)
      for (const sessions of [1, 4, 4]) {
        assert.deepStrictEqual(
          (yield* sent(source, { sessions })).sort(),
          mails("a", 20)
            .map(({ content }) => content)
            .sort()
        )
      }
    })
  )

  it.effect("has parameters of its mails in their commands, and none that would be another command", () =>
    Effect.gen(function* () {
      const of = (parameters: Partial<MessageSource.Mail>) =>
        MessageSource.fromIterable([{ ...mail("a")(0), recipients: ["a@x", "b@x"], ...parameters }])
      const source = of({ mailParameters: ["RET=HDRS", "ENVID=1"], rcptParameters: ["NOTIFY=NEVER"] })
      const { server } = yield* simulate({ messages: 1, notify: "never" }, overOne(source), { offers: ["DSN"] })
      assert.deepStrictEqual(
        server.log.map(({ line }) => line).filter((line) => /^(MAIL|RCPT)/.test(line)),
        [
          "MAIL FROM:<me@example.com> RET=HDRS ENVID=1",
          "RCPT TO:<a@x> NOTIFY=NEVER NOTIFY=NEVER",
          "RCPT TO:<b@x> NOTIFY=NEVER NOTIFY=NEVER"
        ]
      )
      for (const bad of ["A B", "A\r\nRSET", ""]) {
        const { sessions } = yield* simulate({ messages: 1 }, overOne(of({ rcptParameters: [bad] })))
        assert.include(
          sessions.map(Exit.match({ onSuccess: () => "", onFailure: String })).join(),
          "is not of printable"
        )
      }
    })
  )

  it.effect("map changes each mail", () =>
    Effect.gen(function* () {
      const changed = few("a", 3).pipe(
        MessageSource.map((mail, number) => ({ ...mail, content: `${mail.content}/${number}` }))
      )
      assert.deepStrictEqual(yield* sent(changed), ["a0/0", "a1/1", "a2/2"])
    })
  )

  it.effect("filter leaves mails out, and the others move up", () =>
    Effect.gen(function* () {
      const odd = MessageSource.fromFunction(mail("a")).pipe(
        MessageSource.filter(({ content }) => /[13579]$/.test(String(content))),
        MessageSource.take(3)
      )
      assert.deepStrictEqual(yield* sent(odd), ["a1", "a3", "a5"])
      assert.deepStrictEqual((yield* sent(odd, { sessions: 3 })).sort(), ["a1", "a3", "a5"])
      assert.deepStrictEqual(yield* sent(MessageSource.filter(few("a", 3), () => false)), [])
    })
  )

  it.effect("take ends it early, and not late", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* sent(MessageSource.take(few("a", 5), 2)), ["a0", "a1"])
      assert.deepStrictEqual(yield* sent(MessageSource.take(few("a", 2), 5)), ["a0", "a1"])
    })
  )

  it.effect("concat goes on with the other, from its beginning", () =>
    Effect.gen(function* () {
      const both = few("a", 2).pipe(MessageSource.concat(MessageSource.fromStream(Stream.fromIterable(mails("b", 2)))))
      assert.deepStrictEqual(yield* sent(both), ["a0", "a1", "b0", "b1"])
      assert.deepStrictEqual((yield* sent(both, { sessions: 4 })).sort(), ["a0", "a1", "b0", "b1"])
      const numbered = MessageSource.take(few("a", 3), 1).pipe(
        MessageSource.concat(MessageSource.take(MessageSource.fromFunction(mail("b")), 2))
      )
      assert.deepStrictEqual(yield* sent(numbered), ["a0", "b0", "b1"])
    })
  )

  it.effect("mixed has each source by its weight, in its own order, until all are over", () =>
    Effect.gen(function* () {
      const source = MessageSource.mixed(
        [9, MessageSource.fromFunction(mail("a"))],
        [1, MessageSource.fromFunction(mail("b"))]
      )
      const contents = yield* sent(source, { messages: 2000 })
      const rare = contents.filter((content) => content.startsWith("b"))
      // Within five times the standard deviation.
      assert.closeTo(rare.length, 200, 67)
      assert.deepStrictEqual(
        rare,
        rare.map((_, number) => `b${number}`)
      )
      assert.deepStrictEqual(yield* sent(source, { messages: 2000 }), contents)
      const ending = MessageSource.mixed([1, few("a", 3)], [5, few("b", 4)])
      assert.deepStrictEqual((yield* sent(ending)).sort(), ["a0", "a1", "a2", "b0", "b1", "b2", "b3"])
      for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
        const { sessions } = yield* simulate(
          { messages: 1 },
          overOne(MessageSource.mixed([1, few("a", 1)], [weight, few("b", 1)]))
        )
        assert.match(
          sessions.map(Exit.match({ onSuccess: () => "", onFailure: String })).join(),
          new RegExp(`MailUnusable: message 0: the weight ${weight} of a source is not more than 0`)
        )
      }
    })
  )

  it.effect("fromFiles has each file as it is due, and fails as the file does", () =>
    Effect.gen(function* () {
      const opened: Array<string> = []
      const files = FileSystem.layerNoop({
        readFile: (path) => {
          opened.push(path)
          return path === "c"
            ? Effect.fail(
                new SystemError({
                  reason: "NotFound",
                  module: "FileSystem",
                  method: "readFile",
                  pathOrDescriptor: path
                })
              )
            : Effect.succeed(new TextEncoder().encode(`of ${path}`))
        }
      })
      const envelope = (path: string) => ({ sender: "me@example.com", recipients: [`${path}@example.com`] })
      const source = MessageSource.fromFiles(["a", "b"], envelope)
      const { server } = yield* simulate({}, Effect.provide(overOneOf(source), files))
      assert.deepStrictEqual(
        server.accepted.map(({ content, recipients }) => [content, recipients]),
        [
          ["of a\r\n", ["a@example.com"]],
          ["of b\r\n", ["b@example.com"]]
        ]
      )
      assert.deepStrictEqual(opened, ["a", "b"])
      const missing = Effect.provide(overOneOf(MessageSource.fromFiles(["c"], envelope)), files)
      const { sessions } = yield* simulate({}, missing)
      assert.include(sessions.map(Exit.match({ onSuccess: () => "", onFailure: String })).join(), "NotFound")
    })
  )

  it.effect(
    "fromPlan has the plan's own messages, of a template or a corpus, to be mixed with others and changed",
    () =>
      Effect.gen(function* () {
        const collector = new Corpus.Collector({ rewrite: [], unusual: "skip" })
        for (const item of [0, 1]) collector.add(Buffer.from(`X: ${item}\n\n.dot\n${"line\n".repeat(item * 20_000)}`))
        const templated = { template: "X: {{row.a}}\n\nbody", data: Buffer.from("a\nAnn\nBob\n"), rows: 2 }
        for (const [input, parts, expected] of [
          [{ template: "t", data: "d" }, templated, ["X: Ann\r\n\r\nbody\r\n", "X: Bob\r\n\r\nbody\r\n"]],
          [
            { corpus: "c", rewrite: "none" },
            { corpus: collector.end() },
            ["X: 0\r\n\r\n.dot\r\n", `X: 1\r\n\r\n.dot\r\n${"line\r\n".repeat(20_000)}`]
          ]
        ] as const) {
          const plan = { ...input, from: "é@x", to: "t@x", recipients: 2, messages: 4 }
          const of = (source: MessageSource.MessageSource<MessageSource.MailUnusable>) =>
            Effect.map(simulate(plan, overOne(source), { run: { parts } }), ({ server }) => server.accepted)
          const plain = yield* of(MessageSource.fromPlan)
          assert.deepStrictEqual(
            plain.map(({ content, recipients, sender }) => [sender, recipients, content]),
            [0, 1, 0, 1].map((item) => ["é@x", ["2t@x", "t@x"], expected[item]!])
          )
          const changed = yield* of(
            MessageSource.fromPlan.pipe(
              MessageSource.take(2),
              MessageSource.map((mail) => ({ ...mail, recipients: mail.recipients.slice(1) })),
              MessageSource.concat(few("a", 1))
            )
          )
          assert.deepStrictEqual(
            changed.map(({ content, recipients, sender }) => [sender, recipients, content]),
            [
              ["é@x", ["t@x"], expected[0]],
              ["é@x", ["t@x"], expected[1]],
              ["me@example.com", ["you@example.com"], "a0\r\n"]
            ]
          )
        }
      })
  )

  it("has the errors and the services of all its parts", () => {
    class A extends Data.TaggedError("A") {}
    class B extends Data.TaggedError("B") {}
    const a = MessageSource.fromEffect(() => Effect.fail(new A()))
    const b = MessageSource.fromEffect(() => Effect.zipRight(FileSystem.FileSystem, Effect.fail(new B())))
    type Whole = MessageSource.MessageSource<A | B | MessageSource.MailUnusable, FileSystem.FileSystem>
    expectTypeOf(MessageSource.concat(a, b)).toEqualTypeOf<Whole>()
    expectTypeOf(MessageSource.mixed([1, a], [2, b])).toEqualTypeOf<Whole>()
  })
})

const overOneOf = <E, R>(source: MessageSource.MessageSource<E, R>) =>
  Effect.gen(function* () {
    const wire = yield* Scenario.open
    yield* Scenario.forEachMessage((message) => Scenario.deliver(wire, message), source)
  })
