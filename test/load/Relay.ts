/** A server in memory that sends on what it accepts, and does to it what a test wants; and the next hop that it sends it to. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as ProofTap from "../../src/load/ProofTap.js"
import * as Stamp from "../../src/plan/Stamp.js"
import * as ArrivedMessage from "../../src/sink/ArrivedMessage.js"
import * as Behaviour from "../../src/sink/Behaviour.js"
import type { Reaction } from "../../src/sink/Reaction.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import type { Accepted } from "../../src/sink/ServerLog.js"
import * as SmtpSink from "../../src/sink/SmtpSink.js"
import * as TestServer from "../../src/sink/TestServer.js"
import { crc32 } from "../../src/smtp/Checksum.js"

/** One way of sending a message on. */
export interface Forwarding {
  /** In milliseconds after the one before. */
  readonly after: number
  /** What the next hop answers: that it takes it, nothing, or that it is to come later. */
  readonly answer: "250" | "" | "451"
  readonly sender: string
  readonly recipients: ReadonlyArray<string>
  readonly content: string
}

export type Relaying = (accepted: Accepted, message: number) => ReadonlyArray<Forwarding>

export const numberOf = (content: string): number => Stamp.read(content.split("\r\n")[0]!.split(": ")[1]!)!.message

const marks: { readonly [mark: string]: Reaction } = {
  "silent.": { say: "", end: "close" },
  "later.": { say: "451 4.3.0 Later\r\n" }
}

const markOf = { "250": "", "": "silent.", "451": "later." } as const

/** The next hop. The sender says what it is to answer. */
const make = Effect.gen(function* () {
  const started = yield* Deferred.make<SmtpSink.SmtpSink>()
  const clock = yield* Effect.clock
  const now = () => Number(clock.unsafeCurrentTimeNanos() / 1000n)
  const behaving = Behaviour.make(
    {
      script: ({ sender = "", stage }) =>
        stage === "final" ? marks[Object.keys(marks).find((mark) => sender.startsWith(mark)) ?? ""] : undefined
    },
    () => 0
  )
  const sink = EmbeddedSink.of({
    start: (config, { proof } = {}) =>
      Effect.gen(function* () {
        const tap = proof && ArrivedMessage.tap(crc32, ProofTap.make(proof, { now }))
        const next = SmtpSink.make({ ...config, behaviour: behaving, tap })
        yield* Deferred.succeed(started, next)
        return { target: { _tag: "Unix", path: "next" } as const, counts: Effect.sync(next.counts) }
      })
  })
  return { sink, started }
})

const send = (next: SmtpSink.SmtpSink, { answer, content, recipients, sender }: Forwarding): void => {
  const session = next.open()
  const from = sender === "" ? "" : markOf[answer] + sender
  const envelope = [`MAIL FROM:<${from}>`, ...recipients.map((recipient) => `RCPT TO:<${recipient}>`), "DATA"]
  const stuffed = content.replaceAll(/^\./gm, "..")
  session.push(Buffer.from(`EHLO relay\r\n${envelope.join("\r\n")}\r\n${stuffed}.\r\n`, "latin1"))
  session.closed()
}

/** Runs with the next hop provided, and the server sending on to it. */
export const relayed = <A, E, R>(
  run: Effect.Effect<A, E, R>,
  relaying: Relaying
): Effect.Effect<A, E, Exclude<R, EmbeddedSink> | TestServer.TestServer> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { sink, started } = yield* make
      const server = yield* TestServer.TestServer
      const relay = Effect.gen(function* () {
        const next = yield* Deferred.await(started)
        let seen = 0
        while (true) {
          for (; seen < server.accepted.length; seen++) {
            const accepted = server.accepted[seen]!
            yield* Effect.forkScoped(
              Effect.forEach(relaying(accepted, numberOf(accepted.content)), (forwarding) =>
                Effect.zipRight(
                  Effect.sleep(forwarding.after),
                  Effect.sync(() => send(next, forwarding))
                )
              )
            )
          }
          yield* Effect.sleep(20)
        }
      })
      yield* Effect.forkScoped(relay)
      return yield* Effect.provide(run, Layer.succeed(EmbeddedSink, sink))
    })
  ) as Effect.Effect<A, E, Exclude<R, EmbeddedSink> | TestServer.TestServer>
