import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as fc from "fast-check"
import type * as Plan from "../../src/plan/Plan.js"
import { type Answer, drive, type Moment, type Script, type Simulation, simulate } from "./ScriptedServer.js"

// A fault at each step, in each mode. The first message meets it; what becomes of that one, of the run and of the
// second message is what clauses S9.3 to S9.5 and S10.1 say for the old options, and the fault matrix for --keep-going.

const moments = ["greeting", "hello", "mail", "rcpt", "data", "content"] as const
type Struck = (typeof moments)[number]

const usual: { readonly [moment in Struck]: string } = {
  greeting: "220 hi\r\n",
  hello: "250 hello\r\n",
  mail: "250 Ok\r\n",
  rcpt: "250 Ok\r\n",
  data: "354 go\r\n",
  content: "250 Ok\r\n"
}

const table = {
  "4xx": () => ({ say: "450 no\r\n" }),
  "5xx": () => ({ say: "550 no\r\n" }),
  "421 and a close": () => ({ say: "421 bye\r\n", end: "close" }),
  "421 without a close": () => ({ say: "421 bye\r\n" }),
  "521 and a close": () => ({ say: "521 bye\r\n", end: "close" }),
  close: () => ({ say: "", end: "close" }),
  reset: () => ({ say: "", end: "reset" }),
  "half a reply and a close": () => ({ say: "250 O", end: "close" }),
  silence: () => ({ say: "" }),
  garbage: () => ({ say: "what\r\n" }),
  "199": () => ({ say: "199 wait\r\n" }),
  "two digits": () => ({ say: "25 Ok\r\n" }),
  "an endless reply": () => ({ say: "x".repeat(1_100_000) }),
  "the reply twice": (moment) => ({ say: usual[moment] + usual[moment] })
} satisfies { readonly [fault: string]: (moment: Struck) => Answer }
type Fault = keyof typeof table
const faults: { readonly [fault in Fault]: (moment: Struck) => Answer } = table
const faultNames = Object.keys(faults) as ReadonlyArray<Fault>

type Mode = "default" | "-A" | "--keep-going"
const modes: { readonly [mode in Mode]: Plan.PlanInput } = {
  default: {},
  "-A": { acceptRejection: true },
  "--keep-going": { keepGoing: true }
}

interface Expected {
  readonly ends: ReadonlyArray<string>
  readonly fatal?: string
  readonly connections: number
  readonly rset?: number
}

const stepOf = (moment: Struck) => (moment === "content" ? "final" : moment)

/** The step at which an extra reply is found out: the next one. */
const after = { greeting: "hello", hello: "mail", mail: "rcpt", rcpt: "data", data: "content" } as const

const expected = (mode: Mode, moment: Struck, fault: Fault): Expected => {
  const step = stepOf(moment)
  const ended = moment === "content" ? "Unknown" : "Failed"
  const opening = moment === "greeting" || moment === "hello"
  const going = mode === "--keep-going"
  const costs = (end: string): Expected => ({ ends: [end, "Accepted"], connections: 2 })
  const fatal = (end: string, fatal: string): Expected => ({ ends: [end], fatal, connections: 1, rset: 0 })

  switch (fault) {
    case "4xx":
    case "5xx": {
      const code = fault === "4xx" ? 450 : 550
      if (mode === "default") return fatal(`Rejected ${step} ${code}`, `ReplyRejected ${step} ${code}`)
      if (opening) return going ? costs(`Rejected ${step} ${code}`) : { ends: ["Accepted", "Accepted"], connections: 1 }
      return { ends: [`Rejected ${step} ${code}`, "Accepted"], connections: 1, rset: moment === "content" ? 0 : 1 }
    }
    case "421 and a close":
    case "421 without a close":
    case "521 and a close": {
      const code = fault === "521 and a close" ? 521 : 421
      if (mode === "default") return fatal(`Rejected ${step} ${code}`, `ReplyRejected ${step} ${code}`)
      return costs(`Rejected ${step} ${code}`)
    }
    case "garbage":
    case "199":
    case "two digits": {
      const end = `${ended}, ReplyMalformed ${step}`
      if (mode === "default") return fatal(end, `ReplyMalformed ${step}`)
      if (going) return costs(end)
      if (opening) return { ends: ["Accepted", "Accepted"], connections: 1 }
      return { ends: [end, "Accepted"], connections: 1, rset: moment === "content" ? 0 : 1 }
    }
    case "the reply twice": {
      if (moment === "content") {
        return going
          ? { ends: ["Accepted", "Accepted"], connections: 2 }
          : { ends: ["Accepted", "Failed, ReplyMalformed mail"], fatal: "ReplyMalformed mail", connections: 1 }
      }
      const end = `Failed, ReplyMalformed ${after[moment]}`
      return going ? costs(end) : fatal(end, `ReplyMalformed ${after[moment]}`)
    }
    default: {
      const error =
        fault === "silence" ? "ReplyTimeout" : fault === "an endless reply" ? "ReplyMalformed" : "ConnectionLost"
      return going ? costs(`${ended}, ${error} ${step}`) : fatal(`${ended}, ${error} ${step}`, `${error} ${step}`)
    }
  }
}

