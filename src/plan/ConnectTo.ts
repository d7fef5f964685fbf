/**
 * Connections that go elsewhere than to the server that is asked for: `HOST:PORT:ADDRESS:PORT`, as curl has it.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Target from "../smtp/Target.js"

/**
 * A connection to this host and port goes to that address and port. What is left open holds of all, or stays as it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectTo {
  readonly host: string | undefined
  readonly port: number | undefined
  readonly toHost: string | undefined
  readonly toPort: number | undefined
}

const expected = "is not HOST:PORT:ADDRESS:PORT, with an IPv6 address in brackets; each part may be empty"

/**
 * Reads a rule, or says what is wrong with it.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<ConnectTo, string> => {
  const host = "(\\[[^\\]]*\\]|[^:\\[\\]]*)"
  const parts = new RegExp(`^${host}:([^:]*):${host}:([^:]*)$`).exec(text)
  if (parts === null) return Either.left(expected)
  const [, first = "", firstPort = "", second = "", secondPort = ""] = parts
  return Either.all({
    host: hostOf(first),
    port: portOf(first, firstPort),
    toHost: hostOf(second),
    toPort: portOf(second, secondPort)
  })
}

const hostOf = (text: string): Either.Either<string | undefined, string> =>
  text === "" ? Either.right(undefined) : Either.map(inet(`${text}:25`), ({ host }) => host)

const portOf = (host: string, text: string): Either.Either<number | undefined, string> =>
  text === "" ? Either.right(undefined) : Either.map(inet(`${host === "" ? "any" : host}:${text}`), ({ port }) => port)

const inet = (text: string): Either.Either<{ readonly host: string; readonly port: number }, string> =>
  Either.flatMap(
    // It names the text that it was given, which is not what was written.
    Either.mapLeft(Target.parse(`inet:${text}`), (reason) => `is not valid: ${reason.replace(/^"[^"]*": /, "")}`),
    (target) => (target._tag === "Inet" ? Either.right(target) : Either.left(expected))
  )

/**
 * Where a connection to the target goes: the first rule counts that holds of it.
 *
 * @since 0.1.0
 * @category reading
 */
export const redirect = (rules: ReadonlyArray<ConnectTo>, target: Target.Target): Target.Target => {
  if (target._tag !== "Inet") return target
  const rule = rules.find(
    ({ host, port }) =>
      (host === undefined || host.toLowerCase() === target.host.toLowerCase()) &&
      (port === undefined || port === target.port)
  )
  return rule === undefined ? target : Target.inet(rule.toHost ?? target.host, rule.toPort ?? target.port)
}
