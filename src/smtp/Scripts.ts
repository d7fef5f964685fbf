/**
 * Scripts that follow one another, as one script.
 *
 * @since 0.1.0
 */
import type { Reply } from "./Reply.js"
import type { Exchange, Script } from "./Wire.js"

/**
 * The script, and what follows the end that it comes to, and so on, until nothing does; it ends as the last one. A generator that
 * goes from one to the next says the same. But then two are resumed for each exchange, which costs 4 % of a message's CPU where many
 * sessions share a processor: each lies in a place of its own in memory.
 *
 * A script may end without having said anything. A chain of nothing but those keeps all else waiting.
 *
 * @since 0.1.0
 * @category combinators
 */
export const chain = <A>(first: Script<A>, sequel: (end: A) => Script<A> | undefined): Script<A> =>
  new Chain(first, sequel)

class Chain<A> implements Script<A> {
  constructor(
    private current: Script<A>,
    private readonly sequel: (end: A) => Script<A> | undefined
  ) {}

  next(replies: ReadonlyArray<Reply> = none): IteratorResult<Exchange, A> {
    let turn = this.current.next(replies)
    while (turn.done === true) {
      const following = this.sequel(turn.value)
      if (following === undefined) return turn
      this.current = following
      turn = following.next(none)
    }
    return turn
  }

  return(end: A): IteratorResult<Exchange, A> {
    return this.current.return(end)
  }

  throw(error: unknown): IteratorResult<Exchange, A> {
    return this.current.throw(error)
  }

  [Symbol.iterator](): Script<A> {
    return this
  }
}

/** What a script gets that begins. */
const none: ReadonlyArray<Reply> = []