const strike =
  (moment: Moment, answer: Answer): Script =>
  (turn) =>
    turn.moment === moment && turn.total === 0 ? answer : undefined

const what = ({ accounting, ends, fatal, server }: Simulation, wanted: Expected) => ({
  ends,
  ...(fatal === undefined ? {} : { fatal }),
  connections: server.count("connect"),
  ...(wanted.rset === undefined ? {} : { rset: server.count("RSET") }),
  notStarted: accounting.notStarted
})

for (const mode of Object.keys(modes) as ReadonlyArray<Mode>) {
  for (const lmtp of [false, true]) {
    describe(`${lmtp ? "LMTP" : "SMTP"}, ${mode}`, () => {
      for (const moment of moments) {
        it.scoped(`tells the truth and does what it should at ${stepOf(moment)}, whatever goes wrong`, () =>
          Effect.gen(function* () {
            const all = yield* drive(
              Effect.forEach(
                faultNames,
                (fault) => {
                  const script = strike(moment, faults[fault](moment))
                  const input = { messages: 2, reuse: true, lmtp, ...modes[mode] }
                  return Effect.map(simulate(input, { script }), (result) => ({ fault, result }))
                },
                { concurrency: "unbounded" }
              )
            )
            for (const { fault, result } of all) {
              const wanted = expected(mode, moment, fault)
              assert.deepStrictEqual(
                what(result, wanted),
                { ...wanted, notStarted: 2 - wanted.ends.length },
                `${fault} at ${moment}`
              )
              // No time is lost but where nothing can be done but wait.
              assert.strictEqual(result.elapsed, fault === "silence" ? 300_000 : 0, `${fault} at ${moment}`)
            }
          })
        )
      }
    })
  }
}

describe("DATA", () => {
  for (const code of [200, 250, 300, 353, 355]) {
    it.scoped(`is refused with anything but 354 (S9.3): ${code}`, () =>
      Effect.gen(function* () {
        const { ends, server } = yield* drive(
          simulate(
            { messages: 2, reuse: true, acceptRejection: true },
            { script: strike("data", { say: `${code} x\r\n` }) }
          )
        )
        assert.deepStrictEqual(ends, ["Failed, ReplyMalformed data", "Accepted"])
        assert.strictEqual(server.count("RSET"), 1)
      })
    )
  }
})

describe("recipients", () => {
  const refuse =
    (...refused: ReadonlyArray<number>): Script =>
    ({ moment, total }) =>
      moment === "rcpt" && refused.includes(total) ? { say: `55${total} no\r\n` } : undefined
  const input = { messages: 2, recipients: 3, reuse: true } as const

  it.scoped("that are refused do not keep the message from the others, with -A and --keep-going (S9.5)", () =>
    Effect.gen(function* () {
      for (const mode of [{ acceptRejection: true }, { keepGoing: true }]) {
        for (const lmtp of [false, true]) {
          const { accounting, ends, server } = yield* drive(
            simulate({ ...input, ...mode, lmtp }, { script: refuse(0, 2) })
          )
          assert.deepStrictEqual(ends, ["Accepted", "Accepted"])
          assert.deepInclude(accounting.recipients, { offered: 6, accepted: 4, refused: 2, unknown: 0, abandoned: 0 })
          assert.strictEqual(server.count("RSET"), 0)
        }
      }
    })
  )

  it.scoped("that are all refused end the transaction with RSET, and the last refusal is the message's (S9.5)", () =>
    Effect.gen(function* () {
      for (const mode of [{ acceptRejection: true }, { keepGoing: true }]) {
        const { accounting, ends, server } = yield* drive(simulate({ ...input, ...mode }, { script: refuse(0, 1, 2) }))
        assert.deepStrictEqual(ends, ["Rejected rcpt 552", "Accepted"])
        assert.deepInclude(accounting.recipients, { offered: 6, accepted: 3, refused: 3 })
        assert.strictEqual(server.count("RSET"), 1)
        assert.strictEqual(server.count("DATA"), 1)
      }
    })
  )

  it.scoped("of whom the first is refused end the run, without -A (S9.4)", () =>
    Effect.gen(function* () {
      const { accounting, fatal, server } = yield* drive(simulate(input, { script: refuse(1) }))
      assert.strictEqual(fatal, "ReplyRejected rcpt 551")
      assert.strictEqual(server.count("RCPT"), 2)
      assert.deepInclude(accounting.recipients, { offered: 2, refused: 1, abandoned: 1 })
    })
  )

  it.scoped("of whom one is answered with 421 are all abandoned, though others were accepted (S9.5)", () =>
    Effect.gen(function* () {
      for (const mode of [{ acceptRejection: true }, { keepGoing: true }]) {
        const script = strike("rcpt", { say: "250 Ok\r\n" })
        const closing: Script = (turn) =>
          turn.moment === "rcpt" && turn.total === 1 ? { say: "421 bye\r\n", end: "close" } : script(turn)
        const { accounting, ends, server } = yield* drive(simulate({ ...input, ...mode }, { script: closing }))
        assert.deepStrictEqual(ends, ["Rejected rcpt 421", "Accepted"])
        assert.deepInclude(accounting.recipients, { offered: 5, accepted: 3, refused: 1, abandoned: 1 })
        assert.strictEqual(server.count("connect"), 2)
      }
    })
  )
})

