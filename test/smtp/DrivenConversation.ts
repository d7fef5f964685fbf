/** A conversation to be driven by hand. */
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import { Conversation } from "../../src/smtp/Conversation.js"
import type { Reply } from "../../src/smtp/Reply.js"
import type { Step, WireError } from "../../src/smtp/SmtpError.js"
import type { TlsSettings } from "../../src/smtp/Tls.js"
import type { Parting } from "../../src/smtp/Parting.js"
import type { Deadlines, Exchange, Expiring, WireObserver } from "../../src/smtp/Wire.js"

/** A conversation over a transport that only notes what it is told, with a clock that stands until it is moved. */
export const make = (
  options: {
    readonly timeout?: number
    readonly wakesAt?: number
    readonly bytesPerSecond?: number
    readonly parting?: Parting
  } = {}
) => {
  const clock = { now: 1000 }
  const watched = new Set<Expiring>()
  const woken: Array<number> = []
  const deadlines: Deadlines = {
    now: () => clock.now,
    wakesAt: options.wakesAt ?? Number.POSITIVE_INFINITY,
    wake: (deadline) => woken.push(deadline),
    add: (expiring) => watched.add(expiring),
    remove: (expiring) => watched.delete(expiring)
  }
  const seen: Array<readonly [step: Step, code: number, elapsed: number, now: number]> = []
  const contents: Array<readonly [elapsed: number, now: number]> = []
  const queued: Array<number> = []
  const failed: Array<readonly [step: Step, elapsed: number, now: number]> = []
  const closed: Array<readonly [byServer: boolean, elapsed: number, now: number]> = []
  const trace: Array<string> = []
  const unasked: Array<string> = []
  const secured: Array<readonly [version: string, elapsed: number, now: number]> = []
  const observer: WireObserver = {
    bytesIn: 0,
    bytesOut: 0,
    opened: 0,
    closedByUs: 0,
    closedByServer: 0,
    onReply: (step, reply, elapsed, now) => seen.push([step, reply.code, elapsed, now]),
    onSecured: (session, elapsed, now) => secured.push([session.version, elapsed, now]),
    onContent: (elapsed, now) => contents.push([elapsed, now]),
    onFailed: (step, elapsed, now) => failed.push([step, elapsed, now]),
    onUnasked: (error) => unasked.push(error.message),
    onClosed: (byServer, elapsed, now) => closed.push([byServer, elapsed, now]),
    onQueued: (elapsed) => queued.push(elapsed),
    onTrace: (direction, text) => trace.push(`${direction} ${text}`)
  }
  const transport = {
    /** Whether what is written next is taken at once. */
    takes: true,
    written: [] as Array<readonly [bytes: string, body: Uint8Array | undefined]>,
    closed: [] as Array<"reset" | "fin">,
    secured: [] as Array<TlsSettings>
  }
  const conversation = new Conversation(
    {
      write: (bytes, body) => {
        transport.written.push([bytes, body])
        return transport.takes
      },
      secure: (settings) => transport.secured.push(settings),
      close: (how) => transport.closed.push(how)
    },
    {
      deadlines,
      observer,
      timeout: options.timeout ?? 300_000,
      bytesPerSecond: options.bytesPerSecond,
      parting: options.parting
    }
  )
  return {
    clock,
    closed,
    contents,
    conversation,
    failed,
    observer,
    queued,
    secured,
    seen,
    trace,
    transport,
    unasked,
    watched,
    woken,
    receive: (text: string) => {
      const chunk = Buffer.from(`##${text}##`, "latin1")
      conversation.receive(chunk, 2, 2 + text.length)
      chunk.fill(35)
    },
    /** Begins an exchange and lets it run until it waits. */
    begin: (steps: ReadonlyArray<Step>, bytes = "", body?: Uint8Array) =>
      started(Effect.map(conversation.exchange(steps, bytes, body), (replies) => replies.slice())),
    /** The same, of content that other commands follow. */
    ride: (steps: ReadonlyArray<Step>, content: string, commands: string) =>
      started(
        conversation.converse(function* () {
          const replies = yield { steps, bytes: content + commands, contentLength: content.length }
          return replies.slice()
        })
      ),
    write: (bytes: string, body?: Uint8Array) => started(conversation.write(bytes, body)),
    converse: <A>(script: () => Generator<Exchange, A, ReadonlyArray<Reply>>) => started(conversation.converse(script))
  }
}

export const started = <A>(exchange: Effect.Effect<A, WireError>) =>
  Effect.tap(Effect.fork(Effect.either(exchange)), () => Effect.yieldNow())

export const isWaiting = <A>(fiber: Fiber.Fiber<A>) => Effect.map(Fiber.poll(fiber), Option.isNone)

/** What an exchange fails with, as plain data. */
export const failure = <A>(fiber: Fiber.Fiber<Either.Either<A, WireError>>) =>
  Effect.map(Fiber.join(fiber), (result) => {
    if (Either.isRight(result)) assert.fail(`the exchange succeeded with ${JSON.stringify(result.right)}`)
    const error = result.left
    const { _tag, replies, step } = error
    return {
      _tag,
      step,
      replies: replies.map(({ code }) => code),
      ...("waited" in error ? { waited: error.waited } : {}),
      ...("how" in error ? { how: error.how } : {}),
      ...("reply" in error && error.reply !== undefined ? { reply: error.reply.code } : {}),
      ...("reason" in error ? { reason: error.reason } : {})
    }
  })

export const codes = (fiber: Fiber.Fiber<Either.Either<ReadonlyArray<Reply>, WireError>>) =>
  Effect.map(Fiber.join(fiber), (result) => {
    if (Either.isLeft(result)) assert.fail(result.left.message)
    return result.right.map(({ code }) => code)
  })

export const body = new Uint8Array([120, 13, 10, 46, 13, 10])
export const envelope = ["mail", "rcpt", "rcpt", "data"] as const
export const finals = ["final", "final", "final"] as const
