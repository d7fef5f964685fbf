/**
 * Sends metrics to an OpenTelemetry collector: OTLP over HTTP, as the standard's environment variables say.
 *
 * A collector cannot harm who sends: a request ends after a time, and no more is read of an answer than a few kilobytes.
 *
 * @since 0.1.0
 */
import { OtlpSerialization } from "@effect/opentelemetry/OtlpSerialization"
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import type { HttpClientError } from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import type { HttpClientResponse } from "@effect/platform/HttpClientResponse"
import * as Config from "effect/Config"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Printable from "../smtp/Printable.js"

/**
 * Where to send, and what goes along.
 *
 * @since 0.1.0
 * @category models
 */
export interface ExportOptions {
  /**
   * The collector's URL, to which `/v1/metrics` is added where it is not there. Without one, the URL that
   * OTEL_EXPORTER_OTLP_METRICS_ENDPOINT or OTEL_EXPORTER_OTLP_ENDPOINT holds, or `http://localhost:4318`.
   */
  readonly endpoint?: string | undefined
  /** Besides those in OTEL_EXPORTER_OTLP_HEADERS. */
  readonly headers?: Headers.Input | undefined
}

/**
 * Metrics did not get through, or not all of them. The reason is printable.
 *
 * @since 0.1.0
 * @category errors
 */
export class ExportFailed extends Data.TaggedError("ExportFailed")<{
  readonly url: string
  readonly reason: string
}> {
  override get message(): string {
    return `${this.url}: ${this.reason}`
  }
}

/**
 * The reason of a request that was waited for in vain.
 *
 * @since 0.1.0
 * @category constants
 */
export const noAnswer = "no answer in time"

/**
 * Sends one request, as long as that takes at most.
 *
 * @since 0.1.0
 * @category models
 */
export type Send = (request: unknown, atMost: Duration.DurationInput) => Effect.Effect<void, ExportFailed>

/**
 * Prepares to send.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: ExportOptions): Effect.Effect<Send, never, HttpClient.HttpClient | OtlpSerialization> =>
  Effect.gen(function* () {
    // What a collector does is part of its own request, and of no other trace.
    const client = HttpClient.withTracerPropagation(HttpClient.withScope(yield* HttpClient.HttpClient), false)
    const serialization = yield* OtlpSerialization
    const url = options.endpoint === undefined ? yield* standardUrl : metricsUrl(options.endpoint)
    const headers = Headers.merge(yield* standardHeaders, Headers.fromInput(options.headers))
    const request = HttpClientRequest.post(url, { headers })
    const failed = (reason: string) =>
      new ExportFailed({ url: Printable.escape(url), reason: Printable.escape(reason) })
    return (data, atMost) =>
      Effect.suspend(() => client.execute(HttpClientRequest.setBody(request, serialization.metrics(data)))).pipe(
        Effect.flatMap((response) =>
          response.status >= 200 && response.status < 300
            ? Effect.map(textOf(response), refusalOf)
            : Effect.succeed(`answered ${response.status}`)
        ),
        // With the scope the request ends, and what was not read of its answer is not waited for.
        Effect.scoped,
        Effect.mapError((error) => failed(causeOf(error))),
        Effect.flatMap((refusal) => (refusal === undefined ? Effect.void : failed(refusal))),
        Effect.timeoutFail({ duration: atMost, onTimeout: () => failed(noAnswer) }),
        Effect.withTracerEnabled(false)
      )
  })

/** A variable of the environment; one that is empty is none. */
const variable = (name: string): Effect.Effect<string | undefined> =>
  Effect.orElseSucceed(
    Effect.map(Config.string(name), (text) => (text === "" ? undefined : text)),
    () => undefined
  )

const metricsUrl = (base: string): string =>
  /\/v1\/metrics\/?$/.test(base) ? base : `${base.replace(/\/+$/, "")}/v1/metrics`

const standardUrl = Effect.gen(function* () {
  const own = yield* variable("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT")
  return own ?? metricsUrl((yield* variable("OTEL_EXPORTER_OTLP_ENDPOINT")) ?? "http://localhost:4318")
})

/** `name=value,name=value`, in which values are percent-encoded. */
const standardHeaders = Effect.map(variable("OTEL_EXPORTER_OTLP_HEADERS"), (text = "") =>
  Headers.fromInput(
    text.split(",").flatMap((pair) => {
      const [, name, value = ""] = /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair) ?? []
      return name === undefined ? [] : [[name, decoded(value)] as const]
    })
  )
)

const decoded = (text: string): string => {
  const result = Either.try(() => decodeURIComponent(text))
  return Either.getOrElse(result, () => text)
}

/** An answer that says something is a line of JSON. */
const longestAnswer = 16_384

/** The beginning of an answer. */
const textOf = (response: HttpClientResponse): Effect.Effect<string, HttpClientError> => {
  const decoder = new TextDecoder()
  return Stream.runFoldWhile(
    response.stream,
    "",
    (text) => text.length < longestAnswer,
    (text, chunk) => text + decoder.decode(chunk.subarray(0, longestAnswer), { stream: true })
  )
}

const PartialSuccess = Schema.parseJson(
  Schema.Struct({
    partialSuccess: Schema.Struct({
      rejectedDataPoints: Schema.optional(Schema.Union(Schema.Number, Schema.NumberFromString)),
      errorMessage: Schema.optional(Schema.String)
    })
  })
)

/** What a collector did not take of what it said yes to; nothing where it took all, or says nothing that we can read. */
const refusalOf = (text: string): string | undefined => {
  const answer = Schema.decodeEither(PartialSuccess)(text)
  if (Either.isLeft(answer)) return undefined
  const { errorMessage = "", rejectedDataPoints = 0 } = answer.right.partialSuccess
  return rejectedDataPoints > 0 ? `refused ${rejectedDataPoints} data points: ${errorMessage.slice(0, 200)}` : undefined
}

/** What fetch wraps, in words: `connect ECONNREFUSED 127.0.0.1:4318`. */
const causeOf = (error: HttpClientError): string => {
  let reason = error.message
  let cause: unknown = error.cause
  // As deep as anybody wraps.
  for (let depth = 0; depth < 5 && cause instanceof Error; depth++) {
    const { code } = cause as { readonly code?: unknown }
    reason = cause.message === "" && typeof code === "string" ? code : cause.message === "" ? reason : cause.message
    cause = cause.cause
  }
  return reason
}
