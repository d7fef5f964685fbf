import { assert, describe, it } from "@effect/vitest"
import * as Tickets from "../../src/load/Tickets.js"

const kinds: ReadonlyArray<readonly [name: string, make: (messages: number) => Tickets.Tickets]> = [
  ["of one thread", Tickets.make],
  ["of several threads", (messages) => Tickets.shared(messages, new SharedArrayBuffer(Tickets.size))]
]

for (const [name, make] of kinds) {
  describe(`Tickets ${name}`, () => {
    it("hand out every message once, in order, and then none (S4.1)", () => {
      const tickets = make(3)
      assert.deepStrictEqual(
        Array.from({ length: 5 }, () => tickets.take()),
        [0, 1, 2, undefined, undefined]
      )
    })

    it("hand out no more once they are closed", () => {
      const tickets = make(3)
      assert.isFalse(tickets.isClosed())
      assert.strictEqual(tickets.take(), 0)
      tickets.close()
      assert.isTrue(tickets.isClosed())
      assert.isUndefined(tickets.take())
    })

    it("are not closed by being used up", () => {
      const tickets = make(1)
      tickets.take()
      tickets.take()
      assert.isFalse(tickets.isClosed())
    })
  })
}

describe("Tickets that share their memory", () => {
  it("hand out every message once between them, and are closed for all", () => {
    const memory = new SharedArrayBuffer(Tickets.size)
    const [one, other] = [Tickets.shared(5, memory), Tickets.shared(5, memory)]
    assert.deepStrictEqual([one.take(), other.take(), other.take(), one.take()], [0, 1, 2, 3])
    other.close()
    assert.isTrue(one.isClosed())
    assert.isUndefined(one.take())
  })
})

describe("Tickets with an end", () => {
  it("hand out none once it has come, and are not closed by that", () => {
    let over = false
    const tickets = Tickets.until(Tickets.make(3), () => over)
    assert.strictEqual(tickets.take(), 0)
    over = true
    assert.isUndefined(tickets.take())
    assert.isFalse(tickets.isClosed())
  })
})

describe("the origin of due times", () => {
  it("is that of the thread which asks first", () => {
    const memory = new SharedArrayBuffer(Tickets.size)
    assert.strictEqual(Tickets.origin(memory, 1_700_000_000_123), 1_700_000_000_123)
    assert.strictEqual(Tickets.origin(memory, 1_700_000_000_456), 1_700_000_000_123)
    assert.strictEqual(Tickets.shared(3, memory).take(), 0)
  })
})

describe("the numbers of connections", () => {
  it("are counted together by all threads, beside the tickets", () => {
    const memory = new SharedArrayBuffer(Tickets.size)
    const [one, other] = [Tickets.nextConnection(memory), Tickets.nextConnection(memory)]
    assert.deepStrictEqual([one(), other(), other(), one()], [0, 1, 2, 3])
    assert.strictEqual(Tickets.shared(3, memory).take(), 0)
    assert.strictEqual(Tickets.origin(memory, 7), 7)
  })
})
