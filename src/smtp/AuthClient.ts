/**
 * What the mechanisms of AUTH have in common: what a login is made of, and how it answers challenges.
 *
 * @since 0.1.0
 */

/**
 * What a login is made of, as text.
 *
 * @since 0.1.0
 * @category models
 */
export interface Credentials {
  readonly user: string
  /** A password; or a token, for XOAUTH2 and OAUTHBEARER. */
  readonly password: string
  /** Where it goes to, which OAUTHBEARER says; a port of 0 is left out. */
  readonly host: string
  readonly port: number
}

/**
 * What a mechanism has against a challenge, or against what it was made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthProblem {
  readonly problem: string
}

/**
 * A mechanism at work, for one login.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthClient {
  /** What is said first; undefined where the server speaks first. */
  readonly initial: string | undefined
  /** The answer to a challenge. */
  readonly respond: (challenge: string) => string | AuthProblem
  /** Why a success that the server declares now is not to be believed, if it is not. */
  readonly unproven: () => string | undefined
}
