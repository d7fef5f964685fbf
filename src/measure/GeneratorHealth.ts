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
  /** For how long it was watched. */
  readonly watched?: number
  /** How long the thread was ready to run and had no processor; undefined where the system does not tell. */
  readonly waited?: number
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
 * The share of time in which the thread worked, or waited for a processor, up to 1: a loop that is not run when it has work
 * counts as idle. A wait in the middle of work counts twice, which errs on the safe side.
 *
 * @since 0.1.0
 * @category reading
 */
export const saturationOf = ({
  utilisation,
  waited,
  watched
}: Pick<Health, "utilisation" | "waited" | "watched">): number =>
  waited === undefined || watched === undefined || watched <= 0
    ? utilisation
    : Math.min(1, utilisation + waited / watched)

/** In milliseconds: what is shorter is mostly start-up. */
const shortest = 500

/** The share of time beyond which there is none to spare. */
const most = 0.95

/** In milliseconds, for what happens on average: beyond it, what is measured is this machine's. */
const latest = 10

/**
 * Whether the generator was the bottleneck, so that what was measured may be its own slowness: it worked or waited for a
 * processor for more than 95 % of the time, or its timers were late by more than 10 ms on average. What took less than half
 * a second is not judged.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBottleneck = (health: Pick<Health, "utilisation" | "waited" | "watched" | "delayMean">): boolean =>
  (health.watched ?? shortest) >= shortest && (saturationOf(health) > most || health.delayMean > latest)

/**
 * How late a message that is due may start, in milliseconds, before the generator counts as behind.
 *
 * @since 0.1.0
 * @category limits
 */
export const behindAfter = 10

/**
 * Whether the generator did not keep up with its own rate: with a session free, one message in a hundred started late.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBehind = (behind: number, started: number): boolean => behind * 100 > started
