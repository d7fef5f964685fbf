import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as fc from "fast-check"
import type { Reply } from "../../src/smtp/Reply.js"
import type { Step, WireError } from "../../src/smtp/SmtpError.js"
import type { Exchange } from "../../src/smtp/Wire.js"
import { body, codes, envelope, failure, finals, isWaiting, make } from "./DrivenConversation.js"

describe("exchange", () => {
  it.effect("waits for a greeting without a word", () =>
    Effect.gen(function* () {
      const { begin, receive, transport } = make()
      const greeting = yield* begin(["greeting"])
      assert.isTrue(yield* isWaiting(greeting))
      receive("220 hello\r\n")
      assert.deepStrictEqual(yield* codes(greeting), [220])
      assert.deepStrictEqual(transport.written, [])
    })
  )

  it.effect("writes its bytes and its body once, and resumes with the reply", () =>
    Effect.gen(function* () {
      const { begin, receive, transport } = make()
      const final = yield* begin(["final"], "head\r\n", body)
      assert.deepStrictEqual(transport.written, [["head\r\n", body]])
      receive("250 2.0.0 Ok\r\n")
      assert.deepStrictEqual(Either.getOrThrow(yield* Fiber.join(final)), [{ code: 250, text: "2.0.0 Ok" }])
    })
  )

  it.effect("takes a greeting that came before anybody waited for it", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive } = make()
      receive("220 hello\r\n")
      assert.strictEqual(conversation.state(), "open")
      assert.deepStrictEqual(yield* codes(yield* begin(["greeting"])), [220])
    })
  )

  it.effect("keeps 1 MiB of long replies to a group, and the beginnings of those that follow", () =>
    Effect.gen(function* () {
      const { begin, receive, seen } = make()
      const finals = Array.from({ length: 100 }, (): Step => "final")
      const group = yield* begin(finals, "M\r\n")
      for (let index = 0; index < 100; index++) receive(`250 ${String(index).padEnd(50_000, ".")}\r\n`)
      const replies = Either.getOrThrow(yield* Fiber.join(group))
      assert.lengthOf(seen, 100)
      assert.isBelow(
        replies.reduce((sum, { text }) => sum + text.length, 0),
        1_048_576 + 100 * 512
      )
      replies.forEach(({ code, text }, index) => {
        assert.strictEqual(code, 250)
        assert.strictEqual(text, String(index).padEnd(index < 20 ? 50_000 : 512, "."))
      })
      const next = yield* begin(["rset"], "RSET\r\n")
      receive(`250 ${"x".repeat(50_000)}\r\n`)
      assert.lengthOf(Either.getOrThrow(yield* Fiber.join(next))[0]!.text, 50_000)
    })
  )

  it.effect("gives each reply of a group to its command, however the bytes are cut", () =>
    Effect.gen(function* () {
      const { begin, receive, seen } = make()
      const group = yield* begin(envelope, "M\r\nR\r\nR\r\nD\r\n")
      for (const piece of ["25", "0 a\r\n550-", "b\r\n550 c\r\n2", "51 d\r", "\n35"]) {
        receive(piece)
        yield* Effect.yieldNow()
        assert.isTrue(yield* isWaiting(group))
      }
      receive("4 e\r\n")
      assert.deepStrictEqual(yield* codes(group), [250, 550, 251, 354])
      assert.deepStrictEqual(
        seen.map(([step, code]) => [step, code]),
        [
          ["mail", 250],
          ["rcpt", 550],
          ["rcpt", 251],
          ["data", 354]
        ]
      )
    })
  )

  it.effect("takes all replies of a group from one chunk", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive } = make()
      const group = yield* begin(envelope, "x")
      receive("250 a\r\n250 b\r\n250 c\r\n354 d\r\n")
      assert.deepStrictEqual(yield* codes(group), [250, 250, 250, 354])
      assert.strictEqual(conversation.state(), "open")
    })
  )

  it.effect("reports bytes, replies and durations to the observer", () =>
    Effect.gen(function* () {
      const { begin, clock, contents, observer, receive, seen, trace, transport } = make()
      const mail = yield* begin(["mail"], "MAIL FROM:<>\r\n")
      clock.now += 7
      receive("250 O")
      clock.now += 3
      receive("k\r\n")
      yield* Fiber.join(mail)
      transport.takes = false
      yield* begin(["final"], "head\r\n", body)
      assert.deepStrictEqual(contents, [])
      assert.strictEqual(observer.bytesOut, 14 + 6 + body.length)
      assert.strictEqual(observer.bytesIn, 8)
      assert.deepStrictEqual(seen, [["mail", 250, 10, 1010]])
      assert.deepStrictEqual(trace, ["sent MAIL FROM:<>\r\n", "received 250 Ok", "sent .\r\n"])
    })
  )

  it.effect("tells of writes that waited for the socket, unless they waited for less than a millisecond", () =>
    Effect.gen(function* () {
      const { begin, clock, conversation, queued, receive, transport } = make()
      for (const waited of [0.5, 25, 0]) {
        transport.takes = waited === 0
        const mail = yield* begin(["mail"], "MAIL FROM:<>\r\n")
        clock.now += waited
        conversation.flushed()
        receive("250 Ok\r\n")
        yield* Fiber.join(mail)
      }
      assert.deepStrictEqual(queued, [25])
    })
  )

  it.effect("tells how long a step was waited for that had no reply, and how long the connection stood", () =>
    Effect.gen(function* () {
      const { begin, clock, closed, conversation, failed, receive, seen } = make()
      clock.now = 1010
      const envelope = yield* begin(["mail", "rcpt"], "MAIL FROM:<>\r\nRCPT TO:<>\r\n")
      clock.now = 1015
      receive("250 Ok\r\n")
      clock.now = 1030
      conversation.ended("reset")
      yield* Fiber.join(envelope)
      assert.deepStrictEqual(seen, [["mail", 250, 5, 1015]])
      assert.deepStrictEqual(failed, [["rcpt", 20, 1030]])
      assert.deepStrictEqual(closed, [[true, 30, 1030]])
    })
  )

  it.effect("tells nothing of a step that we gave up ourselves", () =>
    Effect.gen(function* () {
      const { begin, clock, closed, conversation, failed } = make()
      yield* begin(["mail"], "MAIL FROM:<>\r\n")
      clock.now = 1030
      conversation.close("reset")
      conversation.close("reset")
      assert.deepStrictEqual(failed, [])
      assert.deepStrictEqual(closed, [[false, 30, 1030]])
    })
  )

  it.effect("times the content up to the hand-over of the dot, and the reply from there", () =>
    Effect.gen(function* () {
      const { begin, clock, contents, conversation, receive, seen, transport } = make()
      transport.takes = false
      const final = yield* begin(["final"], "head\r\n", body)
      clock.now += 20
      conversation.progressed()
      clock.now += 30
      conversation.flushed()
      assert.deepStrictEqual(contents, [[50, 1050]])
      clock.now += 8
      receive("250 Ok\r\n")
      assert.deepStrictEqual(yield* codes(final), [250])
      assert.deepStrictEqual(seen, [["final", 250, 8, 1058]])
    })
  )

  it.effect("counts content once, and no other command as content", () =>
    Effect.gen(function* () {
      const { begin, contents, conversation, receive } = make()
      const mail = yield* begin(["mail"], "x")
      conversation.flushed()
      receive("250 a\r\n")
      yield* Fiber.join(mail)
      assert.lengthOf(contents, 0)
      const final = yield* begin(["final"], "x")
      conversation.flushed()
      receive("250 a\r\n")
      yield* Fiber.join(final)
      assert.lengthOf(contents, 1)
    })
  )
})

