/**
 * Small changes of a source, each of which a test should notice. Pure.
 *
 * A change is made where code is: not in comments, texts, imports and types. It keeps the source one that can be run.
 */

export interface Mutant {
  /** Where it is, from 1. */
  readonly line: number
  /** From 0. */
  readonly column: number
  readonly before: string
  readonly after: string
  /** The whole source, changed. */
  readonly text: string
}

interface Operator {
  readonly pattern: RegExp
  readonly change: (found: string) => string
}

const operators: ReadonlyArray<Operator> = [
  { pattern: / === /g, change: () => " !== " },
  { pattern: / !== /g, change: () => " === " },
  { pattern: / < (?=[^<>]*$|[\w.]+)/g, change: () => " <= " },
  { pattern: / <= /g, change: () => " < " },
  { pattern: / > (?=[\w(])/g, change: () => " >= " },
  { pattern: / >= /g, change: () => " > " },
  { pattern: / && /g, change: () => " || " },
  { pattern: / \|\| /g, change: () => " && " },
  { pattern: / \+ (?=[\w(])/g, change: () => " - " },
  { pattern: / - (?=[\w(])/g, change: () => " + " },
  { pattern: / \* (?=[\w(])/g, change: () => " / " },
  { pattern: /\+\+/g, change: () => "--" },
  { pattern: / \+= /g, change: () => " -= " },
  { pattern: /\btrue\b/g, change: () => "false" },
  { pattern: /\bfalse\b/g, change: () => "true" },
  { pattern: /\bMath\.min\b/g, change: () => "Math.max" },
  { pattern: /\bMath\.max\b/g, change: () => "Math.min" },
  { pattern: /(?<=[[(, ])\d[\d_]*(?=[\]), ;]|$)/g, change: (found) => String(Number(found.replaceAll("_", "")) + 1) },
  { pattern: /\bif \((?=[^()]+(\([^()]*\)[^()]*)*\) )/g, change: () => "if (!!0 && " },
  // A statement of its own is left out.
  { pattern: /^ +(?:this\.|yield\* )?[\w.?]+\([^{}]*\)$/g, change: (found) => `${/^ */.exec(found)![0]}void 0` }
]

/** Whether a line holds no code that is run, given whether it is in a comment. */
const isIdle = (line: string): boolean =>
  /^\s*(?:\/\/|\*|\/\*|import\b|export \*|export type\b|type\b|readonly\b|interface\b|export interface\b|private readonly \w+: )/.test(
    line
  ) || /=> (?:void|boolean|number|string)$/.test(line)

/** The parts of a line that are text, or a comment behind the code. */
const quoted = /"(?:[^"\\]|\\.)*"|`(?:[^`\\]|\\.)*`|\/(?![*/ ])(?:[^/\\\n]|\\.)+\/[a-z]*|\/\/.*$/g

/** All changes that there are to a source. */
export const all = (source: string): ReadonlyArray<Mutant> => {
  const lines = source.split("\n")
  const mutants: Array<Mutant> = []
  let inTypes = false
  lines.forEach((line, index) => {
    if (/^(?:export )?(?:declare )?(?:interface|type) /.test(line)) inTypes = true
    if (!inTypes && !isIdle(line)) {
      const texts = [...line.matchAll(quoted)].map(({ 0: text, index }) => [index, index + text.length] as const)
      for (const { change, pattern } of operators) {
        for (const found of line.matchAll(pattern)) {
          if (texts.some(([from, to]) => found.index >= from && found.index < to)) continue
          const after = line.slice(0, found.index) + change(found[0]) + line.slice(found.index + found[0].length)
          const text = [...lines.slice(0, index), after, ...lines.slice(index + 1)].join("\n")
          mutants.push({ line: index + 1, column: found.index, before: line.trim(), after: after.trim(), text })
        }
      }
    }
    if (inTypes && (/^[})]/.test(line) || /^\S.*[^{(|=,]$/.test(line) || line === "")) inTypes = false
  })
  return mutants
}