describe("a server that speaks while nobody waits", () => {
  it.scoped("and closes, is found out by the next message; --keep-going only replaces the connection (S6.4)", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment, total }) => (moment === "content" && total === 0 ? { end: "close" } : undefined)
      const input = { messages: 2, reuse: true, delay: 10 } as const
      for (const acceptRejection of [false, true]) {
        const { ends, fatal } = yield* drive(simulate({ ...input, acceptRejection }, { script }))
        assert.deepStrictEqual(ends, ["Accepted", "Failed, ConnectionLost mail"])
        assert.strictEqual(fatal, "ConnectionLost mail")
      }
      const { ends, fatal, server } = yield* drive(simulate({ ...input, keepGoing: true }, { script }))
      assert.deepStrictEqual(ends, ["Accepted", "Accepted"])
      assert.isUndefined(fatal)
      assert.strictEqual(server.count("connect"), 2)
    })
  )

  for (const say of ["421 idle too long\r\n", "521 go\r\n"]) {
    const script: Script = ({ moment, total }) =>
      moment === "content" && total === 0 ? { say: `250 Ok\r\n${say}`, end: "close" } : undefined

    it.scoped(`to say that it closes, costs no message with --keep-going: ${say.slice(0, 3)}`, () =>
      Effect.gen(function* () {
        const { ends, server } = yield* drive(
          simulate({ messages: 2, reuse: true, delay: 10, keepGoing: true }, { script })
        )
        assert.deepStrictEqual(ends, ["Accepted", "Accepted"])
        assert.strictEqual(server.count("connect"), 2)
      })
    )

    it.scoped(`to say that it closes, closes the connection with -A and not the run (S9.5): ${say.slice(0, 3)}`, () =>
      Effect.gen(function* () {
        const { accounting, fatal, server } = yield* drive(
          simulate({ messages: 3, reuse: true, delay: 10, acceptRejection: true }, { script })
        )
        assert.isUndefined(fatal)
        assert.isAtLeast(accounting.accepted, 2)
        assert.strictEqual(server.count("connect"), 2)
      })
    )
  }
})

describe("a server that speaks before the content's end", () => {
  const early = (answer: Answer): Script => strike("writing", answer)

  it.scoped("refuses the message, if that is what it says, and is left (S9.5)", () =>
    Effect.gen(function* () {
      for (const code of [421, 452, 552]) {
        for (const mode of [{ acceptRejection: true }, { keepGoing: true }]) {
          const { accounting, ends, server } = yield* drive(
            simulate({ messages: 2, reuse: true, ...mode }, { script: early({ say: `${code} no\r\n` }) })
          )
          assert.deepStrictEqual(ends, [`Rejected final ${code}`, "Accepted"])
          assert.strictEqual(server.count("connect"), 2)
          assert.strictEqual(accounting.recipients.unknown, 0)
        }
      }
    })
  )

  it.scoped("is not believed when it accepts what it has not seen", () =>
    Effect.gen(function* () {
      const { ends, server } = yield* drive(
        simulate({ messages: 2, reuse: true, keepGoing: true }, { script: early({ say: "250 Ok\r\n" }) })
      )
      assert.deepStrictEqual(ends, ["Failed, ReplyMalformed content", "Accepted"])
      assert.strictEqual(server.count("connect"), 2)
    })
  )

  it.scoped("or goes away, has not got the message", () =>
    Effect.gen(function* () {
      for (const end of ["close", "reset"] as const) {
        const { ends } = yield* drive(
          simulate({ messages: 2, reuse: true, keepGoing: true }, { script: early({ say: "", end }) })
        )
        assert.deepStrictEqual(ends, ["Failed, ConnectionLost content", "Accepted"])
      }
    })
  )
})

