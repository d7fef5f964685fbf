import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type { Conversation } from "../../src/smtp/Conversation.js"
import * as Dialogue from "../../src/smtp/Dialogue.js"
import { body, codes, failure, isWaiting, make } from "./DrivenConversation.js"

describe("a wire", () => {
  it.effect("does one thing at a time: another exchange fails at once, and does not disturb the first", () =>
    Effect.gen(function* () {
      const { begin, conversation, converse, receive, transport, write } = make()
      const first = yield* begin(["mail"], "MAIL\r\n")
      for (const second of [
        yield* begin(["rcpt"], "RCPT\r\n"),
        yield* write("x"),
        yield* converse<void>(function* () {
          yield { steps: ["other"], bytes: "NOOP\r\n" }
        })
      ]) {
        const { _tag } = yield* failure<unknown>(second)
        assert.strictEqual(_tag, "WireBusy")
      }
      assert.lengthOf(transport.written, 1)
      assert.strictEqual(conversation.state(), "open")
      receive("250 ok\r\n")
      assert.deepStrictEqual(yield* codes(first), [250])
      const next = yield* begin(["rcpt"], "RCPT\r\n")
      receive("250 ok\r\n")
      assert.deepStrictEqual(yield* codes(next), [250])
    })
  )

  it.effect("is closed when an exchange is interrupted: nobody could tell whose the next reply is", () =>
    Effect.gen(function* () {
      const { begin, conversation, transport } = make()
      yield* Fiber.interrupt(yield* begin(["mail"], "MAIL\r\n"))
      assert.strictEqual(conversation.state(), "closed")
      assert.deepStrictEqual(transport.closed, ["reset"])
      assert.deepInclude(yield* failure(yield* begin(["rcpt"], "x")), { _tag: "ConnectionLost", how: "interrupted" })
    })
  )

  it.effect("says how long it has waited in vain", () =>
    Effect.gen(function* () {
      const { begin, conversation } = make({ timeout: 2500 })
      const mail = yield* begin(["mail"], "x")
      conversation.expire()
      assert.deepInclude(yield* failure(mail), { _tag: "ReplyTimeout", waited: 2500 })
      const error = yield* Effect.flip(conversation.exchange(["mail"], "x"))
      assert.strictEqual(error.message, "timeout while sending the sender (2.5 s)")
    })
  )

  it.effect("takes the greeting and what follows it from one group", () =>
    Effect.gen(function* () {
      const { begin, receive, transport } = make()
      receive("220 hi\r\n")
      const group = yield* begin(["greeting", "hello"], "EHLO x\r\n")
      assert.lengthOf(transport.written, 1)
      receive("250 hello\r\n")
      assert.deepStrictEqual(yield* codes(group), [220, 250])
    })
  )

  it.effect("keeps an answer that an endless reply follows in the same bytes, and fails the next exchange", () =>
    Effect.gen(function* () {
      const { begin, receive } = make()
      const mail = yield* begin(["mail"], "x")
      receive(`250 ok\r\n${"250-\n".repeat(10_001)}`)
      assert.deepStrictEqual(yield* codes(mail), [250])
      assert.deepInclude(yield* failure(yield* begin(["rcpt"], "x")), { _tag: "ReplyMalformed", step: "rcpt" })
    })
  )
})

