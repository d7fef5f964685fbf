import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Pacing } from "../../src/smtp/Pacing.js"
import type { Deadlines, Expiring } from "../../src/smtp/Wire.js"

/** A paced content, with a clock and a transport that are driven by hand. */
const make = (bytesPerSecond: number) => {
  const watched = new Set<Expiring>()
  const clock = { now: 0 }
  const deadlines: Deadlines = {
    now: () => clock.now,
    wakesAt: Number.POSITIVE_INFINITY,
    wake: () => undefined,
    add: (expiring) => watched.add(expiring),
    remove: (expiring) => watched.delete(expiring)
  }
  const transport = { takes: true }
  const pieces: Array<readonly [at: number, text: string]> = []
  const events: Array<string> = []
  const write = (bytes: string, body: Uint8Array | undefined) => {
    pieces.push([clock.now, bytes + Buffer.from(body ?? []).toString("latin1")])
    return transport.takes
  }
  const pacing = new Pacing(
    bytesPerSecond,
    deadlines,
    write,
    () => events.push("piece"),
    () => events.push("done")
  )
  /** Lets time pass, as the watchdog does. */
  const pass = (milliseconds: number) => {
    clock.now += milliseconds
    for (const one of [...watched]) if (one.deadline <= clock.now) one.expire()
  }
  return { clock, events, pacing, pass, pieces, transport, watched }
}

const bytes = (text: string) => Buffer.from(text, "latin1")

describe("Pacing", () => {
  it("hands over a tenth of a second's bytes at a time, each a tenth of a second after the one before", () => {
    const { events, pacing, pass, pieces, watched } = make(40)
    pacing.start("abcdef", bytes("ghij"))
    assert.deepStrictEqual(pieces, [[0, "abcd"]])
    assert.isTrue(pacing.isBusy())
    pass(99)
    assert.lengthOf(pieces, 1)
    pass(1)
    assert.strictEqual(pacing.given(), 8)
    pass(100)
    assert.deepStrictEqual(pieces, [
      [0, "abcd"],
      [100, "efgh"],
      [200, "ij"]
    ])
    assert.deepStrictEqual(events, ["piece", "piece", "piece", "done"])
    assert.isFalse(pacing.isBusy())
    assert.strictEqual(watched.size, 0)
  })

  it("hands over a byte at a time where there is time for less", () => {
    const { pacing, pass, pieces } = make(1)
    pacing.start("ab", undefined)
    pass(100)
    assert.deepStrictEqual(pieces, [
      [0, "a"],
      [100, "b"]
    ])
  })

  it("waits for a piece that the transport has not taken, and goes on at once when the next is overdue", () => {
    const { events, pacing, pass, pieces, transport } = make(10)
    transport.takes = false
    pacing.start("abc", undefined)
    pass(1000)
    assert.lengthOf(pieces, 1)
    assert.deepStrictEqual(events, [])
    transport.takes = true
    pacing.taken()
    assert.deepStrictEqual(pieces[1], [1000, "b"])
    // What was late is not made up for.
    assert.lengthOf(pieces, 2)
    pass(100)
    assert.deepStrictEqual(pieces[2], [1100, "c"])
    assert.deepStrictEqual(events, ["piece", "piece", "piece", "done"])
  })

  it("waits for its time after a piece that was taken late, but not too late", () => {
    const { pacing, pass, pieces, transport } = make(10)
    transport.takes = false
    pacing.start("abc", undefined)
    pass(60)
    transport.takes = true
    pacing.taken()
    assert.lengthOf(pieces, 1)
    pass(40)
    assert.deepStrictEqual(pieces[1], [100, "b"])
  })

  it("gives up what was not handed over, and begins anew with the next content", () => {
    const { events, pacing, pass, pieces, watched } = make(10)
    pacing.start("abc", undefined)
    pacing.stop()
    assert.isFalse(pacing.isBusy())
    assert.strictEqual(watched.size, 0)
    pass(1000)
    assert.lengthOf(pieces, 1)
    pacing.start("x", undefined)
    assert.deepStrictEqual(pieces[1], [1000, "x"])
    assert.deepStrictEqual(events, ["piece", "piece", "done"])
  })

  it("hands over every byte once and in order, in the time that its rate says", () => {
    fc.assert(
      fc.property(
        fc.string({ maxLength: 60 }),
        fc.string({ maxLength: 60 }),
        fc.integer({ min: 1, max: 900 }),
        (head, tail, rate) => {
          const [before, after] = [head, tail].map((text) => bytes(text).toString("latin1")) as [string, string]
          const { clock, events, pacing, pass, pieces } = make(rate)
          pacing.start(before, bytes(after))
          for (let turn = 0; turn < 200 && pacing.isBusy(); turn++) pass(100)
          assert.strictEqual(pieces.map(([, text]) => text).join(""), before + after)
          const size = Math.max(1, Math.round(rate / 10))
          const wanted = Math.max(1, Math.ceil((before + after).length / size))
          assert.lengthOf(pieces, wanted)
          assert.strictEqual(clock.now, (wanted - 1) * 100)
          assert.strictEqual(events.at(-1), "done")
        }
      )
    )
  })
})
