/**
 * The addresses of a target. A name is looked up once, for all who ask meanwhile, and what was found is kept.
 *
 * @since 0.1.0
 */
import * as dns from "node:dns"
import * as net from "node:net"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { ConnectFailed } from "../smtp/SmtpError.js"
import type { Target } from "../smtp/Target.js"
import type { ConnectOptions, Expiring } from "../smtp/Wire.js"

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

type Found = Exit.Exit<ReadonlyArray<Endpoint>, ConnectFailed>

/**
 * The names that were looked up, and those that are.
 *
 * @since 0.1.0
 * @category models
 */
export class NameLookup {
  private readonly known = new Map<string, Exit.Exit<ReadonlyArray<Endpoint>>>()
  private readonly underWay = new Map<string, Set<(found: Found) => void>>()

  constructor(private readonly lookup: Lookup = dns.lookup) {}

  /**
   * The addresses of a target, in the system's order. Fails when there is none, or none of the family that is asked for, or
   * when the time-out of `options` is over first: the system's question cannot be taken back, but nobody waits for it then.
   */
  resolve(target: Target, options: ConnectOptions): Effect.Effect<ReadonlyArray<Endpoint>, ConnectFailed> {
    const family = options.family ?? "any"
    const key = target._tag === "Unix" ? target.path : `${family} ${target.host} ${target.port}`
    const known = this.known.get(key)
    if (known !== undefined) return known
    if (target._tag === "Unix") return this.keep(key, [{ path: target.path }])
    const { host, port } = target
    const literal = net.isIP(host)
    const wanted = family === "ipv4" ? 4 : family === "ipv6" ? 6 : 0
    if (literal === 4 || literal === 6) {
      return wanted === 0 || wanted === literal
        ? this.keep(key, [{ host, port, family: literal }])
        : Exit.fail(failed(target, "ENOTFOUND", `this is not an address of IPv${wanted}`))
    }
    return Effect.async<ReadonlyArray<Endpoint>, ConnectFailed>((resume) => {
      const waiting = this.underWay.get(key) ?? new Set()
      const { deadlines, timeout } = options
      const leave = () => {
        waiting.delete(tell)
        deadlines.remove(expiring)
      }
      const tell = (found: Found) => {
        leave()
        resume(found)
      }
      const expiring: Expiring = {
        deadline: deadlines.now() + timeout,
        expire: () => tell(Exit.fail(failed(target, "ETIMEDOUT", "the lookup of this name timed out")))
      }
      waiting.add(tell)
      deadlines.add(expiring)
      if (!this.underWay.has(key)) {
        this.underWay.set(key, waiting)
        this.lookup(host, { all: true, family: wanted, verbatim: true }, (error, addresses) => {
          this.underWay.delete(key)
          const found =
            error === null && addresses.length > 0
              ? this.keep(
                  key,
                  addresses.map(
                    (entry): Endpoint => ({ host: entry.address, port, family: entry.family === 6 ? 6 : 4 })
                  )
                )
              : Exit.fail(notFound(target, error?.code ?? "ENOTFOUND"))
          for (const tellOne of [...waiting]) tellOne(found)
        })
      }
      return Effect.sync(leave)
    })
  }

  private keep(key: string, endpoints: ReadonlyArray<Endpoint>): Exit.Exit<ReadonlyArray<Endpoint>> {
    const found = Exit.succeed(endpoints)
    this.known.set(key, found)
    return found
  }
}

const notFound = (target: Target, code: string): ConnectFailed =>
  failed(target, code, code === "EAI_AGAIN" ? "the name server does not answer" : "no address for this name")

const failed = (target: Target, code: string, reason: string): ConnectFailed =>
  new ConnectFailed({ code, reason, local: false, target })