describe("write", () => {
  it.effect("sends what is not answered, and resumes when it was handed over", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive, transport, write } = make()
      yield* Fiber.join(yield* write("Subject: half\r\n"))
      transport.takes = false
      const rest = yield* write("the rest", body)
      assert.isTrue(yield* isWaiting(rest))
      conversation.flushed()
      yield* Fiber.join(rest)
      transport.takes = true
      const final = yield* begin(["final"], "\r\n.\r\n")
      receive("250 ok\r\n")
      assert.deepStrictEqual(yield* codes(final), [250])
      assert.deepStrictEqual(transport.written, [
        ["Subject: half\r\n", undefined],
        ["the rest", body],
        ["\r\n.\r\n", undefined]
      ])
    })
  )

  it.effect("is what an exchange without steps does", () =>
    Effect.gen(function* () {
      const { begin, transport } = make()
      assert.deepStrictEqual(yield* codes(yield* begin([], "x")), [])
      assert.deepStrictEqual(yield* codes(yield* begin([], "")), [])
      assert.lengthOf(transport.written, 1)
    })
  )

  it.effect("fails when the connection is lost, is late, or the server speaks meanwhile", () =>
    Effect.gen(function* () {
      const waiting = Effect.gen(function* () {
        const made = make()
        made.transport.takes = false
        return { ...made, writing: yield* made.write("x") }
      })
      const lost = yield* waiting
      lost.conversation.ended("reset")
      assert.deepInclude(yield* failure(lost.writing), { _tag: "ConnectionLost", step: "other", how: "reset" })
      const late = yield* waiting
      late.conversation.expire()
      assert.deepInclude(yield* failure(late.writing), { _tag: "ReplyTimeout", step: "other" })
      const spoken = yield* waiting
      spoken.receive("220 hi\r\n")
      spoken.receive("421 too slow\r\n")
      assert.deepInclude(yield* failure(spoken.writing), { _tag: "ConnectionLost", reply: 421 })
    })
  )

  it.effect("may come before the greeting, which is still there for who waits for it", () =>
    Effect.gen(function* () {
      const { begin, receive, write } = make()
      receive("220 hi\r\n")
      yield* Fiber.join(yield* write("EHLO early\r\n"))
      receive("250 hello\r\n")
      // What was not asked for is no answer: the talker who comes too early has to ask for both.
      assert.deepInclude(yield* failure(yield* begin(["greeting"])), { _tag: "ReplyMalformed" })
    })
  )
})

describe("what a server says while nothing is awaited", () => {
  it.effect("is a reply of the step idle, with how long nothing was said before it", () =>
    Effect.gen(function* () {
      const { begin, clock, conversation, receive, seen, unasked } = make()
      const mail = yield* begin(["mail"], "x")
      receive("250 ok\r\n")
      yield* Fiber.join(mail)
      clock.now += 700
      receive("421 4.4.2 timeout\r\n")
      assert.deepStrictEqual(seen.at(-1), ["idle", 421, 700, 1700])
      assert.deepStrictEqual(unasked, ["lost connection while idle (the server said: 421 4.4.2 timeout)"])
      assert.strictEqual(conversation.state(), "closing")
      // What it says after that is of no interest any more.
      receive("250 late\r\n")
      assert.lengthOf(seen, 2)
      assert.lengthOf(unasked, 1)
    })
  )

  it.effect("is told of as malformed when it announces no close, once", () =>
    Effect.gen(function* () {
      const { begin, receive, seen, unasked } = make()
      const final = yield* begin(["final"], "x")
      receive("250 ok\r\n250 ok again\r\n250 and again\r\n")
      assert.deepStrictEqual(yield* codes(final), [250])
      assert.deepStrictEqual(
        seen.map(([step, code]) => [step, code]),
        [
          ["final", 250],
          ["idle", 250]
        ]
      )
      assert.deepStrictEqual(unasked, ["malformed reply while idle: 250 ok again, which was not asked for"])
    })
  )

  it.effect("is nothing, where it only follows a 421 that was an answer", () =>
    Effect.gen(function* () {
      const { begin, receive, seen, unasked } = make()
      yield* begin(["mail", "rcpt"], "x")
      receive("421 bye\r\n250 ok\r\n")
      assert.lengthOf(seen, 1)
      assert.lengthOf(unasked, 0)
    })
  )
})

describe("the reply to QUIT", () => {
  it.effect("is waited for as long as all connections agree on: not for long after one was left without it", () =>
    Effect.gen(function* () {
      const parting = { patience: 5000 }
      const waits = Effect.gen(function* () {
        const made = make({ parting })
        const quit = yield* made.begin(["quit"], "QUIT\r\n")
        return { ...made, quit, waits: made.conversation.deadline - made.clock.now }
      })
      const first = yield* waits
      assert.strictEqual(first.waits, 5000)
      first.conversation.expire()
      const second = yield* waits
      assert.strictEqual(second.waits, 100)
      second.receive("221 bye\r\n")
      yield* Fiber.join(second.quit)
      assert.strictEqual((yield* waits).waits, 5000)
    })
  )
})

