import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Plan from "../../src/plan/Plan.js"
import { run } from "./RunHere.js"

/** One thread, and two. */
const threads = [1, 2]

const refusingThird = {
  script: ({ total, stage }: { readonly total: number; readonly stage: string }) =>
    stage === "mail" && total === 3 ? { say: "550 no\r\n" } : undefined
}

describe("-c", () => {
  it.effect("counts the contents that were sent on standard output, in one line that ends with the run", () =>
    Effect.gen(function* () {
      for (const workers of threads) {
        const { status, stderr, stdout } = yield* run({ messages: 4, sessions: 2, counter: true, workers })
        assert.deepStrictEqual([status, stdout, stderr], [0, "1\r2\r3\r4\r\n", ""])
      }
      assert.strictEqual((yield* run({ messages: 4, sessions: 2 })).stdout, "")
    })
  )

  it.effect("leaves its line open where the run is ended by an error", () =>
    Effect.gen(function* () {
      for (const workers of threads) {
        const plan = { messages: 9, counter: true, workers } as const
        const { status, stderr, stdout } = yield* run(plan, { server: refusingThird })
        assert.deepStrictEqual([status, stdout], [1, "1\r2\r"])
        assert.match(stderr, /^smtp-source: fatal: .*550 no\n$/)
      }
    })
  )
})

describe("-v", () => {
  const lines = (text: string) => text.split("\n")

  it.effect("shows the dialogue on standard error, content left out", () =>
    Effect.gen(function* () {
      const { stderr, stdout } = yield* run({ from: "a@example", to: "b@example", verbose: 1 })
      assert.strictEqual(stdout, "")
      assert.deepStrictEqual(lines(stderr.replace(/^<<< 250-.*\n/gm, "")), [
        "<<< 220 localhost ESMTP",
        "HELO me.example",
        "<<< 250 localhost",
        "MAIL FROM:<a@example>",
        "<<< 250 2.1.0 Ok",
        "RCPT TO:<b@example>",
        "<<< 250 2.1.5 Ok",
        "DATA",
        "<<< 354 End data with <CR><LF>.<CR><LF>",
        ".",
        "<<< 250 2.0.0 Ok",
        "QUIT",
        "<<< 221 2.0.0 Bye",
        ""
      ])
      assert.strictEqual((yield* run({})).stderr, "")
    })
  )

  it.effect("shows the dialogues of all sessions and threads, each line with the number of its connection", () =>
    Effect.gen(function* () {
      const dialogue = lines((yield* run({ verbose: 1 })).stderr)
      for (const workers of threads) {
        const { stderr } = yield* run({ messages: 4, sessions: 2, verbose: 1, workers })
        const ofConnection = new Map<string, Array<string>>()
        for (const line of lines(stderr).slice(0, -1)) {
          const [, number = "none", said = line] = /^(\d+): (.*)$/.exec(line) ?? []
          ofConnection.set(number, [...(ofConnection.get(number) ?? []), said])
        }
        assert.lengthOf([...ofConnection.keys()], 4)
        for (const [number, said] of ofConnection) {
          assert.notStrictEqual(number, "none")
          assert.deepStrictEqual([...said, ""], dialogue)
        }
      }
    })
  )
})

describe("-F", () => {
  it.effect("is what is sent, by all threads", () =>
    Effect.gen(function* () {
      for (const workers of threads) {
        const plan = { messages: 4, sessions: 2, file: "mail", workers } as const
        const { accepted, status } = yield* run(plan, { file: "Subject: file\n\n.dot\nend" })
        assert.strictEqual(status, 0)
        assert.lengthOf(accepted, 4)
        for (const { content } of accepted) assert.include(content, "Subject: file\r\n\r\n.dot\r\nend\r\n")
      }
    })
  )
})

describe("--template and --data", () => {
  it.effect("are what is sent, by all threads", () =>
    Effect.gen(function* () {
      for (const workers of threads) {
        const plan = { messages: 4, sessions: 2, workers } as const
        const template = yield* run({ ...plan, template: "t" }, { file: "X-Run: {{number}}\n\nend" })
        assert.strictEqual(template.status, 0, template.stderr)
        const numbers = template.accepted.map(({ content }) => content.replace(/^X-Run: (\d)\r\n\r\nend\r\n$/, "$1"))
        assert.deepStrictEqual(numbers.sort(), ["1", "2", "3", "4"])
      }
    })
  )

  it.effect("with --once, end with the last row, in the report, too", () =>
    Effect.gen(function* () {
      for (const workers of threads) {
        const plan = { data: "u", once: true, headers: "X: {{row.a}}", sessions: 2, summary: true, workers } as const
        const { accepted, status, stderr } = yield* run(plan, { file: "a\n1\n2\n3\n" })
        assert.strictEqual(status, 0)
        assert.deepStrictEqual(accepted.map(({ content }) => content.slice(0, 6)).sort(), [
          "X: 1\r\n",
          "X: 2\r\n",
          "X: 3\r\n"
        ])
        assert.include(stderr, "3 messages: 3 accepted")
      }
    })
  )
})

