import { assert, describe, it } from "@effect/vitest"
import { Outgoing } from "../../src/smtp/Outgoing.js"
import type { ConnectOptions, Expiring } from "../../src/smtp/Wire.js"

/** A connection's writes at a rate, with a clock and a socket that are driven by hand. */
const make = (bytesPerSecond: number) => {
  const watched = new Set<Expiring>()
  const clock = { now: 0 }
  const socket = { takes: true }
  const pieces: Array<string> = []
  const events: Array<string> = []
  const transport = {
    write: (bytes: string) => {
      pieces.push(bytes)
      return socket.takes
    }
  }
  const deadlines = {
    now: () => clock.now,
    wakesAt: Number.POSITIVE_INFINITY,
    wake: () => undefined,
    add: (expiring: Expiring) => watched.add(expiring),
    remove: (expiring: Expiring) => watched.delete(expiring)
  }
  const outgoing = new Outgoing(
    transport as unknown as ConstructorParameters<typeof Outgoing>[0],
    { bytesPerSecond, deadlines, observer: { onQueued: () => {} } } as unknown as ConnectOptions,
    {
      progressed: () => events.push("taken"),
      onContentTaken: () => events.push("content"),
      onFlushed: () => events.push("flushed")
    }
  )
  const pass = (milliseconds: number) => {
    clock.now += milliseconds
    for (const one of [...watched]) if (one.deadline <= clock.now) one.expire()
  }
  return { events, outgoing, pass, pieces, socket }
}

describe("a content at a rate", () => {
  it("goes on once the socket has taken a piece that it had not taken at once", () => {
    const { events, outgoing, pass, pieces, socket } = make(10)
    socket.takes = false
    outgoing.content("abc", undefined, undefined, false)
    pass(1000)
    assert.deepStrictEqual(pieces, ["a"])
    socket.takes = true
    outgoing.flushed()
    pass(100)
    pass(100)
    assert.deepStrictEqual(pieces, ["a", "b", "c"])
    assert.strictEqual(events.at(-1), "content")
  })
})
