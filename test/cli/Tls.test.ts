import { spawnSync } from "node:child_process"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as SelfSigned from "../../src/node/SelfSigned.js"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

let directory = ""
beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "tls-"))
})
afterAll(() => fs.rmSync(directory, { recursive: true }))

/** Runs the command itself. */
const run = (...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, ["dist/bin/smtp-source.js", ...args], { cwd: root, encoding: "utf8" })

describe("--sink --tls", () => {
  it("speaks TLS with a certificate of its own, and reports tell of it", () => {
    const keylog = path.join(directory, "keys")
    const { status, stderr, stdout } = run(
      ...["--sink", "--tls", "starttls", "-d", "-s", "2", "-m", "20", "--report", "text", "--report", "json"],
      ...["--tls-versions", "1.2", "--tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384", "--tls-keylog", keylog]
    )
    assert.strictEqual(status, 0, stderr)
    assert.match(stderr, /^ {2}TLS +2 TLSv1\.2, TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384/m)
    assert.match(stderr, /^ +verified by chain and name$/m)
    const { durations, plan, tls } = JSON.parse(stdout)
    const count = (of: string) => durations.find((row: { readonly of: string }) => row.of === of)?.count
    assert.deepStrictEqual([count("tls"), count("starttls"), count("hello")], [2, 2, 4])
    assert.deepInclude(tls[0], { version: "TLSv1.2", resumed: false, trust: "name", count: 2 })
    assert.strictEqual(plan.tls, "starttls")
    assert.match(fs.readFileSync(keylog, "utf8"), /^CLIENT_RANDOM /m)
    assert.include(stderr, `smtp-source: warning: --tls-keylog: the secrets of this run's TLS are in ${keylog}: `)
  })

  it("works in several threads, and with resumption", () => {
    const { status, stderr, stdout } = run(
      ...["--sink", "--tls", "implicit", "-s", "4", "-m", "40", "--workers", "2", "--report", "json"],
      ...["--tls-resume", "on", "--tls-groups", "P-256"]
    )
    assert.strictEqual(status, 0, stderr)
    const { messages, tls } = JSON.parse(stdout)
    assert.strictEqual(messages.accepted, 40)
    const resumed = tls.filter((kind: { readonly resumed: boolean }) => kind.resumed)
    assert.isAbove(resumed.length, 0)
    assert.match(tls[0].group, /^(?:prime256v1|P-256)$/)
  })

  it("shows a certificate whose key has a passphrase, which the environment holds", () => {
    const { certificate, key } = SelfSigned.selfSigned(["client.example.com"])
    const file = path.join(directory, "identity.pem")
    const pem = crypto
      .createPrivateKey(key)
      .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "open sesame" })
    fs.writeFileSync(file, certificate + pem.toString())
    const args = ["dist/bin/smtp-source.js", "--sink", "--tls", "implicit", "--tls-cert", file, "-vv"]
    const withPassphrase = (passphrase: string) =>
      spawnSync(process.execPath, [...args, "--report", "json"], {
        cwd: root,
        encoding: "utf8",
        env: { ...process.env, SMTP_SOURCE_TLS_PASSPHRASE: passphrase }
      })
    const right = withPassphrase("open sesame")
    assert.strictEqual(right.status, 0, right.stderr)
    assert.notMatch(right.stderr + right.stdout, /warning|open sesame|PRIVATE KEY/)
    const wrong = withPassphrase("shut")
    assert.strictEqual(wrong.status, 1)
    assert.match(wrong.stderr, /^smtp-source: fatal: --tls-cert, --tls-key: .+$/m)
    assert.notMatch(wrong.stderr, /shut|PRIVATE KEY/)
  })

  it("--calibrate measures over TLS", () => {
    const { status, stderr, stdout } = run("--calibrate", "--tls", "starttls", "-s", "2")
    assert.strictEqual(status, 0, stderr)
    assert.match(stdout, /^as asked +[\d,]+ messages\/s/)
  })

  it("a server that is not the right one ends the run, with the reason", () => {
    const { status, stderr } = run("--sink", "--tls", "starttls", "--tls-name", "other.example.com")
    assert.strictEqual(status, 1)
    assert.match(
      stderr,
      /^smtp-source: fatal: TLS failed: the certificate is for .*localhost.*, not for other\.example\.com \(--tls-name expects another name, --tls-verify chain takes any\)$/m
    )
  })
})

describe("what is wrong with TLS", () => {
  it.each([
    [["--tls-verify", "none"], /options that begin with --tls- need --tls starttls, if-offered or implicit$/],
    [["--tls", "starttls", "-o"], /STARTTLS needs EHLO, which -o leaves out$/],
    [["--tls", "starttls", "--tls-ca", "/nowhere"], /--tls-ca \/nowhere: no such file or directory$/],
    [["--tls", "starttls", "--tls-ciphers", "NO-SUCH"], /--tls-ciphers: unknown to this machine's OpenSSL: "NO-SUCH"$/],
    [["--tls", "starttls", "--tls-cert", "package.json"], /--tls-cert package\.json: no certificate in PEM form$/]
  ])("%j is told in one line, before anything is sent", (args, reason) => {
    const { status, stderr } = run(...args, "localhost:9")
    assert.strictEqual(status, 1)
    assert.lengthOf(stderr.trimEnd().split("\n"), 1)
    assert.match(stderr.trimEnd(), reason)
  })

  it("--dry-run shows the dialogue, STARTTLS in it", () => {
    const { stdout } = run("--dry-run", "--tls", "starttls", "-M", "me.example", "localhost")
    assert.match(stdout, /\nEHLO me\.example\nSTARTTLS\nEHLO me\.example\nMAIL FROM/)
  })
})
