/**
 * Who we say that we are on behalf of: the header of the PROXY protocol, and Postfix's XCLIENT. Pure.
 *
 * @since 0.1.0
 */
import * as IpAddress from "./IpAddress.js"
import * as Parameters from "./Parameters.js"

/**
 * What one connection says of its client.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientIdentity {
  /** The name to introduce ourselves by, in place of the run's. */
  readonly helloName?: string | undefined
  /** The header of the PROXY protocol, which comes before anything else; one byte in each character. */
  readonly proxy?: string | undefined
  /** The attributes of XCLIENT, in order. */
  readonly xclient?: ReadonlyArray<Attribute> | undefined
  /** What becomes of an XCLIENT that the server does not offer; it ends the introduction without this. */
  readonly whenNotOffered?: "fail" | "skip" | "send" | undefined
}

/**
 * An attribute of XCLIENT, with its name in capital letters.
 *
 * @since 0.1.0
 * @category models
 */
export type Attribute = readonly [name: string, value: string]

/**
 * The attributes that XCLIENT knows.
 *
 * @since 0.1.0
 * @category constants
 */
export const attributes: ReadonlyArray<string> = [
  "NAME",
  "ADDR",
  "PORT",
  "PROTO",
  "HELO",
  "LOGIN",
  "DESTADDR",
  "DESTPORT",
  "REVERSE_NAME"
]

/**
 * The command. Values are xtext; an IPv6 address has its prefix.
 *
 * @since 0.1.0
 * @category constructors
 */
export const xclient = (attributes: ReadonlyArray<Attribute>): string =>
  `XCLIENT ${attributes.map(([name, value]) => `${name}=${valueOf(name, value)}`).join(" ")}\r\n`

/**
 * The attributes that XFORWARD knows.
 *
 * @since 0.1.0
 * @category constants
 */
export const forwarded: ReadonlyArray<string> = ["NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"]

/**
 * The command for the next message. Values are xtext; an IPv6 address has its prefix.
 *
 * @since 0.1.0
 * @category constructors
 */
export const xforward = (attributes: ReadonlyArray<Attribute>): string =>
  `XFORWARD ${attributes.map(([name, value]) => `${name}=${valueOf(name, value)}`).join(" ")}\r\n`

const valueOf = (name: string, value: string): string => {
  const isSix = (name === "ADDR" || name === "DESTADDR") && IpAddress.parse(value)?.length === 16
  return Parameters.xtext(isSix ? `IPV6:${value}` : value)
}

/**
 * The end of a connection: the bytes of an address, and a port.
 *
 * @since 0.1.0
 * @category models
 */
export interface End {
  readonly address: Uint8Array
  readonly port: number
}

/**
 * The header of the PROXY protocol, of a TCP connection between two ends whose addresses are of one family: a line (version 1),
 * or bytes (version 2).
 *
 * @since 0.1.0
 * @category constructors
 */
export const proxyHeader = (version: 1 | 2, source: End, destination: End): string => {
  const isSix = source.address.length === 16
  if (version === 1) {
    const [from, to] = [source, destination].map(({ address }) => IpAddress.format(address))
    return `PROXY TCP${isSix ? 6 : 4} ${from} ${to} ${source.port} ${destination.port}\r\n`
  }
  const two = (value: number) => String.fromCharCode(value >> 8, value & 255)
  const addresses = String.fromCharCode(...source.address, ...destination.address)
  const length = addresses.length + 4
  // 0x21: version 2, PROXY; then IPv4 or IPv6, and a stream.
  return `${signature}\x21${isSix ? "\x21" : "\x11"}${two(length)}${addresses}${two(source.port)}${two(destination.port)}`
}

const signature = "\r\n\r\n\0\r\nQUIT\n"
