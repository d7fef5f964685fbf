/**
 * Why a SOCKS5 proxy did not let us through, in our words: those of the package `socks` are for its programmers.
 *
 * @since 0.1.0
 */

/**
 * What is said of an error of the package; of one that is not known, its own words.
 *
 * @since 0.1.0
 * @category formatting
 */
export const of = (words: string): string => {
  const [, refused] = /^Socks5 proxy rejected connection - (\w+)$/.exec(words) ?? []
  if (refused !== undefined) return `it did not connect us: ${replies[refused] ?? "it gave an unknown reason"}`
  return known[words] ?? words
}

/** Its replies (RFC 1928 §6). */
const replies: { readonly [name: string]: string } = {
  Failure: "general failure",
  NotAllowed: "not allowed by its rules",
  NetworkUnreachable: "network unreachable",
  HostUnreachable: "host unreachable",
  ConnectionRefused: "connection refused",
  TTLExpired: "TTL expired",
  CommandNotSupported: "command not supported",
  AddressNotSupported: "kind of address not supported"
}

const known: { readonly [words: string]: string } = {
  "Received invalid Socks5 initial handshake (invalid socks version)": "it does not speak SOCKS5",
  "Received invalid Socks5 initial handshake (no accepted authentication type)":
    "it wants a login that we do not have; see --socks-login",
  "Received invalid Socks5 initial handshake (unknown authentication type)": "it wants an unknown kind of login",
  "Socks5 Authentication failed": "it refused the login of --socks-login",
  "Received invalid Socks5 final handshake response": "its reply is not one of SOCKS5",
  "Socket closed": "it closed the connection"
}
