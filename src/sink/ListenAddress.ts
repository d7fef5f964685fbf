/**
 * Where a sink listens, as smtp-sink(1) has it: `[inet:][host]:port`, `unix:pathname`, or a port alone.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Target from "../smtp/Target.js"

/**
 * Where to listen. An empty host is every interface; port 0 is any that is free.
 *
 * @since 0.1.0
 * @category models
 */
export type ListenAddress = Target.Target

/**
 * Reads an address, or says what is wrong with it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const parse = (text: string): Either.Either<ListenAddress, string> => {
  if (text.startsWith("unix:")) return Target.parse(text)
  const address = text.startsWith("inet:") ? text.slice("inet:".length) : text
  const colon = address.lastIndexOf(":")
  const [host, port] = colon < 0 ? ["", address] : [address.slice(0, colon), address.slice(colon + 1)]
  // Without a colon it may be a port alone, which has no dot.
  if (port === "" || (colon < 0 && /[.[]/.test(port))) {
    return Either.left(`${JSON.stringify(text)}: a port is expected: [host]:port, or unix:pathname`)
  }
  if (port === "0") return host === "" ? Either.right(Target.inet("", 0)) : withPort(host, 0)
  if (host !== "") return Target.parse(address)
  return Either.mapBoth(Target.parse(`localhost:${port}`), {
    onLeft: (reason) => reason.replace(/^"localhost:/, '"'),
    onRight: (target) => (target._tag === "Inet" ? Target.inet("", target.port) : target)
  })
}

const withPort = (host: string, port: number): Either.Either<ListenAddress, string> =>
  Either.map(Target.parse(`${host}:1`), (target) => (target._tag === "Inet" ? Target.inet(target.host, port) : target))

/**
 * The text that `parse` reads as this address.
 *
 * @since 0.1.0
 * @category destructors
 */
export const format = (address: ListenAddress): string => Target.format(address)
