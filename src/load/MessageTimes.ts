/**
 * How long a message took.
 *
 * @since 0.1.0
 */
import type { Outcome } from "../smtp/Outcome.js"

/**
 * How long a message took, in milliseconds: what a live percentile is computed from, with its outcome.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageTimes {
  /**
   * From when it was due to its end; in a run without a rate, from when its transaction began. Undefined where none had
   * begun, or where it was interrupted.
   */
  readonly elapsed: number | undefined
  /** The same, from when a session took it up. */
  readonly service: number | undefined
  /** By how much later than it was due a session took it up: 0 in a run without a rate. */
  readonly late: number
}

/**
 * Is told how a message ended, and how long it took.
 *
 * @since 0.1.0
 * @category models
 */
export type OnOutcome = (message: number, outcome: Outcome, times: MessageTimes) => void

/**
 * The times of a message that ends now: it was taken up, or its transaction began, at `begun`, and was due at `due`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const until = (now: number, begun: number | undefined, due: number | undefined): MessageTimes => {
  if (begun === undefined) return unknown
  return { elapsed: now - (due ?? begun), service: now - begun, late: due === undefined ? 0 : begun - due }
}

const unknown: MessageTimes = { elapsed: undefined, service: undefined, late: 0 }
