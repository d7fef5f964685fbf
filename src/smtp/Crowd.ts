/**
 * Those who are there now, of many that come and go: the connections of a run, or of a server.
 *
 * A Set would do, but for one thing. It outgrows its table again and again, and each table that is given up still points to the next
 * one and to all that was in it. Once V8 has taken one for long-lived, the others follow until the next full collection, and with them
 * every connection that there ever was: copying those cost a tenth of a connection's time.
 *
 * @since 0.1.0
 */

/**
 * Who can be in a crowd: in one at a time.
 *
 * @since 0.1.0
 * @category models
 */
export interface Member {
  /** Where it stands, for the crowd alone. */
  seat?: number | undefined
}

/**
 * A crowd, in no order. To join and to leave takes the same time however large it is.
 *
 * @since 0.1.0
 * @category models
 */
export class Crowd<A extends Member> implements Iterable<A> {
  private readonly members: Array<A> = []

  get size(): number {
    return this.members.length
  }

  has(member: A): boolean {
    return member.seat !== undefined && this.members[member.seat] === member
  }

  /** To join twice is to join once. */
  add(member: A): void {
    if (!this.has(member)) member.seat = this.members.push(member) - 1
  }

  /** Who is not there need not leave. */
  delete(member: A): void {
    const { seat } = member
    if (seat === undefined || !this.has(member)) return
    // The last one takes its seat.
    const last = this.members.pop()!
    if (last === member) return
    last.seat = seat
    this.members[seat] = last
  }

  /** Those who are there when it begins, whatever becomes of them meanwhile. */
  [Symbol.iterator](): Iterator<A> {
    return this.members.slice()[Symbol.iterator]()
  }
}
