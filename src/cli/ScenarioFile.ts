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
    // As compilers name a place: `ramp.yaml:3: …`.
    const wrong = (reason: string) =>
      new UsageError({ reason: `${option}: ${file}:${/^\d/.test(reason) ? "" : " "}${reason}`, remind: false })
    const fileSystem = yield* FileSystem
    const bytes = yield* Effect.mapError(fileSystem.readFile(file), (error) => wrong(fileReason(error)))
    const text = new TextDecoder().decode(bytes)
    const isJson = file.endsWith(".json") || (!/\.ya?ml$/.test(file) && /^\s*\{/.test(text))
    // The parser is as much code as all the rest of the command's own.
    const places = yield* Effect.promise(() => import("./ScenarioText.js"))
    const { lineOf, problem, value } = places.read(text, isJson)
    const placed = ({ line, reason }: { readonly line: number | undefined; readonly reason: string }) =>
      line === undefined ? reason : `${line}: ${reason}`
    if (problem !== undefined) return yield* wrong(placed(problem))
    if (!isFields(value)) return yield* wrong("expected the fields of a plan")
    // It tells editors where the schema is.
    const { $schema: _, ...input } = value
    const issues = Plan.issuesOfFields(input).map(({ path, text }) => placed({ line: lineOf(path), reason: text }))
    if (issues.length > 0) return yield* wrong(issues.join("; "))
    return { file, input }
  })

const isFields = (input: unknown): input is Partial<Plan.PlanInput> & { readonly $schema?: unknown } =>
  typeof input === "object" && input !== null && !Array.isArray(input)
