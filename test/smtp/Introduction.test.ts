import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Introduction from "../../src/smtp/Introduction.js"
import { make as drive } from "./DrivenConversation.js"

const plain = { bare: false, extended: false, lmtp: false }

describe("an introduction", () => {
  it("says HELO where nothing is asked of the server, EHLO where it is, LHLO in LMTP, and nothing with -o", () => {
    const verb = (wanted: Partial<Introduction.Wanted>) => Introduction.make({ ...plain, ...wanted }, "me").verb
    assert.deepStrictEqual(
      [
        verb({}),
        verb({ extended: true }),
        verb({ lmtp: true }),
        verb({ extended: true, lmtp: true }),
        verb({ bare: true })
      ],
      ["HELO", "EHLO", "LHLO", "LHLO", undefined]
    )
  })

  /** Introduces us to a server that says this, and tells what was sent. */
  const introduced = (wanted: Partial<Introduction.Wanted>, ...says: ReadonlyArray<string>) =>
    Effect.gen(function* () {
      const { conversation, receive, transport } = drive()
      let greetings = 0
      const introduction = Introduction.make({ ...plain, ...wanted }, "me")
      const running = yield* Effect.fork(
        Effect.either(
          Introduction.run(conversation, introduction, {
            onAnswer: (step) => {
              if (step === "greeting") greetings++
            }
          })
        )
      )
      for (const say of says) {
        yield* Effect.yieldNow()
        receive(say)
      }
      const result = yield* Fiber.join(running)
      const sent = transport.written.map(([bytes]) => bytes)
      return { capabilities: [...conversation.capabilities.keys()], greetings, result, sent }
    })

  it.effect("leaves what the server offers on the connection", () =>
    Effect.gen(function* () {
      const { capabilities, greetings, result, sent } = yield* introduced(
        { extended: true },
        "220 hi\r\n",
        "250-here\r\n250-PIPELINING\r\n250 SIZE 100\r\n"
      )
      assert.strictEqual(result._tag, "Right")
      assert.deepStrictEqual(sent, ["EHLO me\r\n"])
      assert.deepStrictEqual(capabilities, ["PIPELINING", "SIZE"])
      assert.strictEqual(greetings, 1)
    })
  )

  for (const code of [500, 502]) {
    it.effect(`falls back to HELO where EHLO is not known, which offers nothing: ${code}`, () =>
      Effect.gen(function* () {
        const { capabilities, result, sent } = yield* introduced(
          { extended: true },
          "220 hi\r\n",
          `${code} what\r\n`,
          "250-here\r\n250 PIPELINING\r\n"
        )
        assert.strictEqual(result._tag, "Right")
        assert.deepStrictEqual(sent, ["EHLO me\r\n", "HELO me\r\n"])
        assert.deepStrictEqual(capabilities, [])
      })
    )
  }

  it.effect("fails with the reply that does not welcome us, and says nothing after it", () =>
    Effect.gen(function* () {
      const refused = yield* introduced({}, "554 go away\r\n")
      assert.deepInclude(refused.result._tag === "Left" ? { ...refused.result.left } : {}, { step: "greeting" })
      assert.deepStrictEqual(refused.sent, [])
      const unknown = yield* introduced({ extended: true }, "220 hi\r\n", "550 not you\r\n")
      assert.deepInclude(unknown.result._tag === "Left" ? { ...unknown.result.left } : {}, { step: "hello" })
      assert.lengthOf(unknown.sent, 1)
    })
  )
})
