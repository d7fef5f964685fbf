/**
 * Runs a program in virtual time: as soon as all of its fibers wait, the clock jumps to the next moment at which one of them
 * wakes. An hour of load takes as long as its computing does, and every run of the same program is the same.
 *
 * Effect's TestClock is moved by the test, and looks around for milliseconds at each move; here nobody moves it, and a wake-up
 * costs microseconds, since the scheduler itself knows when no fiber can go on.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as FiberRef from "effect/FiberRef"
import * as Random from "effect/Random"
import * as Scheduler from "effect/Scheduler"

/**
 * The program did not come to its end: all of its fibers wait for each other, or for something outside of the simulation
 * (`deadlock`), or its time is up (`limit`). `at` is the time, in milliseconds.
 *
 * @since 0.1.0
 * @category errors
 */
export class SimulationStuck extends Data.TaggedError("SimulationStuck")<{
  readonly reason: "deadlock" | "limit"
  readonly at: number
}> {
  override get message(): string {
    return this.reason === "limit"
      ? `the program had not ended after ${this.at / 1000} s of virtual time`
      : `at ${this.at / 1000} s of virtual time every fiber waits, and none for the clock: nothing can wake the program any more`
  }
}

/**
 * How a simulation goes.
 *
 * @since 0.1.0
 * @category models
 */
export interface SimulationOptions {
  /** What Effect's Random service draws from. Default `simulation`. */
  readonly seed?: string | number | undefined
  /** The virtual time after which the program is given up. Default: a day. */
  readonly limit?: Duration.DurationInput | undefined
}

/**
 * Runs `self` to its end in virtual time, which begins at 0, under a Random service with a seed.
 *
 * Sleepers wake in the order of their times, those of one moment in the order in which they fell asleep. All waiting must be
 * for the Clock or for other fibers of the program: time passes sockets, files and real timers by. A program that can never
 * go on fails with `SimulationStuck`, once its finalizers have run. Interruption waits for the finalizers, too.
 *
 * @since 0.1.0
 * @category running
 * @example
 * import { assert, it } from "@effect/vitest"
 * import * as Effect from "effect/Effect"
 * import { Load, Plan } from "smtp-source"
 * import { Simulation, TestServer } from "smtp-source/testing"
 *
 * it.effect("a thousand messages, an hour apart", () =>
 *   Effect.gen(function* () {
 *     const { elapsed } = yield* Load.run(Plan.make({ messages: 1000, delay: 3600 }))
 *     assert.strictEqual(elapsed, 999 * 3_600_000)
 *   }).pipe(Effect.provide(TestServer.layer()), (load) =>
 *     Simulation.run(load, { limit: "1000 hours" })
 *   )
 * )
 */
export const run = <A, E, R>(
  self: Effect.Effect<A, E, R>,
  options: SimulationOptions = {}
): Effect.Effect<A, E | SimulationStuck, R> =>
  Effect.suspend(() => {
    const world = new World(Duration.toMillis(options.limit ?? Duration.days(1)))
    const start = self.pipe(
      Effect.withClock(world.clock),
      Effect.withRandom(Random.make(options.seed ?? "simulation")),
      Effect.interruptible,
      Effect.forkDaemon,
      Effect.withScheduler(world)
    )
    return Effect.flatMap(start, (fiber) => {
      const end = world.drive(fiber)
      const abandon = Effect.zipRight(Fiber.interruptFork(fiber), end)
      return Effect.flatten(Effect.onInterrupt(Effect.interruptible(end), () => abandon))
    })
  }).pipe(Effect.uninterruptible)

/** A fiber that sleeps. */
interface Sleeper {
  readonly at: number
  /** Tells those of the same moment apart. */
  readonly place: number
  /** Undefined once the sleep was interrupted. */
  wake: (() => void) | undefined
}

/** This many tasks run before the world outside has a turn: a program that spins can still be timed out. */
const tasksInTurn = 100_000

/** This many turns of the real event loop are waited through before a deadlock is believed. */
const patience = 10

/** So much time have the finalizers of a program that is stuck, in milliseconds. */
const finalizing = 3_600_000

/** Time and turns of a simulation. */
class World implements Scheduler.Scheduler {
  private now = 0
  private readonly sleepers = new SleeperHeap()
  private slept = 0
  private tasks = new Scheduler.PriorityBuckets<Scheduler.Task>()
  private running = false

  constructor(private limit: number) {}

