import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import * as Load from "../../src/load/Load.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Behaviour from "../../src/sink/Behaviour.js"
import * as Misbehaviour from "../../src/sink/Misbehaviour.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import * as SmtpSink from "../../src/sink/SmtpSink.js"
import * as TestServer from "../../src/sink/TestServer.js"

interface Talk {
  readonly client?: string
  readonly config?: SinkConfig
}

/** A sink with this behaviour, whose time stands still but for `at`. */
const sinkOf = (words: Misbehaviour.Misbehaviour, config: SinkConfig = {}) => {
  const clock = { now: 0 }
  const behaving = Behaviour.make(Misbehaviour.behaviourOf(words), () => clock.now)
  const sink = SmtpSink.make({ ...config, behaviour: behaving })
  const open = ({ client = "127.0.0.1" }: Talk = {}) => {
    const session = sink.open(client)
    /** What is said at once, and what is to be done then. */
    const drain = (said: Uint8Array | undefined) =>
      Buffer.from(said ?? []).toString("latin1") +
      session
        .actions()
        .map((action) => {
          switch (action._tag) {
            case "Say":
              return action.bytes.slice(0, 100)
            case "Wait": {
              const wait = action.until(clock.now) - clock.now
              return wait > 0 ? `(${wait})` : ""
            }
            case "End":
              return `<${action.how}>`
            default:
              return ""
          }
        })
        .join("")
    return {
      greeting: drain(session.greeting),
      say: (text: string) => drain(session.push(Buffer.from(text, "latin1"))),
      close: () => session.closed()
    }
  }
  return { open, clock, counts: sink.counts, strikes: () => behaving.strikes() }
}

const codes = (replies: string): string => (replies.match(/^\d{3}(?= )/gm) ?? []).join(" ")
const to = (address: string) => `RCPT TO:<${address}>\r\n`
const mail = "MAIL FROM:<a@example.com>\r\n"
const hello = "EHLO c\r\n"

describe("a fault that looks at no address", () => {
  it("strikes some of LMTP's final replies, and those of the others are counted", () => {
    const sink = sinkOf({ fault: ["final 50% 452"] }, { protocol: "lmtp" })
    const said = sink.open().say(`LHLO c\r\n${mail}${to("b@example.com").repeat(10)}DATA\r\n.\r\n`)
    const finals = codes(said).split(" 354 ")[1]?.split(" ") ?? []
    const accepted = finals.filter((code) => code === "250").length
    assert.isTrue(finals.length === 10 && accepted > 0 && accepted < 10)
    const { delivered, messages, recipients } = sink.counts()
    assert.deepStrictEqual([messages, recipients, delivered], [1, 10, accepted])
  })
})

describe("a rate to read at", () => {
  it("is a tenth of a second's bytes at a time, or a byte where that is less", () => {
    const reading = (readRate: number) => Misbehaviour.behaviourOf({ readRate }).reading
    assert.deepStrictEqual(reading(1005), { bytes: 100, every: 100_000 / 1005 })
    assert.deepStrictEqual(reading(2), { bytes: 1, every: 500 })
  })
})

