import * as childProcess from "node:child_process"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "vitest"
import * as SelfSigned from "../../src/node/SelfSigned.js"

let directory = ""
beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "certificates-"))
})
afterAll(() => fs.rmSync(directory, { recursive: true }))

const save = (name: string, text: string): string => {
  const file = path.join(directory, name)
  fs.writeFileSync(file, text)
  return file
}

/** What OpenSSL's own tool says. */
const openssl = (...args: ReadonlyArray<string>) => {
  const { status, stderr, stdout } = childProcess.spawnSync("openssl", [...args], { encoding: "utf8" })
  return { status, text: stdout + stderr }
}

const hasOpenssl = childProcess.spawnSync("openssl", ["version"]).status === 0

const hosts = ["mail.example.com", "localhost", "127.0.0.1", "::1"] as const

describe("SelfSigned", () => {
  it("names its hosts and addresses, and matches its key", () => {
    const { certificate, key } = SelfSigned.selfSigned(hosts)
    const x509 = new crypto.X509Certificate(certificate)
    assert.strictEqual(x509.subject, "CN=mail.example.com")
    assert.strictEqual(x509.checkHost("localhost"), "localhost")
    assert.strictEqual(x509.checkIP("127.0.0.1"), "127.0.0.1")
    assert.strictEqual(x509.checkIP("::1"), "::1")
    assert.isUndefined(x509.checkHost("other.example.com"))
    assert.isUndefined(x509.checkIP("127.0.0.2"))
    assert.isTrue(x509.checkPrivateKey(crypto.createPrivateKey(key)))
    assert.isTrue(x509.verify(x509.publicKey))
    assert.isFalse(x509.ca)
  })

  it("is valid now, for a month", () => {
    const x509 = new crypto.X509Certificate(SelfSigned.selfSigned(["x"]).certificate)
    const days = (Date.parse(x509.validTo) - Date.parse(x509.validFrom)) / 86_400_000
    assert.isBelow(Date.parse(x509.validFrom), Date.now())
    assert.closeTo(days, 30 + 1 / 24, 0.01)
  })

  it("holds dates on both sides of 2050, where their form changes", () => {
    const from = new Date("2049-12-31T23:59:59Z")
    const to = new Date("2050-01-01T00:00:00Z")
    const x509 = new crypto.X509Certificate(SelfSigned.selfSigned(["x"], { from, to }).certificate)
    assert.strictEqual(Date.parse(x509.validFrom), from.getTime())
    assert.strictEqual(Date.parse(x509.validTo), to.getTime())
  })

  it("an authority signs for others", () => {
    const authority = SelfSigned.authority()
    const { certificate } = SelfSigned.issue(authority, hosts)
    const x509 = new crypto.X509Certificate(certificate)
    const ca = new crypto.X509Certificate(authority.certificate)
    assert.isTrue(ca.ca)
    assert.isTrue(x509.checkIssued(ca))
    assert.isTrue(x509.verify(ca.publicKey))
    assert.isFalse(new crypto.X509Certificate(SelfSigned.authority().certificate).publicKey.equals(ca.publicKey))
  })

  it("no two have the same serial number", () => {
    const serials = Array.from({ length: 20 }, () => {
      const { serialNumber } = new crypto.X509Certificate(SelfSigned.selfSigned(["x"]).certificate)
      return serialNumber
    })
    assert.strictEqual(new Set(serials).size, 20)
    assert.isTrue(serials.every((serial) => serial.length === 32))
  })

  it("a long list of hosts fits", () => {
    const many = Array.from({ length: 100 }, (_, index) => `host${index}.example.com`)
    const x509 = new crypto.X509Certificate(SelfSigned.selfSigned(["first", ...many]).certificate)
    assert.isDefined(x509.checkHost("host99.example.com"))
  })

  it.skipIf(!hasOpenssl)("OpenSSL verifies both kinds, strictly", () => {
    const authority = SelfSigned.authority()
    const ca = save("ca.pem", authority.certificate)
    const leaf = save("leaf.pem", SelfSigned.issue(authority, hosts).certificate)
    const own = save("own.pem", SelfSigned.selfSigned(hosts).certificate)
    const verify = (file: string, trusted: string, ...options: ReadonlyArray<string>) =>
      openssl("verify", "-CAfile", trusted, ...options, file)
    for (const [file, trusted] of [
      [leaf, ca],
      [own, own]
    ] as const) {
      assert.deepInclude(verify(file, trusted, "-purpose", "sslserver", "-verify_hostname", "localhost"), { status: 0 })
      assert.deepInclude(verify(file, trusted, "-purpose", "sslclient", "-verify_ip", "::1"), { status: 0 })
      assert.notStrictEqual(verify(file, trusted, "-verify_hostname", "other").status, 0)
    }
    assert.notStrictEqual(verify(leaf, own).status, 0)
  })

  it.skipIf(!hasOpenssl)("OpenSSL sees one that has expired", () => {
    const authority = SelfSigned.authority()
    const to = new Date(Date.now() - 1000)
    const leaf = save("old.pem", SelfSigned.issue(authority, ["x"], { to }).certificate)
    const { status, text } = openssl("verify", "-CAfile", save("ca2.pem", authority.certificate), leaf)
    assert.notStrictEqual(status, 0)
    assert.include(text, "has expired")
  })
})
