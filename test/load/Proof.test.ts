import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import * as Load from "../../src/load/Load.js"
import * as Corpus from "../../src/plan/Corpus.js"
import * as Plan from "../../src/plan/Plan.js"
import type { Accepted } from "../../src/sink/ServerLog.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"
import * as TestRelay from "../../src/testing/TestRelay.js"

type Relaying = (accepted: Accepted, message: number) => ReadonlyArray<TestRelay.Forwarding>

const proved = (
  input: Plan.PlanInput,
  relaying: Relaying,
  options: TestServer.TestServerOptions = {},
  running: Pick<Load.RunOptions, "parts" | "onSettling"> = {}
): Promise<Load.RunResult> => {
  const rest = { settle: 60, keepGoing: true, failIf: "missing > 1000" }
  const plan = Plan.make({ prove: "recipients", downstream: "unix:next", ...rest, ...input })
  const run = Load.run(plan, running).pipe(
    Effect.provide(TestRelay.layer((message, accepted) => relaying(accepted, message), options))
  )
  return Effect.runPromise(Simulation.run(run))
}

const as = (accepted: Accepted, other: TestRelay.Forwarding = {}): TestRelay.Forwarding => ({
  after: 50,
  answer: "250",
  sender: accepted.sender,
  recipients: accepted.recipients,
  content: `Received: by relay\r\n${accepted.content}`,
  ...other
})

const withBody = (accepted: Accepted, change: (body: string) => string): string => {
  const at = accepted.content.indexOf("\r\n\r\n") + 4
  return accepted.content.slice(0, at) + change(accepted.content.slice(at))
}

const notice = ({ content, recipients }: Accepted) => ({
  sender: "",
  recipients: ["foo@localhost"],
  content: [
    "Subject: Undelivered",
    "",
    ...recipients.flatMap((recipient) => ["", `Final-Recipient: rfc822; ${recipient}`, "Action: failed"]),
    "",
    content
  ].join("\r\n")
})

