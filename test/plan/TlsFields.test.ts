import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as Plan from "../../src/plan/Plan.js"
import * as TlsFields from "../../src/plan/TlsFields.js"
import * as Target from "../../src/smtp/Target.js"
import * as FilesInMemory from "./FilesInMemory.js"

const target = Target.inet("mail.example.com", 25)

const settingsOf = (input: Plan.PlanInput, to: Target.Target = target) =>
  TlsFields.use(Plan.make({ tls: "starttls", ...input }), {}, to)?.settings

const pin = `sha256:${Buffer.alloc(32, 1).toString("base64")}`

describe("the fields of TLS", () => {
  it("off is no TLS", () => {
    assert.isUndefined(TlsFields.use(Plan.make({}), {}, target))
  })

  it.each(["starttls", "if-offered", "implicit"] as const)("%s is how", (tls) => {
    assert.strictEqual(TlsFields.use(Plan.make({ tls }), {}, target)?.how, tls)
  })

  it("by default the server is verified by its name, with TLS 1.2 or 1.3", () => {
    assert.deepInclude(settingsOf({}), {
      name: "mail.example.com",
      verify: "full",
      oldest: "1.2",
      newest: "1.3",
      pins: [],
      resume: 0
    })
    assert.strictEqual(settingsOf({}, Target.unix("/run/lmtp"))?.name, "localhost")
  })

  it.each<readonly [Plan.PlanInput, object]>([
    [{ tlsVerify: "chain" }, { verify: "chain" }],
    [{ tlsVerify: "none" }, { verify: "none" }],
    [{ tlsName: "other.example.com" }, { name: "other.example.com" }],
    [{ tlsPins: [pin] }, { pins: [pin.slice(7)] }],
    [{ tlsVersions: "1.3" }, { oldest: "1.3", newest: "1.3" }],
    [{ tlsVersions: "1.0..1.2" }, { oldest: "1.0", newest: "1.2" }],
    [{ tlsCiphers: "A:B" }, { ciphers: "A:B" }],
    [{ tlsGroups: "X25519" }, { groups: "X25519" }],
    [{ tlsResume: "on" }, { resume: 1 }],
    [{ tlsResume: "80%" }, { resume: 0.8 }],
    [{ tlsKeylog: "keys" }, { keylog: "keys" }]
  ])("%j", (input, settings) => {
    assert.deepInclude(settingsOf(input), settings)
  })

  it("what a user should know of them is told", () => {
    const notices = (input: Plan.PlanInput) => TlsFields.notices(Plan.make(input))
    assert.deepStrictEqual(notices({}), [])
    assert.deepStrictEqual(notices({ tls: "starttls", tlsCiphers: "HIGH:DEFAULT@SECLEVEL=0" }), [])
    const old = { tlsCiphers: "ECDHE-RSA-AES128-GCM-SHA256" }
    const shaped = { shapes: ["1: tls implicit", "1"], tlsKeylog: "/tmp/keys", ...old }
    const [keylog, ciphers, ...rest] = notices(shaped)
    assert.match(keylog!, /^--tls-keylog: .* in \/tmp\/keys: /)
    assert.match(ciphers!, /^--tls-ciphers names none of TLS 1\.3/)
    assert.deepStrictEqual(rest, [])
    assert.deepStrictEqual(notices({ tls: "starttls", ...old, tlsVersions: "1.2" }), [])
    assert.deepStrictEqual(notices({ tls: "starttls", tlsCiphers: `${old.tlsCiphers}:TLS_AES_128_GCM_SHA256` }), [])
  })

  it.each<readonly [Plan.PlanInput, RegExp]>([
    [{ tlsVersions: "1.4" }, /tlsVersions.*expected a TLS version/],
    [{ tlsVersions: "1.3..1.2" }, /tlsVersions.*the older version comes first/],
    [{ tlsPins: ["sha256:short"] }, /tlsPins.*44 characters/],
    [{ tlsResume: "120%" }, /tlsResume.*share/],
    [{ tlsName: "a\nb" }, /tlsName.*line break/]
  ])("%j is refused", (input, reason) => {
    assert.match(Plan.problems({ tls: "starttls", ...input }).join("\n"), reason)
  })

  it.each<readonly [Plan.PlanInput, RegExp]>([
    [{ tlsVerify: "none" }, /options that begin with --tls- need --tls/],
    [{ tls: "starttls", tlsPins: [pin], tlsVerify: "full" }, /exclude each other/],
    [{ tls: "starttls", tlsKey: "key" }, /--tls-key needs --tls-cert/],
    [{ tls: "starttls", bare: true }, /STARTTLS needs EHLO/],
    [{ tls: "if-offered", bare: true }, /STARTTLS needs EHLO/]
  ])("%j cannot be", (input, rule) => {
    assert.match(Plan.problems(input).join("\n"), rule)
  })

  it("a copy of a plan without TLS is the same plan", () => {
    const plan = Plan.make({})
    assert.deepStrictEqual(Plan.problems({ ...plan }), [])
    assert.deepStrictEqual(Plan.make({ ...plan }), plan)
  })

  it("implicit TLS and -o go together: both do without EHLO", () => {
    assert.deepStrictEqual(Plan.problems({ tls: "implicit", bare: true }), [])
  })
})

