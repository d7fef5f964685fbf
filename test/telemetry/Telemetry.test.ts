import * as OtlpSerialization from "@effect/opentelemetry/OtlpSerialization"
import * as HttpClient from "@effect/platform/HttpClient"
import { type HttpClientError, RequestError } from "@effect/platform/HttpClientError"
import type { HttpClientRequest } from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Load from "../../src/load/Load.js"
import { WorkerDied } from "../../src/load/Workers.js"
import * as Accounting from "../../src/measure/Accounting.js"
import * as Histogram from "../../src/measure/Histogram.js"
import type { Sample } from "../../src/measure/Meter.js"
import { Recorder } from "../../src/measure/Recorder.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Telemetry from "../../src/telemetry/Telemetry.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { version } from "../../src/version.js"
import { assertLawful, metricsOf, numbers, points, type Request, resourceOf } from "./Received.js"

interface Sent {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: Request
  /** When it came, in milliseconds. */
  readonly at: number
}

/** How a collector answers its request k, counted from 0. */
type Answer = (k: number, request: HttpClientRequest) => Effect.Effect<Response, HttpClientError>

const yes = Effect.sync(() => new Response("{}"))

/** A client that keeps what is sent. */
const collector = (answer: Answer) => {
  const sent: Array<Sent> = []
  const client = HttpClient.make((request, url) =>
    Effect.gen(function* () {
      const { body, headers } = request
      const bytes = body._tag === "Uint8Array" ? body.body : new Uint8Array()
      const read: Request = JSON.parse(new TextDecoder().decode(bytes))
      sent.push({ url: String(url), headers, body: read, at: yield* Clock.currentTimeMillis })
      return HttpClientResponse.fromWeb(request, yield* answer(sent.length - 1, request))
    })
  )
  return { sent, layer: Layer.succeed(HttpClient.HttpClient, client) }
}

const slowly: TestServer.TestServerOptions = { latency: 10 }

/** Runs a plan in virtual time, followed by a collector. */
const followed = ({
  answer = () => yes,
  environment = {},
  input = {},
  options = {},
  server = slowly,
  every = 1000
}: {
  readonly answer?: Answer
  readonly environment?: Readonly<Record<string, string>>
  readonly input?: Plan.PlanInput
  readonly options?: Telemetry.TelemetryOptions
  readonly server?: TestServer.TestServerOptions
  readonly every?: number
}) =>
  Effect.gen(function* () {
    const { layer, sent } = collector(answer)
    const failures: Array<string> = []
    const onFailure = ({ message }: { readonly message: string }) => Effect.sync(() => void failures.push(message))
    const telemetry = Telemetry.layer({ endpoint: "http://collector:4318", onFailure, ...options })
    const plan = Plan.make({
      target: "mx.example:25",
      messages: 20,
      delay: 0.5,
      reuse: true,
      keepGoing: true,
      ...input
    })
    const result = yield* Telemetry.follow(plan, (sampling) =>
      Load.run(plan, { sampling: { ...sampling, every } })
    ).pipe(
      Effect.provide(Layer.provide(telemetry, [layer, OtlpSerialization.layerJson])),
      Effect.provide(TestServer.layer(server)),
      Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment))))
    )
    const [first, ...told] = sent
    assert.deepStrictEqual(numbers(first!.body, "smtp_source.messages.started"), { "": 0 })
    assert.strictEqual(first!.at, 0)
    const ended = yield* Clock.currentTimeMillis
    return { result, told, failures, ended, last: told.at(-1)!.body }
  }).pipe((program) => Simulation.run(program))

/** A server with whom everything goes wrong that can. */
const rough = (): TestServer.TestServerOptions => {
  let recipients = 0
  let contents = 0
  return {
    latency: 30,
    connect: (attempt) => (attempt === 2 ? { refuse: "ECONNREFUSED" } : undefined),
    script: ({ stage }) =>
      stage === "rcpt" && recipients++ % 10 < 3
        ? { say: "550 5.1.1 no\r\n" }
        : stage === "final" && contents++ % 7 === 2
          ? { say: "", end: "reset" as const }
          : undefined
  }
}

