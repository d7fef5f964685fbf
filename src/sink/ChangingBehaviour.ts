/**
 * A behaviour that can be exchanged for another one while the server is at work.
 *
 * @since 0.1.0
 */
import type { Answer } from "./Action.js"
import type { Behaving, Strikes, Wants } from "./Behaviour.js"
import type { Asked } from "./Reaction.js"

/** How many rules are remembered. */
const mostFormer = 1000

/**
 * What is asked goes to the behaviour that there is by now. Connections that were there before have the new one, too, from their
 * next reply on. Of rules that have struck before, it is told after those that there are now: what struck twice, in both, is one.
 *
 * @since 0.1.0
 * @category models
 */
export class ChangingBehaviour implements Behaving {
  /** How often rules of former behaviours have struck. */
  private former: ReadonlyMap<string, number> = new Map()

  constructor(private current: Behaving) {}

  change(to: Behaving): void {
    const struck = this.strikes().filter(({ times }) => times > 0)
    // Who changes the rules all day long, each time to others, is not to fill the memory.
    this.former = new Map(struck.slice(0, mostFormer).map(({ rule, times }) => [rule, times]))
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

  /** Whoever is there when the behaviour changes may be asked about from then on. */
  get wants(): Wants {
    const { headers, lines } = this.current.wants
    return { clients: true, senders: true, recipients: true, headers, lines }
  }

  /** Each connection is to find out that there is another one. */
  isUsual(): boolean {
    return false
  }

  strikes(): ReadonlyArray<Strikes> {
    if (this.former.size === 0) return this.current.strikes()
    const times = new Map<string, number>()
    for (const each of this.current.strikes()) times.set(each.rule, (times.get(each.rule) ?? 0) + each.times)
    for (const [rule, before] of this.former) times.set(rule, (times.get(rule) ?? 0) + before)
    return Array.from(times, ([rule, sum]) => ({ rule, times: sum }))
  }

  mark(): (errors: number) => void {
    return this.current.mark()
  }

  connection(client?: string | undefined): (asked: Asked) => Answer | undefined {
    let of = this.current
    let answer = of.connection(client)
    return (asked) => {
      if (of !== this.current) {
        of = this.current
        answer = of.connection(client)
      }
      return answer(asked)
    }
  }

  closed(client?: string | undefined): void {
    this.current.closed(client)
  }
}
