/**
 * Compares the clock of this machine with those of sinks on others (`smtp-sink --prove`), before a run and after it: without that,
 * what a delivery takes is longer or shorter by what they differ by.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ClockOffset from "../measure/ClockOffset.js"
import { Recorder } from "../measure/Recorder.js"
import type { Plan } from "../plan/Plan.js"
import * as StartTime from "../plan/StartTime.js"
import * as ClockReply from "../smtp/ClockReply.js"
import * as Dialogue from "../smtp/Dialogue.js"
import * as Printable from "../smtp/Printable.js"
import * as Target from "../smtp/Target.js"
import { Connector } from "../smtp/Wire.js"
import type { RunOptions } from "./RunResult.js"
import * as WallClock from "./WallClock.js"
import * as Watchdog from "./Watchdog.js"

/**
 * A clock could not be compared.
 *
 * @since 0.1.0
 * @category errors
 */
export class NotCompared extends Data.TaggedError("NotCompared")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

/** The answer that took the least time counts. */
const questions = 16

/** For a connection, and for each answer, in milliseconds. */
const patience = 5000

/**
 * Asks a sink for its time, over a connection of its own. Fails where the sink is not reached, and where what answers is no sink of
 * this package, or knows of no file in which it writes down what comes.
 *
 * @since 0.1.0
 * @category running
 */
export const ask = (
  address: string,
  plan: Pick<Plan, "family">
): Effect.Effect<ClockOffset.SinkClockOffset, NotCompared, Connector> =>
  Effect.scoped(
    Effect.gen(function* () {
      const connector = yield* Connector
      const clock = yield* Effect.clock
      const now = WallClock.microseconds(clock)
      const deadlines = yield* Watchdog.make
      const target = Either.getOrThrow(Target.parse(address))
      const options = { deadlines, observer: new Recorder(), timeout: patience, family: plan.family }
      // Whoever is told to stop does not wait for a connection that may never stand.
      const wire = yield* Effect.uninterruptibleMask((restore) =>
        Effect.tap(restore(connector.connect(target, options)), (wire) =>
          Effect.addFinalizer(() => Effect.sync(() => wire.close("fin")))
        )
      )
      yield* Dialogue.greeting(wire)
      let best: ClockOffset.SinkClockOffset | undefined
      for (let count = 0; count < questions; count++) {
        const asked = now()
        const reply = yield* Dialogue.request(wire, ClockReply.question)
        const answered = now()
        const told = ClockReply.read(reply)
        if (told === undefined)
          return yield* new NotCompared({ reason: "it does not tell its time: is it smtp-sink --prove?" })
        const ahead = ClockOffset.of(asked, told.time, answered)
        best = { sink: told.sink, ahead: best === undefined ? ahead : ClockOffset.better(best.ahead, ahead) }
      }
      yield* Dialogue.quit(wire)
      // There is one: more than none were asked.
      return best!
    })
  ).pipe(
    Effect.mapError((error) =>
      error._tag === "NotCompared" ? error : new NotCompared({ reason: Printable.escape(error.message) })
    )
  )

/** The start that several processes have agreed upon comes: a run that began later would leave out what was due by then. */
const startOf = ({ startAt }: Pick<Plan, "startAt">): Effect.Effect<void> =>
  Effect.flatMap(Effect.clock, (clock) => {
    const now = clock.unsafeCurrentTimeMillis()
    const at = startAt === undefined ? undefined : StartTime.timeOf(startAt, now)
    return at === undefined ? Effect.never : Effect.sleep(Math.max(0, at - now))
  })

/**
 * Runs, and compares before and after that the clocks of the sinks that the plan names: what holds of them both times. A sink of
 * which nothing is known is reported, and left out. Before the run, no answer is waited for once the run is stopped or the plan's
 * start has come; after it, none once the end is to be quick.
 *
 * @since 0.1.0
 * @category running
 */
export const around = <A, E, R>(
  plan: Pick<Plan, "compareClocks" | "family" | "startAt" | "workers">,
  run: Effect.Effect<A, E, R>,
  {
    hurrying = Effect.never,
    onTrouble,
    stopping = Effect.never
  }: Pick<RunOptions, "hurrying" | "onTrouble" | "stopping"> = {}
): Effect.Effect<readonly [result: A, clocks: ReadonlyArray<ClockOffset.SinkClockOffset>], E, R | Connector> => {
  const { compareClocks = [] } = plan
  // The clocks of threads are the same to a millisecond.
  const spread = plan.workers === 1 ? 0 : 1
  const askOne = (address: string) =>
    Effect.match(ask(address, plan), {
      onFailure: ({ reason }) => {
        onTrouble?.(`clock ${address}`, `--compare-clocks: ${Printable.escape(address)}: ${reason}`)
        return []
      },
      onSuccess: ({ ahead: [least, most], sink }) => [{ sink, ahead: [least - spread, most + spread] as const }]
    })
  const askUnless = (ends: Effect.Effect<unknown>) =>
    Effect.gen(function* () {
      const over = yield* Deferred.make<void>()
      yield* Effect.forkScoped(Effect.zipRight(ends, Deferred.succeed(over, undefined)))
      return yield* Effect.forEach(compareClocks, (address) =>
        Effect.raceFirst(askOne(address), Effect.as(Deferred.await(over), []))
      )
    }).pipe(Effect.scoped)
  return Effect.gen(function* () {
    const before = yield* askUnless(Effect.raceFirst(stopping, startOf(plan)))
    const result = yield* run
    const after = yield* askUnless(hurrying)
    return [result, ClockOffset.bySink([...before, ...after].flat())] as const
  })
}