describe("the metrics of a run", () => {
  it.effect("are sent each second, count from its start, and end with what the books say", () =>
    Effect.gen(function* () {
      const { last, result, told } = yield* followed({})
      assert.deepStrictEqual(
        told.map(({ at }) => at),
        [1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000, result.elapsed]
      )
      assertLawful(told.map(({ body }) => body))
      const accepted = told.map(({ body }) => numbers(body, "smtp_source.messages.ended").accepted ?? 0)
      assert.deepStrictEqual(accepted.slice(0, 3), [2, 4, 6])
      assert.deepStrictEqual(numbers(last, "smtp_source.messages.ended"), {
        accepted: 20,
        rejected: 0,
        abandoned: 0,
        failed: 0,
        unknown: 0,
        not_started: 0
      })
    })
  )

  it.effect("are those of the report, whatever went wrong", () =>
    Effect.gen(function* () {
      const { last, result, told } = yield* followed({
        server: rough(),
        input: { messages: 300, sessions: 7, recipients: 2, delay: 0.1, connectAttempts: 3 }
      })
      assertLawful(told.map(({ body }) => body))
      const { accounting, recorder } = result
      const { accepted, failed, notStarted, recipients, rejected, unknown } = accounting
      assert.isAbove(accepted * rejected * unknown * recipients.refused, 0)
      assert.deepStrictEqual(numbers(last, "smtp_source.messages.ended"), {
        accepted,
        rejected,
        abandoned: 0,
        failed,
        unknown,
        not_started: notStarted
      })
      assert.deepStrictEqual(numbers(last, "smtp_source.messages.planned"), { "": 300 })
      assert.deepStrictEqual(numbers(last, "smtp_source.messages.started"), { "": 300 })
      assert.deepStrictEqual(numbers(last, "smtp_source.recipients.offered"), { "": recipients.offered })
      assert.strictEqual(numbers(last, "smtp_source.recipients.ended").refused, recipients.refused)
      assert.deepStrictEqual(numbers(last, "smtp_source.network.io"), {
        transmit: recorder.bytesOut,
        receive: recorder.bytesIn
      })
      const { closedByServer, closedByUs, failed: notOpened, opened } = recorder.connections()
      assert.deepStrictEqual(numbers(last, "smtp_source.connections.opened"), { "": opened })
      assert.deepStrictEqual(numbers(last, "smtp_source.connections.failed"), { "": notOpened })
      assert.strictEqual(notOpened, 1)
      assert.deepStrictEqual(numbers(last, "smtp_source.connections.closed"), {
        client: closedByUs,
        server: closedByServer
      })
      assert.deepStrictEqual(numbers(last, "smtp_source.connections.open"), { "": 0 })
      assert.deepStrictEqual(numbers(last, "smtp_source.sessions.active"), { "": 0 })
      const [second] = told.slice(1)
      assert.isAbove(numbers(second!.body, "smtp_source.connections.open")[""] ?? 0, 0)
      assert.isAbove(numbers(second!.body, "smtp_source.sessions.active")[""] ?? 0, 0)
      assert.strictEqual(numbers(last, "smtp_source.transaction.duration").accepted, accepted)
      const steps = Object.fromEntries(
        [...recorder.durations()].flatMap(({ ending, histogram, of }) =>
          of === "transaction" ? [] : [[`${of} ${ending}`, Histogram.total(histogram)]]
        )
      )
      assert.deepStrictEqual(numbers(last, "smtp_source.step.duration"), steps)
      const replies = new Map<string, number>()
      for (const { code, count, step } of recorder.replies()) {
        replies.set(`${step} ${code}`, (replies.get(`${step} ${code}`) ?? 0) + count)
      }
      assert.deepStrictEqual(numbers(last, "smtp_source.replies"), Object.fromEntries(replies))
      assert.deepStrictEqual(
        numbers(last, "smtp_source.errors"),
        Object.fromEntries(
          recorder
            .errors()
            .map(({ count, detail, kind, local, step }) => [
              [step, kind, ...(detail === "" ? [] : [detail]), local].join(" "),
              count
            ])
        )
      )
      assert.strictEqual(numbers(last, "smtp_source.errors")["connect ConnectFailed ECONNREFUSED false"], 1)
    })
  )

  it.effect("end with the books, which know what happened in the moment of the last sample, and after it", () =>
    Effect.gen(function* () {
      const { last, result } = yield* followed({ server: {}, input: { messages: 3 } })
      assert.strictEqual(result.elapsed, 1000)
      assert.strictEqual(numbers(last, "smtp_source.messages.ended").accepted, 3)
      assert.strictEqual(numbers(last, "smtp_source.transaction.duration").accepted, 3)
      assert.deepStrictEqual(numbers(last, "smtp_source.connections.closed"), { client: 1, server: 0 })
    })
  )

  it.effect("have durations in seconds, in buckets with bounds, none of them lost at a bound", () =>
    Effect.gen(function* () {
      const { last } = yield* followed({ server: { latency: 50 }, input: { messages: 4 } })
      const { "mail accepted": mail } = points(last, "smtp_source.step.duration")
      assert.closeTo(mail?.sum ?? 0, 0.2, 0.001)
      assert.closeTo(mail?.min ?? 0, 0.05, 0.0001)
      assert.closeTo(mail?.max ?? 0, 0.05, 0.0001)
      const place = mail?.bucketCounts?.findIndex((count) => count > 0) ?? -1
      const { [place - 1]: above = 0, [place]: upTo = 0 } = mail?.explicitBounds ?? []
      assert.isTrue(above < 0.0501 && upTo >= 0.05, `${above} to ${upTo}`)
      assert.strictEqual(mail?.bucketCounts?.[place], 4)
    })
  )

  it.effect("say whose they are, and since when", () =>
    Effect.gen(function* () {
      const names: Array<string> = []
      const { last, result, told } = yield* followed({
        environment: { OTEL_RESOURCE_ATTRIBUTES: "service.name=other,deployment.environment.name=lab" },
        server: {
          script: ({ line, stage }) => {
            if (stage === "data") names.push(line)
            return undefined
          }
        }
      })
      const { "service.instance.id": runId, ...others } = resourceOf(last)
      assert.match(String(runId), /^[0-9a-f]+\.[0-9a-f]+$/)
      assert.deepStrictEqual(others, {
        "deployment.environment.name": "lab",
        "service.name": "smtp-source",
        "service.version": version,
        "smtp_source.target": "mx.example:25"
      })
      const [metric] = metricsOf(last)
      const point = (metric?.sum ?? metric?.gauge)?.dataPoints[0]
      assert.strictEqual(point?.startTimeUnixNano, String(BigInt(result.startedAt.getTime()) * 1_000_000n))
      assert.closeTo(Number(point?.timeUnixNano) / 1e6, result.startedAt.getTime() + result.elapsed, 1)
      assert.strictEqual(told[0]?.body.resourceMetrics[0]?.scopeMetrics[0]?.scope.name, "smtp-source")
    })
  )

  it.effect("may be sampled more often than they are sent", () =>
    Effect.gen(function* () {
      const { last, result, told } = yield* followed({ every: 100 })
      assert.lengthOf(told, Math.floor(result.elapsed / 1000) + 1)
      assert.strictEqual(numbers(last, "smtp_source.messages.ended").accepted, 20)
      assertLawful(told.map(({ body }) => body))
    })
  )

  it.effect("of a run whose worker died are those that the samples told, with the ends of the books", () =>
    Effect.gen(function* () {
      const { layer, sent } = collector(() => yes)
      const plan = Plan.make({ target: "mx.example", messages: 20, reuse: true })
      yield* Telemetry.follow(plan, (sampling) => {
        const take = (sample: Sample) => (sample.interval.at > 3000 ? undefined : sampling.take(sample))
        return Effect.map(Load.run(plan, { sampling: { ...sampling, take } }), (result) => ({
          ...result,
          accounting: { ...Accounting.sum(20, [result.accounting]), accepted: 19, unknown: 1 },
          recorder: new Recorder(),
          workerDied: Option.some(new WorkerDied({ reason: "out of memory" }))
        }))
      }).pipe(
        Effect.provide(Layer.provide(Telemetry.layer(), [layer, OtlpSerialization.layerJson])),
        Effect.provide(TestServer.layer({ latency: 100 })),
        (program) => Simulation.run(program)
      )
      const [before, last] = sent.slice(-2).map(({ body }) => body)
      assert.strictEqual(numbers(last!, "smtp_source.messages.ended").unknown, 1)
      const durations = numbers(before!, "smtp_source.transaction.duration")
      assert.isAbove(durations.accepted ?? 0, 0)
      assert.deepStrictEqual(numbers(last!, "smtp_source.transaction.duration"), durations)
      for (const gauge of ["smtp_source.sessions.active", "smtp_source.connections.open"]) {
        assert.deepStrictEqual([numbers(before!, gauge), numbers(last!, gauge)], [{ "": 1 }, { "": 0 }])
      }
      assertLawful(sent.map((request) => request.body))
    })
  )
})

