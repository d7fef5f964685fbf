import { assert, describe, it } from "@effect/vitest"
import * as Outcome from "../../src/smtp/Outcome.js"
import { ConnectionLost, ReplyMalformed, ReplyTimeout } from "../../src/smtp/SmtpError.js"

const long = { code: 550, text: "x".repeat(5000) }
const short = { code: 250, text: "ok" }
const cut = { code: 550, text: "x".repeat(10) }
const recipients = Outcome.noRecipients

describe("Outcome.shortened", () => {
  const lost = (replies: ReadonlyArray<typeof long>, reply: typeof long) =>
    new ConnectionLost({ step: "final", how: "closed", replies, reply })
  const malformed = (replies: ReadonlyArray<typeof long>, reason: string) =>
    new ReplyMalformed({ step: "mail", reason, replies })
  const cases: ReadonlyArray<readonly [whole: Outcome.Outcome, shortened: Outcome.Outcome]> = [
    [
      { _tag: "Rejected", step: "mail", reply: long, recipients, lost: lost([long, short], long) },
      { _tag: "Rejected", step: "mail", reply: cut, recipients, lost: lost([cut, short], cut) }
    ],
    [
      { _tag: "Accepted", recipients, unwelcome: long, lost: undefined },
      { _tag: "Accepted", recipients, unwelcome: cut, lost: undefined }
    ],
    [
      { _tag: "Accepted", recipients, exceptions: [{ place: 0, fate: "refused", step: "rcpt", reply: long }] },
      { _tag: "Accepted", recipients, exceptions: [{ place: 0, fate: "refused", step: "rcpt", reply: cut }] }
    ],
    [
      { _tag: "Failed", error: malformed([long], "y".repeat(5000)), recipients },
      { _tag: "Failed", error: malformed([cut], "y".repeat(10)), recipients }
    ],
    [
      { _tag: "Unknown", error: new ReplyTimeout({ step: "final", waited: 1000, replies: [long] }), recipients },
      { _tag: "Unknown", error: new ReplyTimeout({ step: "final", waited: 1000, replies: [cut] }), recipients }
    ]
  ]
  for (const [whole, shortened] of cases) {
    it(`cuts all that the server said: ${whole._tag}`, () => {
      assert.deepStrictEqual(Outcome.shortened(whole, 10), shortened)
      assert.deepStrictEqual(Outcome.shortened(10)(whole), shortened)
    })
  }

  it("gives what is short as it is", () => {
    const accepted = Outcome.acceptedByAll(1)
    assert.strictEqual(Outcome.shortened(accepted, 10), accepted)
    assert.strictEqual(Outcome.shortened(Outcome.notStarted, 10), Outcome.notStarted)
  })
})
