/**
 * Where the messages of a scenario come from, if not from the plan: a function, an effect or a stream of the user's own.
 *
 * It is over 300 lines because sources, and what is made of them, keep their place in a run in one way.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Pipeable from "effect/Pipeable"
import * as Stream from "effect/Stream"
import * as Draw from "../../plan/Draw.js"
import * as Partition from "../../plan/Partition.js"
import * as Segment from "../../plan/Segment.js"
import type * as Delivery from "../../smtp/Delivery.js"
import * as Mails from "./Mail.js"
import { type Mail, MailUnusable } from "./Mail.js"
import { ScenarioSession, type Session } from "./ScenarioSession.js"

export { type Mail, MailUnusable } from "./Mail.js"

/**
 * Gives the mail of each number, from 0; none where there are no more. Sources may be asked for several mails at once, each
 * number once.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageSource<E = never, R = never> extends Pipeable.Pipeable {
  readonly mail: (number: number) => Effect.Effect<Option.Option<Mail>, E, R | ScenarioSession>
  /** The same, ready to be sent. */
  readonly get: (number: number) => Effect.Effect<Option.Option<Delivery.Message>, E, R | ScenarioSession>
}

const make = <E, R>(
  mail: (number: number) => Effect.Effect<Option.Option<Mail>, E, R | ScenarioSession>
): MessageSource<E | MailUnusable, R> => ({
  mail,
  get: (number) =>
    Effect.flatMap(
      ScenarioSession,
      ({ plan }): Effect.Effect<Option.Option<Delivery.Message>, E | MailUnusable, R | ScenarioSession> =>
        plan.prove === undefined
          ? Effect.flatMap(
              mail(number),
              Option.match({
                onNone: () => Effect.succeedNone,
                onSome: (found) => Either.map(Mails.prepare(number, found), Option.some)
              })
            )
          : new MailUnusable({ number, reason: noStamp })
    ),
  pipe() {
    // biome-ignore lint/complexity/noArguments: this is what pipeArguments takes
    return Pipeable.pipeArguments(this, arguments)
  }
})

const noStamp = "only the plan's own messages have stamps, by which a proof of delivery knows them"

/**
 * A source whose sessions share something in each run: where it is. What comes next depends on what came before, so that a segment
 * of a run, which does not know the others', would send what they send.
 */
const stateful = <S, E, R>(
  begin: () => S,
  mail: (state: S, number: number) => Effect.Effect<Option.Option<Mail>, E, R | ScenarioSession>
): MessageSource<E | MailUnusable, R> => {
  const key = {}
  const fresh = Effect.sync(begin)
  return make((number) =>
    Effect.flatMap(
      ScenarioSession,
      (session): Effect.Effect<Option.Option<Mail>, E | MailUnusable, R | ScenarioSession> =>
        Segment.ofPlan(session.plan).of === 1
          ? Effect.flatMap(session.shared(key, fresh), (state) => mail(state, number))
          : new MailUnusable({ number, reason: inOrderOfAsking })
    )
  )
}

const inOrderOfAsking =
  "filter, concat and mixed go by the messages before it, which other segments have: use fromFunction, fromEffect, fromFiles, fromIterable or fromStream, with map and take"

/** Of mails that come one after another, a segment of a run sends its own, and passes over those between. */
const ownOf = <E, R>(
  next: Effect.Effect<Option.Option<Mail>, E, R>,
  { plan }: Session
): Effect.Effect<Option.Option<Mail>, E, R> => {
  const { at } = Partition.of(Segment.ofPlan(plan))
  let asked = 0
  let position = 0
  return Effect.gen(function* () {
    const wanted = at(asked++)
    let mail = yield* next
    while (Option.isSome(mail) && position++ < wanted) mail = yield* next
    return mail
  })
}