describe("a reply that nobody asked for", () => {
  it.effect("never answers the next command", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive, transport } = make()
      const mail = yield* begin(["mail"], "MAIL\r\n")
      receive("250 a\r\n")
      yield* Fiber.join(mail)
      receive("250 not asked for\r\n")
      assert.strictEqual(conversation.state(), "failed")
      assert.deepStrictEqual(yield* failure(yield* begin(["rcpt"], "RCPT\r\n")), {
        _tag: "ReplyMalformed",
        step: "rcpt",
        replies: [],
        reason: "250 not asked for, which was not asked for"
      })
      assert.lengthOf(transport.written, 1)
    })
  )

  it.effect("does not spoil the answer that came before it in the same bytes", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive } = make()
      const mail = yield* begin(["mail"], "MAIL\r\n")
      receive("250 a\r\n250 b\r\n250 c\r\n")
      assert.deepStrictEqual(yield* codes(mail), [250])
      assert.strictEqual(conversation.state(), "failed")
      const rcpt = yield* failure(yield* begin(["rcpt"], "RCPT\r\n"))
      assert.strictEqual(rcpt.reason, "250 b, which was not asked for")
    })
  )

  it.effect("ends the dialogue when it follows a group", () =>
    Effect.gen(function* () {
      const { begin, receive } = make()
      const all = yield* begin(finals, "x\r\n.\r\n")
      receive("250 a\r\n250 b\r\n250 c\r\n250 d\r\n")
      assert.deepStrictEqual(yield* codes(all), [250, 250, 250])
      assert.strictEqual((yield* failure(yield* begin(["mail"], "MAIL\r\n")))._tag, "ReplyMalformed")
    })
  )

  it.effect("is quoted in part only, and printable", () =>
    Effect.gen(function* () {
      const { begin, receive } = make()
      const greeting = yield* begin(["greeting"])
      receive("220 hi\r\n")
      yield* Fiber.join(greeting)
      receive(`250 \x1b]0;owned\x07${"x".repeat(5000)}\r\n`)
      const result = yield* Fiber.join(yield* begin(["mail"], "M"))
      if (Either.isRight(result)) assert.fail("the reply was not asked for")
      assert.isBelow(result.left.message.length, 400)
      assert.notMatch(result.left.message, /[^\x20-\x7e]/)
    })
  )

  for (const code of [421, 521]) {
    it.effect(`announces a close when it is ${code}: the connection is lost, and the server said why`, () =>
      Effect.gen(function* () {
        const { begin, conversation, receive } = make()
        const mail = yield* begin(["mail"], "MAIL\r\n")
        receive("250 a\r\n")
        yield* Fiber.join(mail)
        receive(`${code} bye\r\n`)
        assert.strictEqual(conversation.state(), "closing")
        conversation.ended("closed")
        assert.deepStrictEqual(yield* failure(yield* begin(["rcpt"], "RCPT\r\n")), {
          _tag: "ConnectionLost",
          step: "rcpt",
          replies: [],
          how: "closed",
          reply: code
        })
      })
    )
  }
})

