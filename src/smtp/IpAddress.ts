/**
 * IP addresses as bytes, and ranges of them in CIDR notation (RFC 4632, RFC 4291 §2.2).
 *
 * Pure: Node's own parser is not for this floor.
 *
 * @since 0.1.0
 */

/**
 * The bytes of an address: 4 for IPv4, 16 for IPv6; undefined where the text is none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Uint8Array | undefined => (text.includes(":") ? parse6(text) : parse4(text))

/**
 * The text of an address. IPv6 is written as RFC 5952 asks: in lower case, its longest run of zeros as `::`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const format = (bytes: Uint8Array): string => {
  if (bytes.length === 4) return bytes.join(".")
  const groups = Array.from({ length: 8 }, (_, index) => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!)
  const { length, start } = longestZeros(groups)
  const hex = (from: number, to: number) =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(":")
  return length < 2 ? hex(0, 8) : `${hex(0, start)}::${hex(start + length, 8)}`
}

/**
 * Addresses in a row.
 *
 * @since 0.1.0
 * @category models
 */
export interface Range {
  readonly first: Uint8Array
  /** How many there are; at most 2³², whatever the range holds. */
  readonly count: number
  /** How many bits of `first` all of them have. */
  readonly bits: number
}

/**
 * Reads `192.0.2.0/24`, `2001:db8::/64` or a single address. All addresses of a network count, its first and last too:
 * they are names for clients here, and no hosts. A network that is named by an address within it is refused, as a slip.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parseRange = (text: string): Range | undefined => {
  const [, address = "", prefix] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const first = parse(address)
  if (first === undefined) return undefined
  const bits = 8 * first.length
  const hostBits = bits - (prefix === undefined ? bits : Number(prefix))
  if (hostBits < 0 || !isZeroBelow(first, hostBits)) return undefined
  return { first, count: 2 ** Math.min(hostBits, 32), bits: bits - hostBits }
}

/**
 * Whether an address is one of a range. An IPv4 address that is written as IPv6 (`::ffff:192.0.2.1`) counts as what it is.
 *
 * @since 0.1.0
 * @category predicates
 */
export const contains = ({ bits, first }: Range, address: Uint8Array): boolean => {
  const bytes = first.length === 4 && isMapped(address) ? address.subarray(12) : address
  if (bytes.length !== first.length) return false
  const whole = Math.floor(bits / 8)
  for (let index = 0; index < whole; index++) if (bytes[index] !== first[index]) return false
  const rest = bits % 8
  return rest === 0 || bytes[whole]! >> (8 - rest) === first[whole]! >> (8 - rest)
}

const isMapped = (address: Uint8Array): boolean =>
  address.length === 16 &&
  address[10] === 255 &&
  address[11] === 255 &&
  address.subarray(0, 10).every((byte) => byte === 0)

/**
 * The address at a place of a range, counted from 0.
 *
 * @since 0.1.0
 * @category destructors
 */
export const at = ({ first }: Range, place: number): Uint8Array => {
  const bytes = first.slice()
  let carry = place
  for (let index = bytes.length - 1; carry > 0 && index >= 0; index--) {
    carry += bytes[index]!
    bytes[index] = carry % 256
    carry = Math.floor(carry / 256)
  }
  return bytes
}

const parse4 = (text: string): Uint8Array | undefined => {
  const parts = text.split(".")
  if (parts.length !== 4) return undefined
  // A leading zero is octal to some readers and decimal to others: refused.
  if (!parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)) return undefined
  return Uint8Array.from(parts, Number)
}

const parse6 = (text: string): Uint8Array | undefined => {
  const halves = text.split("::")
  if (halves.length > 2) return undefined
  const head = groupsOf(halves[0]!, halves.length === 1)
  const tail = halves.length === 1 ? [] : groupsOf(halves[1]!, true)
  if (head === undefined || tail === undefined) return undefined
  const missing = 8 - head.length - tail.length
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined
  const bytes = new Uint8Array(16)
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail]
  groups.forEach((group, index) => {
    bytes[2 * index] = group >> 8
    bytes[2 * index + 1] = group & 255
  })
  return bytes
}

/** Groups of 16 bits; the last two may be written as an IPv4 address. */
const groupsOf = (text: string, mayEndInIpv4: boolean): ReadonlyArray<number> | undefined => {
  if (text === "") return []
  const groups: Array<number> = []
  const parts = text.split(":")
  for (const [index, part] of parts.entries()) {
    const ipv4 = mayEndInIpv4 && index === parts.length - 1 ? parse4(part) : undefined
    if (ipv4 !== undefined) groups.push((ipv4[0]! << 8) | ipv4[1]!, (ipv4[2]! << 8) | ipv4[3]!)
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

const longestZeros = (groups: ReadonlyArray<number>): { readonly start: number; readonly length: number } => {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  return best
}

const isZeroBelow = (bytes: Uint8Array, bits: number): boolean => {
  const whole = Math.floor(bits / 8)
  const rest = bits % 8
  const zero = bytes.subarray(bytes.length - whole).every((byte) => byte === 0)
  return zero && (rest === 0 || (bytes[bytes.length - whole - 1]! & (2 ** rest - 1)) === 0)
}
