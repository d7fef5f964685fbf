/**
 * A behaviour that can be exchanged for another one while the server is at work.
 *
 * @since 0.1.0
 */
import type { Answer } from "./Action.js"
import type { Behaving } from "./Behaviour.js"
import type { ServerEvent } from "./Reaction.js"

/**
 * What is asked goes to the behaviour that there is by now. Connections that were there before have the new one, too, from their
 * next reply on; what had struck before is no longer told.
 *
 * @since 0.1.0
 * @category models
 */
export class ChangingBehaviour implements Behaving {
  constructor(private current: Behaving) {}

  change(to: Behaving): void {
    this.current = to
  }

  get idle(): Behaving["idle"] {
    return this.current.idle
  }

  get connections(): Behaving["connections"] {
    return this.current.connections
  }

  get reading(): Behaving["reading"] {
    return this.current.reading
  }

  get struck(): ReadonlyArray<number> {
    return this.current.struck
  }

  get wantsHeaders(): boolean {
    return this.current.wantsHeaders
  }

  get wantsLines(): boolean {
    return this.current.wantsLines
  }

  /** Each connection is to find out that there is another one. */
  isUsual(): boolean {
    return false
  }

  strikes(): ReturnType<Behaving["strikes"]> {
    return this.current.strikes()
  }

  mark(): () => void {
    return this.current.mark()
  }

  connection(client?: string | undefined): (event: Omit<ServerEvent, "nth" | "total">) => Answer {
    let of = this.current
    let answer = of.connection(client)
    return (event) => {
      if (of !== this.current) {
        of = this.current
        answer = of.connection(client)
      }
      return answer(event)
    }
  }

  closed(client?: string | undefined): void {
    this.current.closed(client)
  }
}
