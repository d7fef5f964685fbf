import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import type { Step, WireError } from "../../src/smtp/SmtpError.js"
import * as Steps from "../../src/smtp/Steps.js"
import * as Tls from "../../src/smtp/Tls.js"
import type { Exchange, Script } from "../../src/smtp/Wire.js"
import { failure, isWaiting, make as drive } from "./DrivenConversation.js"

const settings = Tls.settings({ name: "mail.example.com" })
const session: Tls.TlsSession = { version: "TLSv1.3", cipher: "X", resumed: false, trust: "name" }

const starttls: Exchange = { steps: ["starttls"], bytes: "STARTTLS\r\n", secure: settings }
const noop: Exchange = { steps: ["other"], bytes: "NOOP\r\n" }

/** STARTTLS, and after it NOOP; gives the codes of both. */
function* twice(): Script<ReadonlyArray<number>> {
  const [first] = yield starttls
  const code = first!.code
  const [second] = yield noop
  return [code, second!.code]
}

/** A greeted conversation in which `twice` has sent STARTTLS. */
const begun = (options: { readonly timeout?: number } = {}) =>
  Effect.gen(function* () {
    const driven = drive(options)
    const greeting = yield* driven.begin(["greeting"])
    driven.receive("220 hello\r\n")
    yield* Fiber.join(greeting)
    const fiber = yield* driven.converse(twice)
    return { ...driven, fiber }
  })

const kindOf = (fiber: Fiber.Fiber<Either.Either<unknown, WireError>>) =>
  Effect.map(Fiber.join(fiber), (result) => {
    if (Either.isRight(result)) return assert.fail(`it succeeded with ${JSON.stringify(result.right)}`)
    const { left: error } = result
    return error._tag === "TlsFailed" ? `TlsFailed ${error.step} ${error.kind}` : `${error._tag} ${error.step}`
  })

