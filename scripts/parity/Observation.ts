/**
 * What can be seen of one run from outside. Plain data.
 */

/** A facet of a run that can be compared, and that an excuse can state. */
export interface Observation {
  /** The exit status, the signal that ended it, or that it did not end. */
  readonly exit: number | string
  /** What was said on each connection. */
  readonly wire: ReadonlyArray<string>
  /** How each connection ended, in the same order. */
  readonly endings: ReadonlyArray<string>
  readonly stdout: string
  /** Whether standard error holds a fatal line. */
  readonly fatal: boolean
  /** Whether standard error is empty. */
  readonly quiet: boolean
  /** Whether it waited for its turn before each command. */
  readonly lockStep: boolean
  /** Whether no two messages had the same id. */
  readonly distinctIds: boolean
  /** Whether it ended as soon as it had said why. Compared where an excuse states it. */
  readonly prompt: boolean
}

/** A program that is still running when nothing happens any more. */
export const hang = "hang"
