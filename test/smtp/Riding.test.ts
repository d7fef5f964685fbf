import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { codes, failure, isWaiting, make } from "./DrivenConversation.js"

const steps = ["final", "mail", "rcpt", "data"] as const
const content = "Subject: x\r\n\r\nHello\r\n.\r\n"
const commands = "MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n"

describe("an envelope that rides with a content, and waits for the socket", () => {
  const riding = Effect.gen(function* () {
    const made = make()
    made.transport.takes = false
    return { ...made, all: yield* made.ride(steps, content, commands) }
  })

  for (const code of [250, 451, 554]) {
    it.effect(`does not keep the reply to the content from being one: ${code}`, () =>
      Effect.gen(function* () {
        const { all, clock, contents, conversation, receive, seen } = yield* riding
        assert.strictEqual(conversation.awaited(), "final")
        clock.now += 40
        receive(`${code} ok\r\n`)
        assert.strictEqual(conversation.awaited(), "mail")
        assert.strictEqual(conversation.state(), "open")
        conversation.flushed()
        receive("250 a\r\n250 b\r\n354 c\r\n")
        assert.deepStrictEqual(yield* codes(all), [code, 250, 250, 354])
        // The content was handed over once, at the latest when it was answered.
        assert.deepStrictEqual(contents, [[40, 1040]])
        assert.deepStrictEqual(seen[0], ["final", code, 40, 1040])
      })
    )
  }

  for (const how of ["closed", "reset"] as const) {
    it.effect(`leaves open what became of the content when the connection is lost: ${how}`, () =>
      Effect.gen(function* () {
        const { all, conversation } = yield* riding
        conversation.ended(how)
        assert.deepStrictEqual(yield* failure(all), { _tag: "ConnectionLost", step: "final", how, replies: [] })
      })
    )
  }

  it.effect("leaves open what became of the content when the time is up", () =>
    Effect.gen(function* () {
      const { all, conversation } = yield* riding
      conversation.expire()
      assert.deepInclude(yield* failure(all), { _tag: "ReplyTimeout", step: "final" })
    })
  )

  it.effect("keeps the reply to the content when the connection is lost after it", () =>
    Effect.gen(function* () {
      const { all, conversation, receive } = yield* riding
      receive("250 ok\r\n")
      conversation.ended("reset")
      assert.deepInclude(yield* failure(all), { step: "mail", replies: [250] })
    })
  )

  for (const [missing, said] of Object.entries({
    final: "250 a\r\n250 b\r\n354 c\r\n",
    "final and mail": "250 b\r\n354 c\r\n",
    "all but data": "354 c\r\n"
  })) {
    it.effect(`leaves everything open where a reply is missing before that to DATA: ${missing}`, () =>
      Effect.gen(function* () {
        const { conversation, failed, receive, ride, transport } = make()
        const all = yield* ride(steps, content, commands)
        receive(said)
        assert.deepInclude(yield* failure(all), { _tag: "ReplyMalformed", step: "final", replies: [] })
        assert.strictEqual(conversation.state(), "failed")
        assert.deepStrictEqual(transport.closed, ["reset"])
        assert.deepStrictEqual(
          failed.map(([step]) => step),
          ["final"]
        )
      })
    )
  }

  it.effect("is shown with the dot that it rides with", () =>
    Effect.gen(function* () {
      const { ride, trace } = make()
      yield* ride(steps, content, commands)
      assert.deepStrictEqual(trace, [`sent .\r\n${commands}`])
    })
  )
})

describe("an envelope that rides with a content which is handed over slowly", () => {
  const perPiece = 10
  const slowly = Effect.gen(function* () {
    const made = make({ bytesPerSecond: perPiece * 10 })
    const all = yield* made.ride(steps, content, commands)
    const pieces = Math.ceil(content.length / perPiece)
    /** The next piece is due. */
    const next = () => {
      made.clock.now += 100
      for (const expiring of [...made.watched]) if (expiring.deadline <= made.clock.now) expiring.expire()
    }
    return { ...made, all, next, pieces }
  })

  it.effect("has its content's end seen when that is handed over, and no earlier", () =>
    Effect.gen(function* () {
      const { all, contents, conversation, next, pieces, receive } = yield* slowly
      for (let piece = 1; piece < pieces; piece++) {
        assert.strictEqual(conversation.awaited(), "content")
        assert.lengthOf(contents, 0)
        next()
      }
      assert.strictEqual(conversation.awaited(), "final")
      assert.deepStrictEqual(contents, [[(pieces - 1) * 100, 1000 + (pieces - 1) * 100]])
      receive("250 ok\r\n")
      assert.isTrue(yield* isWaiting(all))
      for (let piece = 0; piece < 20; piece++) next()
      receive("250 a\r\n250 b\r\n354 c\r\n")
      assert.deepStrictEqual(yield* codes(all), [250, 250, 250, 354])
      assert.lengthOf(contents, 1)
    })
  )

  it.effect("is a lie when it is accepted before its end was handed over, and a failure when it is lost", () =>
    Effect.gen(function* () {
      const early = yield* slowly
      early.receive("250 ok\r\n")
      assert.deepInclude(yield* failure(early.all), { _tag: "ReplyMalformed", step: "content" })
      const lost = yield* slowly
      lost.conversation.ended("reset")
      assert.deepInclude(yield* failure(lost.all), { _tag: "ConnectionLost", step: "content" })
    })
  )
})

describe("a write that the socket has not taken when its replies are there already", () => {
  it.effect("does not end the content that is written next", () =>
    Effect.gen(function* () {
      const { begin, contents, conversation, receive, transport } = make()
      transport.takes = false
      const envelope = yield* begin(["mail", "rcpt", "data"], "x")
      receive("250 a\r\n250 b\r\n354 c\r\n")
      yield* Fiber.join(envelope)
      const final = yield* begin(["final"], content)
      conversation.flushed()
      assert.lengthOf(contents, 0)
      assert.strictEqual(conversation.awaited(), "content")
      conversation.flushed()
      assert.lengthOf(contents, 1)
      receive("250 ok\r\n")
      assert.deepStrictEqual(yield* codes(final), [250])
    })
  )
})