describe("faults in words", () => {
  it("strike their share, and tell how often", () => {
    const { open, strikes } = sinkOf({ fault: ["rcpt 20% 450 4.2.0 Full", "noop 421"], seed: "x" })
    const session = open()
    session.say(hello + mail)
    const refused = Array.from({ length: 1000 }, (_, index) => session.say(to(`b${index}@d`))).filter((reply) =>
      reply.startsWith("450 4.2.0 Full\r\n")
    ).length
    assert.isAbove(refused, 150)
    assert.isBelow(refused, 250)
    assert.strictEqual(session.say("NOOP\r\n"), "421 4.3.2 Error: shutting down\r\n<close>")
    assert.deepStrictEqual(strikes(), [
      { rule: "fault rcpt 20% 450 4.2.0 Full", times: refused },
      { rule: "fault noop 421", times: 1 }
    ])
  })

  it("delay, and go on to the next that strikes", () => {
    const { open } = sinkOf({ fault: ["mail delay 2s", "mail 451", "data delay 1s 421"] })
    const session = open()
    session.say(hello)
    assert.match(session.say(mail), /^\(2000\)451 /)
    const other = open()
    other.say(hello)
    assert.match(other.say("VRFY x\r\n"), /^252/)
  })

  it("strike where their condition holds", () => {
    const { open } = sinkOf({
      fault: [
        "rcpt 550 if to *@slow.example and client 127.0.0.2",
        "mail 551 if from *spam*@x.example",
        "final 552 if size > 10",
        "final 554 if header subject ~ BUY",
        "hello 521 if session > 1"
      ]
    })
    const session = open({ client: "127.0.0.2" })
    session.say(hello)
    assert.strictEqual(codes(session.say("MAIL FROM:<my-spam-1@X.example>\r\n")), "551")
    assert.strictEqual(codes(session.say(mail)), "250")
    assert.strictEqual(codes(session.say(to("a@SLOW.example"))), "550")
    assert.strictEqual(codes(session.say(to("a@fast.example"))), "250")
    assert.strictEqual(codes(session.say("DATA\r\n0123456789a\r\n.\r\n")), "354 552")
    const again = mail + to("b@c") + "DATA\r\n"
    assert.strictEqual(codes(session.say(`${again}x: y\r\n.\r\n`)), "250 250 354 250")
    assert.strictEqual(codes(session.say(again)), "250 250 354")
    session.say("Subj")
    assert.strictEqual(codes(session.say("ect:\r\n Buy\r\n.\r\n")), "552")
    assert.strictEqual(codes(open({ client: "127.0.0.1" }).say(hello)), "521")
  })

  it("find a header before the body, and not in it", () => {
    const { open } = sinkOf({ fault: ["final 554 if header subject ~ buy"] })
    const session = open()
    session.say(hello)
    const send = (content: string) => codes(session.say(`${mail}${to("b@c")}DATA\r\n${content}.\r\n`)).slice(-3)
    assert.strictEqual(send("From: x\r\nSubject: to\r\n buy\r\n\r\nx\r\n"), "554")
    assert.strictEqual(send("From: x\r\n\r\nSubject: buy\r\n"), "250")
    assert.strictEqual(send("\r\nSubject: buy\r\n"), "250")
  })

  it("last for their time", () => {
    const { clock, open } = sinkOf({ fault: ["mail 451 during 30s..60s"] })
    const at = (now: number) => {
      clock.now = now
      const session = open()
      session.say(hello)
      return codes(session.say(mail))
    }
    assert.deepStrictEqual([0, 29_999, 30_000, 59_999, 60_000].map(at), ["250", "250", "451", "451", "250"])
  })

  it("draw for each recipient's attempts whatever the order", () => {
    const outcomes = (order: ReadonlyArray<number>) => {
      const { open } = sinkOf({ fault: ["rcpt 50% 451 by recipient"], seed: "y" })
      const session = open()
      session.say(hello + mail)
      const found = new Map<string, string>()
      for (const attempt of [1, 2]) {
        for (const number of order) found.set(`${number} ${attempt}`, codes(session.say(to(`b${number}@d`))))
      }
      return [...found].sort().join(";")
    }
    const forwards = Array.from({ length: 40 }, (_, index) => index)
    assert.strictEqual(outcomes(forwards), outcomes(forwards.slice().reverse()))
    assert.match(outcomes(forwards), /451/)
    assert.match(outcomes(forwards), /250/)
  })

  it("say nothing, nonsense, twice, early, and without an end", () => {
    const first = (fault: string, line: string) => {
      const session = sinkOf({ fault: [fault] }).open()
      session.say(hello)
      return session.say(line)
    }
    assert.strictEqual(first("mail silence", mail), "")
    assert.strictEqual(first("mail shut", mail), "<stall>")
    assert.strictEqual(first("mail close", mail), "<close>")
    assert.strictEqual(first("mail reset", mail), "<reset>")
    assert.strictEqual(first("mail garbage", mail), "There is no code before this.\r\n")
    assert.strictEqual(first("mail twice", mail), "250 2.1.0 Ok\r\n250 2.1.0 Ok\r\n")
    assert.strictEqual(
      first("mail early", mail + to("b@c") + to("d@e")),
      "250 2.1.0 Ok\r\n250 2.1.5 Ok\r\n250 2.1.5 Ok\r\n"
    )
    assert.match(first("mail endless", mail), /^(250-x{96}){256}<stall>$/)
  })
})

