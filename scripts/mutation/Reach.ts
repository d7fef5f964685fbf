/**
 * Which files of tests come to which place of the sources.
 *
 * A place that no test comes to is a mutant that survives, without a run; for the others, the tests that come there are
 * asked, and no other. Each block of the sources, and each branch of an expression, is given a mark that is set when it is
 * come to. What is done while modules are loaded is come to by all that import the module.
 */
import * as fs from "node:fs"
import { SourceMap } from "node:module"
import * as path from "node:path"
import type * as estree from "estree"
import { parseAst, type Vite } from "vitest/node"

/** A block: its number, and where it is in the source, from line 1 and column 0. */
interface Block {
  readonly id: number
  readonly from: Place
  readonly to: Place
}

export interface Place {
  readonly line: number
  readonly column: number
}

/** What was found, as it is kept in a file. */
export interface Kept {
  readonly blocks: { readonly [source: string]: ReadonlyArray<Block> }
  /** What was come to while modules were loaded. */
  readonly early: ReadonlyArray<number>
  /** What each file of tests came to, and how many milliseconds it took. */
  readonly tests: { readonly [test: string]: { readonly ids: ReadonlyArray<number>; readonly took: number } }
  /** The files of tests that failed. */
  readonly failed: ReadonlyArray<string>
}

export interface Reach {
  /** The files of tests that come to a place, quickest first; undefined where it is come to when its module is loaded. */
  readonly of: (source: string, place: Place) => ReadonlyArray<string> | undefined
  /** Milliseconds. */
  readonly took: (test: string) => number
}

/** What the parser adds to a node: where it is in the text. */
interface Located {
  readonly start: number
  readonly end: number
}

const located = (node: estree.Node): Located => node as unknown as Located

const isNode = (value: unknown): value is estree.Node => typeof (value as estree.Node | null)?.type === "string"

/** The marks of a whole process. */
const most = 100_000

/** What is put behind the tests' setup in the copy. */
export const setup = (folder: string): string => `
import { afterAll, beforeAll, expect } from "vitest"
import { mkdirSync, writeFileSync } from "node:fs"
{
  const marks: Uint8Array = ((globalThis as any).__reached ??= new Uint8Array(${most}))
  const set = () => Array.from(marks.keys()).filter((id) => marks[id] === 1)
  let early: Array<number> = []
  let since = 0
  marks.fill(0)
  beforeAll(() => {
    early = set()
    marks.fill(0)
    since = performance.now()
  })
  afterAll(() => {
    mkdirSync(${JSON.stringify(folder)}, { recursive: true })
    const test = expect.getState().testPath!
    const name = test.replaceAll("/", "%")
    const took = Math.round(performance.now() - since)
    writeFileSync(${JSON.stringify(folder)} + "/" + name + ".json", JSON.stringify({ test, early, ids: set(), took }))
  })
}
`

