/**
 * The intervals of a saved series, looked over by hand: an hour has thousands of them, and of a thousand results the schema would
 * look at a hundred million numbers one by one.
 *
 * @since 0.1.0
 */
import * as Counts from "../measure/Counts.js"
import type { Interval } from "../measure/Series.js"
import * as Durations from "./Durations.js"

/**
 * Whether they are just what this version writes: each number that it has, and nothing else. What is not may still be right by the
 * schema, which knows older versions, and says what is wrong.
 *
 * @since 0.1.0
 * @category predicates
 */
export const are = (input: unknown): input is ReadonlyArray<Interval> => Array.isArray(input) && input.every(isPlain)

const isPlain = (interval: unknown): boolean => {
  if (!isObject(interval)) return false
  const { bytes, codes, connections } = interval
  return (
    hasCounts(interval, Counts.intervals) &&
    hasCounts(bytes, Counts.bytes) &&
    hasCounts(codes, Counts.codes) &&
    hasCounts(connections, Counts.connections) &&
    isNumber(interval.at) &&
    isNumber(interval.length) &&
    Number.isSafeInteger(interval.underWay) &&
    Number.isSafeInteger(interval.open) &&
    [interval.p50, interval.p99, interval.max].every((time) => time === undefined || isNumber(time)) &&
    (interval.segments === undefined || isCount(interval.segments)) &&
    Durations.areBuckets(interval.buckets) &&
    isKnown(interval, known) &&
    isKnown(bytes, Counts.bytes) &&
    isKnown(codes, Counts.codes) &&
    isKnown(connections, Counts.connections)
  )
}

const known: ReadonlyArray<string> = [
  ...Counts.intervals,
  ...["at", "length", "underWay", "open", "p50", "p99", "max", "segments"],
  ...["bytes", "codes", "connections", "buckets"]
]

interface Fields {
  readonly [field: string]: unknown
}

const isObject = (input: unknown): input is Fields => typeof input === "object" && input !== null

const isNumber = (input: unknown): boolean => typeof input === "number"

const isCount = (input: unknown): boolean => Number.isSafeInteger(input) && Number(input) >= 0

const hasCounts = (input: unknown, names: ReadonlyArray<string>): boolean => {
  if (!isObject(input)) return false
  for (const name of names) if (!isCount(input[name])) return false
  return true
}

const isKnown = (input: unknown, names: ReadonlyArray<string>): boolean => {
  for (const name in input as Fields) if (!names.includes(name)) return false
  return true
}
