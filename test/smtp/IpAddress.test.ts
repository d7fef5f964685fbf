import * as net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as IpAddress from "../../src/smtp/IpAddress.js"

describe("IpAddress", () => {
  it("agrees with Node on what is an address, and which one; its own text reads back", () => {
    const texts = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.stringOf(fc.constantFrom(..."0123456789abcdefF:."), { maxLength: 40 })
    )
    fc.assert(
      fc.property(texts, (text) => {
        const bytes = IpAddress.parse(text)
        assert.strictEqual(bytes === undefined ? 0 : bytes.length === 4 ? 4 : 6, net.isIP(text), text)
        if (bytes === undefined) return
        const family = bytes.length === 4 ? "ipv4" : "ipv6"
        const { address } = new net.SocketAddress({ address: text, family })
        assert.deepStrictEqual(IpAddress.parse(address), bytes)
        assert.deepStrictEqual(IpAddress.parse(IpAddress.format(bytes)), bytes)
      }),
      { numRuns: 2000 }
    )
  })

  it.each([
    ["2001:db8::1", "20010db8000000000000000000000001"],
    ["::", "00000000000000000000000000000000"],
    ["::ffff:192.0.2.7", "00000000000000000000ffffc0000207"],
    ["1:2:3:4:5:6:7:8", "00010002000300040005000600070008"],
    ["192.0.2.255", "c00002ff"]
  ])("reads %s", (text, hex) => {
    assert.strictEqual(Buffer.from(IpAddress.parse(text)!).toString("hex"), hex)
  })

  it.each(["::", "::1", "1::", "2001:db8::1", "1:0:0:2::3", "1:0:2:3:4:5:6:7"])("writes %s as it was", (text) =>
    assert.strictEqual(IpAddress.format(IpAddress.parse(text)!), text)
  )

  it.each(["", "1.2.3", "1.2.3.256", "01.2.3.4", "1::2::3", ":1", "1:2:3:4:5:6:7", "12345::", "1.2.3.4::", "::%eth0"])(
    "refuses %s",
    (text) => assert.isUndefined(IpAddress.parse(text))
  )

  it("counts through a range, over the borders of bytes", () => {
    const range = IpAddress.parseRange("10.0.0.0/8")!
    assert.strictEqual(range.count, 2 ** 24)
    assert.strictEqual(IpAddress.format(IpAddress.at(range, 0)), "10.0.0.0")
    assert.strictEqual(IpAddress.format(IpAddress.at(range, 256)), "10.0.1.0")
    assert.strictEqual(IpAddress.format(IpAddress.at(range, 2 ** 24 - 1)), "10.255.255.255")
  })

  it("a range of IPv6 counts no further than a number can", () => {
    const range = IpAddress.parseRange("2001:db8::/64")!
    assert.strictEqual(range.count, 2 ** 32)
    assert.strictEqual(IpAddress.format(IpAddress.at(range, 2 ** 32 - 1)), "2001:db8::ffff:ffff")
  })

  it("a single address is a range of one", () => {
    assert.strictEqual(IpAddress.parseRange("192.0.2.7")!.count, 1)
  })

  it.each(["10.0.0.1/8", "10.0.0.0/33", "10.0.0.0/", "2001:db8::1/64", "x/8"])("refuses the range %s", (text) =>
    assert.isUndefined(IpAddress.parseRange(text))
  )
})
