import { assert, describe, it } from "@effect/vitest"
import * as Extensions from "../../src/plan/Extensions.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Capabilities from "../../src/smtp/Capabilities.js"
import * as Parameters from "../../src/smtp/Parameters.js"

const message = { mail: "MAIL FROM:<>\r\n", rcpts: ["RCPT TO:<a>\r\n"], content: { head: "ab\r\n..\r\n.\r\n" } }

/** The commands of the first message, with all that the plan asks for. */
const commands = (input: Plan.PlanInput, sent: Partial<Extensions.Sent> = {}, offers = Capabilities.none) => {
  const wishes = Extensions.wishes(Plan.make(input), { addresses: ["a@b"], isEightBit: false, ...sent })
  if (wishes === undefined) return undefined
  const { mail, rcpts } = Parameters.agree(wishes, offers, "send").dress!(message, 0)
  return [mail.slice(12, -2).trim(), rcpts[0]!.slice(11, -2).trim()]
}

describe("the fields of extensions", () => {
  it("without them there is nothing to add", () => {
    assert.isUndefined(commands({}))
    assert.isFalse(Extensions.areAsked(Plan.make({})))
  })

  it.each<readonly [Plan.PlanInput, mail: string, rcpt: string]>([
    [{ declareSize: true }, "SIZE=7", ""],
    [{ mime: "7bit" }, "BODY=7BIT", ""],
    [{ mime: "8bit" }, "BODY=8BITMIME", ""],
    [{ smtputf8: "always" }, "SMTPUTF8", ""],
    [{ dsnReturn: "full" }, "RET=FULL", ""],
    [{ dsnReturn: "headers" }, "RET=HDRS", ""],
    [{ envelopeId: "a b" }, "ENVID=a+20b", ""],
    [{ envelopeId: "run 7, {n}" }, "ENVID=run+207,+201", ""],
    [{ tls: "starttls", requireTls: true }, "REQUIRETLS", ""],
    [{ mailParameters: ["BY=120;R", "X"] }, "BY=120;R X", ""],
    [{ notify: "never" }, "", "NOTIFY=NEVER"],
    [{ notify: "success,delay" }, "", "NOTIFY=SUCCESS,DELAY"],
    [{ rcptParameters: "A=1" }, "", "A=1"]
  ])("%j", (input, mail, rcpt) => {
    assert.deepStrictEqual(commands(input), [mail, rcpt])
    assert.isTrue(Extensions.areAsked(Plan.make(input)))
  })

  it("auto: 8BITMIME where bytes and offer are there, and SMTPUTF8 where an address asks for it", () => {
    const offered = Capabilities.parse({ code: 250, text: "x\n8BITMIME" })
    assert.deepStrictEqual(commands({}, { isEightBit: true }, offered), ["BODY=8BITMIME", ""])
    assert.deepStrictEqual(commands({}, { addresses: ["ü@b"] }), ["SMTPUTF8", ""])
    assert.isUndefined(
      Parameters.agree(
        Extensions.wishes(Plan.make({}), { addresses: [], isEightBit: true })!,
        Capabilities.none,
        "fail"
      ).dress
    )
  })

  it.each<readonly [Plan.PlanInput, RegExp]>([
    [{ notify: "never,success" }, /notify.*expected never, or some of/],
    [{ notify: "success,success" }, /notify.*expected never, or some of/],
    [{ envelopeId: "" }, /envelopeId.*printable/],
    [{ envelopeId: "a\nb" }, /envelopeId.*printable/],
    [{ envelopeId: "x".repeat(101) }, /envelopeId.*100/],
    [{ mailParameters: ["A=1\r\nDATA"] }, /mailParameters.*printable ASCII/],
    [{ rcptParameters: [""] }, /rcptParameters.*printable ASCII/]
  ])("%j is refused", (input, reason) => {
    assert.match(Plan.problems(input).join("\n"), reason)
  })

  it.each<readonly [Plan.PlanInput, RegExp]>([
    [{ bare: true, declareSize: true }, /--declare-size needs EHLO, which -o leaves out/],
    [{ bare: true, notify: "never" }, /--notify needs EHLO/],
    [{ bare: true, mailParameters: ["A"] }, /--mail-parameter needs EHLO/],
    [{ requireTls: true }, /--require-tls needs --tls/],
    [{ requireTls: true, tls: "if-offered" }, /--require-tls needs --tls/],
    [{ requireTls: true, tls: "starttls", tlsVerify: "none" }, /--require-tls needs --tls/],
    [{ whenNotOffered: "skip" }, /--when-not-offered needs an extension/]
  ])("%j exclude each other", (input, reason) => {
    assert.match(Plan.problems(input).join("\n"), reason)
  })

  it("a plan that is read again is the same", () => {
    const plan = Plan.make({ bare: true })
    assert.deepStrictEqual(Plan.problems(Plan.encode(plan)), [])
  })
})
