/**
 * Connections that a session keeps beyond what it does with them at one time, and replaces when they cannot be used any more.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as ExecutionStrategy from "effect/ExecutionStrategy"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import type { Wire } from "../../smtp/Wire.js"

/** A connection that is kept, and the scope that it is closed with. */
interface Kept {
  readonly wire: Wire
  readonly scope: Scope.CloseableScope
}

/**
 * The connections of one session, each under a key of its own. They are closed with the session's scope at the latest.
 *
 * @since 0.1.0
 * @category models
 */
export class KeptConnections {
  private readonly kept = new Map<object, Kept>()

  /** A connection that is spent is replaced, although it stands. */
  constructor(
    private readonly scope: Scope.Scope,
    private readonly isSpent: (wire: Wire) => boolean = () => false
  ) {}

  /** The connection of this key, which is opened where there is none that can be used. */
  get<E, R>(key: object, opening: Effect.Effect<Wire, E, R>): Effect.Effect<Wire, E, Exclude<R, Scope.Scope>> {
    return Effect.suspend(() => {
      const known = this.kept.get(key)
      if (known !== undefined && known.wire.state() === "open" && !this.isSpent(known.wire)) {
        return Effect.succeed(known.wire)
      }
      this.kept.delete(key)
      const close = known === undefined ? Effect.void : Scope.close(known.scope, Exit.void)
      return Effect.uninterruptibleMask((restore) => Effect.zipRight(close, this.open(key, restore, opening)))
    })
  }

  private open<E, R>(
    key: object,
    restore: <A, E2, R2>(self: Effect.Effect<A, E2, R2>) => Effect.Effect<A, E2, R2>,
    opening: Effect.Effect<Wire, E, R>
  ): Effect.Effect<Wire, E, Exclude<R, Scope.Scope>> {
    return Effect.flatMap(Scope.fork(this.scope, ExecutionStrategy.sequential), (scope) =>
      restore(Scope.extend(opening, scope)).pipe(
        Effect.tap((wire) => {
          this.kept.set(key, { wire, scope })
        }),
        // A connection that was not welcome is not left open meanwhile.
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
      )
    )
  }

  /** Closes them all: with QUIT where `exit` is a success. */
  close(exit: Exit.Exit<unknown, unknown>): Effect.Effect<void> {
    return Effect.suspend(() => {
      const all = [...this.kept.values()]
      this.kept.clear()
      return Effect.forEach(all, ({ scope }) => Scope.close(scope, exit), { discard: true })
    })
  }
}
