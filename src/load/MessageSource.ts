/**
 * Where the messages of a scenario come from, if not from the plan: a function, an effect or a stream of the user's own.
 *
 * @since 0.1.0
 */
import * as Chunk from "effect/Chunk"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import * as Stuffing from "../plan/Stuffing.js"
import type * as Delivery from "../smtp/Delivery.js"
import * as Printable from "../smtp/Printable.js"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import { ScenarioSession } from "./ScenarioSession.js"

/**
 * A message, as its author has it. The lines of the content may end in CRLF or LF; dots are stuffed, and the final one is
 * added. Text goes out as UTF-8.
 *
 * @since 0.1.0
 * @category models
 */
export interface Mail {
  /** Empty for the null sender. */
  readonly sender: string
  readonly recipients: ReadonlyArray<string>
  readonly content: string | Uint8Array
}

/**
 * A mail cannot be sent as it is: it has no recipients, an address with a line break, or content with a bare CR.
 *
 * @since 0.1.0
 * @category errors
 */
export class MailUnusable extends Data.TaggedError("MailUnusable")<{
  /** The message's number. */
  readonly number: number
  readonly reason: string
}> {
  override get message(): string {
    return Printable.escape(`message ${this.number}: ${this.reason}`)
  }
}

/**
 * Gives the message of each number, from 0; none where there are no more. Sources may be asked for several messages at once.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageSource<E = never, R = never> {
  readonly get: (number: number) => Effect.Effect<Option.Option<Delivery.Message>, E, R | ScenarioSession>
}

/**
 * The mail that a function makes of each number.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromFunction = (mailOf: (number: number) => Mail): MessageSource<MailUnusable> => ({
  get: (number) => Effect.suspend(() => prepare(number, mailOf(number)))
})

/**
 * The mail that an effect makes of each number.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromEffect = <E, R>(
  mailOf: (number: number) => Effect.Effect<Mail, E, R>
): MessageSource<E | MailUnusable, R> => ({
  get: (number) => Effect.flatMap(mailOf(number), (mail) => prepare(number, mail))
})

/**
 * One mail of the stream after another, shared out to all sessions of the run: each is sent once, and none after the last.
 * The stream is read as messages are due, ahead by a chunk at most, and let go of at the end of the run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromStream = <E, R>(mails: Stream.Stream<Mail, E, R>): MessageSource<E | MailUnusable, R> => {
  const key = {}
  const open = Effect.gen(function* () {
    const pull = yield* Stream.toPull(mails)
    const oneByOne = yield* Effect.makeSemaphore(1)
    let ready: ReadonlyArray<Mail> = []
    let next = 0
    const take = Effect.gen(function* () {
      while (next >= ready.length) {
        const more = yield* Effect.map(pull, Option.some).pipe(
          Effect.catchAll(Option.match({ onNone: () => Effect.succeedNone, onSome: (error) => Effect.fail(error) }))
        )
        if (Option.isNone(more)) return Option.none<Mail>()
        ready = Chunk.toReadonlyArray(more.value)
        next = 0
      }
      return Option.some(ready[next++]!)
    })
    return oneByOne.withPermits(1)(take)
  })
  return {
    get: (number) =>
      Effect.gen(function* () {
        const session = yield* ScenarioSession
        const take = yield* session.shared(key, open)
        const mail = yield* take
        return Option.isNone(mail) ? Option.none() : yield* prepare(number, mail.value)
      })
  }
}

const prepare = (
  number: number,
  { content, recipients, sender }: Mail
): Either.Either<Option.Option<Delivery.Message>, MailUnusable> => {
  const unusable = (reason: string) => Either.left(new MailUnusable({ number, reason }))
  if (recipients.length === 0) return unusable("no recipients")
  const broken = [sender, ...recipients].find((address) => /[\u0000\r\n]/.test(address))
  if (broken !== undefined) return unusable(`the address ${broken} holds a line break or a NUL`)
  const bytes = typeof content === "string" ? Buffer.from(content) : content
  return Either.match(Stuffing.content(bytes), {
    onLeft: (line) => unusable(`line ${line} holds a carriage return that no line feed follows`),
    onRight: (content) =>
      Either.right(
        Option.some({
          mail: SmtpCommand.mail(sender),
          rcpts: recipients.map((recipient) => SmtpCommand.rcpt(recipient)),
          content
        })
      )
  })
}
