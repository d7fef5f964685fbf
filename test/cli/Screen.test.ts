import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Screen from "../../src/cli/Screen.js"
import * as Plan from "../../src/plan/Plan.js"
import type { Output } from "../../src/report/Output.js"
import { entryAt } from "../report/Reports.js"

/** What is shown of a run that ends so many messages in each quarter of a second, as it begins no more than that. */
const shown = (
  input: Plan.PlanInput,
  view: Screen.View,
  quarters: number,
  each: number,
  afterwards: (screen: Screen.Screen) => void = () => {}
): ReadonlyArray<string> => {
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
  afterwards(screen)
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

describe("the view of a run that waits for a proof", () => {
  const waiting = (until: number) => (screen: Screen.Screen) => {
    for (let waited = 0; waited <= until; waited += 100) {
      screen.settling({ accepted: 5000, arrived: 4988, awaited: 15, waited, left: 120_000 - waited })
    }
  }

  it("says in a log what has arrived and how long it waits, every five seconds, unless it is soon over", () => {
    const plan: Plan.PlanInput = { messages: 1000 }
    const lines = shown(plan, "plain", 4, 250, waiting(6000))
    assert.deepStrictEqual(lines.slice(0, 2), [
      "smtp-source: settling: 4,988 of 5,000 arrived, 3 to be sent again, waits 1:59 min for the next\n",
      "smtp-source: settling: 4,988 of 5,000 arrived, 3 to be sent again, waits 1:54 min for the next\n"
    ])
    assert.lengthOf(lines, 3)
    assert.lengthOf(shown(plan, "plain", 4, 250, waiting(900)), 1)
    assert.lengthOf(shown(plan, "off", 4, 250, waiting(6000)), 0)
  })

  it("has one line more on a terminal, drawn when it says something else", () => {
    const drawn = shown({ messages: 1000 }, "live", 4, 250, waiting(3000)).slice(4)
    // Once a second, and to take all away.
    assert.lengthOf(drawn, 4)
    assert.match(
      drawn[1] ?? "",
      / 100 % .*\n.*\n.*\nsettling: 4,988 of 5,000 arrived, 3 to be sent again, waits 1:58 min/
    )
  })

  it("does not wait any more where it is told to stop", () => {
    const lines = shown({ messages: 1000 }, "plain", 4, 250, (screen) => {
      waiting(0)(screen)
      screen.stopping("SIGINT")
    })
    assert.strictEqual(lines[0], "smtp-source: stopping: what has not arrived is not waited for\n")
  })
})
