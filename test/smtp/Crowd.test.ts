import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import { Crowd, type Member } from "../../src/smtp/Crowd.js"

interface Guest extends Member {
  readonly name: number
}

describe("Crowd", () => {
  it("has whom a Set has, whoever comes and goes", () => {
    const steps = fc.array(fc.tuple(fc.constantFrom("add" as const, "delete" as const), fc.nat(9)), { maxLength: 200 })
    fc.assert(
      fc.property(steps, (all) => {
        const guests = Array.from({ length: 10 }, (_, name): Guest => ({ name }))
        const crowd = new Crowd<Guest>()
        const set = new Set<Guest>()
        for (const [what, which] of all) {
          crowd[what](guests[which]!)
          set[what](guests[which]!)
          assert.strictEqual(crowd.size, set.size)
          assert.sameMembers([...crowd], [...set])
          for (const guest of guests) assert.strictEqual(crowd.has(guest), set.has(guest))
        }
      })
    )
  })

  it("shows each of those who were there when all are asked to leave, though each leaves at once", () => {
    const crowd = new Crowd<Guest>()
    const guests = Array.from({ length: 5 }, (_, name): Guest => ({ name }))
    for (const guest of guests) crowd.add(guest)
    const left: Array<Guest> = []
    for (const guest of crowd) {
      crowd.delete(guest)
      left.push(guest)
    }
    assert.deepStrictEqual([left.length, crowd.size], [5, 0])
    assert.sameMembers(left, guests)
  })
})
