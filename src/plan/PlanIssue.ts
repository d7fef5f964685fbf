/**
 * What is wrong with the fields of a plan, in words for who wrote them in a file or a program.
 *
 * @since 0.1.0
 */
import * as ParseResult from "effect/ParseResult"

/**
 * One line for each place: `stages: column 3: expected …`, `failIf[1]: …`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const describe = (error: ParseResult.ParseError): ReadonlyArray<string> => {
  const issues = ParseResult.ArrayFormatter.formatErrorSync(error)
  const places = new Map<string, Array<string>>()
  for (const { _tag, message, path } of issues) {
    // Where a place can hold several forms, the one that has come the furthest is meant.
    if (issues.some((other) => goesOn(path, other.path))) continue
    const keys = path.map((key, index) => (typeof key === "number" ? `[${key}]` : (index > 0 ? "." : "") + String(key)))
    const place = keys.join("")
    const told = places.get(place) ?? []
    places.set(place, [...told, _tag === "Unexpected" ? "no plan has such a field" : message])
  }
  return [...places].map(([place, messages]) => (place === "" ? together(messages) : `${place}: ${together(messages)}`))
}

const goesOn = (path: ReadonlyArray<PropertyKey>, other: ReadonlyArray<PropertyKey>): boolean =>
  other.length > path.length && path.every((key, index) => other[index] === key)

/** What could have stood there instead, in one sentence. */
const together = (messages: ReadonlyArray<string>): string => {
  const found = messages.map((message) => /^Expected (.*), actual (.*)$/s.exec(message))
  const expected = found.map((match, index) => words(match?.[1] ?? messages[index]!.replace(/^expected /, "")))
  const actual = found.find((match) => match !== null)?.[2]
  if (actual === undefined) return [...new Set(messages)].join(", or ")
  return `expected ${[...new Set(expected)].join(" or ")}, not ${actual}`
}

const words = (type: string): string => names.get(type) ?? type

/** The types, as people call them. */
const names: ReadonlyMap<string, string> = new Map([
  ["boolean", "true or false"],
  ["number", "a number"],
  ["string", "text"]
])
