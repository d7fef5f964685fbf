/**
 * Counts of replies and of errors as a journal holds them: since the start, and in a line only where they went on.
 *
 * A kind is written in full when it is first seen, and then by its count alone. A server that says something else each time
 * makes thousands of kinds, with an example each: all of them in every line would be megabytes a second.
 *
 * @since 0.1.0
 */
import type * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import * as ErrorTally from "../measure/ErrorTally.js"
import * as ReplyTally from "../measure/ReplyTally.js"
import type { Sightings } from "../measure/Sightings.js"
import * as RunReport from "./RunReport.js"

const reply = RunReport.schema.fields.replies.value
const error = RunReport.schema.fields.errors.value

/**
 * Replies of a kind that an earlier line told of.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ReplyAgain = reply.pick("step", "code", "enhanced", "count", "last")

/**
 * Errors of a kind that an earlier line told of.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ErrorAgain = error.pick("step", "kind", "detail", "local", "count", "last")

type Reply = Schema.Schema.Type<typeof reply>
type Failure = Schema.Schema.Type<typeof error>

/**
 * All that is known of them.
 *
 * @since 0.1.0
 * @category models
 */
export type Counts = Pick<RunReport.RunReport, "replies" | "errors">

/**
 * What one line says of them.
 *
 * @since 0.1.0
 * @category models
 */
export interface News {
  readonly replies: ReadonlyArray<Reply | typeof ReplyAgain.Type>
  readonly errors: ReadonlyArray<Failure | typeof ErrorAgain.Type>
}

/**
 * For the writer of a journal: finds what its next line is to say.
 *
 * @since 0.1.0
 * @category models
 */
export class Teller {
  private readonly replies = new Map<string, Reply>()
  private readonly errors = new Map<string, Failure>()

  /** What went on since it was last asked. */
  next({ errors, replies }: Counts): News {
    return {
      replies: news(this.replies, replies, keyOfReply, Struct.pick("step", "code", "enhanced", "count", "last")),
      errors: news(this.errors, errors, keyOfError, Struct.pick("step", "kind", "detail", "local", "count", "last"))
    }
  }
}

/**
 * For the reader of a journal: puts together what its lines say. Those of earlier versions tell of each kind in full.
 *
 * @since 0.1.0
 * @category models
 */
export class Listener {
  private readonly replies = new Map<string, Reply>()
  private readonly errors = new Map<string, Failure>()

  /** Takes what the next line says; false where that goes on with a kind which no line has told of. */
  take({ errors, replies }: News): boolean {
    const makesSense = follows(this.replies, replies, keyOfReply) && follows(this.errors, errors, keyOfError)
    if (!makesSense) return false
    learn(this.replies, replies, keyOfReply)
    learn(this.errors, errors, keyOfError)
    return true
  }

  /** In the order of the dialogue. */
  counts(): Counts {
    return {
      replies: ReplyTally.merge([[...this.replies.values()]]).map(RunReport.withoutUndefined),
      errors: ErrorTally.merge([[...this.errors.values()]])
    }
  }
}

const keyOfReply = ({ code, enhanced, step }: typeof ReplyAgain.Type): string => JSON.stringify([step, code, enhanced])

const keyOfError = ({ detail, kind, step }: typeof ErrorAgain.Type): string => JSON.stringify([step, kind, detail])

const news = <A extends Sightings, Again>(
  told: Map<string, A>,
  all: ReadonlyArray<A>,
  keyOf: (one: A) => string,
  again: (one: A) => Again
): ReadonlyArray<A | Again> =>
  all.flatMap((one) => {
    const key = keyOf(one)
    const before = told.get(key)
    // Of several threads, one may tell of an earlier reply than was known: its example is reported then.
    const isKnown = before?.first === one.first && before.example === one.example
    if (isKnown && before.count === one.count) return []
    told.set(key, one)
    return [isKnown ? again(one) : one]
  })

type Count = Pick<Sightings, "count" | "last">

const follows = <A extends Sightings, Again extends Count>(
  known: ReadonlyMap<string, A>,
  told: ReadonlyArray<A | Again>,
  keyOf: (one: A | Again) => string
): boolean => told.every((one) => isWhole(one) || known.has(keyOf(one)))

const learn = <A extends Sightings, Again extends Count>(
  known: Map<string, A>,
  told: ReadonlyArray<A | Again>,
  keyOf: (one: A | Again) => string
): void => {
  for (const one of told) {
    const key = keyOf(one)
    const before = known.get(key)
    if (isWhole<A>(one)) known.set(key, one)
    else if (before !== undefined) known.set(key, { ...before, count: one.count, last: one.last })
  }
}

const isWhole = <A extends Sightings>(one: A | Count): one is A => "example" in one
