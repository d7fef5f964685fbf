/**
 * The servers that take mail for a domain, by its MX records (RFC 5321 §5.1, RFC 7505).
 *
 * Pure: records are looked up by whoever opens connections.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Target from "./Target.js"

/**
 * An MX record. The host of a null MX is empty.
 *
 * @since 0.1.0
 * @category models
 */
export interface MxRecord {
  readonly exchange: string
  readonly priority: number
}

/** More are tried by nobody, whatever a domain says. */
const mostHosts = 100

/**
 * The hosts of a domain, the preferred ones first: those of one list are preferred alike. A domain without records is its own
 * host (the implicit MX). One that says by a null MX that it takes no mail has none, and neither has one whose records name no
 * hosts.
 *
 * @since 0.1.0
 * @category reading
 */
export const hosts = (
  domain: string,
  records: ReadonlyArray<MxRecord>
): Either.Either<ReadonlyArray<ReadonlyArray<string>>, string> => {
  if (records.length === 0) return Either.right([[domain]])
  const named = records
    .map(({ exchange, priority }) => ({ host: exchange.replace(/\.$/, "").toLowerCase(), priority }))
    .filter(({ host }) => host !== "" && Target.isHostName(host))
    .sort((one, other) => one.priority - other.priority || (one.host < other.host ? -1 : 1))
    .slice(0, mostHosts)
  if (named.length === 0) {
    const isNull = records.some(({ exchange }) => exchange === "" || exchange === ".")
    return Either.left(isNull ? "the domain takes no mail (null MX)" : "the domain's MX records name no host")
  }
  const groups = new Map<number, Array<string>>()
  for (const { host, priority } of named) {
    const group = groups.get(priority) ?? []
    groups.set(priority, group)
    if (!group.includes(host)) group.push(host)
  }
  return Either.right([...groups.values()])
}

/**
 * The hosts in the order in which one connection tries them. Those that are preferred alike take turns: `nth` is how many
 * connections to the domain came before.
 *
 * @since 0.1.0
 * @category reading
 */
export const inTurn = (groups: ReadonlyArray<ReadonlyArray<string>>, nth: number): ReadonlyArray<string> =>
  groups.flatMap((group) => {
    const first = nth % group.length
    return [...group.slice(first), ...group.slice(0, first)]
  })
