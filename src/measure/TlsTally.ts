/**
 * Counts TLS sessions by what they came to: version, cipher, group, whether they were resumed, and what the server was
 * believed to be.
 *
 * @since 0.1.0
 */
import type { TlsSession } from "../smtp/Tls.js"

/**
 * The sessions of one kind.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsCount {
  readonly version: string
  readonly cipher: string
  /** Empty where it is not known. */
  readonly group: string
  readonly resumed: boolean
  /** `name`, `chain`, `pin`; `none` where nothing was asked, and then `distrust` says what verification would have found. */
  readonly trust: TlsSession["trust"]
  readonly distrust: string
  readonly count: number
}

/**
 * A tally. One for each thread.
 *
 * @since 0.1.0
 * @category models
 */
export class TlsTally {
  private readonly kinds = new Map<string, { -readonly [name in keyof TlsCount]: TlsCount[name] }>()

  /** Counts one session. */
  count({ cipher, distrust, group = "", resumed, trust, version }: TlsSession): void {
    const kind = { version, cipher, group, resumed, trust, distrust: distrust?.code ?? "", count: 1 }
    const key = keyOf(kind)
    const known = this.kinds.get(key)
    if (known === undefined) this.kinds.set(key, kind)
    else known.count++
  }

  /** What was counted. */
  toData(): ReadonlyArray<TlsCount> {
    return [...this.kinds.values()].map((kind) => ({ ...kind }))
  }
}

/**
 * The counts of all parts together, the most frequent first.
 *
 * @since 0.1.0
 * @category combining
 */
export const merge = (parts: ReadonlyArray<ReadonlyArray<TlsCount>>): ReadonlyArray<TlsCount> => {
  const all = new Map<string, TlsCount>()
  for (const kind of parts.flat()) {
    const key = keyOf(kind)
    all.set(key, { ...kind, count: kind.count + (all.get(key)?.count ?? 0) })
  }
  return [...all.values()].sort((one, other) => other.count - one.count || (keyOf(one) < keyOf(other) ? -1 : 1))
}

const keyOf = ({ cipher, distrust, group, resumed, trust, version }: TlsCount): string =>
  [version, cipher, group, resumed, trust, distrust].join(" ")
