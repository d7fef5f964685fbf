/**
 * How long the reply to QUIT is waited for.
 *
 * Nothing depends on that reply. Of a server that has left one QUIT without an answer little is expected, until it answers the next.
 *
 * @since 0.1.0
 */

/**
 * How long connections that share it wait for the reply to QUIT at most, in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Parting {
  patience: number
}

const usual = 5000
const ofTheSilent = 100

/**
 * Of a server of which nothing is known yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (): Parting => ({ patience: usual })

/**
 * How long QUIT waits where every other command waits for `timeout`.
 *
 * @since 0.1.0
 * @category destructors
 */
export const patienceOf = (parting: Parting | undefined, timeout: number): number =>
  Math.min(timeout, parting?.patience ?? usual)

/**
 * A QUIT was answered, or was left without an answer for as long as it waits.
 *
 * @since 0.1.0
 * @category updating
 */
export const learn = (parting: Parting | undefined, isAnswered: boolean): void => {
  if (parting !== undefined) parting.patience = isAnswered ? usual : ofTheSilent
}