describe("commands in groups", () => {
  const grouped = (input: Plan.PlanInput, script?: Script) =>
    drive(simulate({ messages: 2, reuse: true, pipelining: "on", ...input }, { script, offers: ["PIPELINING"] }))
  const kinds = ["on", "full"] as const

  it.scoped("go out as envelope and content, and with full as content and next envelope", () =>
    Effect.gen(function* () {
      const writes = (pipelining: "on" | "full") =>
        Effect.gen(function* () {
          const sent: Array<string> = []
          yield* drive(
            simulate(
              { messages: 3, reuse: true, pipelining, from: "a", to: "b", helloName: "me" },
              {
                offers: ["PIPELINING"],
                onTrace: (direction, text) => {
                  if (direction === "sent") sent.push(text)
                }
              }
            )
          )
          return sent
        })
      const envelope = "MAIL FROM:<a>\r\nRCPT TO:<b>\r\nDATA\r\n"
      const dot = ".\r\n"
      const on = ["EHLO me\r\n", envelope, dot, envelope, dot, envelope, dot, "QUIT\r\n"]
      assert.deepStrictEqual(yield* writes("on"), on)
      assert.lengthOf(yield* writes("full"), 6)
    })
  )

  it.scoped("do not ride where a pause is to come between messages, or a new connection", () =>
    Effect.gen(function* () {
      for (const input of [{ delay: 1 }, { reuse: false }]) {
        const { ends, server } = yield* grouped({ pipelining: "full", ...input })
        assert.deepStrictEqual(ends, ["Accepted", "Accepted"])
        assert.strictEqual(server.count("MAIL"), 2)
        if (input.delay !== undefined) assert.deepStrictEqual(server.times("MAIL"), [0, 1000])
      }
    })
  )

  for (const pipelining of kinds) {
    describe(`pipelining ${pipelining}`, () => {
      it.scoped("sends every content whole, a large one too", () =>
        Effect.gen(function* () {
          for (const length of [10, 20_000]) {
            const { accounting, server } = yield* grouped({ pipelining, length, messages: 3 })
            assert.strictEqual(accounting.accepted, 3)
            for (const content of server.accepted) {
              assert.lengthOf(content.slice(content.indexOf("\r\n\r\n") + 4), length + 5)
            }
          }
        })
      )

      it.scoped("gives each refusal to its command", () =>
        Effect.gen(function* () {
          for (const [moment, end] of [
            ["mail", "Rejected mail 550"],
            ["rcpt", "Rejected rcpt 550"],
            ["data", "Rejected data 550"],
            ["content", "Rejected final 550"]
          ] as const) {
            for (const mode of [{ acceptRejection: true }, { keepGoing: true }]) {
              const { accounting, ends, fatal, server } = yield* grouped(
                { pipelining, messages: 3, ...mode },
                strike(moment, { say: "550 no\r\n" })
              )
              assert.deepStrictEqual(ends, [end, "Accepted", "Accepted"])
              assert.isUndefined(fatal)
              // Without a sender the recipients were not considered.
              assert.strictEqual(accounting.recipients.offered, moment === "mail" ? 2 : 3)
              assert.strictEqual(server.count("connect"), 1)
              assert.lengthOf(server.accepted, 2)
            }
          }
        })
      )

      it.scoped("gives each refusal of the second message to that one", () =>
        Effect.gen(function* () {
          for (const moment of ["mail", "rcpt", "data", "content"] as const) {
            const script: Script = (turn) =>
              turn.moment === moment && turn.total === 1 ? { say: "450 no\r\n" } : undefined
            const { ends, server } = yield* grouped({ pipelining, messages: 3, keepGoing: true }, script)
            assert.deepStrictEqual(ends, ["Accepted", `Rejected ${stepOf(moment)} 450`, "Accepted"])
            assert.lengthOf(server.accepted, 2)
          }
        })
      )

      it.scoped("sends the message to those recipients that are accepted, and books all", () =>
        Effect.gen(function* () {
          for (const lmtp of [false, true]) {
            const script: Script = ({ moment, nth }) =>
              moment === "rcpt" && nth === 1 ? { say: "550 no\r\n" } : undefined
            const { accounting, ends } = yield* grouped(
              { pipelining, lmtp, recipients: 3, messages: 3, keepGoing: true },
              script
            )
            assert.deepStrictEqual(ends, ["Accepted", "Accepted", "Accepted"])
            assert.deepInclude(accounting.recipients, { offered: 9, accepted: 8, refused: 1 })
          }
        })
      )

      it.scoped(
        "ends an empty message where the server waits for one though it took no recipient (RFC 2920 §3.1)",
        () =>
          Effect.gen(function* () {
            const script: Script = ({ moment, nth }) =>
              nth > 0
                ? undefined
                : moment === "rcpt"
                  ? { say: "550 no\r\n" }
                  : moment === "data"
                    ? { say: "354 go\r\n" }
                    : undefined
            for (const mode of [{ acceptRejection: true }, { keepGoing: true }]) {
              const { ends, server } = yield* grouped({ pipelining, ...mode }, script)
              assert.deepStrictEqual(ends, ["Rejected rcpt 550", "Accepted"])
              assert.strictEqual(server.count("connect"), 1)
              assert.lengthOf(server.accepted, 1)
            }
          })
      )

      it.scoped("leaves the server where it closes in the middle of a group", () =>
        Effect.gen(function* () {
          for (const [moment, end] of [
            ["mail", "Rejected mail 421"],
            ["rcpt", "Rejected rcpt 421"],
            ["data", "Rejected data 421"],
            ["content", "Rejected final 421"]
          ] as const) {
            const { ends, server } = yield* grouped(
              { pipelining, keepGoing: true },
              strike(moment, { say: "421 bye\r\n", end: "close" })
            )
            assert.deepStrictEqual(ends, [end, "Accepted"])
            assert.strictEqual(server.count("connect"), 2)
          }
        })
      )

      it.scoped("leaves open what became of the message whose answer is missing, and of no other", () =>
        Effect.gen(function* () {
          const script: Script = (turn) =>
            turn.moment === "content" && turn.total === 1 ? { say: "", end: "reset" } : undefined
          const { ends, server } = yield* grouped({ pipelining, messages: 3, keepGoing: true }, script)
          assert.deepStrictEqual(ends, ["Accepted", "Unknown, ConnectionLost final", "Accepted"])
          assert.lengthOf(server.accepted, 2)
        })
      )
    })
  }

  it.scoped("leave open what became of a message whose answer is left out, and believe nothing that follows", () =>
    Effect.gen(function* () {
      const script: Script = ({ moment, total }) => (moment === "content" && total === 1 ? { say: "" } : undefined)
      const full = { pipelining: "full", messages: 4 } as const
      const why = "354 in place of the reply to rcpt: a reply before it is missing"
      for (const mode of [{ keepGoing: true }, {}, { acceptRejection: true }] satisfies ReadonlyArray<Plan.PlanInput>) {
        const { elapsed, ends, fatal, outcomes, server } = yield* grouped({ ...full, ...mode }, script)
        const goesOn = "keepGoing" in mode
        const unknown = ["Accepted", "Unknown, ReplyMalformed final"]
        assert.deepStrictEqual(ends, goesOn ? [...unknown, "Accepted", "Accepted"] : unknown)
        assert.strictEqual(fatal, goesOn ? undefined : "ReplyMalformed final")
        const [, second] = outcomes
        assert.include(second?._tag === "Unknown" ? second.error.message : "", why)
        assert.lengthOf(server.accepted, goesOn ? 3 : 1)
        assert.strictEqual(server.count("connect"), goesOn ? 2 : 1)
        // It is known as soon as the 354 is there.
        assert.strictEqual(elapsed, 0)
      }
    })
  )

  it.scoped("leave it open, too, where the next message is refused, so that no 354 tells of it", () =>
    Effect.gen(function* () {
      const full = { pipelining: "full", messages: 4, keepGoing: true } as const
      const refused = /^RCPT TO:<3/
      const script: Script = ({ line, moment, total }) => {
        if (moment === "content" && total === 1) return { say: "" }
        return moment === "rcpt" && refused.test(line) ? { say: "550 no\r\n" } : undefined
      }
      const { ends } = yield* grouped({ ...full, numberRecipients: true }, script)
      assert.deepStrictEqual(ends, ["Accepted", "Unknown, ReplyTimeout data", "Rejected rcpt 550", "Accepted"])
      // A server that is only slow to answer DATA has accepted what it said it has.
      const slow: Script = ({ moment, total }) => (moment === "data" && total === 2 ? { say: "" } : undefined)
      const after = yield* grouped(full, slow)
      assert.deepStrictEqual(after.ends, ["Accepted", "Accepted, ReplyTimeout data", "Accepted", "Accepted"])
    })
  )

  it.scoped("leave it open where the server closes then, or says 421, and not where it answers each command", () =>
    Effect.gen(function* () {
      const plan = { pipelining: "full", messages: 3, keepGoing: true, numberRecipients: true } as const
      // The dot of the second message is not answered, nor is there a recipient for the third one.
      const script =
        (last: Answer): Script =>
        ({ line, moment, total }) => {
          if (moment === "content" && total === 1) return { say: "" }
          if (moment === "rcpt" && line.startsWith("RCPT TO:<3")) return { say: "550 no\r\n" }
          return moment === "data" && total === 2 ? last : undefined
        }
      for (const last of [
        { say: "554 none\r\n", end: "close" },
        { say: "554 none\r\n421 bye\r\n", end: "close" },
        { say: "421 bye\r\n", end: "close" }
      ] as const) {
        const { ends } = yield* grouped(plan, script(last))
        assert.match(ends[1]!, /^Unknown, ConnectionLost/, JSON.stringify(last))
      }
      // All commands are answered, and all of them in the negative: the dot was answered, too.
      const refusing: Script = ({ line, moment, total }) => {
        if (moment === "mail" && total === 2) return { say: "450 later\r\n" }
        return moment === "rcpt" && line.startsWith("RCPT TO:<3") ? { say: "503 no\r\n" } : undefined
      }
      assert.strictEqual((yield* grouped(plan, refusing)).ends[1], "Accepted")
      // A recipient was taken: what is missing is the reply to DATA.
      const late: Script = ({ moment, total }) => (moment === "data" && total === 2 ? { end: "close" } : undefined)
      assert.match((yield* grouped(plan, late)).ends[1]!, /^Accepted/)
    })
  )

  it.scoped("name the step at which the connection broke", () =>
    Effect.gen(function* () {
      for (const moment of ["mail", "rcpt", "data"] as const) {
        const { ends, server } = yield* grouped({ keepGoing: true }, strike(moment, { say: "", end: "close" }))
        assert.deepStrictEqual(ends, [`Failed, ConnectionLost ${moment}`, "Accepted"])
        assert.lengthOf(server.accepted, 1)
      }
    })
  )

  it.scoped("cost no message that had not begun, when its envelope rode in vain", () =>
    Effect.gen(function* () {
      for (const moment of ["mail", "rcpt", "data"] as const) {
        const script: Script = (turn) =>
          turn.moment === moment && turn.total === 1 ? { say: "", end: "close" } : undefined
        const { accounting, ends, server } = yield* grouped(
          { pipelining: "full", messages: 3, keepGoing: true },
          script
        )
        assert.strictEqual(accounting.accepted, 3)
        assert.strictEqual(ends[0], `Accepted, ConnectionLost ${moment}`)
        assert.strictEqual(server.count("connect"), 2)
        assert.lengthOf(server.accepted, 3)
      }
    })
  )

  {
    // LMTP took no recipient and said 354 all the same: there is no answer to wait for, and no way back (RFC 2033 §4.2).
    const script: Script = ({ connection, moment }) =>
      connection > 0
        ? undefined
        : moment === "rcpt"
          ? { say: "550 no\r\n" }
          : moment === "data"
            ? { say: "354 go\r\n" }
            : undefined
    const left = (input: Plan.PlanInput) =>
      Effect.gen(function* () {
        const { elapsed, ends, fatal, server } = yield* grouped({ lmtp: true, ...input }, script)
        assert.deepStrictEqual(ends, ["Rejected rcpt 550", "Accepted"])
        assert.isUndefined(fatal)
        assert.strictEqual(server.count("connect"), 2)
        assert.strictEqual(elapsed, 0)
      })
    const title = "leave an LMTP server that waits for a message to nobody, and go on"
    it.scoped(`${title}, with --keep-going`, () => left({ keepGoing: true }))
    it.scoped(`${title}, with -A and a connection for each message`, () =>
      left({ acceptRejection: true, reuse: false })
    )
    it.scoped(`${title}, with -A`, () => left({ acceptRejection: true }))
  }

  it.scoped("leave a server that refuses the sender and waits for a message, which it might deliver empty", () =>
    Effect.gen(function* () {
      const answers: { readonly [moment: string]: string } = {
        mail: "503 5.5.1 nested MAIL\r\n",
        rcpt: "250 ok\r\n",
        data: "354 go\r\n"
      }
      for (const mode of [{ acceptRejection: true }, { keepGoing: true }]) {
        const { ends, server } = yield* grouped(mode, ({ connection, moment }) =>
          connection > 0 || answers[moment] === undefined ? undefined : { say: answers[moment] }
        )
        assert.deepStrictEqual(ends, ["Rejected mail 503", "Accepted"])
        assert.strictEqual(server.count("connect"), 2)
        assert.lengthOf(server.accepted, 1)
      }
    })
  )

  it.scoped("leave a server that refuses RSET, with --keep-going: its transaction may still be open", () =>
    Effect.gen(function* () {
      const { ends, server } = yield* grouped({ keepGoing: true }, ({ connection, moment }) =>
        connection > 0
          ? undefined
          : moment === "mail"
            ? { say: "450 no\r\n" }
            : moment === "rset"
              ? { say: "502 no\r\n" }
              : undefined
      )
      assert.deepStrictEqual(ends, ["Rejected mail 450", "Accepted"])
      assert.strictEqual(server.count("connect"), 2)
    })
  )

  it.scoped("keep the reason where the server refuses the sender and goes", () =>
    Effect.gen(function* () {
      const { ends } = yield* grouped(
        { keepGoing: true, messages: 1 },
        strike("mail", { say: "550 go away\r\n", end: "close" })
      )
      assert.match(ends.join(), /^Rejected mail 550/)
    })
  )

  it.scoped("take no answer to a riding envelope for one that LMTP owes to a recipient", () =>
    Effect.gen(function* () {
      // Some servers answer once for all recipients.
      const script: Script = ({ moment }) => (moment === "content" ? { say: "550 no\r\n" } : undefined)
      const { accounting } = yield* grouped(
        { pipelining: "full", lmtp: true, recipients: 2, messages: 3, keepGoing: true },
        script
      )
      assert.strictEqual(accounting.recipients.accepted, 0)
    })
  )
})

