/**
 * Files that hold a plan: --scenario. JSON or YAML, with the fields of the Plan.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Plan from "../plan/Plan.js"
import { UsageError } from "./Fatal.js"

/**
 * Reads a file: what its name ends in, or else its first character, says in which of the two it is written. The error names the
 * file, and all places in it where something else was expected. Rules between fields are left to whoever has all of them.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = (file: string): Effect.Effect<Partial<Plan.PlanInput>, UsageError, FileSystem> =>
  Effect.gen(function* () {
    const wrong = (reason: string) => new UsageError({ reason: `--scenario: ${file}: ${reason}`, remind: false })
    const fileSystem = yield* FileSystem
    const bytes = yield* Effect.mapError(fileSystem.readFile(file), (error) =>
      wrong(error.description ?? error.message)
    )
    const text = new TextDecoder().decode(bytes)
    const isJson = file.endsWith(".json") || (!/\.ya?ml$/.test(file) && /^\s*\{/.test(text))
    const parse = isJson ? JSON.parse : yield* yamlParser
    const input: unknown = yield* Effect.try({
      try: () => parse(text),
      // The parsers show the place in more lines than one.
      catch: (error) =>
        wrong((error instanceof Error ? error.message : String(error)).split("\n")[0]!.replace(/:$/, ""))
    })
    if (!isFields(input)) return yield* wrong("expected the fields of a plan")
    const issues = issuesOf(input)
    if (issues.length > 0) return yield* wrong(issues.join("; "))
    return input
  })

/** Loaded where it is asked for: the parser is as much code as all the rest of the command's own. */
const yamlParser = Effect.promise(async () => {
  const yaml = await import("yaml")
  return (text: string): unknown => yaml.parse(text)
})

const isFields = (input: unknown): input is Partial<Plan.PlanInput> =>
  typeof input === "object" && input !== null && !Array.isArray(input)

/** One for each place: `stages: column 3: expected …`, `failIf[1]: …`. */
const issuesOf = (input: Partial<Plan.PlanInput>): ReadonlyArray<string> => {
  const decoded = Plan.decode(input)
  if (Either.isRight(decoded)) return []
  const places = new Map<string, Array<string>>()
  for (const { _tag, message, path } of ParseResult.ArrayFormatter.formatErrorSync(decoded.left)) {
    if (path[0] === undefined) continue
    const keys = path.map((key, index) => (typeof key === "number" ? `[${key}]` : (index > 0 ? "." : "") + String(key)))
    const place = keys.join("")
    places.set(place, [...(places.get(place) ?? []), _tag === "Unexpected" ? "no plan has such a field" : message])
  }
  return [...places].map(([place, messages]) => `${place}: ${together(messages)}`)
}

/** What could have stood there instead, in one sentence. */
const together = (messages: ReadonlyArray<string>): string => {
  const found = messages.map((message) => /^Expected (.*), actual (.*)$/s.exec(message))
  const expected = found.map((match, index) => match?.[1] ?? messages[index]!.replace(/^expected /, ""))
  const actual = found.find((match) => match !== null)?.[2]
  if (actual === undefined) return messages.join(", or ")
  return `expected ${expected.join(" or ")}, not ${actual}`
}
