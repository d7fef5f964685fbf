/**
 * The options in a manual, section by section.
 *
 * @since 0.1.0
 */
import { type Block, entry } from "./ManualPage.js"
import { newOptions, type OptionRow, oldOptions } from "./OptionTable.js"

/** In the order of the letters, small before capital, as manuals have them. */
const byLetter = (one: OptionRow, other: OptionRow): number => {
  const key = (row: OptionRow) => {
    const letter = row.short ?? Object.keys(row.presets)[0] ?? row.long
    return `${letter.toLowerCase()}${letter === letter.toLowerCase() ? 0 : 1}`
  }
  return key(one) < key(other) ? -1 : 1
}

/**
 * The options of the original first, by their letters; then each section in the order of its first option; what has none comes
 * last.
 *
 * @since 0.1.0
 * @category constructors
 */
export const blocks = (rows: ReadonlyArray<OptionRow>): ReadonlyArray<Block> => {
  const sections = [...new Set([oldOptions, ...rows.map((row) => row.section).filter((name) => name !== newOptions)])]
  return [...sections, newOptions].flatMap((section) => {
    const inSection = rows.filter((row) => row.section === section)
    const sorted = section === oldOptions ? inSection.sort(byLetter) : inSection
    return sorted.length === 0 ? [] : [{ _tag: "Heading" as const, text: section }, ...sorted.map(entry)]
  })
}