describe("any run against any server", () => {
  interface Case {
    readonly input: Plan.PlanInput
    readonly faults: ReadonlyArray<{ readonly moment: Struck; readonly total: number; readonly fault: Fault }>
    readonly slow: number
    /** How many bytes of a content are read at a time, if not all at once. */
    readonly reads: number
  }
  const aCase: fc.Arbitrary<Case> = fc.record({
    input: fc.record({
      messages: fc.integer({ min: 1, max: 12 }),
      sessions: fc.integer({ min: 1, max: 4 }),
      recipients: fc.integer({ min: 1, max: 3 }),
      reuse: fc.boolean(),
      lmtp: fc.boolean(),
      bare: fc.boolean(),
      pipelining: fc.constantFrom("off" as const, "on" as const, "full" as const),
      keepGoing: fc.boolean(),
      acceptRejection: fc.boolean(),
      connecting: fc.integer({ min: 1, max: 3 }),
      connectAttempts: fc.integer({ min: 1, max: 2 }),
      length: fc.constantFrom(10, 20_000)
    }),
    faults: fc.array(
      fc.record({
        moment: fc.constantFrom(...moments),
        total: fc.nat(8),
        fault: fc.constantFrom(...faultNames.filter((name) => name !== "an endless reply"))
      }),
      { maxLength: 6, size: "max" }
    ),
    slow: fc.constantFrom(0, 0, 0, 50),
    reads: fc.constantFrom(0, 0, 64, 400, 10_000)
  })

  /** As many answers to a content as LMTP wants, each of them with the fault; one too many where that is the fault. */
  const answer = (fault: Fault, moment: Struck, answers: number): Answer => {
    if (moment !== "content") return faults[fault](moment)
    if (fault === "the reply twice") return { say: usual.content.repeat(answers + 1) }
    const one = faults[fault](moment)
    return fault.includes("close") ? one : { ...one, say: (one.say ?? "").repeat(answers) }
  }

  /** Runs a case, and counts how many times the server said yes to a content: once for each recipient in LMTP. */
  const run = ({ faults: struck, input, reads, slow }: Case) => {
    let yes = 0
    const script: Script = ({ moment, recipients, total }) => {
      if (moment === "writing") return reads > 0 ? { reading: { bytes: reads, every: 20 } } : undefined
      const hit = struck.find((one) => one.moment === moment && one.total === total)
      const answers = input.lmtp === true ? recipients : 1
      const given: Answer =
        hit === undefined ? (slow === 0 ? {} : { after: slow }) : answer(hit.fault, hit.moment, answers)
      if (moment === "content") {
        const said = recipients === 0 ? "" : (given.say ?? usual.content.repeat(answers))
        yes += Math.min(said.match(/^250 Ok\r\n/gm)?.length ?? 0, answers)
      }
      return given
    }
    return Effect.map(simulate(input, { script, offers: ["PIPELINING"] }), (result) => ({ ...result, yes }))
  }

  it.scoped("comes to its end, balances, closes what it opened, and claims nothing that the server did not say", () =>
    Effect.gen(function* () {
      const ended = { fatal: 0, whole: 0 }
      const cases = fc.sample(aCase, { seed: 1, numRuns: 160 })
      const results = yield* drive(
        Effect.forEach(cases, (one) => Effect.map(run(one), (result) => [one, result] as const), {
          concurrency: "unbounded"
        })
      )
      for (const [one, result] of results) {
        const where = JSON.stringify(one)
        const { accepted, notStarted, recipients, started, unknown } = result.accounting
        const said = result.yes
        const claimed = one.input.lmtp === true ? recipients.accepted : accepted
        const open = one.input.lmtp === true ? recipients.unknown : unknown
        assert.isAtMost(claimed, said, `${where} claims too much`)
        assert.isAtMost(said, claimed + open, `${where} claims too little`)
        if (result.fatal === undefined) {
          ended.whole++
          assert.strictEqual(notStarted, 0, where)
        } else {
          ended.fatal++
          assert.notStrictEqual(one.input.keepGoing, true, where)
          assert.isAtLeast(started, 1, where)
        }
        // Each fault costs a time-out at most, and one of RSET with it.
        assert.isAtMost(result.elapsed, 14 * 300_000, where)
      }
      assert.isAbove(ended.fatal, 20)
      assert.isAbove(ended.whole, 40)
    })
  )
})

