/**
 * Figures of a run's TLS that verdicts are about.
 *
 * @since 0.1.0
 */
import type * as Verdict from "../plan/Verdict.js"
import * as Phrases from "./Phrases.js"
import type { RunReport } from "./RunReport.js"

/** What they are taken from. A part of a run tells nothing of TLS. */
type Part = Partial<Pick<RunReport, "active" | "connections" | "elapsed" | "tls">>

/**
 * How many connections there were of this kind, and how many it is a share of: those with TLS, of all that were opened; and
 * those that resumed a session, of those with TLS.
 *
 * @since 0.1.0
 * @category reading
 */
export const counts = (
  { connections, tls = [] }: Part,
  of: Verdict.TlsEnd
): { readonly count: number; readonly of: number } => {
  const total = (wanted: typeof tls) => wanted.reduce((sum, { count }) => sum + count, 0)
  const secured = total(tls)
  return of === "secured"
    ? { count: secured, of: connections?.opened ?? 0 }
    : { count: total(tls.filter(({ resumed }) => resumed)), of: secured }
}

/**
 * The handshakes in a second that came to TLS, full ones and resumed ones; undefined where it is not known how long that took.
 *
 * @since 0.1.0
 * @category reading
 */
export const handshakes = ({ active, elapsed, tls = [] }: Part): number | undefined =>
  active === undefined || elapsed === undefined
    ? undefined
    : Phrases.perSecond(counts({ tls }, "secured").count, { active, elapsed })
