/**
 * One login, as a server sees it: what a mechanism answers to what it is told.
 *
 * @since 0.1.0
 */

/**
 * What comes of a line: a challenge; in; or not, since it is wrong or cannot be read.
 *
 * @since 0.1.0
 * @category models
 */
export type AuthAnswer = { readonly challenge: string } | "accepted" | "refused" | "malformed"

/**
 * One login under way.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkLogin {
  /** What follows the command: its response, or nothing where it had none. */
  readonly begin: (response: string | undefined) => AuthAnswer
  /** What the client answers to a challenge. */
  readonly take: (response: string) => AuthAnswer
}
