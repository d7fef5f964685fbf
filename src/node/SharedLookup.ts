/**
 * Questions to name servers: each is asked once, for all who want to know meanwhile, and what was found is kept.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { ConnectFailed } from "../smtp/SmtpError.js"
import type { ConnectOptions, Expiring } from "../smtp/Wire.js"

type Found<A> = Exit.Exit<A, ConnectFailed>

/**
 * The answers that were had, and the questions that are under way.
 *
 * @since 0.1.0
 * @category models
 */
export class SharedLookup<A> {
  private readonly known = new Map<string, Exit.Exit<A>>()
  private readonly underWay = new Map<string, Set<(found: Found<A>) => void>>()

  /** What is known under this key. */
  get(key: string): Exit.Exit<A> | undefined {
    return this.known.get(key)
  }

  /** Keeps it. */
  keep(key: string, answer: A): Exit.Exit<A> {
    const found = Exit.succeed(answer)
    this.known.set(key, found)
    return found
  }

  /**
   * The answer to a question, which `question` asks, once. Fails where that does, or with `late` when the time-out of `options` is over
   * first: the question cannot be taken back, but nobody waits for it then. A failure is not kept.
   */
  ask(
    key: string,
    options: ConnectOptions,
    late: () => ConnectFailed,
    question: (answer: (found: Found<A>) => void) => void
  ): Effect.Effect<A, ConnectFailed> {
    const known = this.known.get(key)
    if (known !== undefined) return known
    return Effect.async<A, ConnectFailed>((resume) => {
      const waiting = this.underWay.get(key) ?? new Set()
      const { deadlines, timeout } = options
      const leave = () => {
        waiting.delete(tell)
        deadlines.remove(expiring)
      }
      const tell = (found: Found<A>) => {
        leave()
        resume(found)
      }
      const expiring: Expiring = { deadline: deadlines.now() + timeout, expire: () => tell(Exit.fail(late())) }
      waiting.add(tell)
      deadlines.add(expiring)
      if (!this.underWay.has(key)) {
        this.underWay.set(key, waiting)
        question((found) => {
          this.underWay.delete(key)
          const kept = Exit.isSuccess(found) ? this.keep(key, found.value) : found
          for (const tellOne of [...waiting]) tellOne(kept)
        })
      }
      return Effect.sync(leave)
    })
  }
}
