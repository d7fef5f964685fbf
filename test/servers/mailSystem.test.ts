/**
 * TLS, logins, extensions and client identity, against Postfix and Dovecot: what the command reports and what the servers
 * log is the same.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { main } from "../../src/command.js"
import * as SelfSigned from "../../src/node/SelfSigned.js"
import { Output } from "../../src/report/Output.js"
import * as CapturedOutput from "../cli/CapturedOutput.js"
import * as MailSystem from "./MailSystem.js"
import * as RealServer from "./RealServer.js"

const system = MailSystem.make()
const missing = system.available ? "" : ` (this machine lacks ${system.lacks.join(" and ")})`

/** What is looked at of a report in JSON. */
interface Report {
  readonly messages: { readonly [end: string]: number }
  readonly tls?: ReadonlyArray<{ readonly [of: string]: unknown; readonly count: number; readonly resumed: boolean }>
  readonly auth?: { readonly mechanisms: ReadonlyArray<{ readonly [of: string]: string | number }> }
  readonly errors: ReadonlyArray<{ readonly [of: string]: string | number }>
  readonly replies: ReadonlyArray<{ readonly step: string; readonly code: number; readonly count: number }>
}

interface End {
  readonly status: number
  readonly stderr: string
  readonly report: Report
}

/** Runs the command to its end, in this process: a process for each would take longer than all that it does. */
const send = (words: ReadonlyArray<string>): Effect.Effect<End> =>
  Effect.suspend(() => {
    const { output, written } = CapturedOutput.make()
    const running = main(["--report", "json", "--timeout", "20", ...words])
    return Effect.map(Effect.provideService(running, Output, output), (status) => {
      const { stderr, stdout } = written
      const report: Report = stdout === "" ? { messages: {}, errors: [], replies: [] } : JSON.parse(stdout)
      return { status, stderr, report }
    })
  })

/** How often a step was answered by this code. */
const repliesOf = ({ replies }: Report, step: string, code: number): number | undefined =>
  replies.find((row) => row.step === step && row.code === code)?.count

/** The same, of a run in which every message must be accepted. */
const sendAll = (count: number, words: ReadonlyArray<string>): Effect.Effect<Report> =>
  Effect.map(send(["-m", String(count), ...words]), ({ report, status, stderr }) => {
    assert.strictEqual(status, 0, stderr)
    assert.strictEqual(report.messages.accepted, count)
    return report
  })