/** What can be done to a message, and what the proof is to say of it. */
const deeds = {
  sentOn: { does: (accepted: Accepted) => [as(accepted)], delivered: 1 },
  lost: { does: () => [], missing: 1 },
  doubled: { does: (accepted: Accepted) => [as(accepted), as(accepted)], delivered: 1, duplicated: 1, duplicates: 1 },
  tripled: {
    does: (accepted: Accepted) => [as(accepted), as(accepted), as(accepted)],
    delivered: 1,
    duplicated: 1,
    duplicates: 2
  },
  repeated: {
    does: (accepted: Accepted) => [as(accepted, { answer: "" }), as(accepted, { answer: "" }), as(accepted)],
    delivered: 1,
    repeats: 2
  },
  repeatedAndDoubled: {
    does: (accepted: Accepted) => [as(accepted, { answer: "" }), as(accepted), as(accepted)],
    delivered: 1,
    duplicated: 1,
    duplicates: 1,
    repeats: 1
  },
  deferred: {
    does: (accepted: Accepted) => [as(accepted, { answer: "451" }), as(accepted)],
    delivered: 1,
    refused: 1
  },
  givenUp: {
    does: (accepted: Accepted) => [as(accepted, { answer: "451" }), as(accepted, notice(accepted))],
    returned: 1,
    refused: 1
  },
  silentlyTaken: { does: (accepted: Accepted) => [as(accepted, { answer: "" })], delivered: 1, unconfirmed: 1 },
  slow: { does: (accepted: Accepted) => [as(accepted, { after: 6000 })], delivered: 1 },
  truncated: {
    does: (accepted: Accepted) => [as(accepted, { content: withBody(accepted, (body) => `${body.slice(0, 20)}\r\n`) })],
    delivered: 1,
    changed: "other"
  },
  cut: {
    does: (accepted: Accepted) => [as(accepted, { content: withBody(accepted, (body) => body.slice(0, 19)) })],
    delivered: 1,
    changed: "truncated"
  },
  withFooter: {
    does: (accepted: Accepted) => [as(accepted, { content: withBody(accepted, (body) => `${body}--\r\nClean\r\n`) })],
    delivered: 1,
    changed: "footer"
  },
  withBanner: {
    does: (accepted: Accepted) => [as(accepted, { content: withBody(accepted, (body) => `Beware!\r\n${body}`) })],
    delivered: 1,
    changed: "banner"
  },
  withLineFeeds: {
    does: (accepted: Accepted) => [
      as(accepted, { content: withBody(accepted, (body) => `${body.trimEnd().replaceAll("\r\n", "\n")}\r\n`) })
    ],
    delivered: 1,
    changed: "line ends"
  },
  withAnotherSender: {
    does: (accepted: Accepted) => [
      as(accepted, { content: accepted.content.replace(/^From: .*$/m, "From: foo@relay.example\r") })
    ],
    delivered: 1,
    changed: "header"
  },
  withoutDate: {
    does: (accepted: Accepted) => [as(accepted, { content: accepted.content.replace(/^Date: .*\r\n/m, "") })],
    delivered: 1,
    changed: "header"
  },
  withHeadersOfAServer: {
    does: (accepted: Accepted) => [
      as(accepted, {
        content: `Subject: [list] 1\r\n${accepted.content.replace(/^Date: (.*) /m, "X-More: 1\r\nDate:\r\n\t$1\r\n ")}`
      })
    ],
    delivered: 1
  },
  looping: {
    does: (accepted: Accepted) => [
      as(accepted, { content: `${"Received: by relay\r\n".repeat(51)}${accepted.content}` })
    ],
    missing: 1,
    looped: 1
  },
  readdressed: {
    does: (accepted: Accepted) => [as(accepted, { recipients: ["other@elsewhere"] })],
    missing: 1,
    foreignRecipients: 1
  },
  inOtherLetters: {
    does: (accepted: Accepted) => [
      as(accepted, { recipients: accepted.recipients.map((recipient) => recipient.toUpperCase()) })
    ],
    delivered: 1
  },
  withOthers: {
    does: (accepted: Accepted) => [
      as(accepted, { content: "Subject: not ours\r\n\r\n" }),
      as(accepted, { content: "X-Smtp-Source: r=0000000000000000; k=0; t=0; b=00000000; n=0\r\n\r\n" }),
      as(accepted)
    ],
    delivered: 1,
    foreign: 2
  },
  delayed: {
    does: (accepted: Accepted) => {
      const late = notice(accepted)
      return [
        as(accepted, { ...late, content: late.content.replaceAll("Action: failed", "Action: delayed") }),
        as(accepted)
      ]
    },
    delivered: 1,
    late: 1
  }
} as const satisfies { readonly [name: string]: Deed }

interface Deed {
  readonly does: Relaying
  readonly delivered?: number
  readonly missing?: number
  readonly returned?: number
  readonly duplicated?: number
  readonly duplicates?: number
  readonly repeats?: number
  readonly unconfirmed?: number
  readonly refused?: number
  readonly foreign?: number
  readonly looped?: number
  readonly foreignRecipients?: number
  readonly late?: number
  readonly changed?: string
}

const all: { readonly [name: string]: Deed } = deeds
const names = Object.keys(all)

const sum = (done: ReadonlyArray<Deed>, what: keyof Deed): number =>
  done.reduce((sum, deed) => sum + Number(deed[what] ?? 0), 0)

