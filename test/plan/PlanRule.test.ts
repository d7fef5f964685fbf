import { assert, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import * as Conflict from "../../src/plan/Conflict.js"
import * as PlanField from "../../src/plan/PlanField.js"
import { fields as planFields } from "../../src/plan/PlanFields.js"
import * as PlanRule from "../../src/plan/PlanRule.js"

const field = { description: "Some field." }

const fields = {
  tone: PlanField.withDefault(Schema.Literal("low", "high"), "low", field),
  loud: PlanField.withDefault(Schema.Boolean, false, { ...field, short: "L" }),
  songBook: PlanField.optional(Schema.String, field),
  songs: PlanField.optional(Schema.String, { ...field, long: "song" })
}

const broken = (rule: PlanRule.PlanRule, plan: { readonly [field: string]: unknown }) =>
  PlanRule.broken([rule], PlanRule.given(fields)(plan))

describe("PlanRule", () => {
  it("is broken where all that it names is asked for, and is named by letter or by long name", () => {
    const rule = { asked: ["loud", "songBook"], says: "{loud} and {songBook}: not with {songs}" }
    assert.deepStrictEqual(broken(rule, { loud: true, songBook: "a" }), [
      { rule: "-L and --song-book: not with --song", fields: ["loud", "songBook"] }
    ])
    assert.deepStrictEqual(broken(rule, { loud: false, songBook: "a" }), [])
    assert.deepStrictEqual(broken(rule, { loud: true }), [])
  })

  it("does not take a default for something that was asked for, as in a plan that is read again", () => {
    const rule = { asked: ["tone"], without: ["songs"], says: "{tone} needs {songs}" }
    assert.deepStrictEqual(broken(rule, { tone: "low" }), [])
    assert.deepStrictEqual(broken(rule, { tone: "high", songs: "b" }), [])
    assert.deepStrictEqual(broken(rule, { tone: "high" }), [{ rule: "--tone needs --song", fields: ["tone"] }])
  })

  it("asks for one of some fields, and names those that are there", () => {
    const rule = { some: ["songBook", "songs", "tone"], without: ["loud"], says: "{*} without {loud}" }
    assert.deepStrictEqual(broken(rule, { tone: "low" }), [])
    assert.deepStrictEqual(broken(rule, { songBook: "a", songs: "b", loud: true }), [])
    assert.deepStrictEqual(broken(rule, { songBook: "a", songs: "b", tone: "low" }), [
      { rule: "--song-book, --song without -L", fields: ["songBook", "songs"] }
    ])
  })

  it("can be about one of several values, and about what only the plan tells", () => {
    const rule: PlanRule.PlanRule = {
      asked: [["tone", "high", "higher"]],
      when: ({ plan }) => plan.songs === "b",
      says: "too high",
      fields: ["tone", "songs", "songBook"]
    }
    assert.deepStrictEqual(broken(rule, { tone: "high", songs: "b" }), [
      { rule: "too high", fields: ["tone", "songs"] }
    ])
    assert.deepStrictEqual(broken(rule, { tone: "higher", songs: "a" }), [])
    assert.deepStrictEqual(broken(rule, { tone: "low", songs: "b" }), [])
  })

  it("says which fields take the place of others", () => {
    const rules = [
      { asked: ["songs"], some: ["songBook"], says: "", replaces: true },
      { asked: ["loud", "tone"], says: "" }
    ]
    assert.deepStrictEqual(PlanRule.exclusive(rules), [["songs", "songBook"]])
  })

  it("has no rule in the plan that names a field which there is not", () => {
    const known = new Set(Object.keys(planFields))
    const named = Conflict.rules.flatMap((rule) => {
      if (typeof rule === "function") return []
      const { asked = [], fields = [], says, some = [], without = [] } = rule
      const inWords = [...says.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
      return [...[...asked, ...some, ...without].map((each) => [each].flat()[0]), ...fields, ...inWords]
    })
    assert.isAbove(named.length, 100)
    assert.deepStrictEqual(
      named.filter((each) => !known.has(String(each))),
      []
    )
  })
})
