import * as Counts from "../../src/measure/Counts.js"

/** Messages of an open run: those that are not named are none. */
export const arrivals = (
  counts: Partial<Counts.Counts<typeof Counts.arrivals>>
): Counts.Counts<typeof Counts.arrivals> => ({ ...Counts.sum(Counts.arrivals, []), ...counts })

/** Connections: those that are not named are none. */
export const connections = (
  counts: Partial<Counts.Counts<typeof Counts.connections>>
): Counts.Counts<typeof Counts.connections> => ({ ...Counts.sum(Counts.connections, []), ...counts })
