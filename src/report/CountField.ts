/**
 * Counts as fields of a report.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/**
 * A count that every report has.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Count = Schema.NonNegativeInt

/**
 * A count that earlier reports do not have.
 *
 * @since 0.1.0
 * @category schemas
 */
export const LaterCount = Schema.optionalWith(Count, { default: () => 0, exact: true })
