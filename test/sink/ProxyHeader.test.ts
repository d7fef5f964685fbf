import { assert, describe, it } from "@effect/vitest"
import * as fc from "fast-check"
import * as ProxyHeader from "../../src/sink/ProxyHeader.js"
import * as SmtpSink from "../../src/sink/SmtpSink.js"
import * as ClientIdentity from "../../src/smtp/ClientIdentity.js"
import * as IpAddress from "../../src/smtp/IpAddress.js"

const end = (size: 4 | 16) =>
  fc.record({
    address: fc.uint8Array({ minLength: size, maxLength: size }),
    port: fc.integer({ min: 0, max: 65_535 })
  })

const header = fc.tuple(fc.constantFrom<1 | 2>(1, 2), fc.constantFrom<4 | 16>(4, 16)).chain(([version, size]) =>
  fc.tuple(end(size), end(size)).map(([source, destination]) => ({
    client: IpAddress.format(source.address),
    bytes: Buffer.from(ClientIdentity.proxyHeader(version, source, destination), "latin1")
  }))
)

const latin1 = (text: string) => Buffer.from(text, "latin1")
const signature = "\r\n\r\n\0\r\nQUIT\n"

/** What a sink with these settings says to a client with this address, piece by piece. */
const talk = (proxy: string, client: string | undefined, pieces: ReadonlyArray<string | Buffer>) => {
  const clients: Array<string | undefined> = []
  const sink = SmtpSink.make({
    proxy,
    tap: (transaction) => {
      clients.push(transaction.client)
      return undefined
    }
  })
  const session = sink.open(client)
  let said = Buffer.from(session.greeting ?? []).toString("latin1")
  for (const piece of pieces) {
    const bytes = typeof piece === "string" ? latin1(piece) : piece
    said += Buffer.from(session.push(bytes) ?? []).toString("latin1")
  }
  session.closed()
  return { said, clients, verdict: session.verdict, counts: sink.counts() }
}

const message = "EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\n"

describe("the header of the PROXY protocol", () => {
  it("is read as it is written, wherever it is cut, and what follows is left", () => {
    fc.assert(
      fc.property(header, fc.uint8Array({ maxLength: 20 }), ({ bytes, client }, rest) => {
        const all = Buffer.concat([bytes, rest])
        assert.deepStrictEqual(ProxyHeader.parse(all), { _tag: "Header", length: bytes.length, client })
        for (let cut = 0; cut < bytes.length; cut++) {
          assert.deepStrictEqual(ProxyHeader.parse(all.subarray(0, cut)), { _tag: "More" })
        }
      })
    )
  })

  it("names no client where a balancer speaks for itself", () => {
    for (const text of [
      "PROXY UNKNOWN\r\n",
      "PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n",
      `${signature}\x20\x11\0\x0c${"\x01".repeat(12)}`,
      `${signature}\x20\0\0\0`,
      `${signature}\x21\x31\0\x05abcde`
    ]) {
      const length = latin1(text).length
      assert.deepStrictEqual(ProxyHeader.parse(latin1(text)), { _tag: "Header", length, client: undefined }, text)
    }
  })

  it("has what may follow the addresses skipped", () => {
    const text = `${signature}\x21\x11\0\x10\xc0\0\x02\x07\x01\x02\x03\x04\0\x19\0\x19TLVs`
    assert.deepStrictEqual(ProxyHeader.parse(latin1(text)), { _tag: "Header", length: 32, client: "192.0.2.7" })
  })

  it("is none where anything is wrong with it, as soon as that is known", () => {
    for (const text of [
      "EHLO",
      "QUIT\r\n",
      "PROXX",
      "\r\nHELO",
      `PROXY TCP4 ${"1".repeat(107)}`,
      "PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n",
      "PROXY TCP4 192.0.2.256 192.0.2.2 1 2\r\n",
      "PROXY TCP4 ::1 ::2 1 2\r\n",
      "PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
      "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
      "PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n",
      `${signature}\x11\x11\0\x0c`,
      `${signature}\x22\x11\0\x0c`,
      `${signature}\x21\x11\xff\xff`,
      `${signature}\x21\x11\0\x0b${"\x01".repeat(11)}`,
      `${signature}\x21\x21\0\x0c${"\x01".repeat(12)}`
    ]) {
      assert.deepStrictEqual(ProxyHeader.parse(latin1(text)), { _tag: "Wrong" }, JSON.stringify(text))
    }
  })
})

describe("a sink behind a load balancer", () => {
  it("knows the client by the header, however it comes in pieces, and greets after it", () => {
    fc.assert(
      fc.property(header, fc.nat(200), ({ bytes, client }, place) => {
        const all = Buffer.concat([bytes, latin1(message)])
        const cut = place % all.length
        const { clients, counts, said } = talk("any", "127.0.0.1", [all.subarray(0, cut), all.subarray(cut)])
        assert.deepStrictEqual(clients, [client])
        assert.match(said, /^220 localhost ESMTP\r\n250-/)
        assert.deepStrictEqual([counts.sessions, counts.messages, counts.unproxied], [1, 1, 0])
      }),
      { numRuns: 50 }
    )
    assert.deepStrictEqual(talk("any", "127.0.0.9", [`PROXY UNKNOWN\r\n${message}`]).clients, ["127.0.0.9"])
  })

  it("closes a connection that begins otherwise, without a word, and counts it", () => {
    const { counts, said, verdict } = talk("any", "127.0.0.1", ["EHLO x\r\n", message])
    assert.deepStrictEqual([said, verdict, counts.sessions, counts.messages, counts.unproxied], ["", "close", 0, 0, 1])
  })

  it("counts a client that waits for a greeting, or says half a header, and goes away", () => {
    for (const pieces of [[], ["PROXY TCP4"]]) {
      const { counts, said } = talk("any", "127.0.0.1", pieces)
      assert.deepStrictEqual([said, counts.sessions, counts.unproxied], ["", 0, 1])
    }
  })

  it("expects the header from those addresses alone, and does not know it from others", () => {
    const nets = "10.0.0.0/8, 2001:db8::/33"
    const head = "PROXY TCP4 192.0.2.7 192.0.2.2 1 2\r\n"
    for (const client of ["10.255.0.1", "::ffff:10.0.0.1", "2001:db8:7fff::1"]) {
      assert.deepStrictEqual(talk(nets, client, [head + message]).clients, ["192.0.2.7"], client)
    }
    for (const client of ["11.0.0.1", "::ffff:11.0.0.1", "2001:db8:8000::1", "::a00:1", undefined]) {
      const { clients, said } = talk(nets, client, [head + message])
      assert.deepStrictEqual(clients, [client])
      assert.match(said, /^220 localhost ESMTP\r\n500 5\.5\.2 /)
    }
  })
})
