/**
 * One of several, by weight, as it is written: the grammar that sizes, numbers of recipients and kinds of bodies share.
 *
 *     mix     = share ":" part *( "," share ":" part )
 *     share   = number [ "%" ]                                     ; in %, they add up to 100 %
 *
 * @since 0.1.0
 */
import type { Cursor } from "./Cursor.js"

/**
 * Reads a mix whose parts `partOf` reads. Undefined, and nothing read, where no share stands; undefined with a failure where
 * something is wrong with what follows.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = <A>(
  cursor: Cursor,
  partOf: (cursor: Cursor) => A | undefined
): ReadonlyArray<readonly [weight: number, part: A]> | undefined => {
  const begun = cursor.at
  const parts: Array<readonly [number, A]> = []
  let inPercent = 0
  do {
    const share = shareOf(cursor)
    if (share === undefined) {
      return parts.length === 0 ? undefined : cursor.fail('a share of more than 0 and ":", such as 25%:')
    }
    const part = partOf(cursor)
    if (part === undefined) return undefined
    if (share.isPercent) inPercent++
    parts.push([share.weight, part])
  } while (cursor.take(/,/y) !== undefined)
  const total = parts.reduce((sum, [weight]) => sum + weight, 0)
  return inPercent === parts.length && Math.abs(total - 100) > 1e-6
    ? cursor.fail(`shares that add up to 100%, not ${Number(total.toFixed(6))}%`, begun)
    : parts
}

const shareOf = (cursor: Cursor): { readonly weight: number; readonly isPercent: boolean } | undefined => {
  const before = cursor.at
  const text = cursor.take(/\d{1,9}(?:\.\d{1,9})?\s*%?\s*:/y)
  const weight = text === undefined ? 0 : Number.parseFloat(text)
  if (weight > 0) return { weight, isPercent: text?.includes("%") === true }
  cursor.at = before
  return undefined
}
