/**
 * A run as a stream of what happens in it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type * as Fiber from "effect/Fiber"
import * as Mailbox from "effect/Mailbox"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { Ending } from "../measure/Recorder.js"
import type { StepBuckets } from "../measure/Meter.js"
import type * as Series from "../measure/Series.js"
import * as Outcome from "../smtp/Outcome.js"
import type { MessageTimes, OnOutcome } from "./MessageTimes.js"
import type { Sampling } from "./Sampler.js"
import * as Watchdog from "./Watchdog.js"

/**
 * Something that happened. `at` is the time since the stream began, in milliseconds.
 *
 * - `MessageEnded`: a message came to its end.
 * - `Measured`: a step of a scenario's own ended, after `elapsed` milliseconds.
 * - `Sampled`: an interval is over, with all that was counted and measured in it: a second, unless `every` says otherwise.
 * - `RunEnded`: the last one, with the result, and with how many of those before it were left out because nobody took them
 *   in time.
 *
 * @since 0.1.0
 * @category models
 */
export type RunEvent<Result> =
  | MessageEnded
  | {
      readonly _tag: "Measured"
      readonly at: number
      readonly name: string
      readonly ending: Ending
      readonly elapsed: number
    }
  | {
      readonly _tag: "Sampled"
      readonly at: number
      readonly interval: Series.Interval
      /** The durations of the interval, by step and ending. */
      readonly durations: ReadonlyArray<StepBuckets>
    }
  | { readonly _tag: "RunEnded"; readonly at: number; readonly result: Result; readonly missed: number }

/**
 * A message came to its end. Its times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageEnded extends MessageTimes {
  readonly _tag: "MessageEnded"
  readonly at: number
  readonly message: number
  /** With at most the first 1,000 characters of what the server said: thousands of them are kept for a slow reader. */
  readonly outcome: Outcome.Outcome
}

const longestText = 1000

/**
 * How a stream of events is made, and kept for its reader.
 *
 * @since 0.1.0
 * @category models
 */
export interface StreamOptions {
  /** How many events are kept that were not taken yet; the oldest go first. Default 4096. */
  readonly capacity?: number | undefined
  /** The length of what is sampled, in milliseconds: it divides a second. Default: that of `sampling`, or 1000. */
  readonly every?: number | undefined
}

/**
 * What a run calls as it goes.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunListeners {
  readonly onOutcome: OnOutcome
  readonly onMeasured: OnMeasured
  readonly sampling: Sampling
}

/**
 * Called with each duration that is measured under a name of its own, in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export type OnMeasured = (name: string, ending: Ending, elapsed: number) => void

/**
 * The events of a run, which begins when the stream is read, and is interrupted when it is read no more. Who listens besides,
 * by the options, is told as well.
 *
 * A slow reader does not slow the run down, for that would change what is measured: it misses events, and the last one says
 * how many.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = <Result, E, R>(
  run: (listeners: RunListeners) => Effect.Effect<Result, E, R>,
  options: StreamOptions &
    Partial<{ readonly [listener in keyof RunListeners]: RunListeners[listener] | undefined }> = {}
): Stream.Stream<RunEvent<Result>, E, R> =>
  Stream.unwrapScoped(Effect.map(follow(run, options), ({ events }) => events))

/**
 * A run that goes on: what happens in it, and its end.
 *
 * @since 0.1.0
 * @category models
 */
export interface Followed<Result, E> {
  /** For one reader. */
  readonly events: Stream.Stream<RunEvent<Result>, E>
  readonly fiber: Fiber.RuntimeFiber<Result, E>
}

/**
 * Begins the run in a fiber of the scope, and keeps its events for their reader.
 *
 * @since 0.1.0
 * @category constructors
 */
export const follow = <Result, E, R>(
  run: (listeners: RunListeners) => Effect.Effect<Result, E, R>,
  options: StreamOptions &
    Partial<{ readonly [listener in keyof RunListeners]: RunListeners[listener] | undefined }> = {}
): Effect.Effect<Followed<Result, E>, never, R | Scope.Scope> =>
  Effect.gen(function* () {
    const { capacity = 4096, every, onMeasured, onOutcome, sampling } = options
    const now = Watchdog.monotonic(yield* Effect.clock)
    const begun = now()
    // What comes last has a place of its own.
    const events = yield* Mailbox.make<RunEvent<Result>, E>({ capacity: capacity + 1, strategy: "sliding" })
    let told = 0
    let taken = 0
    const tell = (event: RunEvent<Result>) => {
      told++
      events.unsafeOffer(event)
    }
    const running = run({
      onOutcome: (message, outcome, times) => {
        const kept = Outcome.shortened(outcome, longestText)
        tell({ _tag: "MessageEnded", at: now() - begun, message, outcome: kept, ...times })
        onOutcome?.(message, outcome, times)
      },
      onMeasured: (name, ending, elapsed) => {
        tell({ _tag: "Measured", at: now() - begun, name, ending, elapsed })
        onMeasured?.(name, ending, elapsed)
      },
      sampling: {
        every: every ?? sampling?.every,
        begin: sampling?.begin,
        take: (sample) => {
          tell({ _tag: "Sampled", at: now() - begun, interval: sample.interval, durations: sample.durations })
          sampling?.take(sample)
        }
      }
    })
    const fiber = yield* running.pipe(
      Effect.onExit((exit) =>
        Effect.sync(() => {
          if (Exit.isSuccess(exit)) {
            events.unsafeOffer({ _tag: "RunEnded", at: now() - begun, result: exit.value, missed: 0 })
          }
          events.unsafeDone(Exit.asVoid(exit))
        })
      ),
      Effect.forkScoped
    )
    const read = Stream.map(Mailbox.toStream(events), (event) => {
      if (event._tag === "RunEnded") return { ...event, missed: told - taken }
      taken++
      return event
    })
    return { events: read, fiber }
  })
