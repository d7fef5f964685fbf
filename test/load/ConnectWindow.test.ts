import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { ConnectWindow } from "../../src/load/ConnectWindow.js"

/**
 * A server, as far as its clients can tell: a queue with room for so many, from which a connection is taken every
 * `every` milliseconds, and greeted so long after it was taken in.
 */
interface Server {
  readonly backlog: number
  readonly every: number
  readonly greetsAfter: (connection: number, at: number) => number
}

interface Entrant {
  readonly entrant: ReturnType<ConnectWindow["begin"]>
  readonly number: number
}

interface Ended {
  /** When all were greeted, in milliseconds; undefined where they were not. */
  readonly at: number | undefined
  /** How many SYNs were dropped, and when one was for the last time that was not a second try. */
  readonly drops: number
  readonly lastDrop: number
  readonly limit: number
  /** How many were greeted by the end of each second. */
  readonly greeted: ReadonlyArray<number>
}

/**
 * So many connections through a window to a server, millisecond by millisecond. The kernel drops a SYN when the queue is full,
 * and sends it again after 1, 3 and 7 s.
 */
const run = (most: number, connections: number, server: Server, limit = 120_000): Ended => {
  const window = new ConnectWindow(most)
  const queue: Array<Entrant> = []
  const greetings = new Map<number, Array<Entrant>>()
  const syns = new Map<number, Array<{ readonly of: Entrant; readonly resends: number }>>()
  const waits = new Set<Entrant>()
  const greeted: Array<number> = []
  let [begun, done, drops, lastDrop, takesNext] = [0, 0, 0, 0, 0]
  const at = <A>(map: Map<number, Array<A>>, time: number, what: A) => {
    const known = map.get(time)
    if (known === undefined) map.set(time, [what])
    else known.push(what)
  }
  for (let now = 0; now < limit; now++) {
    for (const of of waits) {
      if (of.entrant.deadline <= now) window.waited(of.entrant, now)
      if (of.entrant.over) waits.delete(of)
    }
    while (begun < connections && window.free() > 0) {
      const of: Entrant = { entrant: window.begin(), number: begun++ }
      window.connecting(of.entrant, now)
      waits.add(of)
      at(syns, now, { of, resends: 0 })
    }
    for (const { of, resends } of syns.get(now) ?? []) {
      if (queue.length < server.backlog) {
        queue.push(of)
        window.connected(of.entrant, now)
      } else {
        drops++
        if (resends === 0) lastDrop = now
        at(syns, now + 1000 * 2 ** resends, { of, resends: resends + 1 })
      }
    }
    while (queue.length > 0 && takesNext <= now) {
      const of = queue.shift()!
      takesNext = Math.max(takesNext, now - 1) + server.every
      at(greetings, now + server.greetsAfter(of.number, now), of)
    }
    for (const of of greetings.get(now) ?? []) {
      window.greeted(of.entrant, now)
      done++
    }
    if (now % 1000 === 999) greeted.push(done)
    assert.isAtMost(window.limit(), most)
    assert.isAtLeast(window.limit(), 1)
    if (done === connections) return { at: now, drops, lastDrop, limit: window.limit(), greeted }
  }
  return { at: undefined, drops, lastDrop, limit: window.limit(), greeted }
}

const promptly = () => 0

