/**
 * Where to connect: `[inet:]host[:port]` or `unix:pathname`.
 *
 * Pure: names are resolved by whoever opens the connection.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as IpAddress from "./IpAddress.js"

/**
 * A server's address. `host` is a name or an address literal without brackets.
 *
 * @since 0.1.0
 * @category models
 */
export type Target =
  | { readonly _tag: "Inet"; readonly host: string; readonly port: number }
  | { readonly _tag: "Unix"; readonly path: string }

/**
 * The services that may stand for a port number (IANA), known here because slim containers have no `/etc/services`.
 *
 * @since 0.1.0
 * @category models
 */
export const services: { readonly [name: string]: number } = {
  smtp: 25,
  mail: 25,
  lmtp: 24,
  submission: 587,
  submissions: 465,
  smtps: 465
}

/** What `sockaddr_un` holds on Linux, without its final NUL. */
const longestPath = 107

/**
 * A TCP target.
 *
 * @since 0.1.0
 * @category constructors
 */
export const inet = (host: string, port: number): Target => ({ _tag: "Inet", host, port })

/**
 * A UNIX-domain target.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unix = (path: string): Target => ({ _tag: "Unix", path })

/**
 * Reads a target as the manual writes it (clauses S2.1 to S2.3), or says what is wrong with it.
 *
 * An optional `inet:` is dropped; the host is in brackets or ends at the last colon; a missing port is `smtp`, or
 * the one that is given.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string, missingPort = 25): Either.Either<Target, string> => {
  if (/[\u0000\r\n]/.test(text)) return Either.left("a target holds no line break and no NUL")
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length)
    if (path === "") return Either.left(told(text, "no pathname after unix:"))
    return new TextEncoder().encode(path).length > longestPath
      ? Either.left(told(text, `a pathname of at most ${longestPath} bytes is expected`))
      : Either.right(unix(path))
  }
  if (/^[a-z][a-z\d+.-]*:\/\//i.test(text)) {
    return Either.left(told(text, "a target is host:port or unix:pathname, and not a URL"))
  }
  const address = text.startsWith("inet:") ? text.slice("inet:".length) : text
  return Either.mapLeft(parseInet(address, missingPort), (reason) => told(text, reason))
}

/** What is wrong with which target, as it was written. */
const told = (text: string, reason: string): string => `${JSON.stringify(text)}: ${reason}`

/**
 * The text that `parse` reads as this target.
 *
 * @since 0.1.0
 * @category destructors
 */
export const format = (target: Target): string =>
  target._tag === "Unix"
    ? `unix:${target.path}`
    : `${target.host.includes(":") ? `[${target.host}]` : target.host}:${target.port}`

/**
 * Whether what is sent there does not leave the machine: a path, `localhost`, or an address of loopback.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isLocal = (target: Target): boolean => {
  if (target._tag === "Unix" || target.host === "localhost") return true
  const address = IpAddress.parse(target.host)
  return address !== undefined && (address.length === 4 ? address[0] === 127 : IpAddress.format(address) === "::1")
}

const parseInet = (address: string, missingPort: number): Either.Either<Target, string> => {
  if (address.startsWith("[")) {
    const close = address.indexOf("]")
    if (close < 0) return Either.left('"]" is missing')
    const rest = address.slice(close + 1)
    if (rest !== "" && !rest.startsWith(":")) return Either.left('":" and a port, or nothing, is expected after "]"')
    const literal = address.slice(1, close)
    const v6 = /^ipv6:/i.test(literal) ? literal.slice("ipv6:".length) : undefined
    if (v6 !== undefined && !isIpv6(v6)) return Either.left("this is no IPv6 address")
    return withPort(v6 ?? literal, rest.slice(1), missingPort)
  }
  const colon = address.lastIndexOf(":")
  return colon < 0
    ? withPort(address, "", missingPort)
    : withPort(address.slice(0, colon), address.slice(colon + 1), missingPort)
}

const withPort = (host: string, port: string, missingPort: number): Either.Either<Target, string> => {
  if (host === "") return Either.left("no host")
  if (!isIpv4(host) && !isIpv6(host) && !isHostName(host)) {
    return Either.left(hostExpected(host))
  }
  return Either.map(port === "" ? Either.right(missingPort) : parsePort(port), (number) => inet(host, number))
}

const hostExpected = (host: string): string =>
  host.includes(":")
    ? "an IPv6 address stands in brackets, as in [::1]:25"
    : "a host name, an IPv4 address, or an IPv6 address in brackets is expected"

const parsePort = (port: string): Either.Either<number, string> => {
  if (/^\d+$/.test(port)) {
    const number = Number(port)
    return number >= 1 && number <= 65535
      ? Either.right(number)
      : Either.left(`port ${port} is not between 1 and 65535`)
  }
  if (/^\d/.test(port)) return Either.left(`${port} is no port number`)
  const service = Object.hasOwn(services, port) ? services[port] : undefined
  return service === undefined
    ? Either.left(`unknown port ${port}: expected a number, or ${Object.keys(services).join(", ")}`)
    : Either.right(service)
}

/**
 * Whether this is a dotted quad.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isIpv4 = (text: string): boolean => {
  const parts = text.split(".")
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255)
}

/**
 * Whether this is an IPv6 address as RFC 4291 §2.2 writes it, with or without a zone.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isIpv6 = (text: string): boolean => {
  const [address = "", zone] = text.split("%", 2)
  if (zone === "" || !/^[0-9a-f:.]+$/i.test(address)) return false
  const halves = address.split("::")
  if (halves.length > 2) return false
  const groups = halves.map((half) => (half === "" ? [] : half.split(":")))
  const all = groups.flat()
  const last = all.at(-1)
  const quad = last?.includes(".") === true
  if (quad && (!isIpv4(last) || groups.at(-1)?.length === 0)) return false
  const count = all.length + (quad ? 1 : 0)
  const hexadecimal = quad ? all.slice(0, -1) : all
  return (
    hexadecimal.every((group) => /^[0-9a-f]{1,4}$/i.test(group)) && (halves.length === 2 ? count <= 7 : count === 8)
  )
}

/**
 * Whether this is a host name by the rules of clause S1.9: labels of 1 to 63 letters, digits, `_` and `-`, neither
 * beginning nor ending with a hyphen, 255 characters at most, and not made of digits alone.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isHostName = (text: string): boolean =>
  text.length <= 255 &&
  !/^[\d.]+$/.test(text) &&
  text.split(".").every((label) => /^[a-z\d_](?:[a-z\d_-]{0,61}[a-z\d_])?$/i.test(label))