/**
 * The mail that a function makes of each number.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromFunction = (mailOf: (number: number) => Mail): MessageSource<MailUnusable> =>
  make((number) => Effect.sync(() => Option.some(mailOf(number))))

/**
 * The mail that an effect makes of each number.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromEffect = <E, R>(
  mailOf: (number: number) => Effect.Effect<Mail, E, R>
): MessageSource<E | MailUnusable, R> => make((number) => Effect.asSome(mailOf(number)))

/**
 * The messages of the run's own plan: generated, or those of its template or corpus, each with its envelope. So they can be mixed
 * with others, and changed. It has no end of its own.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromPlan: MessageSource<MailUnusable> = {
  ...make((number) =>
    Effect.flatMap(ScenarioSession, ({ planned }) => Either.map(Mails.ofMessage(number, planned(number)), Option.some))
  ),
  // As it is: what is ready need not be made ready again.
  get: (number) => Effect.map(ScenarioSession, ({ planned }) => Option.some(planned(number)))
}

/**
 * One mail of the stream after another, shared out to all sessions of the run: each is sent once, and none after the last.
 * The stream is read as messages are due, ahead by a chunk at most, and let go of at the end of the run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromStream = <E, R>(mails: Stream.Stream<Mail, E, R>): MessageSource<E | MailUnusable, R> => {
  const key = {}
  const open = (session: Session) =>
    Effect.gen(function* () {
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
      return oneByOne.withPermits(1)(ownOf(take, session))
    })
  return make(() => Effect.flatMap(ScenarioSession, (session) => Effect.flatten(session.shared(key, open(session)))))
}

/**
 * One mail after another, each once in a run, and none after the last. What can be gone through again is, by the next run.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromIterable = (mails: Iterable<Mail>): MessageSource<MailUnusable> => {
  const key = {}
  const open = (session: Session) =>
    Effect.sync(() => {
      const iterator = mails[Symbol.iterator]()
      const next = Effect.sync((): Option.Option<Mail> => {
        const { done, value } = iterator.next()
        return done === true ? Option.none() : Option.some(value)
      })
      return ownOf(next, session)
    })
  return make<never, never>(() =>
    Effect.flatMap(ScenarioSession, (session) => Effect.flatten(session.shared(key, open(session))))
  )
}

/**
 * One file after another, headers and body, each once in a run. A file is read when its message is due. Where it goes is one
 * envelope for all, or what a function makes of each file's path.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromFiles = (
  paths: ReadonlyArray<string>,
  envelope: Omit<Mail, "content"> | ((path: string, number: number) => Omit<Mail, "content">)
): MessageSource<PlatformError | MailUnusable, FileSystem.FileSystem> =>
  make((number) => {
    const path = paths[number]
    if (path === undefined) return Effect.succeedNone
    return Effect.gen(function* () {
      const fileSystem = yield* FileSystem.FileSystem
      const content = yield* fileSystem.readFile(path)
      const { recipients, sender } = typeof envelope === "function" ? envelope(path, number) : envelope
      return Option.some({ sender, recipients, content })
    })
  })

/**
 * Changes each mail.
 *
 * @since 0.1.0
 * @category combinators
 */
export const map: {
  (
    change: (mail: Mail, number: number) => Mail
  ): <E, R>(self: MessageSource<E, R>) => MessageSource<E | MailUnusable, R>
  <E, R>(self: MessageSource<E, R>, change: (mail: Mail, number: number) => Mail): MessageSource<E | MailUnusable, R>
} = dual(
  2,
  <E, R>(self: MessageSource<E, R>, change: (mail: Mail, number: number) => Mail): MessageSource<E | MailUnusable, R> =>
    make((number) => Effect.map(self.mail(number), (mail) => Option.map(mail, (found) => change(found, number))))
)

/**
 * Leaves out the mails that the test does not hold of. What is left moves up: it has the numbers from 0 on, in the order in which
 * sessions ask. A test that holds of none, of a source without an end, looks for one until the run is interrupted.
 *
 * @since 0.1.0
 * @category combinators
 */
export const filter: {
  (test: (mail: Mail) => boolean): <E, R>(self: MessageSource<E, R>) => MessageSource<E | MailUnusable, R>
  <E, R>(self: MessageSource<E, R>, test: (mail: Mail) => boolean): MessageSource<E | MailUnusable, R>
} = dual(
  2,
  <E, R>(self: MessageSource<E, R>, test: (mail: Mail) => boolean): MessageSource<E | MailUnusable, R> =>
    stateful(
      () => ({ next: 0 }),
      (state) =>
        Effect.gen(function* () {
          while (true) {
            const mail = yield* self.mail(state.next++)
            if (Option.isNone(mail) || test(mail.value)) return mail
            // A source that never has to wait would keep all else from running.
            yield* Effect.yieldNow()
          }
        })
    )
)

