/**
 * Counts logins by mechanism and by how they ended, and the accounts that they were for.
 *
 * @since 0.1.0
 */

/**
 * How a login ended: in; put off, by a reply of class 4; refused, by one of class 5; or without a reply that can be believed.
 *
 * @since 0.1.0
 * @category models
 */
export type LoginEnding = "accepted" | "deferred" | "refused" | "failed"

/**
 * The logins by one mechanism.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthCount {
  readonly mechanism: string
  readonly accepted: number
  readonly deferred: number
  readonly refused: number
  readonly failed: number
}

/**
 * What was counted: the logins, and the accounts that got in, one bit each.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthCounts {
  readonly mechanisms: ReadonlyArray<AuthCount>
  /** How many accounts there are. */
  readonly accounts: number
  readonly used: Uint8Array
}

/**
 * The same without telling which accounts they were.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthJson {
  readonly mechanisms: ReadonlyArray<AuthCount>
  readonly accounts: number
  readonly used: number
}

/**
 * A tally. One for each thread.
 *
 * @since 0.1.0
 * @category models
 */
export class AuthTally {
  private readonly kinds = new Map<string, { -readonly [name in keyof AuthCount]: AuthCount[name] }>()
  private accounts = 0
  private used = new Uint8Array(0)

  /** How many accounts there are. */
  expect(accounts: number): void {
    this.accounts = accounts
    this.used = new Uint8Array(Math.ceil(accounts / 8))
  }

  /** Counts one login, by the account at that place. */
  count(mechanism: string, ending: LoginEnding, place: number): void {
    const known = this.kinds.get(mechanism) ?? { mechanism, accepted: 0, deferred: 0, refused: 0, failed: 0 }
    this.kinds.set(mechanism, known)
    known[ending]++
    if (ending === "accepted") this.used[place >> 3]! |= 1 << (place & 7)
  }

  /** What was counted; undefined where there was no login. */
  toData(): AuthCounts | undefined {
    if (this.kinds.size === 0) return undefined
    return {
      mechanisms: [...this.kinds.values()].map((kind) => ({ ...kind })),
      accounts: this.accounts,
      used: this.used
    }
  }
}

/**
 * The counts of all parts of a run together.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (parts: ReadonlyArray<AuthCounts | undefined>): AuthCounts | undefined => {
  const counted = parts.flatMap((part) => part ?? [])
  if (counted.length === 0) return undefined
  const used = new Uint8Array(Math.max(...counted.map((part) => part.used.length)))
  for (const part of counted) {
    for (const [place, bits] of part.used.entries()) used[place]! |= bits
  }
  return {
    mechanisms: mergeMechanisms(counted.map(({ mechanisms }) => mechanisms)),
    accounts: Math.max(...counted.map(({ accounts }) => accounts)),
    used
  }
}

/**
 * The logins by mechanism of all parts together, in the order of the names.
 *
 * @since 0.1.0
 * @category combining
 */
export const mergeMechanisms = (parts: ReadonlyArray<ReadonlyArray<AuthCount>>): ReadonlyArray<AuthCount> => {
  const all = new Map<string, AuthCount>()
  for (const one of parts.flat()) {
    const known = all.get(one.mechanism)
    all.set(
      one.mechanism,
      known === undefined
        ? one
        : {
            mechanism: one.mechanism,
            accepted: known.accepted + one.accepted,
            deferred: known.deferred + one.deferred,
            refused: known.refused + one.refused,
            failed: known.failed + one.failed
          }
    )
  }
  return [...all.values()].sort((one, other) => (one.mechanism < other.mechanism ? -1 : 1))
}

/**
 * The counts, and how many accounts got in.
 *
 * @since 0.1.0
 * @category encoding
 */
export const toJson = ({ accounts, mechanisms, ...counts }: AuthCounts): AuthJson => ({
  mechanisms,
  accounts,
  used: usedIn({ accounts, mechanisms, ...counts })
})

/**
 * How many accounts got in.
 *
 * @since 0.1.0
 * @category destructors
 */
export const usedIn = ({ used }: AuthCounts): number => {
  let count = 0
  for (const byte of used) for (let bits = byte; bits > 0; bits &= bits - 1) count++
  return count
}