const read = (input: Plan.PlanInput, contents: FilesInMemory.Files, passphrase?: string) =>
  TlsFields.read(Plan.make({ tls: "starttls", ...input })).pipe(
    Effect.provide(FilesInMemory.layer(contents)),
    Effect.provide(
      Layer.setConfigProvider(
        ConfigProvider.fromMap(new Map(passphrase === undefined ? [] : [["SMTP_SOURCE_TLS_PASSPHRASE", passphrase]]))
      )
    )
  )

describe("the files of TLS", () => {
  const pem = { certificate: "-----BEGIN CERTIFICATE-----\n", key: "-----BEGIN PRIVATE KEY-----\nKEY" }

  it.effect("are read, with the passphrase, and hide what is secret", () =>
    Effect.gen(function* () {
      const contents = { ca: pem.certificate, cert: pem.certificate, key: pem.key }
      const got = yield* read({ tlsCa: "ca", tlsCert: "cert", tlsKey: "key" }, contents, "open sesame")
      assert.strictEqual(got.ca, pem.certificate)
      assert.deepStrictEqual(Redacted.value(got.identity!), {
        certificate: pem.certificate,
        key: pem.key,
        passphrase: "open sesame"
      })
      assert.notMatch(`${JSON.stringify(got)} ${String(got.identity)}`, /KEY|sesame/)
      const { settings } = TlsFields.use(Plan.make({ tls: "implicit" }), got, target)!
      assert.strictEqual(settings.ca, pem.certificate)
      assert.strictEqual(settings.identity, got.identity)
    })
  )

  it.effect("a certificate may have its key in the same file", () =>
    Effect.gen(function* () {
      const both = pem.certificate + pem.key
      const got = yield* read({ tlsCert: "both" }, { both })
      assert.deepInclude(Redacted.value(got.identity!), { certificate: both, key: both })
    })
  )

  it.effect("one that cannot be read is named, with its option", () =>
    Effect.gen(function* () {
      for (const [input, message] of [
        [{ tlsCa: "x" }, "--tls-ca x: no such file or directory"],
        [{ tlsCert: "x" }, "--tls-cert x: no such file or directory"],
        [{ tlsCert: "cert", tlsKey: "x" }, "--tls-key x: no such file or directory"],
        [{ tlsCa: "other" }, "--tls-ca other: no certificate in PEM form"],
        [{ tlsCert: "other" }, "--tls-cert other: no certificate in PEM form"],
        [{ tlsCert: "cert" }, "--tls-cert cert: no private key in PEM form: --tls-key names its file"],
        [{ tlsCert: "cert", tlsKey: "other" }, "--tls-key other: no private key in PEM form"]
      ] as const) {
        const error = yield* Effect.flip(read(input, { cert: pem.certificate, other: "mail,name" }))
        assert.strictEqual(error.message, message)
      }
    })
  )

  it.effect("none is read where TLS is off", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Effect.provide(TlsFields.read(Plan.make({})), FilesInMemory.layer({})), {})
    })
  )
})