describe("a reply that closes", () => {
  it.effect("ends its group: the replies after it are missing", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive } = make()
      const group = yield* begin(envelope, "x")
      receive("250 a\r\n421 b\r\n")
      assert.deepStrictEqual(yield* codes(group), [250, 421])
      assert.strictEqual(conversation.state(), "closing")
      conversation.ended("closed")
      assert.strictEqual(conversation.state(), "closing")
    })
  )

  it.effect("ends its group even when more replies follow in the same bytes", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive } = make()
      const group = yield* begin(envelope, "x")
      receive("250 a\r\n521 b\r\n503 c\r\n503 d\r\n")
      assert.deepStrictEqual(yield* codes(group), [250, 521])
      assert.strictEqual(conversation.state(), "closing")
    })
  )

  it.effect("leaves the connection closing when it answers the last command", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive } = make()
      const mail = yield* begin(["mail"], "x")
      receive("421 a\r\n")
      assert.deepStrictEqual(yield* codes(mail), [421])
      assert.strictEqual(conversation.state(), "closing")
    })
  )
})

describe("a reply before the end of the content", () => {
  const early = (steps: ReadonlyArray<Step>, reply: string) =>
    Effect.gen(function* () {
      const made = make()
      made.transport.takes = false
      const final = yield* made.begin(steps, "head\r\n", body)
      made.receive(reply)
      return { ...made, final }
    })

  for (const code of [421, 452, 552, 554]) {
    it.effect(`is taken when it refuses, and ends the connection: ${code}`, () =>
      Effect.gen(function* () {
        const { contents, conversation, final } = yield* early(["final"], `${code} no\r\n`)
        assert.deepStrictEqual(yield* codes(final), [code])
        assert.strictEqual(conversation.state(), "closing")
        conversation.flushed()
        assert.lengthOf(contents, 0)
      })
    )
  }

  it.effect("answers for all recipients of LMTP", () =>
    Effect.gen(function* () {
      const { conversation, final } = yield* early(finals, "552 too big\r\n")
      assert.deepStrictEqual(yield* codes(final), [552, 552, 552])
      assert.strictEqual(conversation.state(), "closing")
    })
  )

  for (const reply of ["250 Ok", "354 go", "199 x", "550:no", "garbage"]) {
    it.effect(`is a lie when it does not refuse, and the message was not handed over: ${reply}`, () =>
      Effect.gen(function* () {
        const { conversation, final, transport } = yield* early(["final"], `${reply}\r\n`)
        const error = yield* failure(final)
        assert.deepInclude(error, { _tag: "ReplyMalformed", step: "content", replies: [] })
        assert.match(error.reason ?? "", /before the end of the message$/)
        assert.strictEqual(conversation.state(), "failed")
        assert.deepStrictEqual(transport.closed, ["reset"])
      })
    )
  }

  it.effect("is in order for the commands before it in a group that is still being written", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive, transport } = make()
      transport.takes = false
      const group = yield* begin(envelope, "x")
      receive("250 a\r\n250 b\r\n")
      conversation.flushed()
      receive("250 c\r\n354 d\r\n")
      assert.deepStrictEqual(yield* codes(group), [250, 250, 250, 354])
    })
  )
})

