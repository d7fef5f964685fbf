/**
 * The addresses of a target, and the mail exchangers of a domain. Each is looked up once, for all who ask meanwhile, and what
 * was found is kept.
 *
 * @since 0.1.0
 */
import * as dns from "node:dns"
import * as net from "node:net"
import type * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as AtHand from "../smtp/AtHand.js"
import type { MxRecord } from "../smtp/MailExchangers.js"
import { ConnectFailed } from "../smtp/SmtpError.js"
import type { Target } from "../smtp/Target.js"
import type { ConnectOptions } from "../smtp/Wire.js"
import { SharedLookup } from "./SharedLookup.js"

/**
 * Where one attempt to connect goes: an address literal and a port, or a path.
 *
 * @since 0.1.0
 * @category models
 */
export type Endpoint =
  | { readonly path: string }
  | { readonly host: string; readonly port: number; readonly family: 4 | 6 }

/**
 * The system's question for all addresses of a name: `dns.lookup`, or what stands in for it.
 *
 * @since 0.1.0
 * @category models
 */
export type Lookup = (
  host: string,
  options: dns.LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: ReadonlyArray<dns.LookupAddress>) => void
) => void

/**
 * The question for a domain's MX records: `dns.resolveMx`, or what stands in for it.
 *
 * @since 0.1.0
 * @category models
 */
export type ResolveMx = (
  domain: string,
  callback: (error: NodeJS.ErrnoException | null, records: ReadonlyArray<MxRecord>) => void
) => void

/**
 * Who answers questions, if not the system.
 *
 * @since 0.1.0
 * @category models
 */
export interface Resolvers {
  readonly lookup?: Lookup | undefined
  readonly resolveMx?: ResolveMx | undefined
}

/**
 * The names that were looked up, and those that are.
 *
 * @since 0.1.0
 * @category models
 */
export class NameLookup {
  private readonly endpoints = new SharedLookup<ReadonlyArray<Endpoint>>()
  private readonly records = new SharedLookup<ReadonlyArray<MxRecord>>()
  /** What was found last: one connection after another asks for the same. */
  private latest: Latest | undefined = undefined
  private readonly lookup: Lookup
  private readonly resolveMx: ResolveMx

  constructor({ lookup = dns.lookup, resolveMx = dns.resolveMx }: Resolvers = {}) {
    this.lookup = lookup
    this.resolveMx = resolveMx
  }

  /**
   * The addresses of a target, in the system's order. Fails when there is none, or none of the family that is asked for, or
   * when the time-out of `options` is over first.
   */
  resolve(target: Target, options: ConnectOptions): Effect.Effect<ReadonlyArray<Endpoint>, ConnectFailed> {
    const family = options.family ?? "any"
    const { latest } = this
    if (latest !== undefined && latest.target === target && latest.family === family) return latest.found
    const found = this.resolveAnew(target, family, options)
    const atHand = AtHand.success(found)
    this.latest = atHand && { target, family, found: atHand }
    return found
  }

  private resolveAnew(
    target: Target,
    family: Family,
    options: ConnectOptions
  ): Effect.Effect<ReadonlyArray<Endpoint>, ConnectFailed> {
    const key = target._tag === "Unix" ? target.path : `${family} ${target.host} ${target.port}`
    const known = this.endpoints.get(key)
    if (known !== undefined) return known
    if (target._tag === "Unix") return this.endpoints.keep(key, [{ path: target.path }])
    const { host, port } = target
    const literal = net.isIP(host)
    const wanted = family === "ipv4" ? 4 : family === "ipv6" ? 6 : 0
    if (literal === 4 || literal === 6) {
      return wanted === 0 || wanted === literal
        ? this.endpoints.keep(key, [{ host, port, family: literal }])
        : Exit.fail(failed(target, "ENOTFOUND", `this is not an IPv${wanted} address`))
    }
    const late = () => failed(target, "ETIMEDOUT", "the lookup of this name timed out")
    return this.endpoints.ask(key, options, late, (answer) =>
      this.lookup(host, { all: true, family: wanted, verbatim: true }, (error, addresses) =>
        answer(
          error === null && addresses.length > 0
            ? Exit.succeed(
                addresses.map((entry): Endpoint => ({ host: entry.address, port, family: entry.family === 6 ? 6 : 4 }))
              )
            : Exit.fail(notFound(target, error?.code ?? "ENOTFOUND", wanted))
        )
      )
    )
  }

  /** The MX records of a domain; none where it has none and exists. Fails where it does not, or as `resolve` does. */
  exchangers(domain: string, options: ConnectOptions): Effect.Effect<ReadonlyArray<MxRecord>, ConnectFailed> {
    const late = () => failedMx(domain, "ETIMEDOUT", "the lookup of this domain's MX records timed out")
    return this.records.ask(domain, options, late, (answer) =>
      this.resolveMx(domain, (error, records) =>
        answer(
          error === null
            ? Exit.succeed(records)
            : error.code === "ENODATA"
              ? Exit.succeed([])
              : Exit.fail(
                  error.code === "ENOTFOUND"
                    ? failedMx(domain, "ENOTFOUND", "the domain does not exist")
                    : failedMx(domain, error.code ?? "EUNKNOWN", `no answer about its MX records (${error.code})`)
                )
        )
      )
    )
  }
}

type Family = NonNullable<ConnectOptions["family"]>

interface Latest {
  readonly target: Target
  readonly family: Family
  readonly found: Exit.Exit<ReadonlyArray<Endpoint>>
}

/** `family` is 4 or 6 where it was asked for no other. */
const notFound = (target: Target, code: string, family: 0 | 4 | 6): ConnectFailed => {
  const no = family === 0 ? "no address" : `no IPv${family} address`
  return failed(target, code, code === "EAI_AGAIN" ? "the name server does not answer" : `${no} for this name`)
}

const failed = (target: Target, code: string, reason: string): ConnectFailed =>
  new ConnectFailed({ code, reason, local: false, target })

const failedMx = (domain: string, code: string, reason: string): ConnectFailed =>
  new ConnectFailed({ code, reason: `mx:${domain}: ${reason}`, local: false })
