import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Screen from "../../src/cli/Screen.js"
import * as Plan from "../../src/plan/Plan.js"
import type { Output } from "../../src/report/Output.js"
import { entryAt } from "../report/Reports.js"

/** What is shown of a run that ends so many messages in each quarter of a second, as it begins no more than that. */
const shown = (input: Plan.PlanInput, view: Screen.View, quarters: number, each: number): ReadonlyArray<string> => {
  const texts: Array<string> = []
  const output: Output["Type"] = {
    stdout: () => undefined,
    stderr: (text) => {
      texts.push(text)
    },
    flush: Effect.void,
    isTerminal: { stdout: false, stderr: true },
    noColor: true,
    columns: () => 80
  }
  const screen = new Screen.Screen(Plan.make({ target: "mail.example", ...input }), view, output)
  screen.begin(1000, "1.2")
  for (let quarter = 1; quarter <= quarters; quarter++) {
    const { interval } = entryAt(1)
    screen.show({ ...interval, at: quarter * 250, length: 250, accepted: each, underWay: 5, open: 5, late: each })
  }
  screen.close()
  return texts
}

describe("the view of an open run that is slower than its rate", () => {
  const plan: Plan.PlanInput = { rate: "500/s", maxSessions: 5, messages: 1000 }

  it("does not end when the last message is due: what waits is still to be sent", () => {
    const last = shown(plan, "live", 8, 25).at(-2) ?? ""
    assert.include(last, " 20 %  200 of 1,000  ETA 8 s")
    assert.include(shown(plan, "live", 7, 25).at(-2) ?? "", "100/s now  500/s due")
    assert.include(last, "795 waiting  200 late  5 busy")
    assert.include(shown(plan, "live", 16, 25).at(-2) ?? "", " 40 %  400 of 1,000  ETA 6 s")
    assert.include(shown(plan, "live", 16, 25).at(-2) ?? "", "100/s now  0/s due")
  })

  it("ends with its duration, whatever waits then", () => {
    const timed: Plan.PlanInput = { rate: "500/s", maxSessions: 5, duration: "2s" }
    assert.include(shown(timed, "live", 4, 25).at(-2) ?? "", " 50 %  100 of 1,000  ETA 1 s")
    assert.include(shown(timed, "live", 4, 0).at(-2) ?? "", " 50 %  0 of 1,000  ETA 1 s")
  })

  it("says how the run ended, in a log", () => {
    const lines = shown(plan, "plain", 40, 25)
    assert.lengthOf(lines, 3)
    assert.match(
      lines[2] ?? "",
      /^smtp-source: over after 10\.0 s: 1,000 of 1,000, 100 messages\/s, p50 .*, 1,000 late\n$/
    )
  })
})

describe("the view of a run with a duration", () => {
  it("ends with it", () => {
    assert.include(shown({ duration: "4s" }, "live", 8, 1).at(-2) ?? "", " 50 %  8 of 1,000  ETA 2 s")
  })
})