describe("words that cannot be read", () => {
  it.effect("are a failure where they come from outside, with all that is wrong", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(Misbehaviour.fromInput({ fault: ["garbage"], latency: ["late"], nonsense: 1 }))
      assert.strictEqual(error._tag, "InvalidMisbehaviour")
      assert.deepStrictEqual(
        error.problems.map((problem) => problem.split(":")[0]),
        ['unknown field "nonsense"', "fault[0]", "latency[0]"]
      )
      const { faults } = yield* Misbehaviour.fromInput({ fault: ["rcpt 5% 451"] })
      assert.deepStrictEqual(faults, Misbehaviour.behaviourOf({ fault: ["rcpt 5% 451"] }).faults)
    })
  )

  it("are an error that names the field where they stand in the program", () => {
    for (const [words, field] of [
      [{ fault: ["garbage"] }, "fault[0]"],
      [{ latency: ["late"] }, "latency[0]"],
      [{ limit: ["much"] }, "limit[0]"],
      [{ tarpit: "soon" }, "tarpit"]
    ] as const) {
      assert.throws(
        () => Misbehaviour.behaviourOf(words),
        Misbehaviour.InvalidMisbehaviour,
        new RegExp(`^${field.replace(/[[\]]/g, "\\$&")}: `)
      )
    }
  })
})

describe("a reply that is given too early", () => {
  it("is the reply to what comes then: a client that takes it so gets its message through", () => {
    for (const [step, expected] of [
      ["greeting", " | 250 | 250 | 354 | 250 | 221 <quit>"],
      ["hello", "250 250 |  | 250 | 354 | 250 | 221 <quit>"],
      ["mail", "250 | 250 250 |  | 354 | 250 | 221 <quit>"],
      ["rcpt", "250 | 250 | 250 354 |  | 250 | 221 <quit>"],
      ["data", "250 | 250 | 250 | 354 250 |  | 221 <quit>"],
      ["final", "250 | 250 | 250 | 354 | 250 250 | <quit>"]
    ] as const) {
      const { counts, open } = sinkOf({ fault: [`${step} early`] })
      const session = open()
      const told = ["HELO c\r\n", mail, to("b@c"), "DATA\r\n", "x\r\n.\r\n", "QUIT\r\n"].map((line) =>
        session.say(line)
      )
      const said = told.map((text) => (text.match(/^\d{3}(?= )|<[a-z]+>/gm) ?? []).join(" ")).join(" | ")
      assert.strictEqual(said, expected, step)
      assert.deepStrictEqual([counts().messages, counts().refused.final], [1, 0])
    }
  })
})

