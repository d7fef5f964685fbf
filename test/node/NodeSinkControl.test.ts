import * as http from "node:http"
import * as net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as NodeSink from "../../src/node/NodeSink.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import type { Target } from "../../src/smtp/Target.js"

const started = Effect.flatMap(EmbeddedSink, (embedded) => embedded.start({})).pipe(
  Effect.provide(NodeSink.layer({ control: { host: "127.0.0.1", port: 0 } }))
)

const portOf = (target: Target | undefined): number => (target?._tag === "Inet" ? target.port : 0)

interface Answer {
  readonly status: number | undefined
  readonly headers: http.IncomingHttpHeaders
  readonly body: string
}

const ask = (port: number, options: http.RequestOptions, body = ""): Effect.Effect<Answer> =>
  Effect.promise(
    () =>
      new Promise((resolve, reject) => {
        const request = http.request({ host: "127.0.0.1", port, agent: false, ...options }, (response) => {
          let text = ""
          response.on("data", (piece) => {
            text += piece
          })
          response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: text }))
        })
        request.on("error", reject)
        request.end(body)
      })
  )

const put = (
  port: number,
  words: unknown,
  headers: http.OutgoingHttpHeaders = { "content-type": "application/json" }
) => ask(port, { method: "PUT", path: "/faults", headers }, JSON.stringify(words))

/** Says all at once, and gives what is answered until the sink closes. */
const say = (port: number, text: string): Effect.Effect<string> =>
  Effect.promise(
    () =>
      new Promise((resolve) => {
        let replies = ""
        const socket = net.connect(port, "127.0.0.1", () => socket.write(text))
        socket.on("data", (bytes) => {
          replies += bytes
        })
        socket.on("close", () => resolve(replies))
      })
  )

const message = "EHLO c\r\nMAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\nx\r\n.\r\nQUIT\r\n"

describe("a sink's control over HTTP", () => {
  it.scopedLive("that cannot listen names its option", () =>
    Effect.gen(function* () {
      const port = portOf((yield* started).control)
      const another = Effect.flatMap(EmbeddedSink, (embedded) => embedded.start({})).pipe(
        Effect.provide(NodeSink.layer({ control: { host: "127.0.0.1", port } }))
      )
      const { message } = yield* Effect.flip(another)
      assert.strictEqual(message, `--listen-metrics: 127.0.0.1:${port}: address already in use`)
    })
  )

  it.scopedLive("counts, changes how the sink misbehaves, and says what is wrong with the words", () =>
    Effect.gen(function* () {
      const sink = yield* started
      const [smtp, port] = [portOf(sink.target), portOf(sink.control)]
      assert.match(yield* say(smtp, message), /354 [\s\S]*250 2\.0\.0 Ok/)
      const words = { fault: ["rcpt 450 4.2.0 Full"] }
      const changed = yield* put(port, words)
      assert.strictEqual(changed.status, 200)
      assert.deepInclude(JSON.parse(changed.body), words)
      assert.match(yield* say(smtp, message), /450 4\.2\.0 Full/)
      const wrong = yield* put(port, { fault: ["rcpt 45"], latence: ["1s"] })
      assert.strictEqual(wrong.status, 400)
      assert.include(wrong.body, "column 6")
      assert.include(wrong.body, 'unknown field "latence" (did you mean "latency"?)')
      assert.match(yield* say(smtp, message), /450 4\.2\.0 Full/)
      const { body } = yield* ask(port, { path: "/metrics" })
      assert.include(body, "\nsmtp_sink_sessions_total 3\n")
      assert.include(body, "\nsmtp_sink_messages_total 1\n")
      assert.include(body, '\nsmtp_sink_refused_total{step="rcpt"} 2\n')
      assert.include(body, '\nsmtp_sink_strikes_total{rule="fault rcpt 450 4.2.0 Full"} 2\n')
      // What has struck stays told of, when the rule is replaced and when it comes again.
      const strikes = sink.strikes ?? Effect.succeed([])
      yield* put(port, { fault: ["mail 451", "data 30% 451"] })
      yield* say(smtp, message)
      assert.deepStrictEqual(yield* strikes, [
        { rule: "fault mail 451", times: 1 },
        { rule: "fault data 30% 451", times: 0 },
        { rule: "fault rcpt 450 4.2.0 Full", times: 2 }
      ])
      yield* put(port, words)
      yield* say(smtp, message)
      assert.deepStrictEqual(yield* strikes, [
        { rule: "fault rcpt 450 4.2.0 Full", times: 3 },
        { rule: "fault mail 451", times: 1 }
      ])
    })
  )

  it.scopedLive("is not for pages of a browser", () =>
    Effect.gen(function* () {
      const port = portOf((yield* started).control)
      assert.strictEqual(
        (yield* ask(port, { path: "/metrics", headers: { host: `evil.example:${port}` } })).status,
        421
      )
      assert.strictEqual((yield* put(port, {}, { "content-type": "text/plain" })).status, 415)
      const preflight = yield* ask(port, {
        method: "OPTIONS",
        path: "/faults",
        headers: { origin: "http://evil.example" }
      })
      assert.strictEqual(preflight.status, 404)
      assert.isUndefined(preflight.headers["access-control-allow-origin"])
      assert.strictEqual((yield* put(port, { fault: ["x".repeat(70_000)] })).status, 413)
    })
  )

  it.scopedLive("tells of each message as it comes", () =>
    Effect.gen(function* () {
      const sink = yield* started
      const [smtp, port] = [portOf(sink.target), portOf(sink.control)]
      const line = yield* Effect.async<string>((resume) => {
        const request = http.get({ host: "127.0.0.1", port, path: "/events", agent: false }, (response) => {
          response.once("data", (piece) => {
            resume(Effect.succeed(String(piece)))
            request.destroy()
          })
          Effect.runFork(say(smtp, message))
        })
      })
      assert.deepInclude(JSON.parse(line), {
        session: 1,
        sender: "a@b",
        recipients: [{ address: "c@d", accepted: true }],
        size: 3,
        reply: "250 2.0.0 Ok"
      })
    })
  )
})
