/**
 * How many connections may be on their way in: begun, and, for all we know, not taken in by the server yet.
 *
 * A server takes connections in from a queue, which has room for a limited number; the kernel drops the SYN of one too many, and asks
 * again after a second. Nobody tells a client how long that queue is, or where in it a connection stands. What can be seen is
 * when greetings come, and how long connects take. From that this room learns, as TCP learns from acknowledgements how many
 * bytes may be on their way:
 *
 * - A connection that is greeted was taken in. So was one that is not greeted while a younger one is: a queue is first in,
 *   first out, and so it is the server that keeps it waiting.
 * - A server whose quickest greeting so far took more than a second greets late on purpose, as tarpits do, and so may one that has
 *   greeted nobody yet. There a second after it stands a connection counts as taken in: otherwise it would be ten seconds.
 * - A connect that takes a second longer than the quickest had its SYN dropped. Then half as many may be on their way as before,
 *   and one more after each 64 rounds of greetings: slowly, for a server that greets at once is as busy with few. What was dropped
 *   is not on its way until it stands.
 *
 * Pure: it is told what happens, and when. Times are in milliseconds.
 *
 * @since 0.1.0
 */

/**
 * A connection on its way in.
 *
 * @since 0.1.0
 * @category models
 */
export interface Entrant {
  /** When it stood; undefined until then. */
  readonly stoodAt: number | undefined
  /** When `waited` is to be called, unless it is over before. */
  readonly deadline: number
}

/** This long is waited for the greeting of a server that greets late on purpose, and of any other. */
const patience = { late: 1000, prompt: 10_000 }

/** The kernel sends a SYN again after a second at the earliest (RFC 6298, 2.1). */
const resent = 1000

/** A timer is as late as this, and no more, in a kernel that is well. */
const slack = 20

/** In this many rounds of greetings one more is let in, after SYNs were dropped. */
const growth = 64

class Entering implements Entrant {
  stoodAt: number | undefined = undefined
  deadline = Number.POSITIVE_INFINITY
  begunAt = 0
  /** How many times its SYN was dropped. */
  drops = 0
  /** Its place among those that stood. */
  order = 0
  counts = true
  over = false
}

/**
 * The connections on their way in: at most `most` of them.
 *
 * @since 0.1.0
 * @category models
 */
export class ConnectWindow {
  private window: number
  private counted = 0
  /** How many stood so far, and the youngest of them that was greeted. */
  private stood = 0
  private greetedUpTo = 0
  private quickestConnect = Number.POSITIVE_INFINITY
  private quickestGreeting = Number.POSITIVE_INFINITY
  private halvedAt = Number.NEGATIVE_INFINITY
  /** Those that stood, count, and were waited for long enough to be taken in once they are overtaken; oldest first. */
  private readonly overdue = new Set<Entering>()

  constructor(private readonly most: number) {
    this.window = most
  }

  /** How many more may be begun now. */
  free(): number {
    return Math.max(0, Math.floor(this.window) - this.counted)
  }

  /** How many may be on their way at most, as far as is known now. */
  limit(): number {
    return Math.floor(this.window)
  }

  /** One more is begun. */
  begin(): Entering {
    this.counted++
    return new Entering()
  }

  /** An attempt to connect begins. */
  connecting(entrant: Entering, now: number): void {
    entrant.begunAt = now
    entrant.drops = 0
    entrant.deadline = this.resentAt(entrant)
  }

  /** It stands. */
  connected(entrant: Entering, now: number): void {
    const took = now - entrant.begunAt
    if (took - this.quickestConnect >= resent) this.dropped(entrant, now)
    this.quickestConnect = Math.min(this.quickestConnect, took)
    entrant.stoodAt = now
    entrant.order = ++this.stood
    entrant.deadline = now + patience.late
    if (entrant.counts || entrant.over) return
    entrant.counts = true
    this.counted++
  }

  /** The server has greeted it, or refused it. */
  greeted(entrant: Entering, now: number): void {
    this.quickestGreeting = Math.min(this.quickestGreeting, now - (entrant.stoodAt ?? now))
    this.greetedUpTo = Math.max(this.greetedUpTo, entrant.order)
    this.window = Math.min(this.most, this.window + 1 / (growth * this.window))
    this.end(entrant)
    for (const older of this.overdue) {
      if (older.order > this.greetedUpTo) break
      this.end(older)
    }
  }

  /** The time of its deadline has come. */
  waited(entrant: Entering, now: number): void {
    const { order, over, stoodAt } = entrant
    if (over) return
    if (stoodAt === undefined) return this.resends(entrant, now)
    const late = stoodAt + patience.prompt
    if (order < this.greetedUpTo || this.greetsLate() || now >= late) return this.end(entrant)
    entrant.deadline = late
    this.overdue.add(entrant)
  }

  /** It is on its way no more. To say so again is harmless. */
  end(entrant: Entering): void {
    entrant.over = true
    entrant.deadline = Number.POSITIVE_INFINITY
    this.overdue.delete(entrant)
    this.discount(entrant)
  }

  private discount(entrant: Entering): void {
    if (!entrant.counts) return
    entrant.counts = false
    this.counted--
  }

  /** The kernel sends its SYN once more, if that of another was answered at once. */
  private resends(entrant: Entering, now: number): void {
    entrant.drops++
    entrant.deadline = this.resentAt(entrant)
    if (this.quickestConnect === Number.POSITIVE_INFINITY) return
    this.discount(entrant)
    this.dropped(entrant, now)
  }

  /** When it is known that the SYN was dropped once more: after 1, 3, 7 seconds and so on. */
  private resentAt({ begunAt, drops }: Entering): number {
    const answered = this.quickestConnect === Number.POSITIVE_INFINITY ? 0 : this.quickestConnect
    return begunAt + answered + (2 ** (drops + 1) - 1) * resent + slack
  }

  private greetsLate(): boolean {
    return this.quickestGreeting > patience.late
  }

  /** Those that were dropped together are one sign, and so is what was begun before the window was halved for it. */
  private dropped(entrant: Entering, now: number): void {
    if (entrant.begunAt < this.halvedAt) return
    this.halvedAt = now
    this.window = Math.max(1, this.window / 2)
  }
}
