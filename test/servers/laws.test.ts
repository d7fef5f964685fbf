/**
 * Whatever goes wrong on the way, the servers' own counts are within what the command reports: at least what it calls
 * accepted, at most that and what it calls unknown.
 */
import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Dovecot from "./Dovecot.js"
import * as FaultProxy from "./FaultProxy.js"
import * as Postfix from "./Postfix.js"
import * as PostfixSink from "./PostfixSink.js"
import * as RealServer from "./RealServer.js"

const command = fileURLToPath(new URL("../../dist/bin/smtp-source.js", import.meta.url))

/** What a report in JSON says of the books. */
interface Books {
  readonly messages: { readonly [end: string]: number }
  readonly recipients: { readonly [end: string]: number }
  readonly durations: ReadonlyArray<{ readonly of: string; readonly ending: string; readonly count: number }>
}

/** Runs the command to its end and gives its report. 1 is the status of a run in which not all was accepted. */
const send = (words: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const file = path.join(yield* RealServer.directory, "report.json")
    const end = yield* Effect.async<{ readonly status: number | string | null; readonly stderr: string }>((resume) => {
      const child = spawn(process.execPath, [command, "--report", `json=${file}`, ...words], {
        stdio: ["ignore", "ignore", "pipe"]
      })
      let stderr = ""
      child.stderr.on("data", (chunk) => {
        stderr += chunk
      })
      child.once("close", (status, signal) => resume(Effect.succeed({ status: status ?? signal, stderr })))
      return Effect.sync(() => child.kill("SIGKILL"))
    })
    assert.strictEqual(end.status, 1, end.stderr)
    return JSON.parse(fs.readFileSync(file, "utf8")) as Books
  })

/** The server's count once it has reached the number and stays the same. */
const settled = (server: RealServer.RunningServer, expected: number): Effect.Effect<number> =>
  Effect.gen(function* () {
    yield* Effect.repeat(server.count, {
      until: (count) => count >= expected,
      schedule: Schedule.spaced("50 millis").pipe(Schedule.upTo("40 seconds"))
    })
    let before = -1
    let count = yield* server.count
    while (count !== before) {
      before = count
      yield* Effect.sleep("200 millis")
      count = yield* server.count
    }
    return count
  })

/** Enough for each step to suffer each fault, which are nine, once in nine times. */
const messages = 120

/** What must hold of any books. */
const balance = ({ durations, messages: m, recipients: r }: Books, perMessage: number) => {
  assert.strictEqual(m.planned, messages)
  assert.strictEqual(m.planned, m.started! + m.notStarted!)
  assert.strictEqual(m.started, m.accepted! + m.rejected! + m.failed! + m.unknown!)
  assert.strictEqual(r.offered, r.accepted! + r.refused! + r.refusedAfterContent! + r.unknown! + r.abandoned!)
  assert.isAtMost(r.offered!, m.started! * perMessage)
  // No sample is trimmed, none is made up.
  const samples = durations.find(({ ending, of }) => of === "transaction" && ending === "accepted")?.count
  assert.strictEqual(samples, m.accepted)
}

const manners = [
  { name: "over a connection per message", options: [] },
  { name: "over one connection per session", options: ["-d"] },
  { name: "in groups of commands", options: ["-d", "--pipelining=on"] },
  { name: "in groups that begin before the last one ends", options: ["-d", "--pipelining=full"] },
  { name: "in such groups, from two threads", options: ["-d", "--pipelining=full", "--workers=2"] }
]

/** A mailbox for each recipient counts recipients; the other servers count messages. */
const servers = [
  { server: Postfix.make(), counted: "messages", recipients: 1 },
  { server: PostfixSink.make({ protocol: "SMTP" }), counted: "messages", recipients: 1 },
  { server: PostfixSink.make({ protocol: "LMTP" }), counted: "messages", recipients: 1 },
  { server: Dovecot.make(), counted: "recipients", recipients: 3 }
] as const

const stepsOf = (proxy: FaultProxy.FaultProxy) => new Set([...proxy.done.keys()].map((key) => key.split(",")[0]))

for (const { counted, recipients, server } of servers) {
  const missing = server.available ? "" : ` (this machine lacks ${server.lacks.join(" and ")})`
  describe(`${server.name}, ${server.protocol}, behind a proxy that does harm${missing}`, () => {
    const started = RealServer.shared(server, { afterAll, beforeAll })
    for (const [index, { name, options }] of manners.entries()) {
      it.skipIf(!server.available)(`its count is within what is reported, ${name}`, () =>
        Effect.gen(function* () {
          const running = started()
          const words = [
            ...(server.protocol === "LMTP" ? ["-L"] : []),
            ...options,
            ...["--keep-going", "--timeout=20", "-s", "10", "-r", String(recipients), "-m", String(messages)]
          ]
          const run = (faults: FaultProxy.Options["faults"]) =>
            Effect.gen(function* () {
              const { protocol } = server
              const proxy = yield* FaultProxy.start({ target: running.target, protocol, faults, seed: 1 + index })
              const before = yield* running.count
              const books = yield* send([...words, proxy.target])
              balance(books, recipients)
              const { accepted, unknown } = books[counted]
              const count = (yield* settled(running, before + accepted!)) - before
              for (const step of ["mail", "rcpt", "data", "final"]) assert.include([...stepsOf(proxy)], step)
              return { accepted: accepted!, unknown: unknown!, count, proxy }
            })

          const whole = yield* run("rejections")
          assert.deepStrictEqual([whole.count, whole.unknown], [whole.accepted, 0])
          assert.isAbove(whole.accepted, messages / 4)

          const cut = yield* run("rejections and cuts")
          for (const step of ["greeting", "hello", "content"]) assert.include([...stepsOf(cut.proxy)], step)
          assert.isAtLeast(cut.count, cut.accepted)
          assert.isAtMost(cut.count, cut.accepted + cut.unknown)
          assert.isAbove(cut.unknown, 0)
          assert.isAbove(cut.accepted, 0)
        }).pipe(Effect.scoped, Effect.runPromise)
      )
    }
  })
}
