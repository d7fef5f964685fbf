import { assert, describe, it } from "@effect/vitest"
import * as Reply from "../../src/smtp/Reply.js"

describe("Reply", () => {
  it("sorts codes into success, go-ahead, refusal and close", () => {
    const table: ReadonlyArray<
      readonly [code: number, positive: boolean, goAhead: boolean, refusal: boolean, closing: boolean]
    > = [
      [0, false, false, false, false],
      [199, false, false, false, false],
      [200, true, false, false, false],
      [299, true, false, false, false],
      [300, false, false, false, false],
      [353, false, false, false, false],
      [354, false, true, false, false],
      [355, false, false, false, false],
      [399, false, false, false, false],
      [400, false, false, true, false],
      [420, false, false, true, false],
      [421, false, false, true, true],
      [521, false, false, true, true],
      [599, false, false, true, false],
      [600, false, false, false, false]
    ]
    for (const [code, positive, goAhead, refusal, closing] of table) {
      const reply = { code, text: "" }
      assert.deepStrictEqual(
        [Reply.isPositive(reply), Reply.isGoAhead(reply), Reply.isRefusal(reply), Reply.isClosing(reply)],
        [positive, goAhead, refusal, closing],
        String(code)
      )
    }
  })

  it("takes no refusal from a reply that breaks the grammar", () => {
    assert.isFalse(Reply.isRefusal({ code: 550, text: ":no", defect: "no space after the code" }))
    assert.isFalse(Reply.isRefusal({ code: 550, text: "yes\nno", defect: "codes differ between lines" }))
  })

  it("finds the enhanced status code at the beginning of the text (RFC 3463)", () => {
    const table: ReadonlyArray<readonly [text: string, code: string | undefined]> = [
      ["2.1.5 Ok", "2.1.5"],
      ["4.7.0", "4.7.0"],
      ["5.7.123\nmore", "5.7.123"],
      ["5.999.999 x", "5.999.999"],
      ["5.1000.1 x", undefined],
      ["3.1.1 x", undefined],
      ["5.1.1x", undefined],
      ["5.1 x", undefined],
      [" 5.1.1 x", undefined],
      ["Ok 5.1.1", undefined],
      ["", undefined]
    ]
    for (const [text, code] of table) assert.strictEqual(Reply.enhancedStatusCode({ code: 550, text }), code, text)
  })
})
