import { spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))

let directory = ""
beforeAll(() => {
  directory = fs.mkdtempSync(path.join(os.tmpdir(), "auth-"))
})
afterAll(() => fs.rmSync(directory, { recursive: true }))

const file = (name: string, text: string, mode = 0o600): string => {
  const where = path.join(directory, name)
  fs.writeFileSync(where, text, { mode })
  return where
}

const mark = "MARKpa55word"

/** Runs the command itself, with a password in the environment. */
const run = (args: ReadonlyArray<string>, input = "") =>
  spawnSync(process.execPath, ["dist/bin/smtp-source.js", ...args], {
    cwd: root,
    encoding: "utf8",
    input,
    env: { ...process.env, SMTP_SOURCE_PASSWORD: mark }
  })

interface Ended {
  readonly status: number | null
  readonly text: string
}

/** The same, while this process serves it. */
const runAside = (args: ReadonlyArray<string>): Promise<Ended> =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, ["dist/bin/smtp-source.js", ...args], {
      cwd: root,
      env: { ...process.env, SMTP_SOURCE_PASSWORD: mark }
    })
    let text = ""
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()))
    child.on("close", (status) => resolve({ status, text }))
  })

describe("--sink --auth", () => {
  it("logs in at a sink that lets in nobody else, and reports tell of it", () => {
    const { status, stderr, stdout } = run([
      ...["--sink", "--auth", "auto", "--user", "load", "-d", "-s", "3", "-m", "30"],
      ...["--report", "json", "--fail-if", "p99(auth) > 60s"]
    ])
    assert.strictEqual(status, 0, stderr)
    const { durations, messages } = JSON.parse(stdout)
    assert.strictEqual(messages.accepted, 30)
    assert.strictEqual(durations.find((row: { readonly of: string }) => row.of === "auth")?.count, 3)
  })

  it.each(["scram-sha-256", "oauthbearer", "external"])("%s, under TLS", (mechanism) => {
    const who = ["external", "anonymous"].includes(mechanism) ? [] : ["--user", "load"]
    const { status, stderr } = run(["--sink", "--tls", "starttls", "--auth", mechanism, ...who, "-v"])
    assert.strictEqual(status, 0, stderr)
    assert.match(stderr, new RegExp(`^AUTH ${mechanism.toUpperCase()}( \\*\\*\\*)?$`, "m"))
  })

  it("takes the password from a file, or from standard input", () => {
    const where = file("password", `${mark}\n`)
    for (const [source, input] of [
      [where, ""],
      ["-", `${mark}\n`]
    ] as const) {
      const { status, stderr } = run(["--sink", "--auth", "plain", "--user", "load", "--password-file", source], input)
      assert.deepStrictEqual([status, stderr], [0, ""])
    }
  })

  it("warns of a file that others can read", () => {
    const where = file("open", `${mark}\n`, 0o644)
    const { status, stderr } = run(["--sink", "--auth", "plain", "--user", "load", "--password-file", where])
    assert.strictEqual(status, 0)
    assert.strictEqual(stderr, `smtp-source: warning: others than its owner can read --password-file ${where}\n`)
  })

  it("logs in as many accounts, in several threads, each connection as the next", () => {
    const rows = Array.from({ length: 5000 }, (_, index) => `user${index},${mark}${index}\n`)
    const where = file("accounts.csv", `user,password\n${rows.join("")}`)
    const { status, stderr, stdout } = run([
      ...["--sink", "--auth", "plain", "--accounts", where, "--account-order", "round", "--workers", "2"],
      ...["-s", "4", "-m", "400", "--report", "json"]
    ])
    assert.strictEqual(status, 0, stderr)
    const { auth, messages } = JSON.parse(stdout)
    assert.strictEqual(messages.accepted, 400)
    assert.deepStrictEqual(auth, {
      mechanisms: [{ mechanism: "PLAIN", accepted: 400, deferred: 0, refused: 0, failed: 0 }],
      accounts: 5000,
      used: 400
    })
  })
})

describe("what is wrong with a login", () => {
  it.each([
    [["--user", "u"], /fatal: --user without --auth: add --auth auto, or --auth with the names of mechanisms$/],
    [["--auth", "nope", "--user", "u"], /--auth: expected off, auto, or one or more of scram-sha-256/],
    [["--auth", "auto", "--user", "u", "--password-file", "/nowhere"], /--password-file: \/nowhere: no such file/],
    [["--auth", "auto", "--accounts", "package.json"], /--accounts: package\.json, line 1: expected the names/]
  ])("%j is told in one line, before anything is sent", (args, reason) => {
    const { status, stderr } = run([...args, "localhost:9"])
    assert.strictEqual(status, 1)
    assert.lengthOf(stderr.trimEnd().split("\n"), 1)
    assert.match(stderr.trimEnd(), reason)
  })

  it("a password is not sent to another machine in clear text", () => {
    const { status, stderr } = run(["--auth", "plain", "--user", "u", "192.0.2.1"])
    assert.strictEqual(status, 1)
    assert.match(stderr, /use --tls, or --auth-insecure$/m)
  })

  it("--dry-run shows that there is a login, and where", () => {
    const { stdout } = run(["--dry-run", "--auth", "auto", "--user", "load", "-M", "me.example", "localhost"])
    assert.match(stdout, /\nEHLO me\.example\nAUTH \*\*\*\nMAIL FROM/)
  })
})

