/**
 * A server in memory that sends on what it accepts, and does to it what a test wants: loses, doubles, delays or changes it. The
 * next hop is the sink of the run's proof of delivery (`prove` with `downstream`), so that a proof, and a scenario that waits for
 * arrivals, can be tested in the time of Effect's Clock.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ProofTap from "../load/ProofTap.js"
import * as Stamp from "../plan/Stamp.js"
import * as ArrivedMessage from "../sink/ArrivedMessage.js"
import * as Behaviour from "../sink/Behaviour.js"
import { EmbeddedSink } from "../sink/EmbeddedSink.js"
import type { Reaction } from "../sink/Reaction.js"
import type { Accepted } from "../sink/ServerLog.js"
import * as SmtpSink from "../sink/SmtpSink.js"
import * as TestServer from "../sink/TestServer.js"
import { Checksum } from "../smtp/Checksum.js"
import type { Connector } from "../smtp/Wire.js"

/**
 * One way of sending a message on.
 *
 * @since 0.1.0
 * @category models
 */
export interface Forwarding {
  /** After the message was accepted, or after the one before. Default 50 ms. */
  readonly after?: Duration.DurationInput | undefined
  /** What the next hop answers: that it takes it (`250`, the default), nothing, or that it is to come later (`451`). */
  readonly answer?: "250" | "" | "451" | undefined
  /** Default: those of the message, with a Received header on top. */
  readonly sender?: string | undefined
  readonly recipients?: ReadonlyArray<string> | undefined
  /** With CRLF line ends, a byte in each character. */
  readonly content?: string | undefined
}

/**
 * What becomes of a message that was accepted, by its number: it is sent on in these ways, one after another. None is a loss.
 *
 * @since 0.1.0
 * @category models
 */
export type Relaying = (message: number, accepted: Accepted) => ReadonlyArray<Forwarding>

/**
 * Provides the server, its `Connector`, and the next hop as an `EmbeddedSink`: `downstream` may be any address, for nobody
 * listens there.
 *
 * @example
 * import { assert, it } from "@effect/vitest"
 * import * as Effect from "effect/Effect"
 * import { Load, Plan } from "smtp-source"
 * import { Simulation, TestRelay } from "smtp-source/testing"
 *
 * const plan = Plan.make({ messages: 100, prove: "recipients", downstream: "unix:next", failIf: "missing > 1" })
 *
 * it.effect("one message is lost, and one comes twice", () =>
 *   Effect.gen(function* () {
 *     const { proof } = yield* Load.run(plan)
 *     assert.strictEqual(proof?.tally.missing, 1)
 *     assert.strictEqual(proof?.tally.duplicates, 1)
 *   }).pipe(
 *     Effect.provide(TestRelay.layer((message) => (message === 7 ? [] : message === 8 ? [{}, {}] : [{}]))),
 *     (load) => Simulation.run(load)
 *   )
 * )
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  relaying: Relaying,
  options: TestServer.TestServerOptions = {}
): Layer.Layer<TestServer.TestServer | Connector | EmbeddedSink> =>
  Layer.provideMerge(relay(relaying), TestServer.layer(options))

const relay = (relaying: Relaying): Layer.Layer<EmbeddedSink, never, TestServer.TestServer> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const { accepted } = yield* TestServer.TestServer
      const { sink, started } = yield* nextHop
      const forward = (message: Accepted) =>
        Effect.flatMap(Deferred.await(started), (next) =>
          Effect.forEach(
            relaying(numberOf(message.content), message),
            (forwarding) =>
              Effect.zipRight(
                Effect.sleep(forwarding.after ?? 50),
                Effect.sync(() => send(next, message, forwarding))
              ),
            { discard: true }
          )
        )
      let seen = 0
      const lookOut = Effect.suspend(() => {
        const fresh = accepted.slice(seen)
        seen += fresh.length
        return Effect.forEach(fresh, (message) => Effect.forkScoped(forward(message)), { discard: true })
      })
      yield* Effect.forkScoped(Effect.forever(Effect.zipRight(lookOut, Effect.sleep(lookEvery))))
      return Context.make(EmbeddedSink, sink)
    })
  )

/** In milliseconds. */
const lookEvery = 20

/** The number in the stamp on top; -1 where there is none. */
const numberOf = (content: string): number => {
  const line = content.slice(0, content.indexOf("\r\n"))
  return Stamp.read(line.slice(line.indexOf(":") + 1))?.message ?? -1
}

/** The next hop. The sender says what it is to answer. */
const nextHop = Effect.gen(function* () {
  const started = yield* Deferred.make<SmtpSink.SmtpSink>()
  const clock = yield* Effect.clock
  const crc32 = yield* Checksum
  const now = () => Number(clock.unsafeCurrentTimeNanos() / 1000n)
  const script = ({ sender = "", stage }: { readonly sender?: string | undefined; readonly stage: string }) =>
    stage === "final" ? reactions.find(([mark]) => sender.startsWith(mark))?.[1] : undefined
  const behaviour = Behaviour.make({ script }, () => 0)
  const sink = EmbeddedSink.of({
    start: (config, { proof } = {}) =>
      Effect.gen(function* () {
        const tap = proof && ArrivedMessage.tap(crc32, ProofTap.make(proof, { now }))
        const next = SmtpSink.make({ ...config, behaviour, tap })
        yield* Deferred.succeed(started, next)
        return { target: { _tag: "Unix", path: "next" } as const, counts: Effect.sync(next.counts) }
      })
  })
  return { sink, started }
})

const marks = { "250": "", "": "silent.", "451": "later." } as const

const reactions: ReadonlyArray<readonly [mark: string, reaction: Reaction]> = [
  [marks[""], { say: "", end: "close" }],
  [marks["451"], { say: "451 4.3.0 Later\r\n" }]
]

const send = (next: SmtpSink.SmtpSink, accepted: Accepted, forwarding: Forwarding): void => {
  const { answer = "250", content, recipients = accepted.recipients, sender = accepted.sender } = forwarding
  const session = next.open()
  const from = sender === "" ? "" : marks[answer] + sender
  const envelope = [`MAIL FROM:<${from}>`, ...recipients.map((recipient) => `RCPT TO:<${recipient}>`), "DATA"]
  const stuffed = (content ?? `Received: by relay\r\n${accepted.content}`).replaceAll(/^\./gm, "..")
  session.push(Buffer.from(`EHLO relay\r\n${envelope.join("\r\n")}\r\n${stuffed}.\r\n`, "latin1"))
  session.closed()
}
