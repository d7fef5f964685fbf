/**
 * Files that hold a plan, of smtp-source or of smtp-sink: --scenario. JSON or YAML, with the fields of the plan.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { fileReason } from "../plan/FileReason.js"
import type { PlanIssue } from "../plan/PlanIssue.js"
import { UsageError } from "./Fatal.js"

/**
 * A plan that was read from a file.
 *
 * @since 0.1.0
 * @category models
 */
export interface WrittenPlan {
  readonly file: string
  /** Fields that hold what they may. */
  readonly input: { readonly [field: string]: unknown }
}

/**
 * What files hold.
 *
 * @since 0.1.0
 * @category models
 */
export interface Written {
  /** As errors name it: `a plan`. */
  readonly what: string
  /** A line of one. */
  readonly example: string
  /** What is wrong with the fields, each by itself. */
  readonly issuesOf: (input: unknown) => ReadonlyArray<PlanIssue>
}

/**
 * Reads a file: what its name ends in, or else its first character, says in which of the two it is written. The error names the
 * file, and all places in it where something else was expected. Rules between fields are left to whoever has all of them.
 * `option` is what named the file.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = (
  file: string,
  option: string,
  { example, issuesOf, what }: Written
): Effect.Effect<WrittenPlan, UsageError, FileSystem> =>
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
    if (!isFields(value)) return yield* wrong(`not ${what}: expected fields, such as ${example}`)
    // It tells editors where the schema is.
    const { $schema: _, ...input } = value
    const issues = issuesOf(input).map(({ path, text }) => placed({ line: lineOf(path), reason: text }))
    if (issues.length > 0) return yield* wrong(issues.join("; "))
    return { file, input }
  })

const isFields = (input: unknown): input is { readonly [field: string]: unknown } =>
  typeof input === "object" && input !== null && !Array.isArray(input)
