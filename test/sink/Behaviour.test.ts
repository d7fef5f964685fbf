import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as SinkRules from "../../src/plan/SinkRules.js"
import * as Behaviour from "../../src/sink/Behaviour.js"
import type { Answer } from "../../src/sink/Action.js"
import type { Asked, Fault, Moment, Reaction } from "../../src/sink/Reaction.js"

const ask = (stage: Moment, more: Partial<Asked> = {}): Asked => ({
  stage,
  session: 1,
  message: 1,
  line: "",
  reply: stage === "content" ? "" : "250 Ok\r\n",
  ...more
})

/** What is done, in a word each; waits for nothing are left out. */
const told = ({ actions }: Answer): ReadonlyArray<string> =>
  actions.flatMap((action) => {
    switch (action._tag) {
      case "Wait":
        return action.until(1000) === 1000 ? [] : [`wait ${action.until(1000) - 1000}`]
      case "Say":
        return [`say ${action.bytes.trim()}${action.drip > 0 ? ` every ${action.drip}` : ""}`]
      case "End":
        return [action.how]
      default:
        return [action._tag.toLowerCase()]
    }
  })

/** A connection, of which the usual is told as the answer that it is. */
const connect =
  (behaving: Behaviour.Behaving, answer = behaving.connection()) =>
  (asked: Asked): Answer =>
    answer(asked) ?? { said: asked.reply, end: undefined, actions: [{ _tag: "Say", bytes: asked.reply, drip: 0 }] }

describe("a behaviour", () => {
  it("that has nothing to say leaves it at the usual reply", () => {
    assert.isUndefined(Behaviour.make({}, () => 0).connection()(ask("mail")))
  })

  it("wants to know what one of its parts looks at", () => {
    const wanted = (behaviour: Behaviour.Behaviour) =>
      Object.entries(Behaviour.make(behaviour, () => 0).wants)
        .flatMap(([what, isWanted]) => (isWanted ? [what] : []))
        .join(" ")
    const when = (condition: NonNullable<Fault["when"]>) => wanted({ faults: [{ at: "rcpt", when: condition }] })
    assert.strictEqual(
      wanted({ faults: [{ at: "rcpt", percent: 5 }], latency: 1, tarpit: { delay: 1, errors: 1 } }),
      ""
    )
    assert.strictEqual(when({ sessionOver: 5, sizeOver: 5 }), "")
    assert.strictEqual(when({ client: "127.*" }), "clients")
    assert.strictEqual(when({ from: "a@*" }), "senders")
    assert.strictEqual(when({ to: "a@*" }), "recipients")
    assert.strictEqual(when({ header: { name: "Subject", holds: "x" } }), "headers")
    assert.strictEqual(wanted({ faults: [{ at: "rcpt", byRecipient: true }] }), "recipients")
    assert.strictEqual(wanted({ faults: [{ at: "other", command: "NOOP" }] }), "lines")
    assert.strictEqual(wanted({ triggers: true }), "recipients")
    assert.strictEqual(wanted({ greylist: { after: 1 } }), "clients senders recipients")
    assert.strictEqual(wanted({ script: { mail: {} } }), "clients lines senders recipients")
    const limit = (text: string) => wanted({ limits: [Either.getOrThrow(SinkRules.parseLimit(text))] })
    assert.strictEqual(limit("5 messages/connection"), "")
    assert.strictEqual(limit("5/s"), "")
    assert.strictEqual(limit("5/s/client"), "clients")
    assert.strictEqual(limit("5 connections/client"), "clients")
    assert.strictEqual(limit("5/s/domain"), "recipients")
  })

  it("has something to say only at the moments that it is about", () => {
    const moments = ["greeting", "hello", "mail", "rcpt", "data", "content", "final", "quit"] as const
    const unusual = (behaviour: Behaviour.Behaviour) =>
      moments.filter((moment) => !Behaviour.make(behaviour, () => 0).isUsual(moment)).join(" ")
    assert.strictEqual(unusual({}), "")
    assert.strictEqual(unusual({ faults: [{ at: "rcpt" }, { at: "final", percent: 1 }] }), "rcpt final")
    assert.strictEqual(unusual({ faults: [{ at: "content", after: 1 }] }), "content")
    assert.strictEqual(unusual({ triggers: true }), "rcpt")
    assert.strictEqual(unusual({ greylist: { after: 1 } }), "rcpt")
    const limit = (text: string) => unusual({ limits: [Either.getOrThrow(SinkRules.parseLimit(text))] })
    assert.strictEqual(limit("5 connections"), "greeting")
    assert.strictEqual(limit("5 messages/connection"), "mail")
    assert.strictEqual(limit("5 recipients"), "rcpt")
    assert.strictEqual(limit("5/s"), "mail")
    assert.strictEqual(limit("5/s/domain"), "rcpt")
    const all = moments.join(" ")
    assert.strictEqual(unusual({ faults: [{ at: "mail", early: true }] }), all)
    assert.strictEqual(unusual({ script: { mail: {} } }), all)
    assert.strictEqual(unusual({ latency: 1 }), all)
    assert.strictEqual(unusual({ tarpit: { delay: 1, errors: 1 } }), all)
    assert.strictEqual(unusual({ stalls: [{ at: 1, lasts: 1 }] }), all)
    assert.strictEqual(unusual({ capacity: { service: 1 } }), all)
  })

  it("waits, says, drips, ends, and goes on with what follows", () => {
    const react = (reaction: Reaction) =>
      connect(Behaviour.make({ script: { final: reaction } }, () => 0))(ask("final"))
    assert.deepStrictEqual(told(react({ after: "2 seconds", say: "421 Down\r\n", end: "close" })), [
      "wait 2000",
      "say 421 Down",
      "close"
    ])
    assert.deepStrictEqual(told(react({ say: ["2", "50\r\n"], drip: 5 })), ["say 2 every 5", "say 50 every 5"])
    assert.deepStrictEqual(told(react({ end: "stall" })), ["say 250 Ok", "stall"])
    const idle = react({ next: { after: 300, say: "421 Idle\r\n", end: "reset" } })
    assert.deepStrictEqual(told(idle), ["say 250 Ok", "wait 300", "say 421 Idle", "reset"])
    // What follows is no answer to the command, and the connection ends all the same.
    assert.deepStrictEqual([idle.said, idle.end], ["250 Ok\r\n", "reset"])
  })

  it("reads a content late or slowly, or does something else instead of reading it", () => {
    const content = (reaction: Reaction) =>
      told(connect(Behaviour.make({ script: { content: reaction } }, () => 0))(ask("content")))
    assert.deepStrictEqual(content({}), ["read"])
    assert.deepStrictEqual(content({ after: 50 }), ["wait 50", "read"])
    assert.deepStrictEqual(content({ after: 50, say: "552 No\r\n" }), ["wait 50", "say 552 No"])
    assert.deepStrictEqual(content({ end: "reset" }), ["reset"])
  })

  it("takes the script before the faults, and the first fault that strikes", () => {
    const behaving = Behaviour.make(
      {
        script: ({ message, stage }) => (stage === "mail" && message === 2 ? { say: "450 Script\r\n" } : undefined),
        faults: [
          { at: "mail", message: 3, say: "450 First\r\n" },
          { at: "mail", say: "450 Second\r\n" }
        ]
      },
      () => 0
    )
    const answer = connect(behaving)
    assert.deepStrictEqual(
      [1, 2, 3].map((message) => answer(ask("mail", { message })).said),
      ["450 Second\r\n", "450 Script\r\n", "450 First\r\n"]
    )
    assert.deepStrictEqual(behaving.struck, [1, 1])
  })
})