describe("TLS in a conversation", () => {
  it.effect("begins after a positive reply, and the dialogue goes on once it stands", () =>
    Effect.gen(function* () {
      const { clock, conversation, fiber, receive, secured, seen, transport } = yield* begun()
      receive("220 go ahead\r\n")
      assert.deepStrictEqual(transport.secured, [settings])
      assert.strictEqual(conversation.awaited(), "tls")
      assert.isUndefined(conversation.session())
      assert.deepStrictEqual(transport.written, [["STARTTLS\r\n", undefined]])
      clock.now += 34
      conversation.secured(session)
      assert.deepStrictEqual(secured, [["TLSv1.3", 34, clock.now]])
      assert.strictEqual(conversation.session(), session)
      assert.deepStrictEqual(transport.written[1], ["NOOP\r\n", undefined])
      receive("250 ok\r\n")
      assert.deepStrictEqual(yield* Fiber.join(fiber), Either.right([220, 250]))
      assert.deepStrictEqual(
        seen.map(([step, code]) => [step, code]),
        [
          ["greeting", 220],
          ["starttls", 220],
          ["other", 250]
        ] satisfies ReadonlyArray<readonly [Step, number]>
      )
    })
  )

  it.effect.each(["454 4.7.0 not now\r\n", "501 no\r\n", "502 no\r\n"])("does not begin after %s", (reply) =>
    Effect.gen(function* () {
      const { fiber, receive, transport } = yield* begun()
      receive(reply)
      assert.deepStrictEqual(transport.secured, [])
      receive("250 ok\r\n")
      assert.deepStrictEqual(yield* Fiber.join(fiber), Either.right([Number(reply.slice(0, 3)), 250]))
    })
  )

  it.effect("does not begin after 421, which ends the connection", () =>
    Effect.gen(function* () {
      const { conversation, receive, transport } = yield* begun()
      receive("421 bye\r\n")
      assert.deepStrictEqual(transport.secured, [])
      assert.strictEqual(conversation.state(), "closing")
    })
  )

  it.effect("refuses plain text that comes with the reply, however it is cut", () =>
    Effect.gen(function* () {
      for (const injected of ["250-evil\r\n250 PIPELINING\r\n", "250 x\r\n", "250-evil", "25", "\r\n", "421 x\r\n"]) {
        const all = `220 go\r\n${injected}`
        // Up to the reply's end it comes in two pieces: what comes later never reaches the conversation.
        for (let cut = 0; cut < "220 go\r\n".length; cut++) {
          const { fiber, receive, transport } = yield* begun()
          if (cut > 0) receive(all.slice(0, cut))
          receive(all.slice(cut))
          assert.strictEqual(yield* kindOf(fiber), "TlsFailed tls injection", JSON.stringify([injected, cut]))
          assert.deepStrictEqual(transport.secured, [])
          assert.deepStrictEqual(transport.closed, ["reset"])
        }
      }
    })
  )

  it.effect("forgets what was known of the server before", () =>
    Effect.gen(function* () {
      const { conversation, fiber, receive } = yield* begun()
      conversation.capabilities = new Map([["PIPELINING", ""]])
      receive("220 go ahead\r\n")
      conversation.secured(session)
      assert.strictEqual(conversation.capabilities.size, 0)
      receive("250-a\r\n250 ok\r\n")
      assert.deepStrictEqual(yield* Fiber.join(fiber), Either.right([220, 250]))
    })
  )

  it.effect("has a time limit of its own", () =>
    Effect.gen(function* () {
      const { clock, conversation, failed, fiber, receive } = yield* begun({ timeout: 5000 })
      clock.now += 3000
      receive("220 go ahead\r\n")
      assert.strictEqual(conversation.deadline, clock.now + 5000)
      clock.now += 5000
      conversation.expire()
      assert.deepInclude(yield* failure(fiber), { _tag: "ReplyTimeout", step: "tls", waited: 5000 })
      assert.deepInclude(failed[0]!, "tls")
    })
  )

  it.effect("a failed handshake names its kind", () =>
    Effect.gen(function* () {
      const { conversation, fiber, receive } = yield* begun()
      receive("220 go ahead\r\n")
      conversation.ended(Tls.certificateProblem("CERT_HAS_EXPIRED"))
      assert.strictEqual(yield* kindOf(fiber), "TlsFailed tls certificate")
    })
  )

  it.effect("TLS that breaks later strikes the step that waits then", () =>
    Effect.gen(function* () {
      const { conversation, fiber, receive } = yield* begun()
      receive("220 go ahead\r\n")
      conversation.secured(session)
      conversation.ended({ kind: "clientCertificate", code: "X", reason: "certificate required" })
      assert.strictEqual(yield* kindOf(fiber), "TlsFailed other clientCertificate")
    })
  )

  it.effect("or the next one, where none waits", () =>
    Effect.gen(function* () {
      const driven = drive()
      const { conversation } = driven
      const opening = yield* driven.converse(function* (): Script<number | undefined> {
        yield Steps.implicitTls(settings)
        return undefined
      })
      conversation.secured(session)
      yield* Fiber.join(opening)
      conversation.ended({ kind: "clientCertificate", code: "X", reason: "certificate required" })
      assert.strictEqual(yield* kindOf(yield* driven.begin(["greeting"])), "TlsFailed greeting clientCertificate")
    })
  )

  it.effect("implicit: begins before the greeting, and nothing is written in plain text", () =>
    Effect.gen(function* () {
      const driven = drive()
      const fiber = yield* driven.converse(function* (): Script<number | undefined> {
        yield Steps.implicitTls(settings)
        const [greeting] = yield { steps: ["greeting"], bytes: "" }
        return greeting!.code
      })
      assert.deepStrictEqual(driven.transport.secured, [settings])
      assert.deepStrictEqual(driven.transport.written, [])
      assert.isTrue(yield* isWaiting(fiber))
      driven.conversation.secured(session)
      driven.receive("220 hello\r\n")
      assert.deepStrictEqual(yield* Fiber.join(fiber), Either.right(220))
    })
  )

  it.effect.each(["220 hello\r\n", "22"])(
    "implicit: a server that has begun in plain text (%j) does not speak TLS",
    (text) =>
      Effect.gen(function* () {
        const driven = drive()
        driven.receive(text)
        const fiber = yield* driven.converse(function* (): Script<number | undefined> {
          yield Steps.implicitTls(settings)
          return undefined
        })
        assert.strictEqual(yield* kindOf(fiber), "TlsFailed tls plain")
        assert.deepStrictEqual(driven.transport.secured, [])
      })
  )

  it.effect.each([
    [true, "the server does not speak TLS from the first byte: try --tls starttls"],
    [false, "the server does not speak TLS here"]
  ] as const)("a handshake that is answered in plain text says so (implicit: %s)", ([implicit, reason]) =>
    Effect.gen(function* () {
      const driven = drive()
      const fiber = yield* driven.converse(function* (): Script<number | undefined> {
        if (implicit) yield Steps.implicitTls(settings)
        yield Steps.greeting
        yield Steps.startTls(settings)
        return undefined
      })
      for (const said of implicit ? [] : ["220 hello\r\n", "220 go\r\n"]) {
        driven.receive(said)
        assert.isTrue(yield* isWaiting(fiber))
      }
      driven.conversation.ended({
        kind: "plain",
        code: "ERR_SSL_WRONG_VERSION_NUMBER",
        reason: "the server does not speak TLS here"
      })
      const error = Either.getOrThrow(Either.flip(yield* Fiber.join(fiber)))
      assert.deepInclude(error, { _tag: "TlsFailed", kind: "plain", reason })
    })
  )
})