describe("--corpus", () => {
  it.effect("is what is sent, by all threads, once, and what was left out is told", () =>
    Effect.gen(function* () {
      const from = "From me@x Thu Nov 26 13:11:20 2026"
      const file = `${from}\nSubject: a\n\na\n\n${from}\nSubject: b\n\nb\n\n${from}\nX: c\n\nc\rc\n`
      for (const workers of threads) {
        const plan = { corpus: "box", once: true, sessions: 2, workers } as const
        const { accepted, status, stderr } = yield* run(plan, { file })
        assert.strictEqual(status, 0)
        assert.deepStrictEqual(accepted.map(({ content }) => /Subject: (.)/.exec(content)?.[1]).sort(), ["a", "b"])
        assert.strictEqual(
          stderr,
          "smtp-source: warning: --corpus: 1 message left out, with a carriage return that stands alone\n"
        )
        const spaced = yield* run({ ...plan, unusual: "space" }, { file })
        assert.strictEqual(spaced.accepted.length, 3)
      }
    })
  )

  it.effect("of mboxrd has its quotes taken off", () =>
    Effect.gen(function* () {
      const file = "From me@x Thu Nov 26 13:11:20 2026\nSubject: a\n\n>From here\n"
      const body = (mbox: "mboxo" | "mboxrd") =>
        Effect.map(run({ corpus: "box", mbox }, { file }), ({ accepted }) => accepted[0]?.content.split("\r\n\r\n")[1])
      assert.deepStrictEqual([yield* body("mboxo"), yield* body("mboxrd")], [">From here\r\n", "From here\r\n"])
    })
  )
})

describe("-r, drawn", () => {
  it.effect("has a sink that takes the largest number", () =>
    Effect.gen(function* () {
      const { sinks } = yield* run({ recipients: "1..150", sink: true }, { server: { maxRecipients: 150 } })
      assert.strictEqual(sinks[0]?.maxRecipients, 150)
    })
  )
})

describe("--sink", () => {
  it.effect("offers what --sink-offer adds, and not what --sink-hide takes away", () =>
    Effect.gen(function* () {
      const plan = { messages: 1, sink: true, sinkOffer: "x-test, size=5000", sinkHide: "dsn" } as const
      const { sinks } = yield* run(plan, { server: {} })
      const { maxMessageSize, offers = [] } = sinks[0]!
      assert.include(offers, "X-TEST")
      assert.notInclude(offers, "DSN")
      assert.strictEqual(maxMessageSize, 5000)
    })
  )

  const plans: ReadonlyArray<readonly [input: Plan.PlanInput, config: object]> = [
    [{}, { protocol: "smtp", maxRecipients: undefined, tls: "off" }],
    [{ lmtp: true }, { protocol: "lmtp", maxRecipients: undefined, tls: "off" }],
    [{ recipients: 101 }, { protocol: "smtp", maxRecipients: 101, tls: "off" }],
    [
      { lmtp: true, recipients: 3 },
      { protocol: "lmtp", maxRecipients: 3, tls: "off" }
    ],
    [{ tls: "starttls" }, { protocol: "smtp", maxRecipients: undefined, tls: "required" }],
    [{ tls: "if-offered" }, { protocol: "smtp", maxRecipients: undefined, tls: "offered" }],
    [{ tls: "implicit" }, { protocol: "smtp", maxRecipients: undefined, tls: "implicit" }]
  ]
  for (const [input, config] of plans) {
    it.effect(
      `starts a sink that speaks what the plan does, and no other server is met: ${JSON.stringify(input)}`,
      () =>
        Effect.gen(function* () {
          const { accepted, sinks, status, stderr, targets } = yield* run(
            { messages: 2, reuse: true, summary: true, ...input, sink: true },
            { server: config }
          )
          assert.lengthOf(sinks, 1)
          assert.deepInclude(sinks[0]!, { auth: undefined, proxy: undefined, ...config })
          assert.deepStrictEqual(targets, ["sink.example:2525"])
          assert.lengthOf(accepted, 2)
          assert.strictEqual(status, 0, stderr)
          assert.include(stderr, "smtp-source: the sink counted 2 messages, too\n")
        })
    )
  }
})
