import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as Address from "../../src/plan/Address.js"
import * as Plan from "../../src/plan/Plan.js"

const addresses = (input: Plan.PlanInput) => Address.make(Plan.make(input), "me.example", "seed")

/** The recipients of messages 0 to 2, as they stand between the angle brackets. */
const recipients = (input: Plan.PlanInput): ReadonlyArray<ReadonlyArray<string>> =>
  [0, 1, 2].map((message) =>
    addresses(input)
      .rcpts(message)
      .map((rcpt) => {
        const address = /^RCPT TO:<(.*)>\r\n$/s.exec(rcpt)?.[1]
        if (address === undefined) assert.fail(rcpt)
        return address
      })
  )

const to = (input: Plan.PlanInput): ReadonlyArray<string> => [0, 1, 2].map((message) => addresses(input).to(message))

describe("sender and recipient", () => {
  it("are foo at our own name unless they are given (S7.3)", () => {
    const { mail, sender } = addresses({})
    assert.strictEqual(sender(0), "foo@me.example")
    assert.strictEqual(mail(0), "MAIL FROM:<foo@me.example>\r\n")
    assert.deepStrictEqual(recipients({}), [["foo@me.example"], ["foo@me.example"], ["foo@me.example"]])
    assert.deepStrictEqual(to({}), ["foo@me.example", "foo@me.example", "foo@me.example"])
  })

  it("are taken as they are (S1.11)", () => {
    const { mail, sender } = addresses({ from: "who ever", to: "no-at-sign" })
    assert.strictEqual(sender(0), "who ever")
    assert.strictEqual(mail(0), "MAIL FROM:<who ever>\r\n")
    assert.deepStrictEqual(recipients({ to: "no-at-sign" })[0], ["no-at-sign"])
  })

  it("may be empty: the null sender (S1.11)", () => {
    assert.strictEqual(addresses({ from: "" }).mail(0), "MAIL FROM:<>\r\n")
    assert.strictEqual(addresses({ from: "" }).sender(0), "")
    assert.deepStrictEqual(recipients({ to: "" })[0], [""])
  })

  it("go out as UTF-8", () => {
    assert.strictEqual(addresses({ from: "é@x" }).mail(0), "MAIL FROM:<\xc3\xa9@x>\r\n")
    assert.deepStrictEqual(recipients({ to: "é@x", numberRecipients: true })[0], ["1\xc3\xa9@x"])
    assert.deepStrictEqual(recipients({ to: "é@ü", recipients: 1, numbering: "append" })[0], ["\xc3\xa90@\xc3\xbc"])
  })
})

describe("numbering as Postfix 3.7 has it (S14)", () => {
  const bob = "bob@example.com"

  it("-N puts a number before the whole address, from 1, once in the run", () => {
    assert.deepStrictEqual(recipients({ to: bob, numberRecipients: true }), [
      ["1bob@example.com"],
      ["2bob@example.com"],
      ["3bob@example.com"]
    ])
  })

  it("-N -r counts the recipients of all messages", () => {
    assert.deepStrictEqual(recipients({ to: bob, numberRecipients: true, recipients: 2 }), [
      ["1bob@example.com", "2bob@example.com"],
      ["3bob@example.com", "4bob@example.com"],
      ["5bob@example.com", "6bob@example.com"]
    ])
  })

  it("-r alone counts down to 2 and ends with the bare address, the same for every message", () => {
    const three = ["3bob@example.com", "2bob@example.com", "bob@example.com"]
    assert.deepStrictEqual(recipients({ to: bob, recipients: 3 }), [three, three, three])
  })

  it("-r 1 numbers nothing", () => {
    assert.deepStrictEqual(recipients({ to: bob, recipients: 1 }), [[bob], [bob], [bob]])
  })

  it("looks for no at sign", () => {
    assert.deepStrictEqual(recipients({ to: "a@b@c", numberRecipients: true })[0], ["1a@b@c"])
    assert.deepStrictEqual(recipients({ to: "local", recipients: 2 })[0], ["2local", "local"])
  })

  it("names the bare address in To:", () => {
    for (const input of [{ numberRecipients: true }, { recipients: 3 }, { numberRecipients: true, recipients: 3 }]) {
      assert.deepStrictEqual(to({ to: bob, ...input }), [bob, bob, bob])
    }
  })
})

