/**
 * Writes `src/plan/PlanTypes.ts`: the types of a plan, with the descriptions of its fields as docstrings, which the types that
 * are derived from a schema do not have.
 */
import * as AST from "effect/SchemaAST"
import * as PlanField from "../src/plan/PlanField.js"
import { fields } from "../src/plan/PlanFields.js"

/** The text of the module. */
export const render = (): string => {
  const rows = Object.entries(fields).map(([name, schema]) => {
    const { ast } = schema
    const isTransformed = ast._tag === "PropertySignatureTransformation"
    const usual = PlanField.defaultOf(schema)
    const description = String((isTransformed ? ast.to : ast).annotations[AST.DescriptionAnnotationId] ?? "")
    const suffix = usual === undefined ? "" : ` Default: ${JSON.stringify(usual)}.`
    return { name, doc: wrap((description + suffix).replaceAll("*/", "* /")), optional: !isTransformed }
  })
  const members = (of: string, optional: (row: (typeof rows)[number]) => boolean) =>
    rows.map((row) => `${row.doc}\n  readonly ${row.name}${optional(row) ? "?" : ""}: ${of}["${row.name}"]`).join("\n")
  return `/**
 * The types of a plan, with what each field is for. Generated from \`PlanFields\` by \`npm run generate\`: change that.
 *
 * @since 0.1.0
 */
import type { struct } from "./PlanFields.js"

type Values = Required<typeof struct.Type>
type Inputs = Required<typeof struct.Encoded>

/**
 * Everything that a run needs to know, as plain data: a copy is the same plan. Times are in seconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Plan {
${members("Values", ({ optional }) => optional)}
}

/**
 * A plan as it is written in a file or by a program: fields that have a default may be left out.
 *
 * @since 0.1.0
 * @category models
 */
export interface PlanInput {
${members("Inputs", () => true)}
}
`
}

/** A docstring, in lines of no more than 120 columns. */
const wrap = (text: string): string => {
  if (text.length <= 108) return `  /** ${text} */`
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + word.length + 1 > 114) {
      lines.push(line)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return ["  /**", ...[...lines, line].map((each) => `   * ${each}`), "   */"].join("\n")
}
