import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as English from "../../scripts/english.js"

/** Where each turn stands in a text that is not to have it. */
const found = (text: string) => English.violations({ "src/X.ts": text }).map(({ line, words }) => `${line} ${words}`)

describe("check-english", () => {
  it("finds turns where they begin, also over two lines of a comment", () => {
    assert.deepStrictEqual(found("/**\n * A value that makes\n * no sense.\n */\nconst text = `of no more use`\n"), [
      "2 makes no sense",
      "5 of no more use"
    ])
    assert.deepStrictEqual(found("// Kept for who\n// reads it, for so\n  // long.\n"), ["1 for who", "2 so long"])
  })

  it("knows what only looks like one", () => {
    for (const fine of [
      "It came so long ago that it is forgotten.",
      "Those who are told",
      "for whoever asks",
      "as so many"
    ]) {
      assert.deepStrictEqual(found(fine), fine === "as so many" ? ["1 so many"] : [])
    }
  })

  it("says what to write instead", () => {
    assert.deepStrictEqual(English.violations({ "src/X.ts": "x makes no sense" }).map(English.format), [
      'src/X.ts:1: "makes no sense" is not used here: invalid; malformed (scripts/README.md, English)'
    ])
  })

  it("finds each turn of the list by its first words, or by an example", () => {
    const examples: Readonly<Record<string, string>> = {
      "takes the place of (of two options)": "--sink takes the place of the target",
      "there is no such …; no plan has such a …; a name that there is not": "a field that there is not",
      "whatever happens, … costs its message": "whatever happens",
      "any answer will do, and none will do too": "any answer will do",
      "a reply too many; that nobody asked for": "one that nobody asked for",
      "be it … or …; for (for because)": "be it one or two",
      "nothing else than; not … but for …": "nothing else than",
      "the other's own business": "the server's own business",
      "how it is told what …; what it came by": "how it is told what"
    }
    for (const { not, pattern } of English.turns) {
      const [beginning = ""] = not.split(/[;,(…]/)
      assert.match(examples[not] ?? `${beginning.trim()}.`, pattern, not)
    }
  })

  it("finds nothing here, where the list for people is the same", () => {
    const script = fileURLToPath(new URL("../../scripts/check-english.ts", import.meta.url))
    const { status, stderr } = spawnSync("npx", ["tsx", script], { encoding: "utf8" })
    assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" })
  })
})