describe("the window of connects", () => {
  it("keeps a prompt server busy, and its queue short", () => {
    const { at, drops } = run(64, 10_000, { backlog: 64, every: 0.2, greetsAfter: promptly })
    assert.strictEqual(drops, 0)
    assert.isBelow(at!, 2300)
  })

  it("never overflows the queue of a server that takes in slowly, however long each one waits in it", () => {
    // Twenty a second: the last of 64 waits for more than three seconds.
    const { at, drops } = run(64, 600, { backlog: 64, every: 50, greetsAfter: promptly })
    assert.strictEqual(drops, 0)
    assert.isBelow(at!, 31_000)
  })

  it("waits for a server that was prompt and takes in nobody for a while", () => {
    const stalls: Server = {
      backlog: 128,
      every: 1,
      greetsAfter: (_, at) => (at > 500 && at < 6000 ? 6000 - at : 0)
    }
    assert.strictEqual(run(64, 2000, stalls).drops, 0)
  })

  it("halves when SYNs are dropped, until a queue that is shorter overflows no more", () => {
    const server: Server = { backlog: 16, every: 10, greetsAfter: promptly }
    const { drops, greeted, lastDrop, limit } = run(64, 3000, server, 30_000)
    // At first 48 have no room, some of them again and again, since the kernel doubles its waits.
    assert.isAtLeast(drops, 48)
    assert.isBelow(lastDrop, 15_000)
    assert.isAtMost(limit, 16)
    assert.isAtLeast(limit, 4)
    // A hundred a second are taken in all the same.
    assert.isAtLeast(greeted[28]!, 2850)
  })

  it("does not wait for those whom a server greets late on purpose: as many a second as the window holds", () => {
    const tarpit: Server = { backlog: 1024, every: 0.1, greetsAfter: () => 2000 }
    const { drops, greeted } = run(64, 2000, tarpit)
    assert.strictEqual(drops, 0)
    // 64 in each second, seen two seconds later.
    assert.isAtLeast(greeted[11]!, 64 * 9)
  })

  it("does not wait for those whom a server greets late among others", () => {
    // One in five waits for thirty seconds. Waiting for each would let in 64 in six seconds.
    const mixed: Server = { backlog: 1024, every: 0.1, greetsAfter: (number) => (number % 5 === 0 ? 30_000 : 1) }
    const { drops, greeted } = run(64, 3000, mixed)
    assert.strictEqual(drops, 0)
    // 64 of the late ones in each second, and four times as many of the others.
    assert.isAtLeast(greeted[9]!, 64 * 4 * 8)
  })

  it("goes on, if slowly, where a prompt server begins to greet late", () => {
    const turns: Server = { backlog: 1024, every: 0.1, greetsAfter: (number) => (number < 500 ? 1 : 60_000) }
    const { greeted } = run(64, 1000, turns)
    assert.isAtLeast(greeted[40]!, 500)
    // One in ten seconds for each place.
    assert.isAtLeast(greeted[110]!, 500 + 64 * 4)
  })

  it("takes a slow look-up of the name for no dropped SYN", () => {
    const window = new ConnectWindow(8)
    const connect = (took: number, now: number) => {
      const entrant = window.begin()
      window.connecting(entrant, now - took)
      window.connected(entrant, now)
    }
    for (let connection = 0; connection < 8; connection++) connect(2000, 2000)
    assert.strictEqual(window.limit(), 8)
    connect(1, 2000)
    connect(1001, 3000)
    assert.strictEqual(window.limit(), 4)
    // Others that were dropped with it are one sign.
    connect(1010, 3010)
    assert.strictEqual(window.limit(), 4)
    connect(1500, 4000)
    assert.strictEqual(window.limit(), 4, "begun before")
    connect(1500, 6000)
    assert.strictEqual(window.limit(), 2)
  })

  it("lets in as many as are greeted, fail or are waited for, and counts nobody twice", () => {
    const event = fc.record({
      kind: fc.constantFrom("begin", "connect", "greet", "wait", "end"),
      pick: fc.nat(),
      took: fc.nat(3000)
    })
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.array(event, { maxLength: 300 }), (most, events) => {
        const window = new ConnectWindow(most)
        const all: Array<ReturnType<ConnectWindow["begin"]>> = []
        let now = 0
        for (const { kind, pick, took } of events) {
          now += took / 10
          const entrant = all[pick % Math.max(1, all.length)]
          if (kind === "begin" && window.free() > 0) {
            const begun = window.begin()
            window.connecting(begun, now)
            all.push(begun)
          } else if (entrant === undefined) continue
          else if (kind === "connect" && entrant.stoodAt === undefined) window.connected(entrant, now)
          else if (kind === "greet" && entrant.stoodAt !== undefined) window.greeted(entrant, now)
          else if (kind === "wait") window.waited(entrant, now)
          else if (kind === "end") window.end(entrant)
          const counted = all.filter(({ counts }) => counts).length
          assert.isAtMost(window.limit(), most)
          assert.isAtLeast(window.limit(), 1)
          assert.strictEqual(window.free(), Math.max(0, window.limit() - counted))
        }
        for (const entrant of all) window.end(entrant)
        assert.strictEqual(window.free(), window.limit())
      }),
      { seed: 20_260_101, numRuns: 300 }
    )
  })
})
