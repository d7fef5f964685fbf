/**
 * A run's metrics, live, to an OpenTelemetry collector. It needs the package `@effect/opentelemetry`, which the rest of the
 * library does without.
 *
 * @since 0.1.0
 */

/** Follows runs and exports their metrics. */
export * as Telemetry from "./telemetry/Telemetry.js"