describe("metrics in Protocol Buffers", () => {
  it.effect("are sent as such", () =>
    Effect.gen(function* () {
      const sent: Array<{ readonly type: string | undefined; readonly text: string }> = []
      const client = HttpClient.make((request) => {
        const { body } = request
        const bytes = body._tag === "Uint8Array" ? body.body : new Uint8Array()
        sent.push({ type: body.contentType, text: Buffer.from(bytes).toString("latin1") })
        return Effect.map(yes, (response) => HttpClientResponse.fromWeb(request, response))
      })
      const plan = Plan.make({ messages: 2, delay: 1 })
      const telemetry = Layer.provide(Telemetry.layer(), [
        Layer.succeed(HttpClient.HttpClient, client),
        OtlpSerialization.layerProtobuf
      ])
      yield* Telemetry.follow(plan, (sampling) => Load.run(plan, { sampling })).pipe(
        Effect.provide([telemetry, TestServer.layer(slowly)]),
        (program) => Simulation.run(program)
      )
      const last = sent.at(-1)
      assert.strictEqual(last?.type, "application/x-protobuf")
      assert.include(last?.text, "smtp_source.transaction.duration")
      assert.include(last?.text, "service.instance.id")
    })
  )
})

describe("where metrics are sent", () => {
  const urlOf = (options: Telemetry.TelemetryOptions, environment: Readonly<Record<string, string>> = {}) =>
    Effect.map(followed({ options, environment, input: { messages: 1 } }), ({ told }) => told[0]!)

  it.effect("is the endpoint with the path of metrics, which it may have already", () =>
    Effect.gen(function* () {
      for (const [endpoint, url] of [
        ["http://a:4318", "http://a:4318/v1/metrics"],
        ["http://a:4318/", "http://a:4318/v1/metrics"],
        ["https://a/otlp/", "https://a/otlp/v1/metrics"],
        ["https://a/x/v1/metrics", "https://a/x/v1/metrics"]
      ] as const) {
        assert.strictEqual((yield* urlOf({ endpoint })).url, url)
      }
    })
  )

  it.effect("is what the standard's variables say where nothing else does, and its headers go along", () =>
    Effect.gen(function* () {
      const none = { endpoint: undefined }
      assert.strictEqual((yield* urlOf(none)).url, "http://localhost:4318/v1/metrics")
      const base = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://b:1/" }
      assert.strictEqual((yield* urlOf(none, base)).url, "http://b:1/v1/metrics")
      assert.strictEqual((yield* urlOf({}, base)).url, "http://collector:4318/v1/metrics")
      const own = { ...base, OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: "http://c:1/as-it-is" }
      assert.strictEqual((yield* urlOf(none, own)).url, "http://c:1/as-it-is")
      const { headers } = yield* urlOf(
        { headers: { "x-own": "1" } },
        { OTEL_EXPORTER_OTLP_HEADERS: "authorization=Bearer%20secret, x-broken = %zz ,nonsense" }
      )
      assert.include(headers, { authorization: "Bearer secret", "x-broken": "%zz", "x-own": "1" })
    })
  )
})