describe("a line break or a NUL in an argument", () => {
  it.effect("is refused before anything is written, and the connection can still be used", () =>
    Effect.gen(function* () {
      const { conversation, transport } = make()
      for (const bad of ["a\r\nRSET", "a\nb", "a\rb", "a\0b"]) {
        for (const [step, send] of [
          ["hello", Dialogue.hello(conversation, "EHLO", bad)],
          ["mail", Dialogue.mail(conversation, bad)],
          ["rcpt", Dialogue.rcpt(conversation, bad)],
          ["other", Dialogue.request(conversation, bad)]
        ] as const) {
          const error = yield* Effect.flip(send)
          assert.deepInclude(error, { _tag: "ArgumentInvalid", step, argument: bad })
          assert.notMatch(error.message, /[\r\n\0]/)
        }
      }
      assert.lengthOf(transport.written, 0)
      assert.strictEqual(conversation.state(), "open")
    })
  )

  it.effect("is refused in a whole message, too: each of its commands is one line with its end", () =>
    Effect.gen(function* () {
      const { conversation, transport } = make()
      const good = { mail: "MAIL FROM:<a>\r\n", rcpts: ["RCPT TO:<b>\r\n"], content: { head: ".\r\n" } }
      for (const [step, argument, message] of [
        ["mail", "MAIL FROM:<a>\r\nRSET\r\n", { ...good, mail: "MAIL FROM:<a>\r\nRSET\r\n" }],
        ["mail", "MAIL FROM:<a>", { ...good, mail: "MAIL FROM:<a>" }],
        ["rcpt", "RCPT TO:<b>\nRSET\r\n", { ...good, rcpts: [...good.rcpts, "RCPT TO:<b>\nRSET\r\n"] }],
        ["rcpt", "RCPT TO:<b>\0\r\n", { ...good, rcpts: ["RCPT TO:<b>\0\r\n"] }]
      ] as const) {
        const outcome = yield* Dialogue.transaction(conversation, message, {
          lmtp: false,
          afterUnexpected: "strict"
        })
        assert.deepNestedInclude(outcome, { _tag: "Failed", "error._tag": "ArgumentInvalid" })
        if (outcome._tag !== "Failed") return
        assert.deepInclude(outcome.error, { step, argument })
      }
      assert.lengthOf(transport.written, 0)
      assert.strictEqual(conversation.state(), "open")
    })
  )
})

describe("a step with the wire last", () => {
  it.effect("is the same step", () =>
    Effect.gen(function* () {
      const written = (step: (wire: Conversation) => Effect.Effect<unknown, unknown>) =>
        Effect.gen(function* () {
          const { conversation, transport } = make()
          yield* Effect.fork(step(conversation))
          yield* Effect.yieldNow()
          return transport.written.map(String)
        })
      const message = { mail: "MAIL FROM:<a>\r\n", rcpts: ["RCPT TO:<b>\r\n"], content: { head: ".\r\n" } }
      const options = { lmtp: false, afterUnexpected: "strict" } as const
      const content = { head: "Subject: x\r\n.\r\n" }
      const exchange = { bytes: "NOOP\r\n", steps: ["other"] } as const
      for (const [first, last] of [
        [(wire) => Dialogue.mail(wire, "a"), Dialogue.mail("a")],
        [(wire) => Dialogue.rcpt(wire, "a"), Dialogue.rcpt("a")],
        [(wire) => Dialogue.hello(wire, "EHLO", "a"), Dialogue.hello("EHLO", "a")],
        [(wire) => Dialogue.request(wire, "NOOP"), Dialogue.request("NOOP")],
        [(wire) => Dialogue.ask(wire, "other", "NOOP\r\n"), Dialogue.ask("other", "NOOP\r\n")],
        [(wire) => Dialogue.content(wire, content), Dialogue.content(content)],
        [(wire) => Dialogue.perform(wire, exchange), Dialogue.perform(exchange)],
        [(wire) => Dialogue.transaction(wire, message, options), Dialogue.transaction(message, options)]
      ] as ReadonlyArray<
        readonly [
          (wire: Conversation) => Effect.Effect<unknown, unknown>,
          (wire: Conversation) => Effect.Effect<unknown, unknown>
        ]
      >) {
        const expected = yield* written(first)
        assert.isAbove(expected.length, 0)
        assert.deepStrictEqual(yield* written(last), expected)
      }
    })
  )
})
