import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as ClientIdentity from "../../src/smtp/ClientIdentity.js"
import * as IpAddress from "../../src/smtp/IpAddress.js"

const end = (address: string, port: number): ClientIdentity.End => ({ address: IpAddress.parse(address)!, port })

describe("the header of the PROXY protocol", () => {
  it("version 1 is a line", () => {
    assert.strictEqual(
      ClientIdentity.proxyHeader(1, end("192.0.2.7", 4711), end("127.0.0.1", 25)),
      "PROXY TCP4 192.0.2.7 127.0.0.1 4711 25\r\n"
    )
    assert.strictEqual(
      ClientIdentity.proxyHeader(1, end("2001:db8::7", 1), end("::1", 65535)),
      "PROXY TCP6 2001:db8::7 ::1 1 65535\r\n"
    )
  })

  it("version 2 is its bytes", () => {
    const header = ClientIdentity.proxyHeader(2, end("192.0.2.7", 4711), end("127.0.0.1", 25))
    assert.strictEqual(
      Buffer.from(header, "latin1").toString("hex"),
      "0d0a0d0a000d0a515549540a2111000cc00002077f00000112670019"
    )
    const six = Buffer.from(ClientIdentity.proxyHeader(2, end("2001:db8::7", 1), end("::1", 25)), "latin1")
    assert.strictEqual(six[13], 0x21)
    assert.strictEqual(six.readUInt16BE(14), 36)
    assert.lengthOf(six, 16 + 36)
  })

  it("version 1 is never longer than a server must read", () => {
    const address = fc.uint8Array({ minLength: 16, maxLength: 16 })
    fc.assert(
      fc.property(address, address, (from, to) => {
        const header = ClientIdentity.proxyHeader(1, { address: from, port: 65535 }, { address: to, port: 65535 })
        assert.isAtMost(header.length, 107)
      })
    )
  })
})

describe("XCLIENT", () => {
  it("has its attributes in xtext, and a prefix before an IPv6 address", () => {
    assert.strictEqual(
      ClientIdentity.xclient([
        ["NAME", "a b+c"],
        ["ADDR", "2001:db8::7"],
        ["PORT", "25"]
      ]),
      "XCLIENT NAME=a+20b+2Bc ADDR=IPV6:2001:db8::7 PORT=25\r\n"
    )
    assert.strictEqual(ClientIdentity.xclient([["ADDR", "[UNAVAILABLE]"]]), "XCLIENT ADDR=[UNAVAILABLE]\r\n")
  })
})