describe("a collector that fails", () => {
  const refused: Answer = (_, request) =>
    Effect.suspend(() => {
      const cause = new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED 10.0.0.1:4318") })
      return new RequestError({ request, reason: "Transport", cause })
    })

  it.effect("is told of once, and does not hold up the run", () =>
    Effect.gen(function* () {
      const { ended, failures, result, told } = yield* followed({ answer: refused })
      assert.deepStrictEqual(failures, ["http://collector:4318/v1/metrics: connect ECONNREFUSED 10.0.0.1:4318"])
      assert.strictEqual(result.accounting.accepted, 20)
      assert.strictEqual(ended, result.elapsed)
      // It is asked each second all the same, for it may come back.
      assert.isAtLeast(told.length, 10)
    })
  )

  it.effect("for a while has all when it is back, and the end is tried twice", () =>
    Effect.gen(function* () {
      const steady = yield* followed({})
      const lastOne = steady.told.length
      const { failures, last } = yield* followed({
        answer: (k) => (k < 4 || k === lastOne ? Effect.sync(() => new Response("later", { status: 503 })) : yes)
      })
      assert.deepStrictEqual(failures, ["http://collector:4318/v1/metrics: answered 503"])
      assert.deepStrictEqual(last, steady.last)
    })
  )

  it.effect("by never answering gets one request at a time, none that is old, and two seconds at the end", () =>
    Effect.gen(function* () {
      let open = 0
      let most = 0
      const { ended, failures, last, result, told } = yield* followed({
        answer: () =>
          Effect.acquireUseRelease(
            Effect.sync(() => {
              most = Math.max(most, ++open)
            }),
            () => Effect.never,
            () => Effect.sync(() => open--)
          )
      })
      assert.deepStrictEqual([open, most], [0, 1])
      assert.deepStrictEqual(failures, ["http://collector:4318/v1/metrics: no answer in time"])
      assert.strictEqual(ended, result.elapsed + 2000)
      assert.deepStrictEqual(
        told.map(({ at }) => at),
        [5000, 10_000, result.elapsed]
      )
      assert.strictEqual(numbers(told[0]!.body, "smtp_source.messages.ended").accepted, 10)
      assert.strictEqual(numbers(last, "smtp_source.messages.ended").accepted, 20)
    })
  )

  it.effect("by taking some of it only is told of in printable words, which are few", () =>
    Effect.gen(function* () {
      const errorMessage = `\u001b[2J${"no ".repeat(1000)}`
      const answer = () =>
        Effect.sync(() => new Response(JSON.stringify({ partialSuccess: { rejectedDataPoints: "7", errorMessage } })))
      const { failures } = yield* followed({ answer })
      assert.lengthOf(failures, 1)
      assert.isTrue(failures[0]?.startsWith("http://collector:4318/v1/metrics: refused 7 data points: \\x1b[2Jno no "))
      assert.isBelow(failures[0]?.length ?? 0, 300)
    })
  )

  it.effect("with nonsense on its lips that says yes has said yes", () =>
    Effect.gen(function* () {
      const answers = ["", "<html>", '{"partialSuccess":null}', '{"partialSuccess":{"rejectedDataPoints":0}}']
      const { failures } = yield* followed({ answer: (k) => Effect.sync(() => new Response(answers[k % 4])) })
      assert.deepStrictEqual(failures, [])
    })
  )

  it.effect("by a word without an end is not listened to for long", () =>
    Effect.gen(function* () {
      let given = 0
      const chunk = new Uint8Array(1024).fill(0x20)
      const endless = () =>
        new Response(
          new ReadableStream({
            pull: (controller) => {
              given++
              controller.enqueue(chunk)
            }
          })
        )
      const { failures, told } = yield* followed({ answer: () => Effect.sync(endless), input: { messages: 1 } })
      assert.deepStrictEqual(failures, [])
      assert.isAtMost(given, (told.length + 1) * 20)
    })
  )
})
