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

  it("leads through functions that are there", () => {
    const isIn = (module: string, name: string): boolean => {
      const source = fs.readFileSync(new URL(`../../src/${module}.ts`, import.meta.url), "utf8")
      const declared = `(?:(?:const|function\\*?) ${name}\\b|^ +(?:private )?(?:readonly )?\\*?${name}(?:\\(|<| = ))`
      return new RegExp(declared, "m").test(source)
    }
    const all = HouseMap.stops.flatMap(([module, names]) => names.map((name) => [module, name] as const))
    assert.deepStrictEqual(
      all.filter(([module, name]) => !isIn(module, name)),
      []
    )
    assert.isFalse(isIn("smtp/Delivery", "proceed"))
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
