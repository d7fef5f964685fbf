/**
 * The start that several processes have agreed upon: each waits for it by its own machine's clock.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Arrival from "../plan/Arrival.js"
import type { RunIdentity } from "../plan/Message.js"
import * as Partition from "../plan/Partition.js"
import type { Plan } from "../plan/Plan.js"
import * as Segment from "../plan/Segment.js"
import * as RunBounds from "./RunBounds.js"
import type { Tickets } from "./Tickets.js"

/** In milliseconds: what was due in this time is sent all the same. */
const tolerated = 100

/** The longest nap, in milliseconds, after which the time of day is looked at again: it may be set while we wait. */
const longestNap = 1000

/**
 * Waits for the start, if the plan has one, or for the request to stop. Gives by how many milliseconds it is late, and the
 * request to stop, which has been waited for once.
 *
 * What was due before a part began that is late is skipped: sent at once, it would be a burst that the plan does not have.
 *
 * @since 0.1.0
 * @category running
 */
export const reach = (
  plan: Plan,
  { identity, tickets }: { readonly identity: RunIdentity; readonly tickets: Tickets },
  {
    onTrouble,
    stopping
  }: {
    readonly onTrouble?: ((kind: string, text: string) => void) | undefined
    readonly stopping?: Effect.Effect<unknown> | undefined
  }
): Effect.Effect<
  { readonly late: number; readonly stopping: Effect.Effect<unknown> | undefined },
  never,
  Scope.Scope
> =>
  Effect.gen(function* () {
    if (plan.startAt === undefined) return { late: 0, stopping }
    const clock = yield* Effect.clock
    const asked = yield* Deferred.make<void>()
    const stop = Deferred.await(asked)
    if (stopping !== undefined) yield* Effect.forkScoped(Effect.zipRight(stopping, Deferred.succeed(asked, undefined)))
    const sinceStart = () => clock.unsafeCurrentTimeMillis() - identity.startedAt.getTime()
    while (sinceStart() < 0 && !(yield* Deferred.isDone(asked))) {
      yield* Effect.raceFirst(Effect.sleep(Math.min(-sinceStart(), longestNap)), stop)
    }
    if (yield* Deferred.isDone(asked)) tickets.close()
    const late = Math.max(0, sinceStart())
    if (late <= tolerated) return { late, stopping: stop }
    const arrivals = Arrival.make(plan, RunBounds.seedOf(plan, identity))
    const missed =
      arrivals === undefined ? 0 : Partition.of(Segment.ofPlan(plan)).count(Arrival.countBefore(arrivals, late))
    tickets.skip(missed)
    const skipped =
      missed === 0 ? "" : `: ${missed === 1 ? "1 message was" : `${missed} messages were`} due by then, not started`
    onTrouble?.(
      "late start",
      `began ${(late / 1000).toFixed(1)} s after the start of ${identity.startedAt.toISOString()}${skipped}`
    )
    return { late, stopping: stop }
  })
