/**
 * What a collector has been sent, read the way that collectors do: by the names of metrics and attributes.
 */
import { assert } from "@effect/vitest"

interface Attribute {
  readonly key: string
  readonly value: Readonly<Record<string, string | number | boolean>>
}

interface Point {
  readonly attributes: ReadonlyArray<Attribute>
  readonly startTimeUnixNano: string
  readonly timeUnixNano: string
  readonly asInt?: number
  readonly count?: number
  readonly sum?: number
  readonly min?: number
  readonly max?: number
  readonly bucketCounts?: ReadonlyArray<number>
  readonly explicitBounds?: ReadonlyArray<number>
}

interface Metric {
  readonly name: string
  readonly unit: string
  readonly sum?: {
    readonly aggregationTemporality: number
    readonly isMonotonic: boolean
    readonly dataPoints: ReadonlyArray<Point>
  }
  readonly gauge?: { readonly dataPoints: ReadonlyArray<Point> }
  readonly histogram?: { readonly aggregationTemporality: number; readonly dataPoints: ReadonlyArray<Point> }
}

export interface Request {
  readonly resourceMetrics: ReadonlyArray<{
    readonly resource: { readonly attributes: ReadonlyArray<Attribute> }
    readonly scopeMetrics: ReadonlyArray<{
      readonly scope: { readonly name: string; readonly version: string }
      readonly metrics: ReadonlyArray<Metric>
    }>
  }>
}

const named = (attributes: ReadonlyArray<Attribute>): Record<string, string | number | boolean> => {
  const entries = attributes.map(({ key, value }) => [key, Object.values(value)[0]!] as const)
  assert.strictEqual(new Set(entries.map(([key]) => key)).size, entries.length, "no attribute is there twice")
  return Object.fromEntries(entries)
}

/** The attributes of the resource. */
export const resourceOf = ({ resourceMetrics }: Request) => named(resourceMetrics[0]?.resource.attributes ?? [])

/** The metrics of a request. */
export const metricsOf = ({ resourceMetrics }: Request): ReadonlyArray<Metric> =>
  resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? []

const pointsOf = ({ gauge, histogram, sum }: Metric): ReadonlyArray<Point> =>
  (sum ?? gauge ?? histogram)?.dataPoints ?? []

/** The points of one metric, each under the values of its attributes. */
export const points = (request: Request, name: string): Record<string, Point> => {
  const found = metricsOf(request).filter((metric) => metric.name === name)
  assert.isAtMost(found.length, 1)
  const all = found.flatMap(pointsOf)
  return Object.fromEntries(all.map((point) => [Object.values(named(point.attributes)).join(" "), point]))
}

/** The numbers of one metric, each under the values of its attributes. */
export const numbers = (request: Request, name: string): Record<string, number | undefined> =>
  Object.fromEntries(Object.entries(points(request, name)).map(([key, { asInt, count }]) => [key, asInt ?? count]))

/** Holds requests to what OpenTelemetry asks of any: cumulative sums that do not go down, and buckets that add up. */
export const assertLawful = (requests: ReadonlyArray<Request>): void => {
  const before = new Map<string, number>()
  for (const request of requests) {
    for (const metric of metricsOf(request)) {
      assert.match(metric.name, /^smtp_source(\.[a-z_]+)+$/)
      assert.isNotEmpty(metric.unit)
      const { histogram, sum } = metric
      if (sum !== undefined) assert.isTrue(sum.isMonotonic)
      for (const data of [sum, histogram]) if (data !== undefined) assert.strictEqual(data.aggregationTemporality, 2)
      for (const point of pointsOf(metric)) {
        assert.isAtLeast(Number(point.timeUnixNano), Number(point.startTimeUnixNano))
        if (metric.gauge !== undefined) continue
        const key = `${metric.name} ${JSON.stringify(point.attributes)}`
        const value = point.asInt ?? point.count ?? Number.NaN
        assert.isAtLeast(value, before.get(key) ?? 0, key)
        before.set(key, value)
        if (histogram === undefined) continue
        const { bucketCounts = [], explicitBounds = [], max = 0, min = 0, sum: total = 0 } = point
        assert.lengthOf(bucketCounts, explicitBounds.length + 1)
        assert.strictEqual(
          bucketCounts.reduce((all, count) => all + count, 0),
          value
        )
        assert.isAtLeast(total, min * value * 0.999)
        assert.isAtMost(total, max * value * 1.001)
      }
    }
  }
}
