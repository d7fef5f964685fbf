import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { mostKeys, Planes } from "../../src/measure/Planes.js"

const bits = fc.array(
  fc.tuple(fc.nat(2), fc.oneof({ weight: 9, arbitrary: fc.nat(200) }, { weight: 1, arbitrary: fc.nat(1_200_000) })),
  { maxLength: 60 }
)

const few = { numRuns: 12 }

const of = (set: ReadonlyArray<readonly [plane: number, key: number]>, keys?: number): Planes => {
  const planes = Planes.make(3, keys)
  for (const [plane, key] of set) planes.set(plane, key)
  return planes
}

const keysOf = (planes: Planes, plane: number) => planes.keysOf((word) => word(plane))

const sorted = (set: ReadonlyArray<readonly [plane: number, key: number]>, plane: number) =>
  [...new Set(set.flatMap(([each, key]) => (each === plane ? [key] : [])))].sort((one, other) => one - other)

describe("planes of bits", () => {
  it("are sets of keys, one a plane", () => {
    fc.assert(
      fc.property(bits, (set) => {
        const planes = of(set)
        for (const plane of [0, 1, 2]) {
          const keys = sorted(set, plane)
          assert.deepStrictEqual(keysOf(planes, plane), keys)
          assert.strictEqual(
            planes.countOf((word) => word(plane)),
            keys.length
          )
          for (const key of keys) assert.isTrue(planes.has(plane, key))
        }
      }),
      few
    )
  })

  it("tell whether a bit was set before", () => {
    const planes = Planes.make(2)
    assert.deepStrictEqual(
      [planes.set(0, 7), planes.set(0, 7), planes.set(1, 7), planes.has(1, 8), planes.has(1, 9_000_000)],
      [false, true, false, false, false]
    )
  })

  it("are combined bit by bit", () => {
    fc.assert(
      fc.property(bits, (set) => {
        const second = new Set(sorted(set, 1))
        assert.deepStrictEqual(
          of(set).keysOf((word) => word(0) & ~word(1)),
          sorted(set, 0).filter((key) => !second.has(key))
        )
      }),
      few
    )
  })

  it("add up whichever way they are put together", () => {
    fc.assert(
      fc.property(bits, bits, (first, second) => {
        const sum = of(first)
        sum.add(of(second))
        const other = of(second)
        other.add(of(first))
        for (const plane of [0, 1, 2]) {
          assert.deepStrictEqual(keysOf(sum, plane), sorted([...first, ...second], plane))
          assert.deepStrictEqual(keysOf(other, plane), keysOf(sum, plane))
        }
      }),
      few
    )
  })

  it("are the same after they were text", () => {
    const runs = fc
      .tuple(fc.nat(100_000), fc.nat(3000), fc.nat(2))
      .map(([from, length, plane]) => Array.from({ length }, (_, index) => [plane, from + index] as const))
    fc.assert(
      fc.property(bits, fc.array(runs, { maxLength: 3 }), (single, runs) => {
        const set = [...single, ...runs.flat()]
        const written = of(set)
        const read = Planes.make(3)
        for (const plane of [0, 1, 2]) {
          assert.isTrue(read.decode(plane, written.encode(plane)))
          assert.deepStrictEqual(keysOf(read, plane), sorted(set, plane))
        }
      }),
      few
    )
  })

  it("are short as text where they are full or empty", () => {
    const planes = Planes.make(2)
    for (let key = 0; key < 1_000_000; key++) planes.set(0, key)
    assert.isBelow(planes.encode(0).length, 20)
    assert.strictEqual(planes.encode(1), "")
  })

  it("note what was set in both, each bit of a word", () => {
    for (const key of [0, 1, 31, 32]) {
      const planes = of([[0, key]])
      planes.add(
        of([
          [0, key],
          [1, 2]
        ]),
        { of: 0, to: 2 }
      )
      assert.deepStrictEqual([keysOf(planes, 2), keysOf(planes, 1)], [[key], [2]])
    }
  })

  it("do not read what is no text of theirs, or goes beyond their room", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const planes = Planes.make(1, 1000)
        planes.decode(0, Buffer.from(bytes).toString("base64"))
        assert.isTrue(keysOf(planes, 0).every((key) => key < 1024))
      })
    )
    const far = Planes.make(1)
    far.set(0, 2000)
    assert.isFalse(Planes.make(1, 1000).decode(0, far.encode(0)))
    assert.isFalse(Planes.make(1, 1000).decode(0, "_w=="))
  })

  it("grow for whoever has them, and to no more than their room", () => {
    const planes = Planes.make(2)
    const other = Planes.shared(2, planes.memory)
    other.set(1, 5_000_000)
    assert.isTrue(planes.has(1, 5_000_000))
    assert.isFalse(planes.set(0, 4_000_000))
    assert.isTrue(other.has(0, 4_000_000))
    assert.deepStrictEqual(keysOf(planes, 1), [5_000_000])
    const small = Planes.make(2, 100)
    assert.isFalse(small.set(0, 5000))
    assert.isFalse(small.has(0, 5000))
    assert.isFalse(planes.set(0, mostKeys))
    assert.isFalse(planes.set(0, -1))
    for (const key of [-1, -33, mostKeys, 2 ** 40]) assert.isFalse(planes.has(0, key), String(key))
    assert.deepStrictEqual(keysOf(planes, 0), [4_000_000])
  })

  it("take 1.25 MB a plane for ten million keys", () => {
    const planes = Planes.make(7)
    planes.set(6, 9_999_999)
    assert.isAtMost(planes.memory.byteLength / 7, 1.32e6)
  })
})