describe("a connection that is lost", () => {
  for (const how of ["closed", "reset"] as const) {
    it.effect(`fails the step that waits, and keeps the group's earlier replies: ${how}`, () =>
      Effect.gen(function* () {
        const { begin, conversation, receive, transport, watched } = make()
        const group = yield* begin(envelope, "x")
        receive("250 a\r\n550 b\r\n25")
        conversation.ended(how)
        assert.deepStrictEqual(yield* failure(group), {
          _tag: "ConnectionLost",
          step: "rcpt",
          replies: [250, 550],
          how
        })
        assert.strictEqual(conversation.state(), "failed")
        assert.deepStrictEqual(transport.closed, ["reset"])
        assert.strictEqual(watched.size, 0)
      })
    )
  }

  it.effect("takes a reply that has no end of line for none", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive } = make()
      const final = yield* begin(["final"], "x")
      receive("250 o")
      conversation.ended("closed")
      assert.deepInclude(yield* failure(final), { step: "final", replies: [] })
    })
  )

  it.effect("strikes the content until the dot is handed over, and the final reply from there", () =>
    Effect.gen(function* () {
      for (const flushed of [false, true]) {
        const { begin, conversation, transport } = make()
        transport.takes = false
        const final = yield* begin(["final"], "x")
        if (flushed) conversation.flushed()
        assert.strictEqual(conversation.awaited(), flushed ? "final" : "content")
        conversation.ended("reset")
        assert.strictEqual((yield* failure(final)).step, flushed ? "final" : "content")
      }
    })
  )

  it.effect("is told by the next exchange when nobody waited, and nothing is written", () =>
    Effect.gen(function* () {
      for (const [steps, step] of [
        [["mail"], "mail"],
        [["final"], "content"],
        [["quit"], "quit"],
        [["greeting"], "greeting"]
      ] as const) {
        const { begin, conversation, transport } = make()
        conversation.ended("closed")
        assert.strictEqual(conversation.state(), "failed")
        assert.deepStrictEqual(yield* failure(yield* begin(steps, "x")), {
          _tag: "ConnectionLost",
          step,
          replies: [],
          how: "closed"
        })
        assert.lengthOf(transport.written, 0)
      }
    })
  )

  it.effect("stays lost in the way that it was lost first", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive } = make()
      conversation.ended("reset")
      conversation.ended("closed")
      receive("250 late\r\n")
      assert.deepInclude(yield* failure(yield* begin(["mail"], "x")), { _tag: "ConnectionLost", how: "reset" })
    })
  )
})