/** Marks what lies in src/ of the root, as long as it is told to. */
export const make = (root: string) => {
  const blocks: Record<string, Array<Block>> = {}
  let next = 0
  let marking = false
  const plugin: Vite.Plugin = {
    name: "reach",
    enforce: "post",
    transform(code, id) {
      const source = path.relative(root, id)
      if (!marking || !source.startsWith("src/") || !source.endsWith(".ts")) return undefined
      const map = new SourceMap(this.getCombinedSourcemap() as never)
      const lines = [0]
      for (let at = code.indexOf("\n"); at >= 0; at = code.indexOf("\n", at + 1)) lines.push(at + 1)
      const placeOf = (at: number): Place => {
        let line = 0
        while (line + 1 < lines.length && lines[line + 1]! <= at) line++
        const entry = map.findEntry(line, at - lines[line]!)
        return "originalLine" in entry
          ? { line: entry.originalLine + 1, column: entry.originalColumn }
          : { line: 1, column: 0 }
      }
      const inserted: Array<readonly [at: number, text: string]> = []
      const own: Array<Block> = []
      const mark = ({ end, start }: Located): string => {
        own.push({ id: next, from: placeOf(start), to: placeOf(end - 1) })
        return `__reached[${next++}]=1`
      }
      const statement = (node: estree.Node) => {
        const { end, start } = located(node)
        if (node.type === "BlockStatement") inserted.push([start + 1, `${mark({ end, start })};`])
        else inserted.push([start, `{${mark({ end, start })};`], [end, "}"])
      }
      const expression = (node: estree.Node) => {
        const { end, start } = located(node)
        inserted.push([start, `(${mark({ end, start })},`], [end, ")"])
      }
      const walk = (node: estree.Node): void => {
        switch (node.type) {
          case "FunctionDeclaration":
          case "FunctionExpression":
          case "ArrowFunctionExpression":
            if (node.body.type === "BlockStatement") statement(node.body)
            else expression(node.body)
            break
          case "IfStatement":
            statement(node.consequent)
            if (node.alternate && node.alternate.type !== "IfStatement") statement(node.alternate)
            break
          case "ForStatement":
          case "ForOfStatement":
          case "WhileStatement":
            statement(node.body)
            break
          case "TryStatement":
            if (node.handler) statement(node.handler.body)
            break
          case "ConditionalExpression":
            expression(node.consequent)
            expression(node.alternate)
            break
          case "LogicalExpression":
            expression(node.right)
            break
          case "SwitchCase": {
            const [first] = node.consequent
            if (first !== undefined) {
              const { start } = located(first)
              inserted.push([start, `${mark({ start, end: located(node).end })};`])
            }
          }
        }
        for (const child of Object.values(node)) for (const one of [child].flat()) if (isNode(one)) walk(one)
      }
      walk(parseAst(code))
      if (next > most) throw new Error("more blocks than marks")
      blocks[source] = own
      // From the end; of those at one place, what opens outside stands before what opens inside.
      let text = code
      const ordered = inserted.map(([at, text], order) => ({ at, text, order }))
      ordered.sort(
        (a, b) =>
          b.at - a.at || (a.text.startsWith("(") || a.text.startsWith("{") ? b.order - a.order : a.order - b.order)
      )
      for (const { at, text: mark } of ordered) text = text.slice(0, at) + mark + text.slice(at)
      return { code: text, map: null }
    }
  }
  return {
    plugin,
    /** Runs `run`, with marks, and puts together what was come to. */
    record: async (folder: string, run: () => Promise<ReadonlyArray<string>>): Promise<Kept> => {
      marking = true
      const failed = await run()
      marking = false
      const early = new Set<number>()
      const tests: Record<string, { ids: ReadonlyArray<number>; took: number }> = {}
      for (const name of fs.readdirSync(folder)) {
        const found = JSON.parse(fs.readFileSync(path.join(folder, name), "utf8"))
        for (const id of found.early) early.add(id)
        tests[path.relative(root, found.test)] = { ids: found.ids, took: found.took }
      }
      return { blocks, early: [...early], tests, failed }
    }
  }
}

const isBefore = (a: Place, b: Place): boolean => a.line < b.line || (a.line === b.line && a.column <= b.column)

export const of = ({ blocks, early, tests }: Kept): Reach => {
  const atOnce = new Set(early)
  const byId = new Map<number, Array<string>>()
  const took = (test: string) => tests[test]?.took ?? 0
  for (const test of Object.keys(tests).sort((a, b) => took(a) - took(b))) {
    for (const id of tests[test]!.ids) byId.set(id, [...(byId.get(id) ?? []), test])
  }
  return {
    took,
    of: (source, place) => {
      const around = (blocks[source] ?? []).filter(({ from, to }) => isBefore(from, place) && isBefore(place, to))
      const inner = around.reduce<Block | undefined>(
        (best, each) => (best === undefined || isBefore(best.from, each.from) ? each : best),
        undefined
      )
      return inner === undefined || atOnce.has(inner.id) ? undefined : (byId.get(inner.id) ?? [])
    }
  }
}
