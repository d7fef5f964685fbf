import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Target from "../../src/smtp/Target.js"

const parsed = (text: string): Target.Target => {
  const result = Target.parse(text)
  if (Either.isLeft(result)) assert.fail(`${text} was refused: ${result.left}`)
  return result.right
}

const reason = (text: string): string => {
  const result = Target.parse(text)
  if (Either.isRight(result)) assert.fail(`${text} was taken as ${JSON.stringify(result.right)}`)
  return result.left
}

describe("parse", () => {
  const targets: ReadonlyArray<readonly [text: string, target: Target.Target]> = [
    ["localhost", Target.inet("localhost", 25)],
    ["localhost:", Target.inet("localhost", 25)],
    ["localhost:2525", Target.inet("localhost", 2525)],
    ["inet:localhost:2525", Target.inet("localhost", 2525)],
    ["inet:mail.example.com", Target.inet("mail.example.com", 25)],
    ["inet:inet:2525", Target.inet("inet", 2525)],
    ["127.0.0.1", Target.inet("127.0.0.1", 25)],
    ["127.0.0.1:1", Target.inet("127.0.0.1", 1)],
    ["127.0.0.1:65535", Target.inet("127.0.0.1", 65535)],
    ["[127.0.0.1]", Target.inet("127.0.0.1", 25)],
    ["[127.0.0.1]:", Target.inet("127.0.0.1", 25)],
    ["[mail.example.com]:2525", Target.inet("mail.example.com", 2525)],
    ["[::1]", Target.inet("::1", 25)],
    ["[::1]:2525", Target.inet("::1", 2525)],
    ["[ipv6:::1]:2525", Target.inet("::1", 2525)],
    ["[IPv6:fe80::1%eth0]:25", Target.inet("fe80::1%eth0", 25)],
    ["host:smtp", Target.inet("host", 25)],
    ["host:lmtp", Target.inet("host", 24)],
    ["host:submission", Target.inet("host", 587)],
    ["host:submissions", Target.inet("host", 465)],
    ["host_1.my-net:25", Target.inet("host_1.my-net", 25)],
    ["unix:/var/run/lmtp", Target.unix("/var/run/lmtp")],
    ["unix:relative/path:25", Target.unix("relative/path:25")],
    [`unix:${"x".repeat(107)}`, Target.unix("x".repeat(107))]
  ]
  for (const [text, target] of targets) {
    it(`reads ${text.slice(0, 40)} (S2.1 to S2.3)`, () => assert.deepStrictEqual(parsed(text), target))
  }

  const hostExpected = "a host name, an IPv4 address, or an IPv6 address in brackets is expected"
  const portsExpected = "expected a number, or smtp, mail, lmtp, submission, submissions, smtps"
  const refused: ReadonlyArray<readonly [text: string, reason: string]> = [
    ["[::1", '"]" is missing'],
    ["[::1]25", '":" and a port, or nothing, is expected after "]"'],
    ["[ipv6:zz]:25", "this is no IPv6 address"],
    ["[ipv6:127.0.0.1]", "this is no IPv6 address"],
    [":25", "no host"],
    ["inet::25", "no host"],
    ["", "no host"],
    ["[]:25", "no host"],
    ["::1", "an IPv6 address stands in brackets, as in [::1]:25"],
    ["127.1", hostExpected],
    ["2130706433", hostExpected],
    ["-x", hostExpected],
    ["a..b", hostExpected],
    ["256.0.0.1", hostExpected],
    ["two words", hostExpected],
    ["host:25x", "25x is no port number"],
    ["host:0", "port 0 is not between 1 and 65535"],
    ["host:65536", "port 65536 is not between 1 and 65535"],
    ["host:99999999999999999999", "port 99999999999999999999 is not between 1 and 65535"],
    ["host:gopher", `unknown port gopher: ${portsExpected}`],
    ["host:toString", `unknown port toString: ${portsExpected}`],
    ["unix:", "no pathname after unix:"],
    ["smtp://host:25", "a target is host:port or unix:pathname, and not a URL"],
    [`unix:${"x".repeat(108)}`, "a pathname of at most 107 bytes is expected"],
    [`unix:${"é".repeat(54)}`, "a pathname of at most 107 bytes is expected"]
  ]
  for (const [text, expected] of refused) {
    it(`refuses ${JSON.stringify(text.slice(0, 40))}, and says why (S2.1, S2.2)`, () => {
      assert.strictEqual(reason(text), `${JSON.stringify(text)}: ${expected}`)
    })
  }

  it("refuses line breaks and NUL, in a path too", () => {
    for (const text of ["host\n:25", "host:25\r", "unix:/a\0b", "unix:/a\nb"]) {
      assert.strictEqual(reason(text), "a target holds no line break and no NUL")
    }
  })

  it("reads back what format writes", () => {
    const label = fc.stringMatching(/^[a-z_][a-z0-9_-]{0,20}[a-z0-9]$/)
    const port = fc.integer({ min: 1, max: 65535 })
    const target = fc.oneof(
      fc
        .tuple(
          fc.oneof(
            fc.array(label, { minLength: 1, maxLength: 4 }).map((labels) => labels.join(".")),
            fc.ipV4(),
            fc.ipV6()
          ),
          port
        )
        .map(([host, port]) => Target.inet(host, port)),
      fc.stringMatching(/^[/a-z0-9:.[\]]{1,60}$/).map(Target.unix)
    )
    fc.assert(
      fc.property(target, (target) => assert.deepStrictEqual(parsed(Target.format(target)), target)),
      { seed: 1, numRuns: 2_000 }
    )
  })
})