describe(`Postfix and Dovecot${missing}`, () => {
  const started = RealServer.shared(system, { afterAll, beforeAll })

  /** Waits until the server's log has this many more lines of a pattern, and a moment in which it must not get more. */
  const logs = (count: number, server: "postfix" | "dovecot", pattern: RegExp) =>
    Effect.map(started().logged(server, pattern), (before) =>
      Effect.gen(function* () {
        const more = Effect.map(started().logged(server, pattern), (now) => now - before)
        yield* Effect.repeat(more, {
          until: (now) => now >= count,
          schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo("10 seconds"))
        })
        assert.strictEqual(yield* more, count, String(pattern))
      })
    )

  /** Postfix has queued a message of this sender. */
  const queued = (sender: string) => new RegExp(`qmgr.* from=<${sender}@example\\.com>`)

  const test = (title: string, run: (running: MailSystem.Running) => Effect.Effect<void>) =>
    it.skipIf(!system.available)(title, () => Effect.runPromise(Effect.suspend(() => run(started()))))

  const trusting = ({ directory }: MailSystem.Running) => [
    ...["--tls-name", MailSystem.name, "--tls-ca", path.join(directory, "ca.pem")]
  ]
  const implicit = ({ pin }: MailSystem.Running) => ["--tls", "implicit", "--tls-pin", pin]

  const file = ({ directory }: MailSystem.Running, name: string, text: string): string => {
    const where = path.join(directory, name)
    fs.writeFileSync(where, text, { mode: 0o600 })
    return where
  }

  describe("TLS", () => {
    test("STARTTLS, with the authority and the name verified: version and cipher are the same on both sides", (running) =>
      Effect.gen(function* () {
        const suite = "TLSv1.2 with cipher ECDHE-ECDSA-AES256-GCM-SHA384"
        const secured = yield* logs(3, "postfix", new RegExp(`TLS connection established from .* ${suite}`))
        const messages = yield* logs(30, "postfix", queued("starttls"))
        const { tls } = yield* sendAll(30, [
          ...["--tls", "starttls", ...trusting(running), "-d", "-s", "3", "-f", "starttls@example.com"],
          ...["--tls-versions", "1.2", "--tls-ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384", running.targets.starttls]
        ])
        assert.lengthOf(tls!, 1)
        assert.deepInclude(tls![0], {
          ...{ version: "TLSv1.2", cipher: "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", trust: "name", count: 3 }
        })
        yield* secured
        yield* messages
      }))

    test("implicit, by the server's key: a session is resumed where both sides say so", (running) =>
      Effect.gen(function* () {
        const before = yield* running.logged("postfix", /Reusing old session/)
        const { tls } = yield* sendAll(8, [...implicit(running), "--tls-resume", "on", running.targets.implicit])
        const resumed = tls!.filter((kind) => kind.resumed).reduce((sum, { count }) => sum + count, 0)
        assert.deepInclude(tls![0], { trust: "pin" })
        assert.isAtLeast(resumed, 5)
        assert.strictEqual((yield* running.logged("postfix", /Reusing old session/)) - before, resumed)
      }))

    test("a server whose name, authority or key is another one gets no message", (running) =>
      Effect.gen(function* () {
        const stranger = file(running, "stranger.pem", SelfSigned.authority("a stranger").certificate)
        for (const [words, detail] of [
          [["--tls-ca", path.join(running.directory, "ca.pem"), "--tls-name", "other.example.com"], "name"],
          [["--tls-ca", stranger, "--tls-name", MailSystem.name], "certificate"],
          [["--tls-pin", `sha256:${Buffer.alloc(32).toString("base64")}`], "pin"]
        ] as const) {
          const { report, status } = yield* send(["--tls", "starttls", ...words, running.target])
          assert.strictEqual(status, 1)
          assert.deepStrictEqual([report.messages.failed, report.messages.accepted], [1, 0])
          assert.deepInclude(report.errors[0], { kind: "TlsFailed", step: "tls", detail })
        }
      }))

    test("a client's certificate is shown where it is asked for, and missed where it is not there", (running) =>
      Effect.gen(function* () {
        const { certificate, key } = SelfSigned.issue(running.authority, ["client.example.com"])
        const own = ["--tls-cert", file(running, "client.pem", certificate + key)]
        const words = ["--tls", "starttls", ...trusting(running), running.targets.clientCertificate]
        const trusted = yield* logs(2, "postfix", /smtpd\[.*: Trusted TLS connection established from/)
        yield* sendAll(2, [...own, ...words])
        yield* trusted
        const { report } = yield* send(words)
        // Postfix ends the handshake well, and the dialogue after it.
        assert.deepStrictEqual([report.messages.accepted, report.messages.rejected], [0, 1])
        assert.strictEqual(repliesOf(report, "hello", 421), 1)
      }))
  })

  describe("logins", () => {
    /** A user for each mechanism, named after it. */
    const accounts = (running: MailSystem.Running): string => {
      const byPassword = ["plain", "login", "cram-md5", "scram-sha-1", "scram-sha-256"]
      const byToken = ["xoauth2", "oauthbearer"]
      const rows = [
        ...byPassword.map((mechanism) => `${mechanism},${MailSystem.password},${mechanism}`),
        ...byToken.map((mechanism) => `${mechanism},${MailSystem.tokenOf(mechanism)},${mechanism}`)
      ]
      return file(running, "accounts.csv", ["user,password,mechanism", ...rows, ""].join("\n"))
    }

    /** A connection for each of them. */
    const one = (running: MailSystem.Running) => [
      ...["--auth", "auto", "--accounts", accounts(running), "--account-order", "round", "--per-connection", "1"]
    ]

    const each = (report: Report) => {
      assert.deepStrictEqual(
        report.auth!.mechanisms.map(({ accepted, mechanism }) => [mechanism, accepted]),
        ["CRAM-MD5", "LOGIN", "OAUTHBEARER", "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2"].map((name) => [
          name,
          1
        ])
      )
    }

    test("Postfix lets in a user by each mechanism, and knows who it is", (running) =>
      Effect.gen(function* () {
        const known = yield* Effect.forEach(
          ["PLAIN", "LOGIN", "CRAM-MD5", "SCRAM-SHA-1", "SCRAM-SHA-256", "XOAUTH2", "OAUTHBEARER"],
          (name) => logs(1, "postfix", new RegExp(`sasl_method=${name}, sasl_username=${name.toLowerCase()}$`))
        )
        each(yield* sendAll(7, ["--tls", "starttls", ...trusting(running), ...one(running), running.target]))
        yield* Effect.all(known)
      }))

    test("Dovecot's submission server does so, too, and passes on what they send", (running) =>
      Effect.gen(function* () {
        const relayed = yield* logs(7, "postfix", queued("submission"))
        const login = yield* logs(7, "dovecot", /submission-login: Info: Login: user=<.*TLS/)
        const words = [...implicit(running), ...one(running), "-f", "submission@example.com"]
        each(yield* sendAll(7, [...words, running.targets.submissionImplicit]))
        yield* login
        yield* relayed
      }))

    test("a user beyond ASCII is known by the same name", (running) =>
      Effect.gen(function* () {
        for (const mechanism of ["plain", "scram-sha-256"]) {
          const login = yield* logs(
            1,
            "dovecot",
            new RegExp(`Login: user=<grün ẞ>, method=${mechanism.toUpperCase()},`)
          )
          const words = ["--auth", mechanism, "--user", "grün ẞ", "--password-file"]
          const secret = file(running, "password", `${MailSystem.password}\n`)
          yield* sendAll(1, [...implicit(running), ...words, secret, running.targets.submissionImplicit])
          yield* login
        }
      }))

    test("a certificate is a login (EXTERNAL)", (running) =>
      Effect.gen(function* () {
        const { certificate, key } = SelfSigned.issue(running.authority, ["certified"])
        const own = ["--tls-cert", file(running, "certified.pem", certificate + key), "--auth", "external"]
        const login = yield* logs(1, "dovecot", /Login: user=<certified>, method=EXTERNAL/)
        yield* sendAll(1, ["--tls", "starttls", ...trusting(running), ...own, running.targets.submission])
        yield* login
      }))

    test("a wrong password costs each message, ends the run after some, and is nowhere to be read", (running) =>
      Effect.gen(function* () {
        const wrong = "MARKwrong"
        const encoded = Buffer.from(wrong).toString("base64").slice(0, -4)
        for (const mechanism of ["plain", "scram-sha-256"]) {
          const refused = yield* logs(2, "postfix", new RegExp(`SASL ${mechanism.toUpperCase()} authentication failed`))
          const { report, status, stderr } = yield* send([
            ...["--keep-going", "-m", "20", "-vv", "--auth", mechanism, "--user", "load", "--auth-failures", "2"],
            ...["--password-file", file(running, "wrong", `${wrong}\n`), running.target]
          ])
          assert.strictEqual(status, 1)
          assert.deepStrictEqual([report.messages.rejected, report.messages.notStarted], [2, 18])
          assert.deepInclude(report.auth!.mechanisms[0], { accepted: 0, refused: 2 })
          assert.strictEqual(repliesOf(report, "auth", 535), 2)
          assert.notInclude(JSON.stringify(report) + stderr, wrong)
          assert.notInclude(JSON.stringify(report) + stderr, encoded)
          yield* refused
        }
      }))
  })

  describe("who the client is", () => {
    const ours = ["--client-addresses", "192.0.2.0/24", "-s", "2"]

    test("XCLIENT, under TLS and with a login: Postfix takes it for the client", (running) =>
      Effect.gen(function* () {
        const clients = yield* Effect.forEach([1, 2, 3, 4], (n) =>
          logs(1, "postfix", new RegExp(`smtpd\\[.*: client=client${n}\\.example\\[192\\.0\\.2\\.${n - 1}\\], sasl`))
        )
        yield* sendAll(4, [
          ...["--tls", "starttls", ...trusting(running), "--auth", "auto", "--user", "load"],
          ...["--password-file", file(running, "password", `${MailSystem.password}\n`)],
          ...["--xclient", "ADDR,NAME=client{n}.example", ...ours, running.target]
        ])
        yield* Effect.all(clients)
      }))

    test("XFORWARD: Postfix has each message from a client of its own", (running) =>
      Effect.gen(function* () {
        const clients = yield* Effect.forEach([1, 2, 3, 4], (n) =>
          logs(
            1,
            "postfix",
            new RegExp(`client=localhost\\[.* orig_client=m${n}\\.example\\[192\\.0\\.2\\.${n - 1}\\]`)
          )
        )
        const words = ["--xforward", "ADDR,NAME=m{n}.example", ...ours, "-d", "--pipelining", "on"]
        yield* sendAll(4, [...words, running.target])
        yield* Effect.all(clients)
      }))

    test("XCLIENT over LMTP: Dovecot takes it for the client", (running) =>
      Effect.gen(function* () {
        const clients = yield* logs(3, "dovecot", /lmtp.*: Info: Disconnect from 192\.0\.2\.\d/)
        const words = ["--tls", "starttls", ...trusting(running), "--xclient", "ADDR", ...ours]
        yield* sendAll(3, ["-L", ...words, running.targets.lmtp])
        yield* clients
      }))

    for (const [version, way] of [
      [1, "proxy"],
      [2, "proxyImplicit"],
      [2, "lmtpProxy"]
    ] as const) {
      test(`the PROXY protocol, version ${version}: ${way}`, (running) =>
        Effect.gen(function* () {
          const isLmtp = way === "lmtpProxy"
          const clients = yield* isLmtp
            ? logs(3, "dovecot", /lmtp.*: Info: Connect from 192\.0\.2\.\d/)
            : logs(3, "postfix", /smtpd\[.*: client=unknown\[192\.0\.2\.\d\]/)
          const words = [...(isLmtp ? ["-L"] : []), ...(way === "proxy" ? [] : implicit(running))]
          yield* sendAll(3, [...words, "--proxy", String(version), ...ours, running.targets[way]])
          yield* clients
        }))
    }
  })

  describe("extensions", () => {
    const deep = ["--keep-going", "--chunking", "on", "--pipelining", "full", "-d", "-s", "4"]

    test("ten transactions in one write, under TLS: each message is queued once", (running) =>
      Effect.gen(function* () {
        const messages = yield* logs(200, "postfix", queued("deep"))
        const words = [...implicit(running), ...deep, "--depth", "10", "-f", "deep@example.com"]
        yield* sendAll(200, [...words, running.targets.implicit])
        yield* messages
      }))

    test("messages that are too large, and a server that has enough of it: the books balance", (running) =>
      Effect.gen(function* () {
        const messages = yield* logs(0, "postfix", queued("large"))
        const words = [...deep, "--depth", "7", "-l", "3000", "-m", "100", "-f", "large@example.com"]
        const { report } = yield* send([...words, running.targets.small])
        const { accepted, failed, rejected, unknown } = report.messages
        assert.strictEqual(accepted, 0)
        assert.strictEqual(failed! + rejected! + unknown!, 100)
        assert.strictEqual(repliesOf(report, "final", 552), rejected)
        yield* messages
      }))

    test("recipients who are refused cost nothing but themselves, in whatever write they go", (running) =>
      Effect.gen(function* () {
        const words = [...deep, "--depth", "10", "-m", "20", "-t", "bad@example.com", running.target]
        const { report } = yield* send(words)
        assert.strictEqual(report.messages.rejected, 20)
        assert.strictEqual(repliesOf(report, "final", 554), 20)
      }))

    test("LMTP: chunks of 100 bytes to three recipients, under TLS", (running) =>
      Effect.gen(function* () {
        const saved = yield* logs(60, "dovecot", /saved mail to INBOX/)
        yield* sendAll(20, [
          ...["-L", "--tls", "starttls", ...trusting(running), "--chunking", "100", "--pipelining", "full"],
          ...["-d", "-s", "3", "-r", "3", running.targets.lmtp]
        ])
        yield* saved
      }))

    test("addresses beyond ASCII, and notifications of success with the name that they were asked for", (running) =>
      Effect.gen(function* () {
        const messages = yield* logs(3, "postfix", /qmgr.* from=<grün@example\.com>/)
        const notified = yield* logs(3, "postfix", /sender delivery status notification/)
        const dsn = ["--notify", "success", "--dsn-return", "headers", "--envelope-id", "id{n}"]
        yield* sendAll(3, ["--pipelining", "on", ...dsn, "-f", "grün@example.com", running.target])
        yield* messages
        yield* notified
      }))

    test("a size that is told is refused before the message comes", (running) =>
      Effect.gen(function* () {
        const { report } = yield* send([
          "--keep-going",
          "--declare-size",
          "-m",
          "3",
          "-l",
          "3000",
          running.targets.small
        ])
        assert.strictEqual(report.messages.rejected, 3)
        assert.strictEqual(repliesOf(report, "mail", 552), 3)
      }))

    test("what is not offered costs the message, and nothing is sent", (running) =>
      Effect.gen(function* () {
        const { report } = yield* send(["--mime", "binary", "--chunking", "on", running.target])
        assert.strictEqual(report.messages.failed, 1)
        assert.deepInclude(report.errors[0], { kind: "NotOffered", step: "mail", detail: "BINARYMIME" })
      }))
  })
})
