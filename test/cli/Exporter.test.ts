/**
 * --otlp, by the command itself, and collectors that listen on loopback.
 */
import { spawn } from "node:child_process"
import * as http from "node:http"
import type { AddressInfo } from "node:net"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type { RunReport } from "../../src/report/RunReport.js"
import { assertLawful, numbers, type Request, resourceOf } from "../telemetry/Received.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

interface Ended {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** In milliseconds. */
  readonly took: number
}

/** Runs the command against its own sink. `signals` is given what sends it a signal. */
const run = (args: ReadonlyArray<string>, signals?: (send: (signal: NodeJS.Signals) => void) => void) =>
  Effect.async<Ended>((resume) => {
    const begun = performance.now()
    const child = spawn(process.execPath, ["dist/bin/smtp-source.js", "--sink", "-d", ...args], { cwd: root })
    const said = { stdout: "", stderr: "" }
    child.stdout.on("data", (data) => {
      said.stdout += data
    })
    child.stderr.on("data", (data) => {
      said.stderr += data
    })
    child.on("close", (status) => resume(Effect.succeed({ status, ...said, took: performance.now() - begun })))
    signals?.((signal) => child.kill(signal))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** A collector that keeps what it is sent, and where it is; it answers as it is told, once all of a request has come. */
const collector = (answer: (response: http.ServerResponse) => void) =>
  Effect.acquireRelease(
    Effect.async<{ readonly server: http.Server; readonly url: string; readonly received: Array<Request> }>(
      (resume) => {
        const received: Array<Request> = []
        const server = http.createServer((request, response) => {
          let text = ""
          request.on("data", (data) => {
            text += data
          })
          request.on("end", () => {
            received.push(JSON.parse(text))
            answer(response)
          })
        })
        server.listen(0, "127.0.0.1", () => {
          const { port } = server.address() as AddressInfo
          resume(Effect.succeed({ server, received, url: `http://127.0.0.1:${port}` }))
        })
      }
    ),
    ({ server }) =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

const warnings = ({ stderr }: Ended): ReadonlyArray<string> => stderr.split("\n").filter((line) => line !== "")

/** Holds what came last to the report. */
const assertTotals = (last: Request, { bytes, connections, durations, messages }: RunReport): void => {
  const { accepted, failed, notStarted, rejected, unknown } = messages
  assert.deepStrictEqual(numbers(last, "smtp_source.messages.ended"), {
    accepted,
    rejected,
    failed,
    abandoned: 0,
    unknown,
    not_started: notStarted
  })
  assert.deepStrictEqual(numbers(last, "smtp_source.network.io"), { transmit: bytes.out, receive: bytes.in })
  assert.deepStrictEqual(numbers(last, "smtp_source.connections.opened"), { "": connections?.opened })
  const transactions = durations.filter(({ of }) => of === "transaction")
  assert.deepStrictEqual(
    numbers(last, "smtp_source.transaction.duration"),
    Object.fromEntries(transactions.map(({ count, ending }) => [ending, count]))
  )
  assert.strictEqual(numbers(last, "smtp_source.transaction.duration").accepted, accepted)
}

describe("--otlp", () => {
  it.scopedLive("leaves the collector with the totals of the report", () =>
    Effect.gen(function* () {
      const { received, url } = yield* collector((response) => response.end("{}"))
      const ended = yield* run(["-s", "4", "-m", "10000", "-r", "2", "--otlp", url, "--report", "json"])
      assert.deepStrictEqual([ended.status, ended.stderr], [0, ""])
      const report: RunReport = JSON.parse(ended.stdout)
      assertTotals(received.at(-1)!, report)
      assert.strictEqual(report.messages.accepted, 10_000)
      assertLawful(received)
      assert.strictEqual(resourceOf(received.at(-1)!)["smtp_source.target"], "sink")
    })
  )

  it.scopedLive("tells of several threads as of one, while they run and at the end", () =>
    Effect.gen(function* () {
      const { received, url } = yield* collector((response) => response.end("{}"))
      const ended = yield* run([
        "-s",
        "4",
        "-m",
        "40",
        "-w",
        "0.25",
        "--workers",
        "2",
        "--otlp",
        url,
        "--report",
        "json"
      ])
      assert.deepStrictEqual([ended.status, ended.stderr], [0, ""])
      assertTotals(received.at(-1)!, JSON.parse(ended.stdout))
      assertLawful(received)
      const accepted = received.map((request) => numbers(request, "smtp_source.messages.ended").accepted ?? 0)
      assert.isTrue(
        accepted.some((count) => count > 0 && count < 40),
        accepted.join()
      )
      const busy = received.map((request) => numbers(request, "smtp_source.connections.open")[""] ?? 0)
      assert.strictEqual(Math.max(...busy), 4)
    })
  )

  it.scopedLive("does not mind a collector that is down: one warning, and the run's own status", () =>
    Effect.gen(function* () {
      const ended = yield* run(["-m", "1", "--otlp", "http://127.0.0.1:1"])
      assert.strictEqual(ended.status, 0)
      // Port 1 is one of those that fetch keeps away from; any other tells of a refused connection.
      assert.deepStrictEqual(warnings(ended), ["smtp-source: warning: --otlp: http://127.0.0.1:1/v1/metrics: bad port"])
      const { server, url } = yield* Effect.scoped(collector(() => {}))
      assert.isFalse(server.listening)
      const again = yield* run(["-m", "6", "-w", "0.25", "--otlp", url])
      assert.strictEqual(again.status, 0)
      assert.lengthOf(warnings(again), 1)
      assert.match(
        again.stderr,
        /^smtp-source: warning: --otlp: http:\/\/127\.0\.0\.1:\d+\/v1\/metrics: .*ECONNREFUSED/
      )
      assert.isBelow(again.took, 10_000)
    })
  )

  it.scopedLive("waits a few seconds for a collector that never answers, and not where a second signal came", () =>
    Effect.gen(function* () {
      const { received, url } = yield* collector(() => {})
      const ended = yield* run(["-m", "1", "--otlp", url])
      assert.strictEqual(ended.status, 0)
      assert.lengthOf(warnings(ended), 1)
      assert.match(ended.stderr, /no answer in time\n$/)
      assert.isAtLeast(ended.took, 2000)
      assert.isBelow(ended.took, 15_000)
      const before = received.length
      const stopped = yield* run(["-m", "100000", "-w", "0.05", "--otlp", url], (send) => {
        const timer = setInterval(() => {
          if (received.length === before) return
          clearInterval(timer)
          setTimeout(() => send("SIGINT"), 1000)
          setTimeout(() => send("SIGINT"), 1200)
        }, 20)
      })
      assert.strictEqual(stopped.status, 130)
      assert.isBelow(stopped.took, 4000)
    })
  )

  it.scopedLive("reads no more of a failure than that it is one", () =>
    Effect.gen(function* () {
      let written = 0
      let answered = 0
      const chunk = Buffer.alloc(65_536, "x")
      const { url } = yield* collector((response) => {
        answered++
        response.statusCode = 500
        const write = () => {
          while (!response.destroyed) {
            written += chunk.length
            if (!response.write(chunk)) return
          }
        }
        response.on("drain", write)
        write()
      })
      const ended = yield* run(["-m", "9", "-w", "0.25", "--otlp", url])
      assert.strictEqual(ended.status, 0)
      assert.deepStrictEqual(warnings(ended), [`smtp-source: warning: --otlp: ${url}/v1/metrics: answered 500`])
      assert.isAtLeast(answered, 3)
      // What the sockets' own buffers hold was never read.
      assert.isBelow(written / answered, 16 * 2 ** 20)
      assert.isBelow(ended.took, 15_000)
    })
  )

  it.scopedLive("goes nowhere else than it was told to", () =>
    Effect.gen(function* () {
      const other = yield* collector((response) => response.end("{}"))
      const { url } = yield* collector((response) => {
        response.writeHead(307, { location: other.url }).end()
      })
      const ended = yield* run(["-m", "1", "--otlp", url])
      assert.match(ended.stderr, /answered 307\n$/)
      assert.lengthOf(other.received, 0)
    })
  )

  it.live("takes a URL of a collector, without a user, or auto", () =>
    Effect.gen(function* () {
      for (const text of ["collector:4318", "ftp://a", "http://user@a", "http://:secret@a", "", "AUTO"]) {
        const { status, stderr } = yield* run(["-m", "1", "--otlp", text])
        assert.strictEqual(status, 1)
        assert.match(
          stderr,
          /^smtp-source: fatal: --otlp: expected auto, or a URL such as http:\/\/localhost:4318, without a user, not "/
        )
      }
    })
  )
})
