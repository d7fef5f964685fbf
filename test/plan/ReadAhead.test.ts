import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import type { FileState, StoredFile } from "../../src/plan/CorpusStore.js"
import { ReadAhead } from "../../src/plan/ReadAhead.js"

/** A file of which each byte is known by its place, and what was read of it. What is read ahead comes when it is told to. */
const fileOf = (length: number) => {
  const bytes = Buffer.from(Array.from({ length }, (_, place) => (place * 7 + (place >> 8)) & 0xff))
  let state: FileState = { size: length, modified: 1 }
  const waiting: Array<() => void> = []
  const seen = { reads: 0, ahead: 0, memories: new Set<ArrayBufferLike>() }
  const copy = (into: Uint8Array, size: number, position: number) => {
    seen.memories.add(into.buffer)
    return bytes.copy(into, 0, position, Math.min(position + size, bytes.length))
  }
  const file: StoredFile = {
    read: (into, size, position) => {
      seen.reads++
      return copy(into, size, position)
    },
    readAhead: (into, size, position, done) => {
      seen.ahead++
      waiting.push(() => done(copy(into, size, position)))
    },
    state: () => state,
    close: () => {}
  }
  return {
    bytes,
    file,
    seen,
    known: state,
    change: () => {
      state = { size: length, modified: 2 }
    },
    /** What is under way is there. */
    arrive: () => {
      for (const done of waiting.splice(0)) done()
    }
  }
}

const size = 100

describe("a file that is read ahead", () => {
  it("gives what is in it or nothing, whatever is asked for, and whenever that comes", () => {
    const step = fc.record({ gap: fc.integer({ min: -150, max: 150 }), length: fc.nat(120), arrives: fc.boolean() })
    fc.assert(
      fc.property(
        fc.array(step, { maxLength: 60, size: "max" }),
        fc.integer({ min: 1, max: 1500 }),
        (steps, length) => {
          const { arrive, bytes, file, known, seen } = fileOf(length)
          const ahead = new ReadAhead(file, known, size)
          let at = 0
          for (const { arrives, gap, length: wanted } of steps) {
            const start = Math.min(Math.max(0, at + (gap % 3 === 0 ? gap : 0)), length)
            const own = Math.min(wanted, length - start)
            const found = ahead.bytes(start, own)
            if (found !== undefined) assert.isTrue(found.equals(bytes.subarray(start, start + own)))
            at = start + own
            if (arrives) arrive()
          }
          assert.isAtMost(seen.memories.size, 2)
        }
      ),
      { seed: 1, numRuns: 2_000 }
    )
  })

  it("has what follows in memory, and reads each piece once", () => {
    const { arrive, file, known, seen } = fileOf(10_000)
    const ahead = new ReadAhead(file, known, size)
    const missed: Array<number> = []
    for (let at = 0; at < 10_000; at += 10) {
      if (ahead.bytes(at, 10) === undefined) missed.push(at)
      arrive()
    }
    // Of the first one it is not known that others follow.
    assert.deepStrictEqual(missed, [0])
    assert.strictEqual(seen.reads, 1)
    assert.strictEqual(seen.ahead, 99)
  })

  it("leaves to others what is still on its way, and goes on behind it", () => {
    const { arrive, file, known, seen } = fileOf(1000)
    const ahead = new ReadAhead(file, known, size)
    const found = Array.from({ length: 31 }, (_, place) => ahead.bytes(place * 10, 10) !== undefined)
    const expected = found.map((_, place) => (place >= 1 && place <= 10) || place >= 21)
    assert.deepStrictEqual(found, expected)
    assert.strictEqual(seen.reads, 2)
    arrive()
    assert.isDefined(ahead.bytes(310, 10))
    assert.strictEqual(seen.reads, 3)
  })

  it("reads nothing ahead of what is asked for in no order", () => {
    const { file, known, seen } = fileOf(10_000)
    const ahead = new ReadAhead(file, known, size)
    for (const at of [5000, 10, 9000, 4000, 300]) assert.isUndefined(ahead.bytes(at, 10))
    assert.deepStrictEqual([seen.reads, seen.ahead], [0, 0])
  })

  it("gives nothing of a file that was changed before it was read", () => {
    const { arrive, change, file, known } = fileOf(1000)
    const ahead = new ReadAhead(file, known, size)
    ahead.bytes(0, 10)
    assert.isDefined(ahead.bytes(10, 10))
    change()
    assert.isDefined(ahead.bytes(20, 10))
    arrive()
    for (let at = 110; at < 1000; at += 10) {
      assert.isUndefined(ahead.bytes(at, 10))
      arrive()
    }
  })
})
