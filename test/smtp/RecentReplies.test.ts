import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as RecentReplies from "../../src/smtp/RecentReplies.js"
import type * as Reply from "../../src/smtp/Reply.js"
import * as ReplyParser from "../../src/smtp/ReplyParser.js"

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0))

const replyOf = (text: string): Reply.Reply => ({ code: Number(text.slice(0, 3)), text: text.slice(4, -2) })

describe("recent replies", () => {
  it("are the same object when they come again, whichever connection they come over", () => {
    const dialogue = bytes("250 sender\r\n250 recipient\r\n354 go on\r\n250 queued\r\n")
    const seen: Array<Array<Reply.Reply>> = [0, 1].map(() => {
      const replies: Array<Reply.Reply> = []
      const parser = ReplyParser.make()
      for (let round = 0; round < 3; round++) parser.push(dialogue, 0, dialogue.length, (reply) => replies.push(reply))
      return replies
    })
    const first = seen[0]!.slice(0, 4)
    for (const replies of seen) replies.forEach((reply, index) => void assert.strictEqual(reply, first[index % 4]))
  })

  it("are never taken for others when connections say different things in turns", () => {
    const line = fc.constantFrom("250 a\r\n", "250 b\r\n", "250 ab\r\n", "354 a\r\n", "550 no\r\n", "250 a\n")
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(2), line, fc.boolean()), { minLength: 1, maxLength: 60, size: "max" }),
        (turns) => {
          const connections = [0, 1, 2].map(() => ({ parser: ReplyParser.make(), got: [] as Array<string> }))
          const said: ReadonlyArray<Array<string>> = [[], [], []]
          for (const [which, text, cut] of turns) {
            const { got, parser } = connections[which]!
            const chunk = bytes(text)
            const at = cut ? 3 : chunk.length
            const take = ({ code, text }: Reply.Reply) => void got.push(`${code} ${text}`)
            parser.push(chunk, 0, at, take)
            parser.push(chunk, at, chunk.length, take)
            said[which]!.push(text.trimEnd())
          }
          connections.forEach(({ got }, which) => void assert.deepStrictEqual(got, said[which]))
        }
      ),
      { seed: 11, numRuns: 2_000 }
    )
  })

  it("are not held together by what followed them once they have made way for others", () => {
    const first = "250 the first of them\r\n"
    const entry = RecentReplies.remember(bytes(first), 0, first.length, replyOf(first))!
    const parser = ReplyParser.make()
    const push = (text: string) => parser.push(bytes(text), 0, text.length, () => {})
    push(first)
    push("250 which follows it\r\n")
    assert.strictEqual(entry.next?.reply.text, "which follows it")
    for (let index = 0; index < 20_000; index++) push(`250 ${index} of many\r\n`)
    assert.isFalse(entry.kept)
    assert.isUndefined(entry.next)
  })
})
