/**
 * Sizes of messages and numbers of recipients: one for all messages, or a distribution, of which each message draws its own.
 *
 *     amounts = number                                             ; always the same
 *             / amount                                             ; as it is drawn
 *             / share ":" amount *( "," share ":" amount )         ; one of several, by weight
 *     amount  = number [ ".." number ]                             ; any between the two, each as likely
 *             / "exp(" mean [ "," most ] ")"                       ; mostly small, with this mean
 *             / "lognormal(" median "," mean [ "," most ] ")"      ; as the bodies of real mail
 *             / "pareto(" least "," shape [ "," most ] ")"         ; as the tail of real mail
 *             / "isp" / "office"                                   ; published mixes
 *     share   = number [ "%" ]
 *     number  = digits [ "k" / "M" / "Ki" / "Mi" ]                 ; units are for sizes alone; in 1..100k it is that of both
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { type Cursor, type ParseFailure, whole } from "./Cursor.js"
import * as Distribution from "./Distribution.js"
import * as Mix from "./Mix.js"

/**
 * Whole numbers of 1 or more, and how they are drawn.
 *
 * @since 0.1.0
 * @category models
 */
export interface Amounts {
  readonly least: number
  readonly most: number
  /** The number that a share of `u` of all, 0 ≤ u < 1, are not larger than. In a mix, the parts stand one after another. */
  readonly at: (u: number) => number
}

/** What is counted, and the words for it. */
interface Kind {
  /** With units, and a fraction before them. */
  readonly number: RegExp
  readonly mixes: { readonly [name: string]: () => Amounts }
  /** The upper end of a distribution that names none. */
  readonly most: number | undefined
  readonly expected: string
  readonly largest: number
}

/**
 * Sizes in bytes. What has no upper end of its own ends at 100 MB.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseSizes = (text: string): Either.Either<Amounts, ParseFailure> => whole(text, mixOf(sizes))

/**
 * Numbers of recipients. A distribution names its upper end.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseCounts = (text: string): Either.Either<Amounts, ParseFailure> => whole(text, mixOf(counts))

/**
 * The sizes that a plan holds, which are in order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sizesOf = (written: number | string): Amounts => Either.getOrThrow(parseSizes(String(written)))

/**
 * The numbers of recipients that a plan holds, which are in order.
 *
 * @since 0.1.0
 * @category constructors
 */
export const countsOf = (written: number | string): Amounts => Either.getOrThrow(parseCounts(String(written)))

const within = (least: number, most: number, at: (u: number) => number): Amounts => ({
  least,
  most,
  at: (u) => Math.min(most, Math.max(least, Math.round(at(u))))
})

const fixed = (number: number): Amounts => within(number, number, () => number)

/** Both ends included. */
const between = (least: number, most: number): Amounts => ({
  least,
  most,
  at: (u) => least + Math.floor(u * (most - least + 1))
})

const mixed = (parts: ReadonlyArray<readonly [weight: number, part: Amounts]>): Amounts => {
  const { at } = Distribution.mixed(...parts.map(([weight, part]) => [weight, { mean: 0, at: part.at }] as const))
  const ends = parts.map(([, part]) => part)
  return {
    least: Math.min(...ends.map(({ least }) => least)),
    most: Math.max(...ends.map(({ most }) => most)),
    at
  }
}

/** SPECmail2001: 24.5 kB in the mean, of what an Internet provider's customers send. In kB. */
const ispSizes = [
  [10.2, 1],
  [30.71, 2],
  [20.59, 3],
  [10.78, 4],
  [5.88, 5],
  [3.74, 6],
  [7.44, 10],
  [9.79, 100],
  [0.69, 1000],
  [0.18, 2675]
] as const

/** Domino's Server.Load: 97 kB in the mean, of what an office sends, attachments among it. In bytes. */
const officeSizes = [
  [10, 500],
  [30, 10_000],
  [40, 50_000],
  [10, 100_000],
  [9.5, 150_000],
  [0.5, 10_001_000]
] as const

/** SPECmail2001: one recipient for six messages of seven, then up to 20, each a tenth less often than the one before. */
const ispCounts = Array.from(
  { length: 20 },
  (_, index) => [index === 0 ? 85.73 : 1.66 * 0.899 ** (index - 1), index + 1] as const
)

const table = (rows: ReadonlyArray<readonly [weight: number, number: number]>, unit = 1) =>
  mixed(rows.map(([weight, number]) => [weight, fixed(number * unit)]))

