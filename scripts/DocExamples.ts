/**
 * The examples in docstrings, which a test compiles as users' programs are and runs.
 */
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"

const src = fileURLToPath(new URL("../src", import.meta.url))

/** What stands after an `@example`, and where: `load/Load 2` is the second one of that module. */
export interface DocExample {
  readonly name: string
  readonly code: string
}

/** All that are in the sources, in the order of their modules' names. */
export const all = (): ReadonlyArray<DocExample> =>
  fs
    .readdirSync(src, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".ts"))
    .sort()
    .flatMap((path) =>
      examplesIn(fs.readFileSync(`${src}/${path}`, "utf8")).map((code, index) => ({
        name: `${path.slice(0, -3)} ${index + 1}`,
        code
      }))
    )

/** An example goes on until the next tag of its docstring, or its end. */
export const examplesIn = (source: string): ReadonlyArray<string> =>
  [...source.matchAll(/^ *\* @example\n((?: *\*(?! @|\/).*\n)+)/gm)].map(
    ([, lines]) => `${lines!.replace(/^ *\* ?/gm, "").trim()}\n`
  )
