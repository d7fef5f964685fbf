import { assert, describe, it } from "@effect/vitest"
import * as Scripts from "../../src/smtp/Scripts.js"
import * as Steps from "../../src/smtp/Steps.js"
import type { Exchange, Script } from "../../src/smtp/Wire.js"

/** Says the commands, one after another, and ends with its name and the codes that it was answered. */
function* saying(name: string, ...commands: ReadonlyArray<string>): Script<string> {
  const codes: Array<number> = []
  for (const command of commands) codes.push((yield Steps.command("other", command))[0]!.code)
  return [name, ...codes].join(" ")
}

/** What the script says and comes to, where its commands are answered 250, 251 and so on. */
const run = (script: Script<string>) => {
  const said: Array<string> = []
  let turn: IteratorResult<Exchange, string> = script.next([])
  while (turn.done !== true) {
    said.push(turn.value.bytes)
    turn = script.next([{ code: 249 + said.length, text: "" }])
  }
  return { said, end: turn.value }
}

describe("chain", () => {
  it("goes from one script to the next in the same turn, and ends as the last one", () => {
    const ends: Array<string> = []
    const script = Scripts.chain(saying("first", "A", "B"), (end) => {
      ends.push(end)
      return ends.length < 3 ? saying(`after ${end}`, "C") : undefined
    })
    const { end, said } = run(script)
    assert.deepStrictEqual(said, ["A", "B", "C", "C"])
    assert.deepStrictEqual(ends, ["first 250 251", "after first 250 251 252", "after after first 250 251 252 253"])
    assert.strictEqual(end, ends[2])
  })

  it("passes over a script that says nothing", () => {
    let left = 2
    const { end, said } = run(Scripts.chain(saying("silent"), () => (left-- > 0 ? saying("silent, too") : undefined)))
    assert.deepStrictEqual(said, [])
    assert.strictEqual(end, "silent, too")
  })

  it("may be a part of another script", () => {
    function* whole(): Script<string> {
      const end = yield* Scripts.chain(saying("first", "A"), (end) =>
        end.startsWith("first") ? saying("second", "B") : undefined
      )
      yield Steps.quit
      return `whole: ${end}`
    }
    assert.deepStrictEqual(run(whole()), { said: ["A", "B", "QUIT\r\n"], end: "whole: second 251" })
  })

  it("ends with what a script of it throws", () => {
    const script = Scripts.chain(saying("first", "A"), () => {
      throw new RangeError("no more")
    })
    assert.throws(() => run(script), RangeError)
  })
})