describe("numbering as Postfix 3.9 has it (S7.4)", () => {
  const bob = { to: "bob@example.com", numbering: "append" } as const

  it("puts nothing anywhere without -N and -r", () => {
    assert.deepStrictEqual(recipients(bob), [["bob@example.com"], ["bob@example.com"], ["bob@example.com"]])
  })

  it("-N puts the number after the local part, from 0", () => {
    assert.deepStrictEqual(recipients({ ...bob, numberRecipients: true }), [
      ["bob0@example.com"],
      ["bob1@example.com"],
      ["bob2@example.com"]
    ])
  })

  it("-r does the same, for one recipient too", () => {
    assert.deepStrictEqual(recipients({ ...bob, recipients: 1 })[2], ["bob2@example.com"])
    assert.deepStrictEqual(recipients({ ...bob, recipients: 2 }), [
      ["bob0@example.com", "bob1@example.com"],
      ["bob2@example.com", "bob3@example.com"],
      ["bob4@example.com", "bob5@example.com"]
    ])
    assert.deepStrictEqual(
      recipients({ ...bob, recipients: 2, numberRecipients: true }),
      recipients({ ...bob, recipients: 2 })
    )
  })

  it("splits at the last at sign, and appends where there is none", () => {
    assert.deepStrictEqual(recipients({ ...bob, to: "a@b@c", recipients: 1 })[0], ["a@b0@c"])
    assert.deepStrictEqual(recipients({ ...bob, to: "local", recipients: 1 })[0], ["local0"])
    assert.deepStrictEqual(recipients({ ...bob, to: "user+@x", recipients: 1 })[1], ["user+1@x"])
    assert.deepStrictEqual(recipients({ ...bob, to: "@x", recipients: 1 })[0], ["0@x"])
    assert.deepStrictEqual(recipients({ ...bob, to: "x@", recipients: 1 })[0], ["x0@"])
  })

  it("names the last recipient in To: (S8.2)", () => {
    assert.deepStrictEqual(to({ ...bob, recipients: 3 }), ["bob2@example.com", "bob5@example.com", "bob8@example.com"])
    assert.deepStrictEqual(to(bob), [bob.to, bob.to, bob.to])
  })
})

describe("what message k is sent to", () => {
  const input = fc.record(
    {
      to: fc.constantFrom("bob@x", "bob", "a@b@c", "é@x"),
      numberRecipients: fc.boolean(),
      recipients: fc.integer({ min: 1, max: 20 }),
      numbering: fc.constantFrom("prepend" as const, "append" as const)
    },
    { requiredKeys: [] }
  )

  it("depends on the plan and k alone, in whatever order it is asked for", () => {
    fc.assert(
      fc.property(input, fc.array(fc.integer({ min: 0, max: 1e9 }), { maxLength: 5 }), (input, messages) => {
        const one = addresses(input)
        for (const message of messages) {
          const other = addresses(input)
          assert.deepStrictEqual(one.rcpts(message), other.rcpts(message))
          assert.strictEqual(one.to(message), other.to(message))
        }
      }),
      { seed: 1, numRuns: 500 }
    )
  })

  it("is -r recipients, all different within a message, and with -N within the run", () => {
    fc.assert(
      fc.property(input, (input) => {
        const all = recipients(input)
        for (const rcpts of all) {
          assert.lengthOf(rcpts, input.recipients ?? 1)
          assert.strictEqual(new Set(rcpts).size, rcpts.length)
        }
        if (input.numberRecipients === true) assert.strictEqual(new Set(all.flat()).size, all.flat().length)
      }),
      { seed: 2, numRuns: 500 }
    )
  })

  it("keeps its numbers exact in very long runs", () => {
    const { rcpts } = addresses({ to: "a@x", numberRecipients: true, recipients: 1000 })
    assert.strictEqual(rcpts(9_000_000_000_000).at(-1), "RCPT TO:<9000000000001000a@x>\r\n")
  })
})

describe("numbers of recipients that are drawn", () => {
  const messages = Array.from({ length: 200 }, (_, message) => message)
  const of = (input: Plan.PlanInput) => {
    const { rcpts, to } = addresses({ to: "a@b", recipients: "1..4", ...input })
    return messages.map((message) => ({ rcpts: rcpts(message), to: to(message) }))
  }

  it("are as many as are drawn, the bare one last", () => {
    const all = of({})
    assert.deepStrictEqual(new Set(all.map(({ rcpts }) => rcpts.length)), new Set([1, 2, 3, 4]))
    for (const { rcpts } of all) {
      const whole = ["4a@b", "3a@b", "2a@b", "a@b"].map((recipient) => `RCPT TO:<${recipient}>\r\n`)
      assert.deepStrictEqual(rcpts, whole.slice(4 - rcpts.length))
    }
  })

  it("are the same for the same message, whoever asks", () => {
    assert.deepStrictEqual(of({}), of({}))
    assert.deepStrictEqual(
      of({ recipients: 3 }).map(({ rcpts }) => rcpts.length),
      messages.map(() => 3)
    )
  })

  it("with -N have numbers that no other recipient of the run has: those of the largest number, with gaps", () => {
    const numbers = of({ numberRecipients: true }).flatMap(({ rcpts }, message) =>
      rcpts.map((rcpt, index) => {
        const number = Number(/^RCPT TO:<(\d+)a@b>\r\n$/.exec(rcpt)?.[1])
        assert.strictEqual(number, message * 4 + index + 1)
        return number
      })
    )
    assert.strictEqual(new Set(numbers).size, numbers.length)
  })

  it("with --numbering append name the last of them in To:", () => {
    for (const { rcpts, to } of of({ numbering: "append" })) assert.strictEqual(rcpts.at(-1), `RCPT TO:<${to}>\r\n`)
  })
})
