/**
 * The header of the PROXY protocol, read as a server behind a load balancer reads it: version 1, a line, and version 2, bytes.
 *
 * Pure. What is after the header is not looked at, and no header is longer than `most`.
 *
 * @since 0.1.0
 */
import * as IpAddress from "../smtp/IpAddress.js"

/**
 * What the beginning of a connection is: too little to say, no header, or a header of this many bytes, of a client with this
 * address. A balancer that speaks for itself, or does not know, names none.
 *
 * @since 0.1.0
 * @category models
 */
export type ProxyHeader =
  | { readonly _tag: "More" }
  | { readonly _tag: "Wrong" }
  | { readonly _tag: "Header"; readonly length: number; readonly client: string | undefined }

/**
 * The most bytes that a header may have. Version 2 allows 64 KiB; what is sent are some hundreds.
 *
 * @since 0.1.0
 * @category constants
 */
export const most = 4096

/** Of version 1, with its line end. */
const mostLine = 107

const more: ProxyHeader = { _tag: "More" }
const wrong: ProxyHeader = { _tag: "Wrong" }

const line = Buffer.from("PROXY ")
const signature = Buffer.from("\r\n\r\n\0\r\nQUIT\n", "latin1")

/**
 * Reads what a connection begins with.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (bytes: Uint8Array): ProxyHeader => {
  if (beginsAs(bytes, line)) return ofLine(bytes)
  return beginsAs(bytes, signature) ? ofBytes(bytes) : wrong
}

/** Whether they are the same, as far as both go. */
const beginsAs = (bytes: Uint8Array, prefix: Uint8Array): boolean => {
  const length = Math.min(bytes.length, prefix.length)
  for (let index = 0; index < length; index++) if (bytes[index] !== prefix[index]) return false
  return true
}

const ofLine = (bytes: Uint8Array): ProxyHeader => {
  const end = bytes.subarray(0, mostLine).indexOf(10)
  if (end < 0) return bytes.length < mostLine ? more : wrong
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, end + 1).toString("latin1")
  const length = end + 1
  if (/^PROXY UNKNOWN(?: [ -~]*)?\r\n$/.test(text)) return { _tag: "Header", length, client: undefined }
  const [, family, source = "", destination = "", ...ports] =
    /^PROXY TCP([46]) ([^ ]+) ([^ ]+) (\d{1,5}) (\d{1,5})\r\n$/.exec(text) ?? []
  const ends = [IpAddress.parse(source), IpAddress.parse(destination)]
  const size = family === "4" ? 4 : 16
  if (family === undefined || !ends.every((each) => each?.length === size)) return wrong
  if (!ports.every((port) => Number(port) <= 65_535)) return wrong
  return { _tag: "Header", length, client: IpAddress.format(ends[0]!) }
}

/** The lengths of source, destination and ports, by family: IPv4 and IPv6, over TCP. */
const families: ReadonlyMap<number, number> = new Map([
  [0x11, 4],
  [0x21, 16]
])

const ofBytes = (bytes: Uint8Array): ProxyHeader => {
  if (bytes.length < 16) return more
  const [version, command] = [bytes[12]! >> 4, bytes[12]! & 15]
  const length = 16 + ((bytes[14]! << 8) | bytes[15]!)
  if (version !== 2 || command > 1 || length > most) return wrong
  if (bytes.length < length) return more
  const size = families.get(bytes[13]!)
  // LOCAL, and what is neither IPv4 nor IPv6 over TCP, say nothing of the client.
  if (command === 0 || size === undefined) return { _tag: "Header", length, client: undefined }
  if (length < 16 + 2 * size + 4) return wrong
  return { _tag: "Header", length, client: IpAddress.format(bytes.slice(16, 16 + size)) }
}