describe("isIpv6", () => {
  it("takes every form of RFC 4291", () => {
    for (const text of [
      "::",
      "::1",
      "1::",
      "2001:db8::8:800:200C:417A",
      "2001:db8:0:0:8:800:200c:417a",
      "1:2:3:4:5:6:7::",
      "::2:3:4:5:6:7:8",
      "::ffff:127.0.0.1",
      "1:2:3:4:5:6:1.2.3.4",
      "fe80::1%eth0"
    ]) {
      assert.isTrue(Target.isIpv6(text), text)
    }
  })

  it("refuses what looks like one", () => {
    for (const text of [
      "",
      ":",
      ":::",
      "1:2:3:4:5:6:7",
      "1:2:3:4:5:6:7:8:9",
      "1:2:3:4:5:6:7:8::",
      "1::2::3",
      "12345::",
      "g::",
      "1:2:3:4:5:6:7:1.2.3.4",
      "::256.0.0.1",
      "1.2.3.4",
      "1.2.3.4::",
      "fe80::1%",
      ":1::",
      "1:"
    ]) {
      assert.isFalse(Target.isIpv6(text), text)
    }
  })

  it("takes any address that fast-check writes", () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => assert.isTrue(Target.isIpv6(text))),
      { seed: 2, numRuns: 5_000 }
    )
  })
})

describe("isHostName", () => {
  it("takes host names by the rules of S1.9", () => {
    for (const name of ["a", "a.b", "my-host", "_dmarc.x", "1a", "1.a", `${"x".repeat(63)}.y`, "x--y"]) {
      assert.isTrue(Target.isHostName(name), name)
    }
    assert.isTrue(Target.isHostName(`${"x.".repeat(127)}x`))
  })

  it("refuses what breaks them", () => {
    for (const name of [
      "",
      ".",
      "a.",
      ".a",
      "a..b",
      "-a",
      "a-",
      "a.-b",
      "a-.b",
      "1",
      "1.2",
      "é",
      "a b",
      "a/b",
      "a:b"
    ]) {
      assert.isFalse(Target.isHostName(name), name)
    }
    assert.isFalse(Target.isHostName("x".repeat(64)))
    assert.isFalse(Target.isHostName(`${"x.".repeat(127)}xx`))
  })
})

describe("isIpv4", () => {
  it("takes four numbers of 0 to 255, and nothing else", () => {
    for (const text of ["0.0.0.0", "255.255.255.255", "127.0.0.1"]) assert.isTrue(Target.isIpv4(text), text)
    for (const text of [
      "",
      "1.2.3",
      "1.2.3.4.5",
      "256.1.1.1",
      "1.2.3.",
      "1.2.3.x",
      "1.2.3.0004",
      "-1.2.3.4",
      " 1.2.3.4"
    ]) {
      assert.isFalse(Target.isIpv4(text), text)
    }
  })
})
