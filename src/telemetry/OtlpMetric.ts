/**
 * Metrics in OpenTelemetry's data model, as far as runs have them.
 *
 * @since 0.1.0
 */
import type * as OtlpResource from "@effect/opentelemetry/OtlpResource"

/**
 * One metric, as OTLP has it: a sum, a gauge or a histogram.
 *
 * @since 0.1.0
 * @category models
 */
export interface Metric {
  readonly name: string
  readonly description: string
  readonly unit: string
  readonly sum?: Data<NumberPoint> & { readonly isMonotonic: true }
  readonly gauge?: { readonly dataPoints: ReadonlyArray<NumberPoint> }
  readonly histogram?: Data<HistogramPoint>
}

/**
 * What all points of a metric have in common. The temporality is always 2: cumulative.
 *
 * @since 0.1.0
 * @category models
 */
export interface Data<Point> {
  readonly aggregationTemporality: 2
  readonly dataPoints: ReadonlyArray<Point>
}

/**
 * What each point has: its attributes, and the time from which and up to which it counts, in nanoseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Point {
  readonly attributes: ReadonlyArray<OtlpResource.KeyValue>
  readonly startTimeUnixNano: string
  readonly timeUnixNano: string
}

/**
 * A number.
 *
 * @since 0.1.0
 * @category models
 */
export interface NumberPoint extends Point {
  readonly asInt: number
}

/**
 * Durations in seconds, counted up to each bound, and beyond the last one.
 *
 * @since 0.1.0
 * @category models
 */
export interface HistogramPoint extends Point {
  readonly count: number
  readonly sum: number
  readonly min: number
  readonly max: number
  readonly bucketCounts: ReadonlyArray<number>
  readonly explicitBounds: ReadonlyArray<number>
}
