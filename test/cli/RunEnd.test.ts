import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Plan from "../../src/plan/Plan.js"
import type * as TestServer from "../../src/sink/TestServer.js"
import { easy, run } from "./RunHere.js"

const notice = "smtp-source: the generator was the bottleneck: the server may be faster\n"
/** Refuses the second message of a connection, and those that follow. */
const refusing: TestServer.TestServerOptions = {
  script: ({ message = 0, stage }) => (stage === "rcpt" && message % 2 === 0 ? { say: "550 no\r\n" } : undefined)
}

describe("a run for the command line", () => {
  it.effect("begins its summary with the generator where that was the bottleneck, without any report", () =>
    Effect.gen(function* () {
      const slow = yield* run({ summary: true }, { health: { ...easy, waited: 700 } })
      assert.isTrue(slow.stderr.startsWith(notice))
      assert.match(slow.stderr, /\nsmtp-source: 1 message: 1 accepted/)
      assert.notInclude((yield* run({ summary: true })).stderr, notice)
    })
  )

  it.effect("ends with 0 where all were accepted that were not to be abandoned, and with 1 where others were not", () =>
    Effect.gen(function* () {
      const plan = { messages: 20, keepGoing: true, abandon: "data", summary: true } as const
      const abandoned = yield* run({ ...plan, failIf: ["failed > 0"] })
      assert.strictEqual(abandoned.status, 0, abandoned.stderr)
      assert.include(abandoned.stderr, "0 failed,\nsmtp-source:   20 abandoned as planned")
      assert.notInclude(abandoned.stderr, "warning")
      const some = yield* run({ ...plan, reuse: true, abandon: "data 1%" }, { server: refusing })
      assert.strictEqual(some.status, 1, some.stderr)
    })
  )

  it.effect(
    "names --auth-failures where logins that were refused in a row ended it, and not where the first one did",
    () =>
      Effect.gen(function* () {
        const login = { auth: "anonymous", messages: 20 } as const
        const server: TestServer.TestServerOptions = {
          auth: { mechanisms: ["ANONYMOUS"], accounts: [], required: true },
          script: { auth: { say: "535 no\r\n" } }
        }
        const locked = yield* run({ ...login, keepGoing: true, authFailures: 3 }, { server })
        assert.include(
          locked.stderr,
          "smtp-source: fatal: login rejected: 535 no (--auth-failures: 3 logins in a row were refused)\n"
        )
        const first = yield* run(login, { server })
        assert.include(first.stderr, "smtp-source: fatal: login rejected: 535 no\n")
      })
  )

  it.effect("ends with 99 where a verdict of --abort-if is true at its end, and with 0 where none is", () =>
    Effect.gen(function* () {
      const plan = { messages: 4, reuse: true, keepGoing: true } as const
      const broken = yield* run({ ...plan, abortIf: ["rejected > 40%"] }, { server: refusing })
      assert.deepInclude(broken, { status: 99, stdout: "" })
      assert.match(broken.stderr, /^smtp-source: failed: --abort-if: rejected is 75 % \(aborts above 40 %\)$/m)
      const kept = yield* run({ ...plan, abortIf: ["rejected > 60%", "rate < 5/s"] })
      assert.strictEqual(kept.status, 0, kept.stderr)
    })
  )

  it.effect("ends with 99 where what --require asks for is not true, and with 0 where it is", () =>
    Effect.gen(function* () {
      const plan = { messages: 4, reuse: true } as const
      const broken = yield* run({ ...plan, require: ["accepted < 4", "accepted <= 4"] })
      assert.deepInclude(broken, { status: 99, stdout: "" })
      assert.deepStrictEqual(broken.stderr.match(/failed: .*/g), ["failed: --require: accepted is 4 (must be below 4)"])
      const kept = yield* run({ ...plan, require: ["accepted >= 4"] })
      assert.strictEqual(kept.status, 0, kept.stderr)
    })
  )

  it.effect("ends with 70 where what was counted in different places does not agree", () =>
    Effect.gen(function* () {
      const { status, stderr } = yield* run({ messages: 2, reuse: true }, { wrong: true })
      assert.strictEqual(status, 70)
      assert.match(stderr, /^smtp-source: panic: the books do not balance: connections opened 2 is not the sum/)
    })
  )

  it.effect("has a summary that fits a screen of 80 columns, and breaks its lines between words", () =>
    Effect.gen(function* () {
      const plan: Plan.PlanInput = {
        ...{ rate: "1000/s", duration: "2s", warmUp: "1s", maxSessions: 2, reuse: true, summary: true },
        ...{ keepGoing: true, recipients: 3, pipelining: "on", abandon: "data 1%", dropLate: 1 }
      }
      const server: TestServer.TestServerOptions = { latency: "2 millis", offers: [], ...refusing }
      const { status, stderr } = yield* run(plan, { health: { ...easy, waited: 700 }, server })
      assert.strictEqual(status, 1)
      // What the run warns of meanwhile is a line each.
      const lines = stderr
        .trimEnd()
        .replace(/^.*warning:.*\n/gm, "")
        .split("\n")
      assert.isAbove(lines.length, 8)
      for (const line of lines) assert.match(line, /^smtp-source: .{1,67}$/)
      assert.match(stderr, /^smtp-source: 2,000 messages: .* 0 unknown,\nsmtp-source: {3}[\d,]+ not started$/m)
    })
  )

  it.effect("says nothing twice where a report for people goes to the same place", () =>
    Effect.gen(function* () {
      const plan = { messages: 4, reuse: true, summary: true, require: ["accepted < 4"] } as const
      const both = yield* run({ ...plan, report: ["text"] })
      assert.strictEqual(both.status, 99)
      assert.match(both.stderr, /^4 messages to mail\.example: completed$/m)
      assert.lengthOf(both.stderr.match(/4 accepted/g)!, 1)
      assert.lengthOf(both.stderr.match(/must be below 4/g)!, 1)
      assert.notMatch(both.stderr, /^smtp-source:/m)
      // The other reports are for programs.
      const apart = yield* run({ ...plan, report: ["json"] })
      assert.match(apart.stderr, /^smtp-source: 4 messages: 4 accepted/m)
      assert.match(apart.stderr, /^smtp-source: failed: --require: accepted is 4 \(must be below 4\)$/m)
    })
  )
})
