/**
 * How this process fares, by what Node knows of it.
 *
 * @since 0.1.0
 */
import { readFileSync } from "node:fs"
import { monitorEventLoopDelay, performance } from "node:perf_hooks"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { GeneratorHealth } from "../measure/GeneratorHealth.js"

/** In milliseconds, how often the delay is looked at. */
const resolution = 10

/** Where Linux tells how long this thread ran, how long it was ready to run and did not, in nanoseconds, and how often. */
const schedule = "/proc/thread-self/schedstat"

/** In milliseconds; nothing where the system does not tell. */
const waitedSoFar = (): number | undefined => {
  try {
    const waited = Number(readFileSync(schedule, "latin1").split(" ")[1])
    return Number.isNaN(waited) ? undefined : waited / 1e6
  } catch {
    return undefined
  }
}

const micros = (milliseconds: number): number => Math.round(milliseconds * 1000) / 1000

/**
 * Provides `GeneratorHealth`. The CPU is the whole process's; how busy the loop was, and how long it waited for a processor,
 * is of the thread that watches.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<GeneratorHealth> = Layer.succeed(
  GeneratorHealth,
  GeneratorHealth.of({
    watch: Effect.map(
      Effect.acquireRelease(
        Effect.sync(() => {
          const delay = monitorEventLoopDelay({ resolution })
          delay.enable()
          return {
            cpu: process.cpuUsage(),
            loop: performance.eventLoopUtilization(),
            before: waitedSoFar(),
            begun: performance.now(),
            delay
          }
        }),
        ({ delay }) => Effect.sync(() => delay.disable())
      ),
      ({ before, begun, cpu, delay, loop }) =>
        Effect.sync(() => {
          const watched = performance.now() - begun
          const { system, user } = process.cpuUsage(cpu)
          const { utilization } = performance.eventLoopUtilization(loop)
          const now = waitedSoFar()
          // What is measured is the time between two looks, in nanoseconds; nothing, if there was no second one.
          const late = (nanoseconds: number) =>
            delay.count === 0 ? 0 : Math.max(0, Math.round(nanoseconds / 1000) / 1000 - resolution)
          return {
            cpu: { user: user / 1000, system: system / 1000 },
            utilisation: Math.round(utilization * 10_000) / 10_000,
            watched: micros(watched),
            ...(before === undefined || now === undefined ? {} : { waited: micros(now - before) }),
            delayMean: late(delay.mean),
            delayP99: late(delay.percentile(99))
          }
        })
    )
  })
)
