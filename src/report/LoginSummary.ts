/**
 * The logins of a run, as a report has them.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as AuthTally from "../measure/AuthTally.js"
import { Count } from "./CountField.js"

/**
 * The logins by mechanism, and the accounts. Who they were is in no report.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct({
  mechanisms: Schema.Array(
    Schema.Struct({ mechanism: Schema.String, accepted: Count, deferred: Count, refused: Count, failed: Count })
  ),
  accounts: Count,
  used: Count
})

/**
 * What a report's own schema says of them.
 *
 * @since 0.1.0
 * @category schemas
 */
export const description =
  "Logins by mechanism: accepted, deferred (4xx), refused (5xx), and failed, where the server's answers made no sense or it did not prove that it knows the password; how many accounts there were, and how many of them got in (of merged runs: the most that did in one)."

/**
 * The logins of a report.
 *
 * @since 0.1.0
 * @category models
 */
export type LoginSummary = typeof schema.Type

/** What has them, where there are any. */
interface WithLogins {
  readonly auth?: LoginSummary
}

/**
 * Of what was counted; the field is left out where there was nothing.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (auth: AuthTally.AuthCounts | undefined): WithLogins =>
  auth === undefined
    ? {}
    : { auth: { mechanisms: auth.mechanisms, accounts: auth.accounts, used: AuthTally.usedIn(auth) } }

/**
 * Of several runs together. Which accounts they were is not known, nor whether they were the same.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (reports: ReadonlyArray<WithLogins>): WithLogins => {
  const logins = reports.flatMap(({ auth }) => auth ?? [])
  if (logins.length === 0) return {}
  return {
    auth: {
      mechanisms: AuthTally.mergeMechanisms(logins.map(({ mechanisms }) => mechanisms)),
      accounts: Math.max(...logins.map(({ accounts }) => accounts)),
      used: Math.max(...logins.map(({ used }) => used))
    }
  }
}

/**
 * The logins by one mechanism, in words, such as "10 accepted, 2 refused (5xx)".
 *
 * @since 0.1.0
 * @category formatting
 */
export const text = (
  { accepted, deferred, failed, refused }: LoginSummary["mechanisms"][number],
  count: (number: number) => string
): string =>
  [
    `${count(accepted)} accepted`,
    ...(deferred > 0 ? [`${count(deferred)} deferred (4xx)`] : []),
    ...(refused > 0 ? [`${count(refused)} refused (5xx)`] : []),
    ...(failed > 0 ? [`${count(failed)} not to be believed`] : [])
  ].join(", ")

/**
 * How many of the accounts got in, in words.
 *
 * @since 0.1.0
 * @category formatting
 */
export const accounts = ({ accounts, used }: LoginSummary, count: (number: number) => string): string =>
  `${count(used)} of ${count(accounts)} ${accounts === 1 ? "account" : "accounts"} logged in`
