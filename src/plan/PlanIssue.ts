/**
 * What is wrong with the fields of a plan, in words for the person who wrote them in a file or a program.
 *
 * @since 0.1.0
 */
import * as ParseResult from "effect/ParseResult"
import * as Suggestion from "./Suggestion.js"

/**
 * Something that is wrong, and where: the keys that lead there from the whole.
 *
 * @since 0.1.0
 * @category models
 */
export interface PlanIssue {
  readonly path: ReadonlyArray<PropertyKey>
  /** `stages: column 3: expected …`, `failIf[1]: …`. */
  readonly text: string
}

/**
 * One for each place. `meant` knows which field an unknown one should be.
 *
 * @since 0.1.0
 * @category formatting
 */
export const describe = (
  error: ParseResult.ParseError,
  input: unknown,
  meant: (path: ReadonlyArray<PropertyKey>) => string | undefined
): ReadonlyArray<PlanIssue> => {
  const issues = ParseResult.ArrayFormatter.formatErrorSync(error)
  const places = new Map<string, { readonly path: ReadonlyArray<PropertyKey>; readonly messages: Array<string> }>()
  const unknown: Array<PlanIssue> = []
  for (const { _tag, message, path } of issues) {
    if (_tag === "Unexpected") {
      const name = JSON.stringify(String(path.at(-1)))
      unknown.push({ path, text: told(path.slice(0, -1), `unknown field ${name}${Suggestion.hint(meant(path))}`) })
      continue
    }
    // Where a place can hold several forms, the one that has come the furthest is meant.
    if (issues.some((other) => goesOn(path, other.path))) continue
    const place = nameOf(path)
    const { messages } = places.get(place) ?? { messages: [] }
    places.set(place, { path, messages: [...messages, message] })
  }
  const others = [...places.values()].map(({ messages, path }) => ({
    path,
    text: told(path, withValue(together(messages), at(input, path)))
  }))
  return [...unknown, ...others]
}

const nameOf = (path: ReadonlyArray<PropertyKey>): string =>
  path.map((key, index) => (typeof key === "number" ? `[${key}]` : (index > 0 ? "." : "") + String(key))).join("")

const told = (path: ReadonlyArray<PropertyKey>, reason: string): string =>
  path.length === 0 ? reason : `${nameOf(path)}: ${reason}`

const goesOn = (path: ReadonlyArray<PropertyKey>, other: ReadonlyArray<PropertyKey>): boolean =>
  other.length > path.length && path.every((key, index) => other[index] === key)

const at = (input: unknown, path: ReadonlyArray<PropertyKey>): unknown =>
  path.reduce<unknown>(
    (value, key) => (typeof value === "object" && value !== null ? Reflect.get(value, key) : undefined),
    input
  )

/** A sentence that says what was expected says what there was instead, too. */
const withValue = (reason: string, value: unknown): string => {
  if (value === undefined || !reason.startsWith("expected") || reason.includes(", not ")) return reason
  const written = textOf(value)
  return `${reason}, not ${written.length > longest ? `${written.slice(0, longest)}...` : written}`
}

/** As JSON has it; what JSON has no words for, or no end, as JavaScript names it. */
const textOf = (value: unknown): string => {
  if (typeof value === "number") return String(value)
  try {
    return JSON.stringify(value) ?? String(value)
  } catch {
    return typeof value === "object" ? "an object that JSON cannot hold" : String(value)
  }
}

const longest = 100

/** What could have stood there instead, in one sentence. */
const together = (messages: ReadonlyArray<string>): string => {
  const found = messages.map((message) => /^Expected (.*), actual (.*)$/s.exec(message))
  const expected = found.map((match, index) => words(match?.[1] ?? messages[index]!.replace(/^expected /, "")))
  const actual = found.find((match) => match !== null)?.[2]
  if (actual === undefined) return [...new Set(messages)].join(", or ")
  return `expected ${[...new Set(expected)].join(" or ")}, not ${actual}`
}

const words = (type: string): string => names.get(type) ?? (type.startsWith("ReadonlyArray<") ? "a list" : type)

/** The types, as people call them. */
const names: ReadonlyMap<string, string> = new Map([
  ["boolean", "true or false"],
  ["number", "a number"],
  ["string", "text"]
])
