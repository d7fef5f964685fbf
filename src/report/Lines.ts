/**
 * Lines for a screen of a certain width.
 *
 * @since 0.1.0
 */

/**
 * The line in as many as it takes: broken after a comma, or between words, and indented by `indent` from the second on.
 * Nothing is left out, so that a word that is longer than the screen stands out.
 *
 * @since 0.1.0
 * @category formatting
 */
export const wrap = (line: string, columns: number, indent: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  let rest = line
  while (rest.length > columns) {
    const at = breakIn(rest, columns, indent)
    if (at === undefined) break
    lines.push(rest.slice(0, at).trimEnd())
    rest = " ".repeat(indent) + rest.slice(at).trimStart()
  }
  return [...lines, rest]
}

/** Where the rest of a line begins; none before the indent. */
const breakIn = (line: string, columns: number, indent: number): number | undefined => {
  const comma = line.lastIndexOf(", ", columns - 1) + 1
  if (comma > Math.max(indent, columns / 2)) return comma
  const space = line.lastIndexOf(" ", columns)
  if (space > indent) return space
  const next = line.indexOf(" ", columns)
  return next < 0 ? undefined : next
}

/**
 * No more than `columns` of the line.
 *
 * @since 0.1.0
 * @category formatting
 */
export const clip = (line: string, columns: number): string =>
  line.length <= columns ? line : `${line.slice(0, columns - 3)}...`