describe("a server that reads slowly while envelopes ride", () => {
  it.scoped("is told apart from one that lies or has not got the message", () =>
    Effect.gen(function* () {
      const input = {
        messages: 5,
        recipients: 200,
        reuse: true,
        pipelining: "full",
        keepGoing: true
      } as const
      const slowly: Script = ({ moment }) => (moment === "writing" ? { reading: { bytes: 100, every: 10 } } : undefined)
      const all = yield* drive(simulate(input, { script: slowly, offers: ["PIPELINING"] }))
      assert.deepStrictEqual(all.ends, ["Accepted", "Accepted", "Accepted", "Accepted", "Accepted"])
      assert.lengthOf(all.server.accepted, 5)
      assert.strictEqual(all.server.count("connect"), 1)

      // The answer to the dot is lost, while the rest of the next envelope still waits.
      const lossy: Script = (turn) =>
        turn.moment === "content" && turn.total === 1 ? { say: "", end: "reset" } : slowly(turn)
      const lost = yield* drive(simulate(input, { script: lossy, offers: ["PIPELINING"] }))
      assert.deepStrictEqual(lost.ends, [
        "Accepted",
        "Unknown, ConnectionLost final",
        "Accepted",
        "Accepted",
        "Accepted"
      ])
    })
  )
})