describe("what the next hop proves", () => {
  it("is what has become of each message, whatever the server did to them", () =>
    fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...names), { minLength: 1, maxLength: 50 }), async (drawn) => {
        // Copies of what has come are not waited for: one message is that takes its time.
        const script = [...drawn, "slow"]
        const { proof, violations } = await proved(
          { messages: script.length, sessions: 5, reuse: true, settle: 7 },
          (accepted, message) => all[script[message]!]!.does(accepted, message)
        )
        assert.deepStrictEqual(violations, [])
        const { tally } = proof!
        const done = script.map((name) => all[name]!)
        const { changes, copies, delivery: _, depth: __, impossible, outOfOrder: ___, ...rest } = tally
        assert.deepStrictEqual(rest, {
          accepted: script.length,
          open: 0,
          deliveredAccepted: sum(done, "delivered"),
          deliveredOpen: 0,
          missing: sum(done, "missing"),
          returned: sum(done, "returned"),
          duplicated: sum(done, "duplicated"),
          unconfirmed: sum(done, "unconfirmed"),
          came: sum(done, "delivered"),
          first: sum(done, "delivered"),
          duplicates: sum(done, "duplicates"),
          repeats: sum(done, "repeats"),
          refused: sum(done, "refused"),
          foreign: sum(done, "foreign"),
          foreignRecipients: sum(done, "foreignRecipients"),
          early: 0,
          delayed: sum(done, "late"),
          looped: sum(done, "looped")
        })
        assert.strictEqual(copies, rest.first + rest.duplicates + rest.repeats)
        assert.strictEqual(impossible.count, 0)
        for (const [kind, count] of Object.entries(changes)) {
          assert.strictEqual(count, done.filter(({ changed }) => changed === kind).length, kind)
        }
        const missed = script.flatMap((name, message) => ((all[name]!.missing ?? 0) > 0 ? [message] : []))
        assert.deepStrictEqual(
          proof!.missed.map(({ message }) => message),
          missed.slice(0, 10)
        )
      }),
      { numRuns: 12 }
    ))

  it("is told by the recipient: one of several is lost, another comes apart from the others", async () => {
    const ids = new Map<number, string | undefined>()
    const { proof, violations } = await proved(
      { messages: 10, recipients: 3, numberRecipients: true, to: "x@example.com" },
      (accepted, message) => {
        ids.set(message, /^Message-Id: (\S+)\r$/m.exec(accepted.content)?.[1])
        return [
          as(accepted, { recipients: message === 4 ? [] : accepted.recipients.slice(0, 1) }),
          as(accepted, { recipients: accepted.recipients.slice(1, message === 7 ? 2 : 3) })
        ]
      }
    )
    assert.match(ids.get(4)!, /^<.+@.+>$/)
    assert.deepStrictEqual(violations, [])
    const { accepted, deliveredAccepted, duplicates, missing } = proof!.tally
    assert.deepStrictEqual(
      { accepted, deliveredAccepted, duplicates, missing },
      {
        accepted: 30,
        deliveredAccepted: 28,
        duplicates: 0,
        missing: 2
      }
    )
    assert.deepStrictEqual(proof!.missed, [
      { message: 4, messageId: ids.get(4), sender: "foo@localhost", recipient: "13x@example.com" },
      { message: 7, messageId: ids.get(7), sender: "foo@localhost", recipient: "24x@example.com" }
    ])
  })

  it("is told by the recipients that the headers of a corpus name", async () => {
    const collector = new Corpus.Collector({ rewrite: ["message-id"], unusual: "skip", toDomain: "y" })
    for (const to of ["a@x", "b@x, c@x, d@x", "e@x, f@x"])
      collector.add(Buffer.from(`From: me@x\nTo: ${to}\n\nHello\n`))
    const { proof, violations } = await proved(
      { messages: 6, corpus: "c", envelope: "headers", toDomain: "y" },
      (accepted, message) => [
        as(accepted, { recipients: message === 4 ? accepted.recipients.slice(0, 2) : accepted.recipients })
      ],
      {},
      { parts: { corpus: collector.end() } }
    )
    assert.deepStrictEqual(violations, [])
    const { accepted, deliveredAccepted, foreignRecipients, missing } = proof!.tally
    assert.deepStrictEqual([accepted, deliveredAccepted, foreignRecipients, missing], [12, 11, 0, 1])
    assert.deepInclude(proof!.missed[0], { message: 4, sender: "me=x@y", recipient: "d=x@y" })
  })

  it("is of messages alone where the server rewrites addresses", async () => {
    const { proof, violations } = await proved(
      { messages: 10, prove: "messages", recipients: 2 },
      (accepted, message) => (message === 3 ? [] : [as(accepted, { recipients: ["alias@elsewhere"] })])
    )
    assert.deepStrictEqual(violations, [])
    const { accepted, deliveredAccepted, missing } = proof!.tally
    assert.deepStrictEqual([accepted, deliveredAccepted, missing], [10, 9, 1])
  })

  it("is how long it took, in which order, and how many were on their way", async () => {
    const { elapsed, proof } = await proved({ messages: 20, rate: "10/s", maxSessions: 5 }, (accepted, message) => [
      as(accepted, { after: message === 0 ? 5000 : 500 })
    ])
    const { delivery, depth, outOfOrder } = proof!.tally
    // All but the first come 0.5 s after they were due.
    assert.isAtMost(elapsed, 2000)
    assert.strictEqual(outOfOrder, 1)
    assert.strictEqual(
      delivery.counts.reduce((sum, count) => sum + count, 0),
      20
    )
    const slow = delivery.counts.findLastIndex((count) => count > 0)
    assert.isAbove(
      slow,
      delivery.counts.findIndex((count) => count > 0)
    )
    assert.deepStrictEqual(proof!.seconds.slice(0, 3), [
      { accepted: 10, arrived: 4 },
      { accepted: 10, arrived: 10 },
      { accepted: 0, arrived: 5 }
    ])
    assert.deepStrictEqual(depth, { most: 6, second: 0 })
  })

  it("waits for what is missing as long as something arrives, and then for --settle", async () => {
    const { proof } = await proved({ messages: 3, settle: 60 }, (accepted, message) =>
      message === 2 ? [] : [as(accepted, { after: message * 50_000 })]
    )
    assert.strictEqual(proof!.tally.missing, 1)
    assert.closeTo(proof!.waited, 110_000, 300)
    const { proof: quick } = await proved({ messages: 3, settle: 60 }, (accepted) => [as(accepted, { after: 1000 })])
    assert.isAtMost(quick!.waited, 1300)
  })

  it("tells while it waits what has arrived, what is awaited, and for how long", async () => {
    const told: Array<Load.Settling> = []
    const does: Relaying = (accepted, message) => {
      if (message === 3) return [as(accepted, { answer: "" })]
      return message === 2 ? [] : [as(accepted, { after: message * 20_000 })]
    }
    const onSettling = (settling: Load.Settling) => void told.push(settling)
    await proved({ messages: 4, settle: 30 }, does, {}, { onSettling })
    const at = (waited: number) => told.find((each) => each.waited === waited)
    assert.deepStrictEqual(at(10_000), { accepted: 4, arrived: 2, awaited: 3, waited: 10_000, left: 20_100 })
    assert.deepStrictEqual(at(40_000), { accepted: 4, arrived: 3, awaited: 2, waited: 40_000, left: 10_100 })
    assert.closeTo(told.at(-1)!.waited, 50_000, 300)
  })

  it("counts what arrived of those whose end nobody knows", async () => {
    const options: TestServer.TestServerOptions = {
      script: ({ nth, stage }) => (stage === "final" && nth === 1 ? { say: "", end: "reset" } : undefined)
    }
    const { accounting, proof, violations } = await proved({ messages: 4 }, (accepted) => [as(accepted)], options)
    assert.deepStrictEqual(violations, [])
    assert.strictEqual(accounting.unknown, 4)
    assert.deepStrictEqual([proof!.tally.open, proof!.tally.deliveredOpen, proof!.tally.missing], [4, 0, 0])
  })

  it("does not take for granted what was refused, or never sent: if that arrives, the books are wrong", async () => {
    const options: TestServer.TestServerOptions = {
      script: ({ session, stage }) => (stage === "mail" && session === 2 ? { say: "550 no\r\n" } : undefined)
    }
    const { proof, violations } = await proved(
      { messages: 3 },
      (accepted, message) => [
        // What nobody has sent: the second message, which was refused.
        ...(message === 0 ? [as(accepted, { content: accepted.content.replace("; k=0;", "; k=1;") })] : []),
        as(accepted)
      ],
      options
    )
    assert.deepStrictEqual(violations, ["1 arrived that were never sent: k = 1"])
    assert.strictEqual(proof!.tally.impossible.count, 1)
  })

  it("is in LMTP what became of each recipient by its own reply", async () => {
    const options: TestServer.TestServerOptions = {
      protocol: "lmtp",
      script: ({ recipientPlace, stage }) =>
        stage === "final" && recipientPlace === 2 ? { say: "550 no\r\n" } : undefined
    }
    const { proof, violations } = await proved(
      { messages: 5, lmtp: true, recipients: 3, numberRecipients: true },
      (accepted) => [as(accepted)],
      options
    )
    assert.deepStrictEqual(violations, [])
    const { accepted, deliveredAccepted, missing, open } = proof!.tally
    assert.deepStrictEqual([accepted, deliveredAccepted, missing, open], [10, 10, 0, 5])
  })

  it("is the same with pipelining, and by chunks", async () => {
    const ways: ReadonlyArray<Plan.PlanInput> = [
      { pipelining: "full", reuse: true },
      { chunking: "on", reuse: true },
      { length: "1k..50k", body: "random", seed: "7", recipients: "1..4", numberRecipients: true }
    ]
    for (const way of ways) {
      const { proof, violations } = await proved({ messages: 30, sessions: 3, ...way }, (accepted) => [as(accepted)])
      assert.deepStrictEqual(violations, [])
      const { accepted, changes, deliveredAccepted } = proof!.tally
      assert.strictEqual(deliveredAccepted, accepted)
      assert.isAtLeast(accepted, 30)
      assert.isTrue(Object.values(changes).every((count) => count === 0))
    }
  })

  it("shows what was changed", async () => {
    const { proof } = await proved({ messages: 1 }, (accepted) => [
      as(accepted, { content: withBody(accepted, (body) => body.replace("da 2", "DA 2")) })
    ])
    assert.deepStrictEqual(proof!.changes, [
      { message: 0, kind: "other", at: 31, sent: "da 2.\\x0d\\x0aLa de da ", came: "DA 2.\\x0d\\x0aLa de da " }
    ])
  })

  it("shows headers that were changed, but for those that are to be ignored", async () => {
    const relaying: Relaying = (accepted) => [
      as(accepted, {
        content: accepted.content
          .replace(/^To: .*$/m, "To: undisclosed\r")
          .replace(/^X-Virus-Id: .*\r\n/m, "")
          .replace(/^Subject: /m, "Subject: [list] ")
      })
    ]
    const input = { messages: 1, subject: "Hello", headers: ["X-Virus-Id: 7"] }
    const changesOf = async (ignoreHeader: ReadonlyArray<string>) =>
      (await proved({ ...input, ignoreHeader }, relaying)).proof!.changes
    const first = await changesOf([])
    assert.deepStrictEqual(first, [{ message: 0, kind: "header", at: 0, sent: "X-Virus-Id: 7", came: "" }])
    assert.deepStrictEqual(
      (await changesOf(["x-virus-*"])).map(({ came, kind, sent }) => ({ came, kind, sent })),
      [{ kind: "header", sent: "To: <foo@localhost>", came: "To: undisclosed" }]
    )
    assert.deepStrictEqual(
      (await changesOf(["x-virus-*", "To"])).map(({ came, sent }) => ({ came, sent })),
      [{ sent: "Subject: Hello", came: "Subject: [list] Hello" }]
    )
    assert.deepStrictEqual(await changesOf(["X-Virus-Id", "to", "subject"]), [])
  })

  it("fails a run of which anything is missing, unless a verdict says how much may be", async () => {
    const error = await proved({ messages: 3, settle: 1, failIf: [] }, (accepted, message) =>
      message === 1 ? [] : [as(accepted)]
    ).then(
      () => "none",
      (error: unknown) => String(error)
    )
    assert.include(error, "VerdictsFailed: 1 recipient is missing; --fail-if 'missing > 1' would allow it")
  })

  it("needs somebody who starts sinks", async () => {
    const plan = Plan.make({ prove: "recipients", downstream: "unix:next" })
    const error = await Effect.runPromise(Load.run(plan).pipe(Effect.flip, Effect.provide(TestServer.layer())))
    assert.include(error.message, "downstream (provide an EmbeddedSink")
  })
})

describe("the fields of a proof", () => {
  it("need each other", () => {
    assert.throws(() => Plan.make({ downstream: "localhost:26" }), /--downstream needs --prove/)
    assert.throws(() => Plan.make({ prove: "messages", settle: 3 }), /--settle needs --downstream/)
    assert.throws(() => Plan.make({ prove: "messages", ignoreHeader: "To" }), /--ignore-header needs --downstream/)
    const downstream = "localhost:26"
    assert.throws(
      () => Plan.make({ prove: "messages", downstream, ignoreHeader: "To:" }),
      /expected the name of a header/
    )
    assert.throws(
      () => Plan.make({ prove: "messages", sink: true, downstream: "localhost:26" }),
      /--downstream cannot be used with --sink/
    )
  })
})
