import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import * as Load from "../../src/load/Load.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"

interface Made {
  readonly name: string
  readonly parent: string | undefined
  readonly attributes: Record<string, unknown>
  lasted?: number
  exit?: Exit.Exit<unknown, unknown>
}

/** A tracer that keeps what it is told. */
const recording = () => {
  const spans: Array<Made> = []
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const made: Made = {
        name,
        parent: Option.getOrUndefined(Option.map(parent, (each) => ("name" in each ? each.name : each.spanId))),
        attributes: {}
      }
      spans.push(made)
      return {
        _tag: "Span",
        name,
        spanId: String(spans.length),
        traceId: "1",
        parent,
        context,
        status: { _tag: "Started", startTime },
        attributes: new Map(),
        links,
        sampled: true,
        kind,
        end: (endTime, exit) => {
          made.lasted = Number(endTime - startTime) / 1e6
          made.exit = exit
        },
        attribute: (key, value) => {
          made.attributes[key] = value
        },
        event: () => {},
        addLinks: () => {}
      }
    },
    context: (f) => f()
  })
  return { spans, tracer }
}

const plan = Plan.make({ target: "in.memory", messages: 2, acceptRejection: true, reuse: true, recipients: 2 })

const server = TestServer.layer({
  script: ({ stage, total }) => (stage === "mail" && total === 2 ? TestServer.reply("451 later") : undefined)
})

describe("the messages of a run, on request", () => {
  it.effect("are spans under that of the run, as long as their transactions, which fail as they did", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recording()
      yield* Load.run(plan, { spans: true }).pipe(
        Effect.withSpan("whole"),
        Effect.provide(Layer.merge(server, Layer.setTracer(tracer)))
      )
      const [first, second] = spans.filter(({ name }) => name === "smtp.transaction")
      assert.deepInclude(first, { parent: "whole", exit: Exit.void })
      assert.deepStrictEqual(first?.attributes, {
        "smtp.message": 0,
        "smtp.outcome": "Accepted",
        "smtp.recipients.offered": 2,
        "smtp.recipients.accepted": 2
      })
      assert.deepInclude(second?.attributes, { "smtp.outcome": "Rejected", "smtp.step": "mail", "smtp.code": 451 })
      assert.isTrue(second?.exit !== undefined && Exit.isFailure(second.exit))
    })
  )

  it.effect("are log lines", () =>
    Effect.gen(function* () {
      const lines: Array<readonly [string, unknown]> = []
      const logger = Logger.make(({ annotations, message }) => {
        lines.push([String(message), Option.getOrUndefined(HashMap.get(annotations, "smtp.outcome"))])
      })
      yield* Load.run(plan, { logs: true }).pipe(
        Logger.withMinimumLogLevel(LogLevel.Debug),
        Effect.provide(Layer.merge(server, Logger.replace(Logger.defaultLogger, logger)))
      )
      assert.deepStrictEqual(lines, [
        ["message 0: Accepted", "Accepted"],
        ["message 1: Rejected, sender rejected: 451 later", "Rejected"]
      ])
    })
  )

  it.effect("are neither where nobody asks", () =>
    Effect.gen(function* () {
      const { spans, tracer } = recording()
      yield* Load.run(plan).pipe(Effect.provide(Layer.merge(server, Layer.setTracer(tracer))))
      assert.deepStrictEqual(spans, [])
    })
  )
})
