/**
 * How long a simulated server takes: thinking times, work for a bounded number of servers with a queue before them, and
 * spells in which nothing goes on at all.
 *
 * Pure: a question with a time goes in, the time of the answer comes out. The queue is arithmetic, for the first to come is
 * the first to be served.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Distribution from "../plan/Distribution.js"
import * as Draw from "../plan/Draw.js"
import type { Stage } from "../smtp/Stage.js"

/**
 * Work that a limited number can do at a time: a message that comes while all are busy waits for its turn, in the order of
 * coming.
 *
 * @since 0.1.0
 * @category models
 */
export interface Capacity {
  /** How many are served at once. Default 1. */
  readonly servers?: number | undefined
  /** How long one takes. */
  readonly service: Distribution.DistributionInput
  /** What has to be served. Default: `final`, which is the message itself. */
  readonly stages?: ReadonlyArray<Stage> | undefined
}

/**
 * A spell in which nothing is answered and no work goes on. `at` counts from the first connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stall {
  readonly at: Duration.DurationInput
  readonly lasts: Duration.DurationInput
}

/**
 * How long each reply takes: the same for all, or by stage.
 *
 * @since 0.1.0
 * @category models
 */
export type Latency =
  | Distribution.DistributionInput
  | { readonly [stage in Stage]?: Distribution.DistributionInput | undefined }

/**
 * How long the server takes.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServiceOptions {
  /** How long the server thinks before each reply, after its work. Default: no time. */
  readonly latency?: Latency | undefined
  readonly capacity?: Capacity | undefined
  readonly stalls?: ReadonlyArray<Stall> | undefined
  /** What the distributions are drawn from. Default `server`. */
  readonly seed?: string | undefined
}

/**
 * A server's times.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServiceModel {
  /** When the answer is ready to a command of this stage that comes `now`; it takes up its share of the capacity. */
  readonly readyAt: (stage: Stage, now: number) => number
  /** When this many milliseconds of work or thought are done which begin `now`. */
  readonly after: (now: number, milliseconds: number) => number
}

/**
 * The times of a server that begins at `start`. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: ServiceOptions, start: number): ServiceModel => {
  const { capacity, seed = "server" } = options
  const key = Draw.keyOf(seed)
  const after = stalled(options.stalls ?? [], start)
  const latencyOf = latencies(options.latency ?? 0)
  const thoughts = drawn(Draw.series(key, 0))
  const services = drawn(Draw.series(key, 1))
  const serve = capacity === undefined ? undefined : queue(capacity, services, after)
  const served: ReadonlyArray<Stage> = capacity?.stages ?? ["final"]
  return {
    after,
    readyAt: (stage, now) => {
      const done = serve !== undefined && served.includes(stage) ? serve(now) : now
      return after(done, thoughts(latencyOf(stage)))
    }
  }
}

const drawn = (key: number): ((from: Distribution.Distribution) => number) => {
  let place = 0
  return (from) => from.at(Draw.uniform(key, place++))
}

const latencies = (latency: Latency): ((stage: Stage) => Distribution.Distribution) => {
  if (!isByStage(latency)) {
    const all = Distribution.make(latency)
    return () => all
  }
  const none = Distribution.fixed(0)
  const byStage = new Map(Object.entries(latency).map(([stage, of]) => [stage, Distribution.make(of ?? 0)]))
  return (stage) => byStage.get(stage) ?? none
}

const isByStage = (latency: Latency): latency is Exclude<Latency, Distribution.DistributionInput> =>
  typeof latency === "object" && !("mean" in latency) && !Duration.isDuration(latency) && !Array.isArray(latency)

/** When the work that comes at a time is done: by whoever is free first. */
const queue = (
  { servers = 1, service }: Capacity,
  draw: (from: Distribution.Distribution) => number,
  after: ServiceModel["after"]
): ((now: number) => number) => {
  if (!(Number.isInteger(servers) && servers > 0)) throw new RangeError(`not a number of servers: ${servers}`)
  const times = Distribution.make(service)
  const freeAt = new Array<number>(servers).fill(Number.NEGATIVE_INFINITY)
  return (now) => {
    const first = freeAt.indexOf(Math.min(...freeAt))
    const done = after(Math.max(now, freeAt[first]!), draw(times))
    freeAt[first] = done
    return done
  }
}

/** Time that does not pass while the server stalls. */
const stalled = (stalls: ReadonlyArray<Stall>, start: number): ServiceModel["after"] => {
  const spells = stalls
    .map(({ at, lasts }) => {
      const begins = start + Distribution.fixed(at).mean
      return { begins, ends: begins + Distribution.fixed(lasts).mean }
    })
    .sort((a, b) => a.begins - b.begins)
  return (now, milliseconds) => {
    let time = now
    let rest = milliseconds
    for (const { begins, ends } of spells) {
      if (ends <= time) continue
      if (time < begins) {
        if (time + rest <= begins) break
        rest -= begins - time
      }
      time = ends
    }
    return time + rest
  }
}
