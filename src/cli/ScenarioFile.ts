/**
 * Files that hold a plan: --scenario. JSON or YAML, with the fields of the Plan.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { fileReason } from "../plan/FileReason.js"
import * as Plan from "../plan/Plan.js"
import { UsageError } from "./Fatal.js"
import type { WrittenPlan } from "./PlanOptions.js"

/**
 * Reads a file: what its name ends in, or else its first character, says in which of the two it is written. The error names the
 * file, and all places in it where something else was expected. Rules between fields are left to whoever has all of them.
 * `option` is what named the file.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = (file: string, option: string): Effect.Effect<WrittenPlan, UsageError, FileSystem> =>
  Effect.gen(function* () {
    const wrong = (reason: string) => new UsageError({ reason: `${option}: ${file}: ${reason}`, remind: false })
    const fileSystem = yield* FileSystem
    const bytes = yield* Effect.mapError(fileSystem.readFile(file), (error) => wrong(fileReason(error)))
    const text = new TextDecoder().decode(bytes)
    const isJson = file.endsWith(".json") || (!/\.ya?ml$/.test(file) && /^\s*\{/.test(text))
    const parse = isJson ? JSON.parse : yield* yamlParser
    const read: unknown = yield* Effect.try({
      try: () => parse(text),
      // The parsers show the place in more lines than one.
      catch: (error) =>
        wrong((error instanceof Error ? error.message : String(error)).split("\n")[0]!.replace(/:$/, ""))
    })
    if (!isFields(read)) return yield* wrong("expected the fields of a plan")
    // It tells editors where the schema is.
    const { $schema: _, ...input } = read
    const issues = Plan.problemsOfFields(input)
    if (issues.length > 0) return yield* wrong(issues.join("; "))
    return { file, input }
  })

/** Loaded where it is asked for: the parser is as much code as all the rest of the command's own. */
const yamlParser = Effect.promise(async () => {
  const yaml = await import("yaml")
  return (text: string): unknown => {
    const [document, another] = yaml.parseAllDocuments(text)
    if (another !== undefined) throw new Error("expected one document, and there is another one after ---")
    if (document === undefined) return undefined
    if (document.errors[0] !== undefined) throw document.errors[0]
    return document.toJS()
  }
})

const isFields = (input: unknown): input is Partial<Plan.PlanInput> & { readonly $schema?: unknown } =>
  typeof input === "object" && input !== null && !Array.isArray(input)
