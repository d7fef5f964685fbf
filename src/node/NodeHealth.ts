/**
 * How this process fares, by what Node knows of it.
 *
 * @since 0.1.0
 */
import { monitorEventLoopDelay, performance } from "node:perf_hooks"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { GeneratorHealth } from "../measure/GeneratorHealth.js"

/** In milliseconds, how often the delay is looked at. */
const resolution = 10

/**
 * Provides `GeneratorHealth`. The CPU is the whole process's; how busy the loop was is that of the thread that watches.
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
          return { cpu: process.cpuUsage(), loop: performance.eventLoopUtilization(), delay }
        }),
        ({ delay }) => Effect.sync(() => delay.disable())
      ),
      ({ cpu, delay, loop }) =>
        Effect.sync(() => {
          const { system, user } = process.cpuUsage(cpu)
          const { utilization } = performance.eventLoopUtilization(loop)
          // What is measured is the time between two looks, in nanoseconds; nothing, if there was no second one.
          const late = (nanoseconds: number) =>
            delay.count === 0 ? 0 : Math.max(0, Math.round(nanoseconds / 1000) / 1000 - resolution)
          return {
            cpu: { user: user / 1000, system: system / 1000 },
            utilisation: Math.round(utilization * 10_000) / 10_000,
            delayMean: late(delay.mean),
            delayP99: late(delay.percentile(99))
          }
        })
    )
  })
)
