import { assert, describe, it } from "@effect/vitest"
import * as ClockReply from "../../src/smtp/ClockReply.js"
import type { Reply } from "../../src/smtp/Reply.js"
import * as ReplyParser from "../../src/smtp/ReplyParser.js"
import * as SmtpSink from "../../src/sink/SmtpSink.js"

const clock = { now: () => 1_795_694_335_873_223, sink: "9f31c0aa19ac3f0e" }

const say = (options: Parameters<typeof SmtpSink.make>[0], line: string): string => {
  const session = SmtpSink.make(options).open()
  return Buffer.from(session.push(Buffer.from(`${line}\r\n`)) ?? []).toString()
}

describe("NOOP X-CLOCK", () => {
  it("is answered with the time by a sink that writes down what comes, and by no other", () => {
    const told = "250 2.0.0 t=1795694335873223; s=9f31c0aa19ac3f0e\r\n"
    for (const manners of ["strict", "loose"] as const) {
      assert.strictEqual(say({ clock, manners }, "NOOP X-CLOCK"), told)
      assert.strictEqual(say({ clock, manners }, "noop x-clock"), told)
      for (const line of ["NOOP", "NOOP X-CLOCKS", "NOOP X-CLOC", "NOOP x clock"]) {
        assert.strictEqual(say({ clock, manners }, line), "250 2.0.0 Ok\r\n")
      }
      assert.strictEqual(say({ manners }, "NOOP X-CLOCK"), "250 2.0.0 Ok\r\n")
    }
  })

  it("is read back, and nothing else is", () => {
    const read = (text: string) => {
      const replies: Array<Reply> = []
      ReplyParser.make().push(Buffer.from(text), 0, text.length, (reply) => void replies.push(reply))
      return ClockReply.read(replies[0]!)
    }
    const known = { time: 1_795_694_335_873_223, sink: clock.sink }
    assert.deepStrictEqual(read(ClockReply.write(known)), known)
    for (const text of ["250 2.0.0 Ok\r\n", "250 2.0.0 t=1; s=9f31\r\n", "450 2.0.0 t=1; s=9f31c0aa19ac3f0e\r\n"]) {
      assert.isUndefined(read(text))
    }
  })
})
