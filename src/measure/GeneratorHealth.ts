/**
 * How the generator itself fared: a run that was as fast as the generator tells nothing of the server.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/**
 * What the process spent, and how busy its threads were. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Health {
  /** Of the process, all threads together. */
  readonly cpu: { readonly user: number; readonly system: number }
  /** The share of time in which the event loop worked: 1 is all of it. */
  readonly utilisation: number
  /** By how much timers were late, on average: what happens waits as long to be seen. */
  readonly delayMean: number
  readonly delayP99: number
}

/**
 * Watches the process. From the effect on, until the scope ends; the inner effect tells of the time in between.
 *
 * @since 0.1.0
 * @category services
 */
export class GeneratorHealth extends Context.Tag("smtp-source/GeneratorHealth")<
  GeneratorHealth,
  {
    readonly watch: Effect.Effect<Effect.Effect<Health>, never, Scope.Scope>
  }
>() {}

/**
 * Whether the generator had no time to spare, so that what was measured may be its own slowness: its loop worked nearly
 * always, and what came in had to wait for it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBottleneck = ({ delayMean, utilisation }: Pick<Health, "utilisation" | "delayMean">): boolean =>
  utilisation > 0.95 && delayMean > 1