describe("a reply without an end", () => {
  for (const [name, endless] of [
    ["a line", "x".repeat(70_000)],
    ["lines", "250-x\r\n".repeat(1_000)]
  ] as const) {
    it.effect(`is no reply: ${name}`, () =>
      Effect.gen(function* () {
        const { begin, conversation, receive, transport } = make()
        const mail = yield* begin(["mail", "rcpt"], "x")
        receive("250 a\r\n")
        for (let chunk = 0; chunk < 20; chunk++) receive(endless)
        assert.deepStrictEqual(yield* failure(mail), {
          _tag: "ReplyMalformed",
          step: "rcpt",
          replies: [250],
          reason: "the reply has no end"
        })
        assert.strictEqual(conversation.state(), "failed")
        assert.deepStrictEqual(transport.closed, ["reset"])
      })
    )
  }
})

describe("a deadline", () => {
  it.effect("is so long after the write, wakes who sleeps past it, and is gone with the reply", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive, watched, woken } = make({ timeout: 300_000 })
      assert.strictEqual(conversation.deadline, Number.POSITIVE_INFINITY)
      assert.isTrue(watched.has(conversation))
      const mail = yield* begin(["mail"], "x")
      assert.strictEqual(conversation.deadline, 301_000)
      assert.deepStrictEqual(woken, [301_000])
      receive("250 a\r\n")
      assert.strictEqual(conversation.deadline, Number.POSITIVE_INFINITY)
      yield* Fiber.join(mail)
    })
  )

  it.effect("wakes nobody who wakes earlier anyway", () =>
    Effect.gen(function* () {
      const { begin, woken } = make({ timeout: 300_000, wakesAt: 301_000 })
      yield* begin(["mail"], "x")
      assert.deepStrictEqual(woken, [])
    })
  )

  it.effect("is not moved by a drip", () =>
    Effect.gen(function* () {
      const { begin, clock, conversation, receive } = make({ timeout: 10_000 })
      const mail = yield* begin(["mail"], "x")
      for (const byte of "250-slow\r\n250-slo") {
        clock.now += 100
        receive(byte)
        assert.strictEqual(conversation.deadline, 11_000)
      }
      conversation.expire()
      assert.deepInclude(yield* failure(mail), { _tag: "ReplyTimeout", step: "mail", replies: [] })
    })
  )

  it.effect("is moved by progress of the content, and anew by its end", () =>
    Effect.gen(function* () {
      const { begin, clock, conversation, transport } = make({ timeout: 10_000 })
      transport.takes = false
      yield* begin(["final"], "x", body)
      assert.strictEqual(conversation.deadline, 11_000)
      clock.now = 5_000
      conversation.progressed()
      assert.strictEqual(conversation.deadline, 15_000)
      clock.now = 9_000
      conversation.flushed()
      assert.strictEqual(conversation.deadline, 19_000)
      clock.now = 12_000
      conversation.progressed()
      conversation.flushed()
      assert.strictEqual(conversation.deadline, 19_000)
    })
  )

  it.effect("is not moved by the hand-over of commands", () =>
    Effect.gen(function* () {
      const { begin, clock, conversation, transport } = make({ timeout: 10_000 })
      transport.takes = false
      yield* begin(envelope, "x")
      clock.now = 5_000
      conversation.flushed()
      assert.strictEqual(conversation.deadline, 11_000)
    })
  )

  it.effect("is at most 5 s for QUIT, and less where the time-out is", () =>
    Effect.gen(function* () {
      for (const [timeout, deadline] of [
        [300_000, 6_000],
        [2_000, 3_000]
      ] as const) {
        const { begin, conversation } = make({ timeout })
        yield* begin(["quit"], "QUIT\r\n")
        assert.strictEqual(conversation.deadline, deadline)
      }
    })
  )

  it.effect("that passes fails the step that waits, with the earlier replies, and resets the connection", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive, transport, watched } = make()
      const group = yield* begin(envelope, "x")
      receive("250 a\r\n")
      conversation.expire()
      assert.deepStrictEqual(yield* failure(group), {
        _tag: "ReplyTimeout",
        step: "rcpt",
        waited: 300_000,
        replies: [250]
      })
      assert.strictEqual(conversation.state(), "failed")
      assert.strictEqual(conversation.deadline, Number.POSITIVE_INFINITY)
      assert.deepStrictEqual(transport.closed, ["reset"])
      assert.strictEqual(watched.size, 0)
      assert.strictEqual((yield* failure(yield* begin(["mail"], "x")))._tag, "ReplyTimeout")
    })
  )

  it.effect("that passes while the content is written strikes the content", () =>
    Effect.gen(function* () {
      const { begin, conversation, transport } = make()
      transport.takes = false
      const final = yield* begin(["final"], "x", body)
      conversation.expire()
      assert.strictEqual((yield* failure(final)).step, "content")
    })
  )
})