describe("limits in words", () => {
  it("bound connections, at a time and by client", () => {
    const { open, strikes } = sinkOf({ limit: ["3 connections", "2 connections/client 421 4.7.1 Enough"] })
    const one = open({ client: "a" })
    open({ client: "a" })
    assert.strictEqual(
      open({ client: "a" }).greeting,
      "421 4.7.0 Error: too many connections\r\n<close>".replace("4.7.0 Error: too many connections", "4.7.1 Enough")
    )
    one.close()
    assert.deepStrictEqual(
      strikes().map(({ times }) => times),
      [0, 1]
    )
  })

  it("let a rate through at once, and then what comes back with time", () => {
    const { clock, open } = sinkOf({ limit: ["2/s/client", "1/s/domain"] })
    const session = open({ client: "a" })
    session.say(hello)
    const next = () => codes(session.say(`${mail}RSET\r\n`)).slice(0, 3)
    assert.deepStrictEqual([next(), next(), next()], ["250", "250", "450"])
    clock.now = 499
    assert.strictEqual(next(), "450")
    clock.now = 500
    assert.deepStrictEqual([next(), next()], ["250", "450"])
    const other = open({ client: "b" })
    other.say(hello + mail)
    assert.strictEqual(codes(other.say(to("a@x") + to("b@X") + to("c@y"))), "250 450 250")
  })

  it("bound messages of a connection and recipients of a message", () => {
    const { open } = sinkOf({ limit: ["1 messages/connection", "2 recipients"] })
    const session = open()
    session.say(hello)
    assert.strictEqual(codes(session.say(mail + to("a@b") + to("c@d") + to("e@f"))), "250 250 250 452")
    assert.strictEqual(codes(session.say("DATA\r\n.\r\n")), "354 250")
    assert.strictEqual(codes(session.say(mail)), "452")
  })

  it("greylist by the client's net, let in from a time on, and then for good", () => {
    const { clock, open, strikes } = sinkOf({ greylist: "60s..4h /24" })
    const attempt = (client: string) => {
      const session = open({ client })
      session.say(hello + mail)
      return codes(session.say(to("b@c")))
    }
    assert.strictEqual(attempt("10.0.0.1"), "450")
    clock.now = 59_999
    assert.strictEqual(attempt("::ffff:10.0.0.2"), "450")
    clock.now = 60_000
    assert.strictEqual(attempt("10.0.1.1"), "450")
    assert.strictEqual(attempt("10.0.0.200"), "250")
    clock.now = 1e9
    assert.strictEqual(attempt("10.0.0.1"), "250")
    assert.deepStrictEqual(strikes(), [{ rule: "greylist", times: 3 }])
  })

  it("answer later for each error beyond a number of them", () => {
    const { open } = sinkOf({ tarpit: "1s after 2 errors" })
    const session = open()
    session.say(hello)
    const waits = Array.from({ length: 5 }, () => /\((\d+)\)/.exec(session.say("NONE\r\n"))?.[1])
    assert.deepStrictEqual(waits, [undefined, undefined, undefined, "1000", "2000"])
  })

  it("take orders from recipients", () => {
    const { open, strikes } = sinkOf({ triggers: true })
    const session = open()
    session.say(hello + mail)
    assert.strictEqual(codes(session.say(to("tempfail@x") + to("permfail@x") + to("a@x"))), "450 550 250")
    assert.strictEqual(session.say(to("450-4.2.0-full@x")), "450 4.2.0 full\r\n")
    assert.strictEqual(session.say(to("delay-5s@x")), "(5000)250 2.1.5 Ok\r\n")
    assert.strictEqual(session.say(to("drop@x")), "<close>")
    assert.deepStrictEqual(strikes(), [{ rule: "triggers", times: 5 }])
  })
})

describe("a server in memory that misbehaves in words", () => {
  it.effect("does what smtp-sink does, in virtual time", () =>
    Effect.gen(function* () {
      const server = yield* TestServer.TestServer
      const fiber = yield* Effect.fork(Load.run(Plan.make({ messages: 4, acceptRejection: true })))
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(
        server.accepted.map(({ time }) => time),
        [0, 2000]
      )
      const { accounting } = yield* fiber
      assert.strictEqual(accounting.accepted, 2)
      assert.strictEqual(accounting.rejected, 2)
    }).pipe(
      Effect.provide(
        TestServer.layer(Misbehaviour.behaviourOf({ fault: ["final delay 2s", "rcpt 451 during 3s..7s"] }))
      )
    )
  )
})
