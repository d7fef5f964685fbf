/**
 * Who the process is, and becomes once it listens.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"

/**
 * The process cannot become this user.
 *
 * @since 0.1.0
 * @category errors
 */
export class UserUnusable extends Data.TaggedError("UserUnusable")<{
  readonly user: string
  readonly reason: string
}> {
  override get message(): string {
    return `-u, --user: ${JSON.stringify(this.user)}: ${this.reason}`
  }
}

/**
 * The process's user.
 *
 * @since 0.1.0
 * @category services
 */
export class Privileges extends Context.Tag("smtp-source/Privileges")<
  Privileges,
  {
    /** Whether it may do anything. */
    readonly isRoot: boolean
    /** Becomes this user, with the user's groups, for good. */
    readonly become: (user: string) => Effect.Effect<void, UserUnusable>
  }
>() {}