describe("close", () => {
  it.effect("closes as it is told, and the next exchange was abandoned", () =>
    Effect.gen(function* () {
      for (const how of ["reset", "fin"] as const) {
        const { begin, conversation, transport, watched } = make()
        conversation.close(how)
        assert.deepStrictEqual(transport.closed, [how])
        assert.strictEqual(watched.size, 0)
        assert.strictEqual(conversation.state(), "closed")
        assert.deepStrictEqual(yield* failure(yield* begin(["mail"], "x")), {
          _tag: "ConnectionLost",
          step: "mail",
          replies: [],
          how: "interrupted"
        })
        assert.lengthOf(transport.written, 0)
      }
    })
  )

  it.effect("hears nothing any more", () =>
    Effect.gen(function* () {
      const { conversation, observer, receive, seen } = make()
      conversation.close("reset")
      receive("250 late\r\n")
      conversation.ended("closed")
      conversation.flushed()
      conversation.progressed()
      assert.strictEqual(observer.bytesIn, 0)
      assert.lengthOf(seen, 0)
    })
  )

  it.effect("forgets what was awaited", () =>
    Effect.gen(function* () {
      const { begin, conversation } = make()
      yield* begin(["mail"], "x")
      assert.strictEqual(conversation.awaited(), "mail")
      conversation.close("reset")
      assert.isUndefined(conversation.awaited())
    })
  )
})

describe("awaited", () => {
  it.effect("is the step whose reply comes next, and nothing between exchanges", () =>
    Effect.gen(function* () {
      const { begin, conversation, receive } = make()
      assert.isUndefined(conversation.awaited())
      const group = yield* begin(envelope, "x")
      assert.strictEqual(conversation.awaited(), "mail")
      receive("250 a\r\n250 b\r\n250 c\r\n")
      assert.strictEqual(conversation.awaited(), "data")
      receive("354 d\r\n")
      yield* Fiber.join(group)
      assert.isUndefined(conversation.awaited())
    })
  )
})

describe("converse", () => {
  const exchange = (steps: ReadonlyArray<Step>, bytes: string): Exchange => ({ steps, bytes, body: undefined })

  it.effect("runs one exchange after another, and gives what the script returns", () =>
    Effect.gen(function* () {
      const { converse, receive, transport } = make()
      const running = yield* converse(function* () {
        const [mail] = yield exchange(["mail"], "M")
        const said = [mail!.text]
        for (const reply of yield exchange(["rcpt", "rcpt"], "RR")) said.push(reply.text)
        return said
      })
      assert.deepStrictEqual(transport.written, [["M", undefined]])
      receive("250 a\r\n")
      assert.deepStrictEqual(transport.written, [
        ["M", undefined],
        ["RR", undefined]
      ])
      receive("250 b\r\n550 c\r\n")
      assert.deepStrictEqual(Either.getOrThrow(yield* Fiber.join(running)), ["a", "b", "c"])
    })
  )

  it.effect("ends with the first exchange that fails, and writes no more", () =>
    Effect.gen(function* () {
      const { conversation, converse, receive, transport } = make()
      const running = yield* converse(function* () {
        yield exchange(["mail"], "M")
        yield exchange(["rcpt"], "R")
        yield exchange(["data"], "D")
      })
      receive("250 a\r\n")
      conversation.ended("closed")
      assert.deepStrictEqual(yield* failure(running), {
        _tag: "ConnectionLost",
        step: "rcpt",
        replies: [],
        how: "closed"
      })
      assert.lengthOf(transport.written, 2)
    })
  )

  it.effect("fails the next exchange when a reply came that nobody asked for", () =>
    Effect.gen(function* () {
      const { converse, receive, transport } = make()
      const running = yield* converse(function* () {
        yield exchange(["mail"], "M")
        yield exchange(["rcpt"], "R")
      })
      receive("250 a\r\n250 b\r\n")
      assert.deepInclude(yield* failure(running), { _tag: "ReplyMalformed", step: "rcpt" })
      assert.lengthOf(transport.written, 1)
    })
  )

  it.effect("gives a deadline to each exchange", () =>
    Effect.gen(function* () {
      const { clock, conversation, converse, receive } = make({ timeout: 10_000 })
      yield* converse(function* () {
        yield exchange(["mail"], "M")
        yield exchange(["rcpt"], "R")
      })
      assert.strictEqual(conversation.deadline, 11_000)
      clock.now = 8_000
      receive("250 a\r\n")
      assert.strictEqual(conversation.deadline, 18_000)
      receive("250 b\r\n")
      assert.strictEqual(conversation.deadline, Number.POSITIVE_INFINITY)
    })
  )

  it.effect("is followed by exchanges of their own", () =>
    Effect.gen(function* () {
      const { begin, converse, receive } = make()
      const running = yield* converse(function* () {
        return (yield exchange(["mail"], "M"))[0]!.code
      })
      receive("250 a\r\n")
      assert.deepStrictEqual(yield* Fiber.join(running), Either.right(250))
      const rset = yield* begin(["rset"], "RSET\r\n")
      receive("251 b\r\n")
      assert.deepStrictEqual(yield* codes(rset), [251])
    })
  )
})

