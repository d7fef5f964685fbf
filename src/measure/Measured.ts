/**
 * What durations are of, and how it ended: the places of histograms.
 *
 * @since 0.1.0
 */
import type * as Histogram from "./Histogram.js"
import { type Step, steps } from "../smtp/SmtpError.js"

/**
 * What a duration is of: a step; a whole transaction, from MAIL to the reply to the final dot; or a connection, from when it
 * stood to its end, which is a failure where the server brought it about.
 *
 * @since 0.1.0
 * @category models
 */
export type Measured = Step | "transaction" | "connection"

/**
 * All that is measured, in the order of the dialogue.
 *
 * @since 0.1.0
 * @category models
 */
export const measured: ReadonlyArray<Measured> = [...steps, "transaction", "connection"]

/**
 * What runs measure besides: from when a session took a message up, by how much later than it was due that was, how long
 * writes waited for the socket, and how long messages waited for a connection of their own and then got another one.
 *
 * @since 0.1.0
 * @category models
 */
export const measuredBesides: ReadonlyArray<string> = ["service", "start", "queued", "waited"]

/**
 * The names and endings of steps of scenarios' own that are told apart; those that come later are measured as `otherNames`.
 *
 * @since 0.1.0
 * @category limits
 */
export const mostOwn = 1000

/**
 * The name for what is beyond `mostOwn`.
 *
 * @since 0.1.0
 * @category limits
 */
export const otherNames = "(other names)"

/**
 * The characters of a name that tell it from others.
 *
 * @since 0.1.0
 * @category limits
 */
export const longestName = 200

/**
 * How what was measured ended: never mixed, for a refusal that is quick makes a slow server look fast, and a time-out a
 * failure. `unknown` is of what came after the final dot: it was sent, and no valid answer came.
 *
 * @since 0.1.0
 * @category models
 */
export type Ending = "accepted" | "rejected" | "failed" | "unknown"

/**
 * Every ending.
 *
 * @since 0.1.0
 * @category models
 */
export const endings: ReadonlyArray<Ending> = ["accepted", "rejected", "failed", "unknown"]

/**
 * The place of each in `measured`.
 *
 * @since 0.1.0
 * @category models
 */
export const places = Object.fromEntries(measured.map((what, place) => [what, place])) as {
  // The compiler does not see that every name is there.
  readonly [what in Measured]: number
}

/**
 * The place of each in `endings`.
 *
 * @since 0.1.0
 * @category models
 */
export const offsets: { readonly [ending in Ending]: number } = { accepted: 0, rejected: 1, failed: 2, unknown: 3 }

/**
 * How a step ended to which no valid answer came.
 *
 * @since 0.1.0
 * @category models
 */
export const unanswered = (step: Step): Ending => (step === "final" ? "unknown" : "failed")

/**
 * The durations of one step, or of a whole transaction, which ended so.
 *
 * @since 0.1.0
 * @category models
 */
export interface Durations {
  readonly of: string
  readonly ending: Ending
  readonly histogram: Histogram.Histogram
}

/**
 * Those that there are, in the order of the dialogue.
 *
 * @since 0.1.0
 * @category constructors
 */
export function* durationsOf(
  histogramOf: (of: Measured, ending: Ending) => Histogram.Histogram | undefined
): Generator<Durations> {
  for (const of of measured) {
    for (const ending of endings) {
      const histogram = histogramOf(of, ending)
      if (histogram !== undefined) yield { of, ending, histogram }
    }
  }
}

/**
 * The two in the key by which durations of a name of one's own are kept.
 *
 * @since 0.1.0
 * @category parsing
 */
export const nameAndEnding = (key: string): readonly [name: string, ending: string] => {
  const at = key.lastIndexOf(" ")
  return [key.slice(0, at), key.slice(at + 1)]
}
