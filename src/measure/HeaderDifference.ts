/**
 * What was done to the headers of a message on its way. Pure.
 *
 * A header that was put there, one that is folded otherwise, and another order are no difference: servers do all that. So are
 * those that servers write themselves.
 *
 * @since 0.1.0
 */
import * as Printable from "../smtp/Printable.js"
import type { Difference } from "./Difference.js"

/** In small letters; with a star, all that begin so. */
const usual = [
  "received",
  "return-path",
  "delivered-to",
  "x-original-to",
  "bcc",
  "resent-bcc",
  "content-length",
  "authentication-results",
  "dkim-signature",
  "arc-*",
  "x-spam-*"
]

/**
 * Whether a header is left out: those that servers write, or take away, and the names that are given, which may end in a star.
 *
 * @since 0.1.0
 * @category predicates
 */
export const ignoring = (names: ReadonlyArray<string> = []): ((name: string) => boolean) => {
  const all = [...usual, ...names.map((name) => name.toLowerCase())]
  const exact = new Set(all)
  const begins = all.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1))
  return (name) => exact.has(name) || begins.some((begin) => name.startsWith(begin))
}

/**
 * The first header that did not come as it was sent; undefined where all did. Headers are texts of lines with their ends, a byte in
 * each character.
 *
 * @since 0.1.0
 * @category constructors
 */
export const between = (sent: string, came: string, isIgnored: (name: string) => boolean): Difference | undefined => {
  const left = fieldsOf(came)
  const missing = fieldsOf(sent).filter((field) => {
    if (isIgnored(field.name)) return false
    const at = left.findIndex((each) => each.name === field.name && each.value === field.value)
    if (at >= 0) left.splice(at, 1)
    return at < 0
  })
  const [first] = missing
  if (first === undefined) return undefined
  const shown = (text: string) => Printable.escapeBytes(text.slice(0, mostShown))
  const instead = left.find(({ name }) => name === first.name)
  return { kind: "header", at: first.at, sent: shown(first.text), came: shown(instead?.text ?? "") }
}

/** What is shown of a header. */
const mostShown = 64

interface Field {
  /** In small letters. */
  readonly name: string
  /** Without white space: where a line is folded, servers put some in. */
  readonly value: string
  readonly text: string
  readonly at: number
}

const fieldsOf = (header: string): Array<Field> =>
  Array.from(header.matchAll(field), ({ 0: text, 1: name = "", 2: value = "", index }) => ({
    name: name.trimEnd().toLowerCase(),
    value: value.replace(/\s+/g, ""),
    text,
    at: index
  }))

/** With the lines that it goes on in. */
const field = /^([^:\s][^:\r\n]*):([^\r\n]*(?:\r\n[ \t][^\r\n]*)*)/gm