describe("a conversation in lock-step", () => {
  type Event = "ask" | "begin" | "reply" | "two replies" | "end" | "expire"
  const event = fc.oneof(
    { weight: 20, arbitrary: fc.constant<Event>("ask") },
    { weight: 8, arbitrary: fc.constant<Event>("reply") },
    { weight: 8, arbitrary: fc.constant<Event>("begin") },
    { weight: 1, arbitrary: fc.constantFrom<Event>("two replies", "end", "expire") }
  )

  it.effect("never takes one reply for another, and fails from the first event that is out of order", () =>
    Effect.gen(function* () {
      let answered = 0
      let failed = 0
      for (const events of fc.sample(fc.array(event, { maxLength: 40, size: "max" }), { seed: 1, numRuns: 2_000 })) {
        const { begin, conversation, receive } = make()
        let waiting: Fiber.Fiber<Either.Either<ReadonlyArray<Reply>, WireError>> | undefined
        const greeting = yield* begin(["greeting"])
        receive("220 hi\r\n")
        yield* Fiber.join(greeting)
        let number = 0
        let begun = false
        let broken = false
        const answer = (waiting: Fiber.Fiber<Either.Either<ReadonlyArray<Reply>, WireError>>, where: string) =>
          Effect.map(Fiber.join(waiting), (result) => {
            answered++
            assert.deepStrictEqual(result, Either.right([{ code: 250, text: `number ${number}` }]), where)
          })
        for (const event of events) {
          const where = `${event} of ${events.join(", ")}`
          if (event === "ask" && waiting === undefined) {
            waiting = yield* begin(["rset"], "RSET\r\n")
            number++
          } else if (event === "begin" && !begun) {
            receive("250 n")
            begun = true
          } else if (event === "reply" || event === "two replies") {
            receive(`${begun ? "" : "250 n"}umber ${number}\r\n${event === "reply" ? "" : "250 another\r\n"}`)
            begun = false
            broken ||= waiting === undefined || event === "two replies"
            if (waiting !== undefined) yield* answer(waiting, where)
            waiting = undefined
          } else if (event === "end" || (event === "expire" && waiting !== undefined)) {
            if (event === "end") conversation.ended("closed")
            else conversation.expire()
            broken = true
          }
          assert.strictEqual(conversation.state(), broken ? "failed" : "open", where)
          if (!broken) continue
          failed++
          const last = waiting ?? (yield* begin(["rset"], "RSET\r\n"))
          assert.isTrue(Either.isLeft(yield* Fiber.join(last)), where)
          break
        }
      }
      assert.isAbove(answered, 1_000)
      assert.isAbove(failed, 1_000)
    })
  )
})
