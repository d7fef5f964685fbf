import { assert, describe, it } from "@effect/vitest"
import * as Counts from "../../src/measure/Counts.js"
import * as ArrivalCounters from "../../src/report/ArrivalCounters.js"
import * as ConnectionCounters from "../../src/report/ConnectionCounters.js"
import { Count, LaterCount } from "../../src/report/CountField.js"
import * as CounterTable from "../../src/report/CounterTable.js"

const closed = { name: "closed", help: "By who closed them." }
const table = {
  opened: {
    field: Count,
    description: "That were opened.",
    phrase: "opened",
    always: true,
    column: "o",
    gauge: "opened"
  },
  local: { field: LaterCount, description: "That failed here.", phrase: "failed here" },
  byUs: { field: Count, description: "By us.", phrase: "closed by us", column: "us", gauge: { ...closed, by: "us" } },
  byServer: { field: Count, description: "By the server.", phrase: "closed", gauge: { ...closed, by: "server" } }
}

describe("a table of counters", () => {
  it("says in text what happened, and what is always told of", () => {
    const none = { opened: 0, local: 0, byUs: 0, byServer: 0 }
    assert.deepStrictEqual(CounterTable.phrases(table, none, String), ["0 opened"])
    const counts = { ...none, byServer: 2, local: 1 }
    assert.deepStrictEqual(CounterTable.phrases(table, counts, String), ["0 opened", "1 failed here", "2 closed"])
  })

  it("has a column for each that has a heading, and a gauge for those of one name", () => {
    assert.deepStrictEqual(CounterTable.columns(table), [
      ["o", "opened"],
      ["us", "byUs"]
    ])
    assert.deepStrictEqual(CounterTable.gauges(table), [
      { name: "opened", help: "That were opened.", values: [[{}, "opened"]] },
      {
        ...closed,
        values: [
          [{ by: "us" }, "byUs"],
          [{ by: "server" }, "byServer"]
        ]
      }
    ])
  })
})

describe("the tables of reports", () => {
  it("show counters in the order in which they are counted", () => {
    assert.deepStrictEqual(Object.keys(ConnectionCounters.counters), [...Counts.connections])
    assert.deepStrictEqual(Object.keys(ArrivalCounters.counters), [...Counts.arrivals])
  })
})
