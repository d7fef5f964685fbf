/**
 * The text of a scenario file, JSON or YAML: what it holds, and on which line.
 *
 * @since 0.1.0
 */
import * as Yaml from "yaml"

/**
 * Why a text cannot be read.
 *
 * @since 0.1.0
 * @category models
 */
export interface Problem {
  readonly line: number | undefined
  readonly reason: string
}

/**
 * What a text holds, or what is wrong with it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ScenarioText {
  readonly value: unknown
  readonly problem: Problem | undefined
  /** The line of what stands under these keys, from 1; of the last one that is there. */
  readonly lineOf: (path: ReadonlyArray<PropertyKey>) => number | undefined
}

/**
 * Reads a text. A key that stands twice is refused in both languages.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = (text: string, isJson: boolean): ScenarioText => {
  const lines = new Yaml.LineCounter()
  const lineAt = (offset: number) => lines.linePos(offset).line
  // JSON is YAML, but for what its own parser is stricter about. The places of both come from one parser.
  const parsed = Yaml.parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })
  const [document, another] = Array.isArray(parsed) ? parsed : []
  const problem = (reason: string, offset?: number): ScenarioText => ({
    value: undefined,
    problem: { line: offset === undefined ? undefined : lineAt(offset), reason },
    lineOf: () => undefined
  })
  const twice = document?.errors.find(({ code }) => code === "DUPLICATE_KEY")
  if (isJson) {
    try {
      const value: unknown = JSON.parse(text)
      if (twice !== undefined) return problem(`${keyAt(text, twice.pos[0])} is given twice`, twice.pos[0])
      return { value, problem: undefined, lineOf: lineOf(document, lineAt) }
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error)
      const [, offset] = / in JSON at position (\d+)/.exec(message) ?? []
      const [reason = ""] = message.replace(/ in JSON at position \d+.*$/s, "").split("\n")
      return problem(
        `invalid JSON: ${reason.charAt(0).toLowerCase()}${reason.slice(1)}`,
        offset === undefined ? undefined : Number(offset)
      )
    }
  }
  if (another !== undefined) return problem("expected one document, and there is another one after ---")
  if (twice !== undefined) return problem(`${keyAt(text, twice.pos[0])} is given twice`, twice.pos[0])
  const [error] = document?.errors ?? []
  if (error !== undefined) return problem(error.message.split("\n")[0]!, error.pos[0])
  return { value: document?.toJS(), problem: undefined, lineOf: lineOf(document, lineAt) }
}

const keyAt = (text: string, offset: number): string => {
  const [key = ""] = /^"(?:[^"\\\n]|\\.)*"|^[^\s:,}]+/.exec(text.slice(offset)) ?? []
  return key.startsWith('"') ? key : JSON.stringify(key)
}

const lineOf =
  (document: Yaml.Document.Parsed | undefined, lineAt: (offset: number) => number): ScenarioText["lineOf"] =>
  (path) => {
    let node: unknown = document?.contents
    let offset: number | undefined
    for (const key of path) {
      let found: unknown
      if (Yaml.isMap(node)) {
        const pair = node.items.find((item) => Yaml.isScalar(item.key) && String(item.key.value) === String(key))
        offset = Yaml.isScalar(pair?.key) ? (pair.key.range?.[0] ?? offset) : offset
        found = pair?.value
      } else if (Yaml.isSeq(node)) {
        found = node.items[Number(key)]
        offset = Yaml.isNode(found) ? (found.range?.[0] ?? offset) : offset
      }
      if (found === undefined || found === null) break
      node = found
    }
    return offset === undefined ? undefined : lineAt(offset)
  }