describe("a message whose first command meets a connection that is closed meanwhile", () => {
  const script =
    (end: "close" | "reset", say = ""): Script =>
    ({ moment, nth }) =>
      moment === "mail" && nth === 2 ? { say, end } : undefined
  const modes: ReadonlyArray<Plan.PlanInput> = [
    {},
    { pipelining: "on" },
    { pipelining: "full" },
    { think: "0.1" },
    { rate: "10/s", maxSessions: 1 }
  ]

  for (const end of ["close", "reset"] as const) {
    it.scoped(`begins once more on a new one, with --keep-going: nothing of it was answered (${end})`, () =>
      Effect.gen(function* () {
        for (const mode of modes) {
          const input = { messages: 9, reuse: true, keepGoing: true, ...mode } as const
          const { accounting, server } = yield* drive(simulate(input, { script: script(end), offers: ["PIPELINING"] }))
          assert.deepInclude(accounting, { accepted: 9, failed: 0, unknown: 0 }, JSON.stringify(mode))
          assert.isAtLeast(server.count("connect"), 4)
          assert.lengthOf(server.accepted, 9)
        }
      })
    )
  }

  it.scoped("is not begun again and again where the server closes at each first command", () =>
    Effect.gen(function* () {
      const { accounting, server } = yield* drive(
        simulate(
          { messages: 3, reuse: true, keepGoing: true },
          { script: ({ moment }) => (moment === "mail" ? { say: "", end: "close" } : undefined) }
        )
      )
      assert.deepInclude(accounting, { accepted: 0, failed: 3 })
      assert.strictEqual(server.count("connect"), 3)
    })
  )
})

