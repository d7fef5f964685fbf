/**
 * When a run begins that several machines begin together: `2026-12-01T10:00:00Z`, or `+30s` from now.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Rate from "./Rate.js"

/**
 * The time in milliseconds since 1970, where it is `now`; undefined where the text is none.
 *
 * @since 0.1.0
 * @category parsing
 */
export const timeOf = (text: string, now: number): number | undefined => {
  if (text.startsWith("+")) {
    return Either.match(Rate.parseDuration(text.slice(1)), {
      onLeft: () => undefined,
      onRight: (wait) => now + Math.round(wait)
    })
  }
  // Without a zone it would be another time on each machine.
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)$/.test(text)) return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) ? undefined : time
}