/** A server that repeats what it is told, as it came and decoded, at once and later. */
const echoing = (accepts: boolean): Promise<{ readonly port: number; readonly close: () => void }> =>
  new Promise((resolve) => {
    const server = net.createServer((socket) => {
      socket.on("error", () => undefined)
      let asked = 0
      let heard = ""
      let pending = ""
      socket.write("220 echo\r\n")
      socket.on("data", (chunk) => {
        pending += chunk.toString("latin1")
        const lines = pending.split("\r\n")
        pending = lines.pop() ?? ""
        for (const line of lines) socket.write(`${answer(line)}\r\n`)
      })
      const answer = (line: string): string => {
        if (/^EHLO/i.test(line)) return "250-echo\r\n250 AUTH PLAIN LOGIN XOAUTH2 CRAM-MD5"
        if (/^(MAIL|RCPT|QUIT)/.test(line)) return `550 5.0.0 ${heard}`
        heard += ` ${line} ${Buffer.from(line.split(" ").at(-1)!, "base64")
          .toString("latin1")
          .replace(/[\0-\x1f]/g, " ")}`
        const rounds = /LOGIN/.test(heard) ? 2 : /CRAM/.test(heard) ? 1 : 0
        if (asked++ < rounds) return `334 ${Buffer.from(`say${asked}`).toString("base64")}`
        return accepts ? `235 2.7.0 ${heard}` : `535-5.7.8 ${heard}\r\n535 5.7.8 ${heard}`
      }
    })
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo
      resolve({ port, close: () => server.close() })
    })
  })

/** The password as it is, and as it stands in base64 of whatever begins before it. */
const forms = [
  mark,
  ...[0, 1, 2].map((before) =>
    Buffer.from("x".repeat(before) + mark)
      .toString("base64")
      .slice(4, 14)
  )
]

const scan = (what: string, text: string): void => {
  for (const form of forms) assert.notInclude(text, form, what)
}

describe("the password", () => {
  it.each(["plain", "login", "xoauth2", "cram-md5"])(
    "is nowhere, with a server that repeats it: %s",
    async (mechanism) => {
      const formats = ["text", "json", "csv", "hgrm", "prometheus", "junit", "html", "ndjson"]
      // One that refuses repeats it in refusals; one that does not, in the reply to MAIL.
      for (const accepts of mechanism === "plain" ? [true, false] : [false]) {
        const reports = fs.mkdtempSync(path.join(directory, "reports-"))
        const server = await echoing(accepts)
        const { status, text } = await runAside([
          ...["--auth", mechanism, "--user", "me", "-v", "-v", "--summary", "--keep-going", "-m", "3", "-d"],
          ...formats.flatMap((format) => ["--report", `${format}=${path.join(reports, `run.${format}`)}`]),
          `127.0.0.1:${server.port}`
        ])
        server.close()
        assert.strictEqual(status, 1, text)
        assert.include(text, "***")
        assert.match(text, /^smtp-source: logins by [A-Z0-9-]+: \d+ accepted/m)
        scan("output", text)
        const written = fs.readdirSync(reports)
        assert.isAtLeast(written.length, formats.length)
        for (const name of written) scan(name, fs.readFileSync(path.join(reports, name), "utf8"))
      }
    }
  )

  it("is not in what ends a run, nor in what --dry-run prints, nor in a panic of a file that is none", async () => {
    const server = await echoing(false)
    const { status, text } = await runAside(["--auth", "plain", "--user", "me", `127.0.0.1:${server.port}`])
    server.close()
    assert.strictEqual(status, 1)
    assert.match(text, /^smtp-source: fatal: login rejected: 535 5\.7\.8 .*\*\*\*/m)
    scan("fatal", text)
    const secret = file("secret.csv", `user,password\nme,${mark}\nyou,"${mark}\n`)
    for (const args of [
      ["--dry-run", "--auth", "plain", "--user", "me", "localhost"],
      ["--dry-run", "--auth", "plain", "--accounts", secret, "localhost"],
      ["--auth", "plain", "--accounts", secret, "localhost"],
      ["--auth", "plain", "--user", "me", "--password-file", secret, "localhost"]
    ]) {
      const { stderr, stdout } = run(args)
      scan(args.join(" "), stderr + stdout)
    }
  })
})