describe("what a server says between messages", () => {
  const kept = { messages: 2, reuse: true, keepGoing: true, think: "1" } as const
  const counted = ({ recorder }: Simulation) => ({
    replies: recorder.replies().flatMap(({ code, count, step }) => (step === "idle" ? [[code, count]] : [])),
    errors: recorder.errors().map(({ count, kind, step }) => `${count} ${kind} ${step}`)
  })
  const observed = (input: Plan.PlanInput, script: Script) =>
    Effect.gen(function* () {
      const told: Array<string> = []
      const run = yield* drive(
        simulate(input, { script, offers: ["PIPELINING"], onTrouble: (_, text) => told.push(text) })
      )
      return { ...counted(run), accepted: run.accounting.accepted, recipients: run.accounting.recipients, told }
    })
  const afterDot =
    (say: string, end?: "close"): Script =>
    ({ moment, total }) =>
      moment === "content" && total === 0 ? { say, end } : undefined

  it.scoped("is a reply of the step idle, and told of once: a 421", () =>
    Effect.gen(function* () {
      const { accepted, errors, replies, told } = yield* observed(
        { ...kept, sessions: 2, messages: 4 },
        ({ moment, nth }) =>
          moment === "content" && nth === 0 ? { say: "250 Ok\r\n421 4.4.2 idle\r\n", end: "close" } : undefined
      )
      assert.strictEqual(accepted, 4)
      assert.deepStrictEqual(replies, [[421, 4]])
      assert.deepStrictEqual(errors, [])
      assert.deepStrictEqual(told, ["lost connection while idle (the server said: 421 4.4.2 idle)"])
    })
  )

  for (const pipelining of ["off", "on", "full"] as const) {
    it.scoped(`is an error where it is one reply too many: pipelining ${pipelining}`, () =>
      Effect.gen(function* () {
        const { accepted, errors, replies, told } = yield* observed(
          { ...kept, pipelining },
          afterDot("250 Ok\r\n250 Ok again\r\n")
        )
        assert.strictEqual(accepted, 2)
        assert.deepStrictEqual(replies, [[250, 1]])
        assert.deepStrictEqual(errors, ["1 ReplyMalformed idle"])
        assert.deepStrictEqual(told, ["malformed reply while idle: 250 Ok again, which was not asked for"])
      })
    )
  }

  it.scoped("is an error, too, where it is taken for the answer to an envelope that rides", () =>
    Effect.gen(function* () {
      const { accepted, errors } = yield* observed(
        { messages: 3, reuse: true, keepGoing: true, pipelining: "full" },
        afterDot("250 Ok\r\n250 Ok again\r\n")
      )
      assert.strictEqual(accepted, 2)
      assert.include(errors, "1 ReplyMalformed data")
    })
  )

  it.scoped("is an error where LMTP has one answer too many, or one too few", () =>
    Effect.gen(function* () {
      const lmtp = { ...kept, lmtp: true, recipients: 3 } as const
      const many = yield* observed(lmtp, afterDot("250 Ok\r\n".repeat(4)))
      assert.deepStrictEqual(many.errors, ["1 ReplyMalformed idle"])
      assert.deepInclude(many.recipients, { accepted: 6, unknown: 0 })
      const few = yield* observed(lmtp, afterDot("250 Ok\r\n".repeat(2)))
      assert.deepStrictEqual(few.errors, ["1 ReplyTimeout final"])
      assert.deepInclude(few.recipients, { accepted: 5, unknown: 1 })
    })
  )
})

describe("LMTP", () => {
  it.scoped("leaves a message unknown that one recipient refused, and that another may have got", () =>
    Effect.gen(function* () {
      for (const [say, end] of [
        ["550 no\r\n", "Unknown, ConnectionLost final"],
        ["550 no\r\nwhat\r\n", "Unknown, ReplyMalformed final"],
        ["550 no\r\n451 later\r\n", "Rejected final 550"]
      ] as const) {
        const { accounting, ends } = yield* drive(
          simulate(
            { messages: 1, recipients: 2, lmtp: true, keepGoing: true },
            { script: ({ moment }) => (moment === "content" ? { say, end: "close" } : undefined) }
          )
        )
        assert.deepStrictEqual(ends, [end])
        const { accepted, refused, refusedAfterContent, unknown } = accounting.recipients
        assert.deepStrictEqual(
          [accepted, refused, refusedAfterContent + unknown, refusedAfterContent],
          [0, 0, 2, end.startsWith("Rejected") ? 2 : 1]
        )
      }
    })
  )
})

describe("a server that does not answer QUIT", () => {
  it.scoped("costs its sessions 5 s once, and little after that", () =>
    Effect.gen(function* () {
      const { accounting, elapsed } = yield* drive(
        simulate({ messages: 21 }, { script: ({ moment }) => (moment === "quit" ? { after: 1e9 } : undefined) })
      )
      assert.strictEqual(accounting.accepted, 21)
      assert.strictEqual(elapsed, 5000 + 20 * 100)
    })
  )
})