  readonly clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => this.now,
    unsafeCurrentTimeNanos: () => BigInt(Math.round(this.now * 1e6)),
    currentTimeMillis: Effect.sync(() => this.now),
    currentTimeNanos: Effect.sync(() => BigInt(Math.round(this.now * 1e6))),
    sleep: (duration) =>
      Effect.async<void>((resume) => {
        const sleeper: Sleeper = {
          at: this.now + Duration.toMillis(duration),
          place: this.slept++,
          wake: () => resume(Exit.void)
        }
        if (sleeper.at !== Number.POSITIVE_INFINITY) this.sleepers.push(sleeper)
        return Effect.sync(() => {
          sleeper.wake = undefined
        })
      })
  }

  shouldYield(fiber: Fiber.RuntimeFiber<unknown, unknown>): number | false {
    return fiber.currentOpCount > fiber.getFiberRef(FiberRef.currentMaxOpsBeforeYield)
      ? fiber.getFiberRef(FiberRef.currentSchedulingPriority)
      : false
  }

  scheduleTask(task: Scheduler.Task, priority: number): void {
    this.tasks.scheduleTask(task, priority)
    if (this.running) return
    this.running = true
    queueMicrotask(this.work)
  }

  /** Runs all that can run at this moment. */
  private readonly work = (): void => {
    let done = 0
    while (this.tasks.buckets.length > 0) {
      if (done > tasksInTurn) return void setImmediate(this.work)
      const { buckets } = this.tasks
      this.tasks = new Scheduler.PriorityBuckets()
      for (const [, tasks] of buckets) {
        for (const task of tasks) task()
        done += tasks.length
      }
    }
    this.running = false
  }

  /** Moves time until the fiber has ended, and gives how it did. It begins at once, whether anybody waits or not. */
  drive<A, E>(fiber: Fiber.RuntimeFiber<A, E>): Effect.Effect<Exit.Exit<A, E | SimulationStuck>> {
    const result = Deferred.unsafeMake<Exit.Exit<A, E | SimulationStuck>>(FiberId.none)
    let stuck: SimulationStuck | undefined
    let ended = false
    let idle = 0
    const end = (exit: Exit.Exit<A, E | SimulationStuck>): void => {
      ended = true
      Deferred.unsafeDone(result, Exit.succeed(stuck === undefined ? exit : Exit.fail(stuck)))
    }
    // Microtasks that are not of this world's fibers, such as promises, have run when an immediate does.
    const turn = (): void => {
      if (ended) return
      if (this.running || this.advance()) idle = 0
      else if (this.sleepers.next() !== undefined || ++idle > patience) {
        // Those who do not even end when they are told to are left to themselves.
        if (stuck !== undefined) return end(Exit.fail(stuck))
        stuck = new SimulationStuck({ reason: this.sleepers.next() === undefined ? "deadlock" : "limit", at: this.now })
        idle = 0
        this.limit = this.now + finalizing
        fiber.unsafeInterruptAsFork(FiberId.none)
      }
      if (idle === 0) setImmediate(turn)
      else setTimeout(turn, 0)
    }
    fiber.addObserver(end)
    setImmediate(turn)
    return Deferred.await(result)
  }

  /** Goes to the next moment at which somebody wakes, if there is one, and wakes all who wait for it. */
  private advance(): boolean {
    const first = this.sleepers.next()
    if (first === undefined || first.at > this.limit) return false
    this.now = Math.max(this.now, first.at)
    for (
      let next: Sleeper | undefined = first;
      next !== undefined && next.at <= this.now;
      next = this.sleepers.next()
    ) {
      this.sleepers.pop()
      next.wake?.()
    }
    return true
  }
}

/** Sleepers, the next one to wake first. */
class SleeperHeap {
  private readonly items: Array<Sleeper> = []

  /** The next one that is still asleep. */
  next(): Sleeper | undefined {
    while (this.items.length > 0 && this.items[0]!.wake === undefined) this.pop()
    return this.items[0]
  }

  push(sleeper: Sleeper): void {
    const { items } = this
    let index = items.push(sleeper) - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!isBefore(sleeper, items[parent]!)) break
      items[index] = items[parent]!
      index = parent
    }
    items[index] = sleeper
  }

  pop(): void {
    const { items } = this
    const last = items.pop()
    if (last === undefined || items.length === 0) return
    let index = 0
    while (true) {
      let child = 2 * index + 1
      if (child >= items.length) break
      if (child + 1 < items.length && isBefore(items[child + 1]!, items[child]!)) child++
      if (!isBefore(items[child]!, last)) break
      items[index] = items[child]!
      index = child
    }
    items[index] = last
  }
}

const isBefore = (a: Sleeper, b: Sleeper): boolean => a.at < b.at || (a.at === b.at && a.place < b.place)