describe("a fault", () => {
  /** Which of the first twelve MAILs, on two connections in turn, are struck. */
  const struck = (fault: Omit<Fault, "at">, seed = "seed"): ReadonlyArray<number> => {
    const behaving = Behaviour.make({ seed, faults: [{ say: "450 No\r\n", ...fault, at: "mail" }] }, () => 0)
    const connections = [connect(behaving), connect(behaving)]
    return Array.from({ length: 12 }, (_, index) => index + 1).filter((total) =>
      connections[total % 2]!(ask("mail", { message: Math.ceil(total / 2) })).said.startsWith("450")
    )
  }

  it("strikes each time, the first times, one in so many, or one message of each connection", () => {
    assert.lengthOf(struck({}), 12)
    assert.deepStrictEqual(struck({ first: 2 }), [1, 2])
    assert.deepStrictEqual(struck({ every: 5 }), [5, 10])
    assert.deepStrictEqual(struck({ message: 2 }), [3, 4])
    assert.lengthOf(struck({ percent: 0 }), 0)
  })

  it("strikes its share, drawn from the seed", () => {
    assert.deepStrictEqual(struck({ percent: 30 }, "a"), struck({ percent: 30 }, "a"))
    assert.notDeepEqual(struck({ percent: 50 }, "a"), struck({ percent: 50 }, "b"))
    const behaving = Behaviour.make(
      {
        faults: [
          { at: "rcpt", percent: 5, say: "451 No\r\n" },
          { at: "rcpt", percent: 20, say: "550 No\r\n" }
        ]
      },
      () => 0
    )
    const answer = connect(behaving)
    for (let total = 0; total < 20_000; total++) answer(ask("rcpt"))
    // Of those that the first one leaves. The bounds are five standard deviations wide.
    assert.closeTo(behaving.struck[0]!, 1000, 155)
    assert.closeTo(behaving.struck[1]!, 3800, 280)
  })

  it("strikes from a recipient on, and may double the usual reply", () => {
    const faults: ReadonlyArray<Fault> = [
      { at: "final", fromRecipient: 2, say: "" },
      { at: "final", twice: true }
    ]
    const answer = connect(Behaviour.make({ faults }, () => 0))
    const said = (recipientPlace?: number) => answer(ask("final", { recipientPlace })).said
    assert.deepStrictEqual([said(1), said(2), said(3)], ["250 Ok\r\n250 Ok\r\n", "", ""])
  })
})

describe("greylisting", () => {
  it("lets a sender and a recipient in who come back in their window, and then for good", () => {
    let now = 0
    const behaving = Behaviour.make({ greylist: { after: "1 minute", until: "1 hour" } }, () => now)
    const answer = connect(behaving)
    const code = (at: number, sender: string, recipient: string) => {
      now = at * 1000
      return answer(ask("rcpt", { sender, recipient })).said.slice(0, 3)
    }
    assert.strictEqual(code(0, "a", "x"), "450")
    assert.strictEqual(code(59, "a", "x"), "450")
    // Each pair is a new one.
    assert.strictEqual(code(60, "b", "x"), "450")
    assert.strictEqual(code(60, "a", "y"), "450")
    assert.strictEqual(code(60, "a", "x"), "250")
    assert.strictEqual(code(90_000, "a", "x"), "250")
    // Too late is a first attempt again.
    assert.strictEqual(code(90_000, "b", "x"), "450")
    assert.strictEqual(code(90_059, "b", "x"), "450")
    assert.strictEqual(code(90_060, "b", "x"), "250")
  })

  it("says nothing of recipients who are refused for another reason", () => {
    const answer = connect(Behaviour.make({ greylist: { after: 1 } }, () => 0))
    assert.strictEqual(answer(ask("rcpt", { reply: "503 5.5.1 need MAIL\r\n" })).said, "503 5.5.1 need MAIL\r\n")
  })
})