const sizes: Kind = {
  number: /\d{1,10}(?:\.\d{1,9})?\s*(?:k|M|[KM]i)?(?!\w)/y,
  mixes: { isp: () => table(ispSizes, 1000), office: () => table(officeSizes) },
  most: 100_000_000,
  expected: 'a size of 1 byte or more, such as 4096, 4k or 1k..100k, or a mix, such as isp or "70%: 4k, 30%: 50k"',
  largest: 2_147_483_647
}

const counts: Kind = {
  number: /\d{1,10}(?!\w)/y,
  mixes: { isp: () => table(ispCounts) },
  most: undefined,
  expected: 'a number of recipients, 1 or more, such as 3 or 1..20, or a mix, such as isp or "90%: 1, 10%: 2..20"',
  largest: 2_147_483_647
}

const units: { readonly [unit: string]: number } = { k: 1000, M: 1_000_000, Ki: 1024, Mi: 1_048_576 }

const mixOf =
  (kind: Kind) =>
  (cursor: Cursor): Amounts | undefined => {
    const parts = Mix.read(cursor, (cursor) => amountOf(cursor, kind))
    if (parts !== undefined) return mixed(parts)
    return cursor.failure === undefined ? amountOf(cursor, kind) : undefined
  }

const amountOf = (cursor: Cursor, kind: Kind): Amounts | undefined => {
  const name = cursor.take(/[a-z]+/y)
  if (name !== undefined) {
    const mix = kind.mixes[name]
    if (mix !== undefined) return mix()
    const form = forms[name]
    return form === undefined ? cursor.fail(kind.expected, cursor.at - name.length) : drawn(cursor, kind, form)
  }
  const before = cursor.at
  const first = cursor.take(kind.number)
  if (first === undefined) return cursor.fail(kind.expected, before)
  if (cursor.take(/\.\./y) === undefined) {
    const number = read(first, "")
    return number >= 1 && number <= kind.largest ? fixed(number) : cursor.fail(kind.expected, before)
  }
  const from = cursor.at
  const second = cursor.take(kind.number)
  if (second === undefined) return cursor.fail("another number", from)
  const unit = unitOf(second)
  const [least, most] = [read(first, unit), read(second, unit)]
  if (least < 1) return cursor.fail(kind.expected, before)
  return most >= least && most <= kind.largest
    ? between(least, most)
    : cursor.fail("a larger number than the first", from)
}

const unitOf = (text: string): string => /(?:k|M|[KM]i)$/.exec(text)?.[0] ?? ""

const read = (text: string, usual: string): number => {
  const unit = unitOf(text) || usual
  return Math.round(Number.parseFloat(text) * (units[unit] ?? 1))
}

/** How a distribution is made of its two numbers, and what they are. */
interface Form {
  readonly second: string | undefined
  readonly make: (first: number, second: number) => Distribution.Distribution | string
}

const forms: { readonly [name: string]: Form } = {
  exp: { second: undefined, make: (mean) => Distribution.exponential(mean) },
  lognormal: {
    second: "a mean",
    make: (median, mean) =>
      mean >= median ? Distribution.lognormal(median, mean) : "a mean that is not less than the median"
  },
  pareto: {
    second: "a shape",
    make: (least, shape) => (shape > 0 ? Distribution.pareto(least, shape) : "a shape of more than 0, such as 1.2")
  }
}

const drawn = (cursor: Cursor, kind: Kind, { make, second }: Form): Amounts | undefined => {
  if (cursor.take(/\(/y) === undefined) return cursor.fail('"("')
  const before = cursor.at
  const first = numberOf(cursor, kind)
  if (first === undefined) return cursor.fail("a number of 1 or more", before)
  let other = Number.NaN
  let from = cursor.at
  if (second !== undefined) {
    if (cursor.take(/,/y) === undefined) return cursor.fail(`"," and ${second}`)
    from = cursor.at
    // A shape is no number of anything, and has no unit.
    const text = cursor.take(second === "a shape" ? /\d{1,4}(?:\.\d{1,9})?(?!\w)/y : kind.number)
    if (text === undefined) return cursor.fail(second, from)
    other = second === "a shape" ? Number(text) : read(text, "")
  }
  const made = make(first, other)
  if (typeof made === "string") return cursor.fail(made, from)
  let { most } = kind
  if (cursor.take(/,/y) !== undefined) {
    const end = cursor.at
    most = numberOf(cursor, kind)
    if (most === undefined || most < first || most > kind.largest)
      return cursor.fail("the largest that there is to be", end)
  }
  if (most === undefined) return cursor.fail('"," and the largest number that there is to be')
  return cursor.take(/\)/y) === undefined ? cursor.fail('")"') : within(1, most, made.at)
}

const numberOf = (cursor: Cursor, { number }: Kind): number | undefined => {
  const text = cursor.take(number)
  const value = text === undefined ? 0 : read(text, "")
  return value >= 1 ? value : undefined
}
