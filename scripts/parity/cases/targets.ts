/**
 * Where to connect, written in every way, right and wrong.
 */
import { basename } from "node:path"
import { check, cross, group, ipv4, ipv6, to, unix, words } from "../Case.js"

const right = group(
  "targets",
  [
    "127.0.0.1:",
    "inet:127.0.0.1:",
    "[127.0.0.1]:",
    "inet:[127.0.0.1]:",
    "localhost:",
    "inet:localhost:",
    "LocalHost:"
  ].map((host) => check("-4", { name: host, target: to("ipv4", (port) => [`${host}${port}`]) })),
  check("", { name: "localhost:", target: to("ipv4", (port) => [`localhost:${port}`]) }),
  check("", { name: "a mapped address", target: to("ipv4", (port) => [`[::ffff:127.0.0.1]:${port}`]) }),
  check("", { name: "a port with zeros", target: to("ipv4", (port) => [`127.0.0.1:000${port}`]) }),
  check("", { name: "[localhost]:", target: to("ipv4", (port) => [`[localhost]:${port}`]) }),
  ["[::1]:", "inet:[::1]:", "[ipv6:::1]:", "[IPv6:::1]:", "[0:0:0:0:0:0:0:1]:", "[::0001]:"].map((host) =>
    check("", { name: host, target: to("ipv6", (port) => [`${host}${port}`]) })
  ),
  check("-6", { target: ipv6 }),
  check("-4 -6", { target: ipv6 }),
  check("-6 -4", { target: ipv4 }),
  check("-46", { target: ipv6 })
)

const sockets = group(
  "UNIX-domain targets",
  ["", "-4", "-6", "-d -m 3", "-m 3", "-T 8192", "-L -m 2", "-l 100000", "-v"].map((options) =>
    check(options, { target: unix })
  ),
  check("", { name: "a relative path", target: to("unix", (path) => [`unix:${basename(path)}`]) }),
  check("", { name: "a path with a dot", target: to("unix", (path) => [`unix:./${basename(path)}`]) }),
  [
    "unix:missing",
    "unix:/missing/below",
    "unix:plain",
    "unix:.",
    "unix:",
    `unix:${"x".repeat(107)}`,
    `unix:${"x".repeat(108)}`
  ].map((target) => check("", { name: `${target.slice(0, 20)} (${target.length} characters)`, target: words(target) }))
)

/** An address of this machine at which nobody listens. */
const closed = "127.1.2.3:9"

const refused = group(
  "nobody listens",
  cross(
    ["", "-C 1", "-C 2", "-C 5", "-A", "-A -C 3", "-C 3 -m 3 -s 2", "-c"],
    [closed, "unix:missing"],
    (options, target) => check(options, { name: target, target: words(target) })
  ),
  ["127.77.77.77", "127.77.77.77:", "[127.77.77.77]", "[127.77.77.77]:", "127.77.77.77:smtp", "inet:127.77.77.77"].map(
    (target) => check("", { name: target, target: words(target) })
  ),
  ["127.77.77.77:submission", "127.77.77.77:lmtp", "127.77.77.77:65535"].map((target) =>
    check("", { name: target, target: words(target) })
  )
)

const wrong = group(
  "targets that are none",
  [
    "",
    ":25",
    "::1",
    "::1:25",
    "inet:",
    "inet::25",
    "[",
    "[]",
    "[]:25",
    "[127.0.0.1",
    "[127.0.0.1]x",
    "[127.0.0.1]25",
    "[::1",
    "[::1]25",
    "[ipv6:127.0.0.1]:25",
    "[ipv6:]:25",
    "[:::1]:25",
    "[1::2::3]:25",
    "127.1:25",
    "127.0.0.256:25",
    "127.0.0.1.1:25",
    "2130706433:25",
    "0x7f000001:25",
    "127.0.0.1:25x",
    "127.0.0.1:nosuchservice",
    "127.0.0.1:-1",
    "127.0.0.1:65536",
    "127.0.0.1:99999999999",
    "127.0.0.1: 25",
    "127.0.0.1 :25",
    "a..b:25",
    ".localhost:25",
    "localhost.:25",
    "local host:25",
    "-x.example:25",
    "x-.example:25",
    `${"x".repeat(64)}.example:25`,
    `${"x.".repeat(130)}example:25`,
    "user@localhost:25",
    "smtp://localhost:25",
    "nobody.invalid:25"
  ].map((target) =>
    check(["--"], { name: target === "" ? "an empty one" : target.slice(0, 40), target: words(target) })
  ),
  check("-6", { name: "an IPv4 address", target: words("127.0.0.1:9") }),
  check("-4", { name: "an IPv6 address", target: words("[::1]:9") }),
  check("-4 -6", { name: "an IPv4 address", target: words("127.0.0.1:9") })
)

export const cases = [...right, ...sockets, ...refused, ...wrong]