/**
 * The first mails, this many at most.
 *
 * @since 0.1.0
 * @category combinators
 */
export const take: {
  (count: number): <E, R>(self: MessageSource<E, R>) => MessageSource<E | MailUnusable, R>
  <E, R>(self: MessageSource<E, R>, count: number): MessageSource<E | MailUnusable, R>
} = dual(
  2,
  <E, R>(self: MessageSource<E, R>, count: number): MessageSource<E | MailUnusable, R> =>
    make((number) => (number < count ? self.mail(number) : Effect.succeedNone))
)

/**
 * The mails of one source, and after its last one those of the other.
 *
 * @since 0.1.0
 * @category combinators
 */
export const concat: {
  <E2, R2>(
    that: MessageSource<E2, R2>
  ): <E, R>(self: MessageSource<E, R>) => MessageSource<E | E2 | MailUnusable, R | R2>
  <E, R, E2, R2>(self: MessageSource<E, R>, that: MessageSource<E2, R2>): MessageSource<E | E2 | MailUnusable, R | R2>
} = dual(
  2,
  <E, R, E2, R2>(
    self: MessageSource<E, R>,
    that: MessageSource<E2, R2>
  ): MessageSource<E | E2 | MailUnusable, R | R2> =>
    stateful(
      () => ({ isOver: false, next: 0 }),
      (state, number) => {
        const other = Effect.suspend(() => that.mail(state.next++))
        if (state.isOver) return other
        return Effect.flatMap(
          self.mail(number),
          (mail): Effect.Effect<Option.Option<Mail>, E2, R2 | ScenarioSession> => {
            if (Option.isSome(mail)) return Effect.succeed(mail)
            state.isOver = true
            return other
          }
        )
      }
    )
)

/**
 * Mails of several sources, by weight. Which one message k comes from depends on k and the weights alone. A source that is over
 * leaves its share to the others, and the mix ends with the last of them. Fails with `MailUnusable` where a weight is not a
 * finite number of more than 0.
 *
 * @since 0.1.0
 * @category constructors
 * @example
 * import { MessageSource } from "smtp-source"
 *
 * const mail = (subject: string) => (number: number) => ({
 *   sender: "me@example.com",
 *   recipients: ["you@example.com"],
 *   content: `Subject: ${subject} ${number}\n\nHello\n`
 * })
 *
 * export const source = MessageSource.mixed(
 *   [9, MessageSource.fromFunction(mail("usual"))],
 *   [1, MessageSource.fromFunction(mail("rare")).pipe(MessageSource.take(10))]
 * )
 */
export const mixed = <Parts extends ReadonlyArray<readonly [weight: number, source: MessageSource<unknown, unknown>]>>(
  ...parts: Parts
): MessageSource<ErrorOf<Parts[number][1]> | MailUnusable, ContextOf<Parts[number][1]>> => {
  type E = ErrorOf<Parts[number][1]>
  type R = ContextOf<Parts[number][1]>
  // The sources of this list have these errors and contexts by definition.
  const sources = parts as ReadonlyArray<readonly [number, MessageSource<E, R>]>
  const key = Draw.keyOf(`mixed ${parts.map(([weight]) => weight).join(" ")}`)
  const wrong = parts.find(([weight]) => !(weight > 0 && weight < Number.POSITIVE_INFINITY))
  if (wrong !== undefined) {
    return make(
      (number) => new MailUnusable({ number, reason: `the weight ${wrong[0]} of a source is not more than 0` })
    )
  }
  return stateful(
    () => sources.map(([weight, source]) => ({ weight, source, next: 0 })),
    (left, number) =>
      Effect.gen(function* () {
        while (left.length > 0) {
          let rest = Draw.uniform(key, number) * left.reduce((sum, { weight }) => sum + weight, 0)
          const chosen =
            left.find(({ weight }) => {
              rest -= weight
              return rest < 0
            }) ?? left[0]!
          const mail = yield* chosen.source.mail(chosen.next++)
          if (Option.isSome(mail)) return mail
          const place = left.indexOf(chosen)
          if (place >= 0) left.splice(place, 1)
        }
        return Option.none<Mail>()
      })
  )
}

type ErrorOf<Source> = Source extends MessageSource<infer E, infer _R> ? E : never
type ContextOf<Source> = Source extends MessageSource<infer _E, infer R> ? R : never
