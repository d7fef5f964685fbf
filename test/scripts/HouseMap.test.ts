import * as fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as HouseMap from "../../scripts/HouseMap.js"

describe("the map of the house", () => {
  it("is that of the sources as they are; npm run generate writes it", () => {
    const file = new URL("../../src/README.md", import.meta.url)
    assert.strictEqual(fs.readFileSync(file, "utf8"), HouseMap.render())
  })

  it("leads to rooms that are there", () => {
    const links = [...HouseMap.render().matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => path)
    assert.deepStrictEqual(
      links.filter((path) => !fs.existsSync(new URL(`../../src/${path}`, import.meta.url))),
      []
    )
  })

  it("has a sentence for each room", () => {
    const rooms = HouseMap.render().match(/^- \[.*$/gm) ?? []
    assert.isAbove(rooms.length, 150)
    assert.deepStrictEqual(
      rooms.filter((row) => !/: \S.*\.$/.test(row)),
      []
    )
  })
})
