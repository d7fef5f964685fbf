/**
 * How the generator fared while something ran, where anybody watches that.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { GeneratorHealth, type Health, saturationOf } from "../measure/GeneratorHealth.js"

/**
 * What the effect gives, and how this thread fared meanwhile, if `GeneratorHealth` is provided.
 *
 * @since 0.1.0
 * @category running
 */
export const watched = <A, E, R>(
  effect: Effect.Effect<A, E, R>
): Effect.Effect<readonly [A, Health | undefined], E, R> => {
  const alone = Effect.map(effect, (result): readonly [A, Health | undefined] => [result, undefined])
  return Effect.flatMap(Effect.serviceOption(GeneratorHealth), (service) => {
    if (Option.isNone(service)) return alone
    return Effect.acquireUseRelease(
      Scope.make(),
      (scope) =>
        Effect.flatMap(Scope.extend(service.value.watch, scope), (health) =>
          Effect.flatMap(effect, (result) =>
            Effect.map(health, (own): readonly [A, Health | undefined] => [result, own])
          )
        ),
      (scope, exit) => Scope.close(scope, exit)
    )
  })
}

/**
 * The process's own CPU, and the figures of its busiest thread.
 *
 * @since 0.1.0
 * @category combining
 */
export const busiest = (process: Health | undefined, thread: Health | undefined): Health | undefined =>
  process === undefined || thread === undefined || saturationOf(process) >= saturationOf(thread)
    ? process
    : { ...thread, cpu: process.cpu }
