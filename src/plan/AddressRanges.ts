/**
 * Addresses that stand in a list, one by one or as networks: `192.0.2.7, 198.51.100.0/24, 2001:db8::/64`.
 *
 * @since 0.1.0
 */
import * as IpAddress from "../smtp/IpAddress.js"

/**
 * The addresses of a list, in its order. All of a network count, its first and last too.
 *
 * @since 0.1.0
 * @category models
 */
export interface AddressRanges {
  readonly count: number
  /** The address of this place, from 0. */
  readonly at: (place: number) => string
}

/**
 * Whether a text is such a list.
 *
 * @since 0.1.0
 * @category predicates
 */
export const areIn = (text: string): boolean =>
  text.split(",").every((range) => IpAddress.parseRange(range.trim()) !== undefined)

/**
 * The addresses of a text that is such a list.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (text: string): AddressRanges => {
  const ranges = text.split(",").map((written) => {
    const range = IpAddress.parseRange(written.trim())
    // One of IPv6 may name a zone.
    return range === undefined
      ? { count: 1, at: () => written.trim() }
      : { count: range.count, at: (place: number) => IpAddress.format(IpAddress.at(range, place)) }
  })
  return {
    count: ranges.reduce((sum, { count }) => sum + count, 0),
    at: (wanted) => {
      let place = wanted
      const range = ranges.find(({ count }) => {
        if (place < count) return true
        place -= count
        return false
      })
      return range!.at(place)
    }
  }
}
