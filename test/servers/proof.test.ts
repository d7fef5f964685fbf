/**
 * Proof of delivery through a real Postfix, which sends on to a sink of ours: what the proof says, and what Postfix logs, is the
 * same.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as Load from "../../src/load/Load.js"
import * as NodeServices from "../../src/node/NodeServices.js"
import * as NodeSink from "../../src/node/NodeSink.js"
import { main as source } from "../../src/command.js"
import * as Plan from "../../src/plan/Plan.js"
import { main as report } from "../../src/reportCommand.js"
import { Output } from "../../src/report/Output.js"
import * as CapturedOutput from "../cli/CapturedOutput.js"
import * as Dovecot from "./Dovecot.js"
import * as FaultProxy from "./FaultProxy.js"
import * as Postfix from "./Postfix.js"
import * as RealServer from "./RealServer.js"

const missing = Postfix.lacks.length === 0 ? "" : ` (this machine lacks ${Postfix.lacks.join(" and ")})`

interface Relay extends RealServer.RunningServer {
  /** Where it sends on to. */
  readonly next: string
  readonly log: () => string
}

const relay = RealServer.make<Relay>({
  name: "Postfix",
  protocol: "SMTP",
  lacks: Postfix.lacks,
  start: Effect.gen(function* () {
    const [port, next] = yield* Effect.all([RealServer.freePort, RealServer.lowPort])
    const log = yield* Postfix.launch({ listeners: [{ port }], parameters: Postfix.relaying(next, 1) })
    return {
      target: RealServer.target({ port }),
      count: RealServer.countLines(log, / status=sent /),
      next: RealServer.target({ port: next }),
      // It is not there until something is logged.
      log: () => (fs.existsSync(log) ? fs.readFileSync(log, "utf8") : "")
    }
  }).pipe(Effect.retry({ times: 2 }))
})

interface Relayed {
  readonly result: Load.RunResult
  /** What Postfix has logged since the run began. */
  readonly log: () => string
}

const linesOf = (log: string, pattern: RegExp): number => log.split("\n").filter((line) => pattern.test(line)).length

/** Its log once it has done with all messages: what it has read last it logs a moment later. */
const done = ({ log }: Relayed, messages: number): Effect.Effect<string> =>
  Effect.sync(log).pipe(
    Effect.repeat({
      until: (text) => linesOf(text, /postfix\/qmgr\[.* removed$/) >= messages,
      schedule: Schedule.spaced("20 millis").pipe(Schedule.upTo("30 seconds"))
    }),
    Effect.map(() => log())
  )

describe(`Postfix as a relay${missing}`, () => {
  const started = RealServer.shared(relay, { afterAll, beforeAll })

  /** Runs a plan through it; `meanwhile` goes on beside it, and is given what reads the log. */
  const through = (
    input: Plan.PlanInput,
    sink: NodeSink.NodeSinkOptions = {},
    meanwhile: (log: () => string) => Effect.Effect<unknown> = () => Effect.void
  ): Effect.Effect<Relayed, unknown> =>
    Effect.scoped(
      Effect.gen(function* () {
        const { log, next, target } = started()
        const before = log().length
        const read = () => log().slice(before)
        yield* Effect.forkScoped(meanwhile(read))
        const rest = { prove: "recipients", settle: 60, sessions: 10, reuse: true } as const
        const result = yield* Load.run(Plan.make({ target, downstream: next, ...rest, ...input }))
        return { result, log: read }
      })
    ).pipe(Effect.provide(Layer.merge(NodeServices.layer, NodeSink.layer(sink))))

  const test = (title: string, run: Effect.Effect<void, unknown>) =>
    it.skipIf(Postfix.lacks.length > 0)(title, () => Effect.runPromise(run), 120_000)

  test(
    "loses nothing, doubles nothing and changes nothing",
    Effect.gen(function* () {
      const relayed = yield* through({
        messages: 60,
        recipients: 3,
        numberRecipients: true,
        to: "x@example.com"
      })
      const { result } = relayed
      const { tally } = result.proof!
      assert.deepStrictEqual(result.violations, [])
      const { accepted, deliveredAccepted, duplicates, early, foreign, repeats } = tally
      assert.deepStrictEqual(
        { accepted, deliveredAccepted, duplicates, early, foreign, repeats },
        { accepted: 180, deliveredAccepted: 180, duplicates: 0, early: 0, foreign: 0, repeats: 0 }
      )
      assert.deepStrictEqual(result.proof!.changes, [])
      assert.isTrue(Object.values(tally.changes).every((count) => count === 0))
      assert.strictEqual(linesOf(yield* done(relayed, 60), /postfix\/smtp\[.* status=sent /), 180)
    })
  )

  test(
    "sends again what the next hop does not answer: each copy is in its log, and none is a duplicate",
    Effect.gen(function* () {
      const { log, result } = yield* through(
        { messages: 100 },
        { behaviour: { faults: [{ at: "final", percent: 10, say: "", end: "close" }] } }
      )
      const { tally } = result.proof!
      assert.deepStrictEqual(result.violations, [])
      assert.deepStrictEqual([tally.deliveredAccepted, tally.missing, tally.duplicates], [100, 0, 0])
      assert.isAbove(tally.repeats, 0)
      // Each that was not answered came again, unless Postfix had not come to it when the wait ended.
      const lost = linesOf(log(), /lost connection with .* while sending end of data/)
      assert.strictEqual(tally.repeats + tally.unconfirmed, lost)
    })
  )

  /** What the first messages wait for their second time: the run cannot end before somebody has been killed. */
  const withheld = { behaviour: { faults: [{ at: "final", first: 20, say: "", end: "close" }] } } as const

  /**
   * Kills up to so many processes of one of its services, each once it has done something: by the log of this Postfix alone. Tells how
   * many were.
   */
  const killer = (service: string, most: number) => {
    const killed = new Set<string>()
    const kill = (log: () => string) =>
      Effect.sync(() => {
        const pids = [...log().matchAll(new RegExp(`postfix/${service}\\[(\\d+)\\]`, "g"))].map(([, pid]) => pid!)
        const next = pids.findLast((pid) => !killed.has(pid))
        if (next === undefined) return
        killed.add(next)
        try {
          process.kill(Number(next), "SIGKILL")
        } catch {
          // It has ended by itself.
        }
      }).pipe(Effect.repeat({ until: () => killed.size === most, schedule: Schedule.spaced("50 millis") }))
    return { kill, times: () => killed.size }
  }

  test(
    "whose delivery agents are killed loses nothing",
    Effect.gen(function* () {
      const { kill, times } = killer("smtp", 5)
      const { result } = yield* through({ messages: 150, rate: "150/s", maxSessions: 10 }, withheld, kill)
      const { tally } = result.proof!
      assert.isAbove(times(), 0)
      assert.deepStrictEqual(result.violations, [])
      assert.deepStrictEqual([tally.accepted, tally.deliveredAccepted, tally.missing], [150, 150, 0])
      assert.strictEqual(tally.copies, 150 + tally.duplicates + tally.repeats)
    })
  )

  test(
    "whose qmgr(8) is killed loses nothing",
    Effect.gen(function* () {
      const { kill, times } = killer("qmgr", 1)
      // The next message begins a new one. What was being delivered then it leaves alone for a minute.
      const plan = { messages: 60, rate: "30/s", maxSessions: 10, settle: 90 } as const
      const { result } = yield* through(plan, {}, kill)
      const { tally } = result.proof!
      assert.strictEqual(times(), 1)
      assert.deepStrictEqual(result.violations, [])
      assert.deepStrictEqual([tally.accepted, tally.deliveredAccepted, tally.missing], [60, 60, 0])
    })
  )

  test(
    "whose cleanup(8) is killed loses nothing that it has accepted, whatever it refuses at the dot",
    Effect.gen(function* () {
      const { kill, times } = killer("cleanup", 5)
      const plan = { messages: 150, rate: "150/s", maxSessions: 10, keepGoing: true }
      const { result } = yield* through(plan, withheld, kill)
      const { accepted, rejected } = result.accounting
      const { tally } = result.proof!
      assert.isAbove(times(), 0)
      assert.deepStrictEqual(result.violations, [])
      assert.deepStrictEqual([tally.accepted, tally.deliveredAccepted, tally.missing], [accepted, accepted, 0])
      // What it refused at the dot, or left open, may have come: that is told, and is none of those that must not.
      assert.isAtMost(tally.refused, rejected)
      assert.strictEqual(tally.impossible.count, 0)
    })
  )

  test(
    "delivers what it has taken before a connection was lost, and nothing else",
    Effect.gen(function* () {
      const { target } = started()
      const proxy = yield* FaultProxy.start({ target, protocol: "SMTP", faults: "rejections and cuts", seed: 3 })
      const relayed = yield* through({ messages: 200, reuse: true, keepGoing: true, settle: 4, target: proxy.target })
      const { accounting, proof, violations } = relayed.result
      const { tally } = proof!
      assert.deepStrictEqual(violations, [])
      // Resets right after the dot, and replies that were cut off.
      assert.isAbove([...proxy.done.keys()].filter((fault) => fault.startsWith("final, ")).length, 5)
      assert.isAbove(tally.deliveredOpen, 0)
      const refused = ["450", "550", "421"].map((code) => proxy.done.get(`final, ${code}`) ?? 0)
      assert.strictEqual(
        tally.open,
        refused.reduce((sum, count) => sum + count, accounting.unknown)
      )
      assert.deepStrictEqual([tally.deliveredAccepted, tally.missing], [accounting.accepted, 0])
      const queued = linesOf(yield* done(relayed, tally.first), /postfix\/qmgr\[.* removed$/)
      assert.deepStrictEqual([tally.first, tally.copies, tally.impossible.count], [queued, queued, 0])
    }).pipe(Effect.scoped)
  )

  test(
    "returns what the next hop refuses for good, and that is not missing",
    Effect.gen(function* () {
      const { result } = yield* through(
        { messages: 50, failIf: "missing > 0" },
        {
          behaviour: {
            script: ({ nth, stage }) => (stage === "final" && nth === 1 ? { say: "554 5.7.1 No\r\n" } : undefined)
          }
        }
      )
      const { tally } = result.proof!
      assert.deepStrictEqual(result.violations, [])
      assert.strictEqual(tally.missing, 0)
      assert.isAbove(tally.returned, 0)
      assert.strictEqual(tally.deliveredAccepted + tally.returned, 50)
    })
  )
})

const mailStore = Dovecot.make()

/** Runs one of the commands in this process. */
const run = (main: typeof source, ...words: ReadonlyArray<string>) =>
  Effect.suspend(() => {
    const { output, written } = CapturedOutput.make()
    return Effect.map(Effect.provideService(main(words), Output, output), (status) => ({ status, ...written }))
  })

describe(`Dovecot${mailStore.available ? "" : ` (this machine lacks ${mailStore.lacks.join(" and ")})`}`, () => {
  const started = RealServer.shared(mailStore, { afterAll, beforeAll })
  const test = (title: string, run: Effect.Effect<void, unknown>) =>
    it.skipIf(!mailStore.available)(title, () => Effect.runPromise(run), 120_000)

  test(
    "has in its Maildirs what was sent: smtp-report finds it there, and what was taken away is missing",
    Effect.gen(function* () {
      const { mail = "", target } = started()
      const result = path.join(mail, "run.json")
      const words = ["-L", "-s", "4", "-m", "40", "-N", "-t", "user@example.com", "-l", "2000"]
      const sent = yield* run(source, ...words, "--prove", "--report", `json=${result}`, target)
      assert.strictEqual(sent.status, 0, sent.stderr)
      const whole = yield* run(report, "--format", "json", "--delivered", `maildir:${mail}`, result)
      assert.strictEqual(whole.status, 0, whole.stderr)
      const { durations, proof } = JSON.parse(whole.stdout)
      assert.deepInclude(proof, {
        by: "messages",
        accepted: 40,
        deliveredAccepted: 40,
        missing: 0,
        duplicates: 0,
        early: 0
      })
      assert.deepStrictEqual(new Set(Object.values(proof.changes)), new Set([0]))
      const delivery = durations.find(({ of }: { readonly of: string }) => of === "delivery")
      assert.strictEqual(delivery.count, 40)
      assert.isAbove(delivery.min, 0)

      const files = fs
        .readdirSync(mail, { recursive: true, encoding: "utf8" })
        .filter((name) => /Maildir\/new\/./.test(name))
        .map((name) => path.join(mail, name))
      assert.lengthOf(files, 40)
      const [lost = "", again = "", changed = ""] = files
      const lostId = /^Message-Id: (<.*>)$/m.exec(fs.readFileSync(lost, "utf8"))?.[1]
      fs.rmSync(lost)
      fs.copyFileSync(again, `${again}x`)
      fs.appendFileSync(changed, "Scanned.\n")
      const broken = yield* run(report, "--delivered", mail, result)
      assert.strictEqual(broken.status, 99)
      assert.match(broken.stderr, /^smtp-report: failed: --delivered: 1 message is missing; --fail-if 'missing > 1' /m)
      assert.match(broken.stdout, /^ {13}message \d+, Message-Id <.*>$/m)
      assert.include(broken.stdout, `, Message-Id ${lostId}\n`)
      assert.include(
        broken.stdout,
        "  delivered  39 of 40 messages accepted\n  missing    1 accepted and not delivered\n"
      )
      assert.include(
        broken.stdout,
        "  copies     1 came again after they were confirmed (1 copy)\n  changed    1 otherwise\n"
      )
      const allowed = yield* run(report, "--delivered", mail, "--require", "missing <= 1", result)
      assert.strictEqual(allowed.status, 0, allowed.stderr)
    })
  )

  const mailboxes = Dovecot.withMailboxes()
  const shown = RealServer.shared(mailboxes, { afterAll, beforeAll })

  it.skipIf(!mailboxes.available)(
    "shows it by IMAP, over TLS alone, to who has a password",
    () =>
      Effect.gen(function* () {
        const { authority, imap, imaps, mail, target } = shown()
        const [result, logins, wrong, ca] = ["i.json", "logins.csv", "wrong.csv", "ca.pem"].map((name) =>
          path.join(mail, name)
        )
        fs.writeFileSync(
          logins!,
          `user,password\n1a@example.com,${Dovecot.password}\n2a@example.com,${Dovecot.password}\n`
        )
        fs.writeFileSync(wrong!, "user,password\n1a@example.com,SECRETword\n")
        fs.writeFileSync(ca!, authority)
        const words = [
          "-L",
          "-m",
          "2",
          "-N",
          "-t",
          "a@example.com",
          "-l",
          "3000",
          "--prove",
          "--report",
          `json=${result}`
        ]
        const sent = yield* run(source, ...words, target)
        assert.strictEqual(sent.status, 0, sent.stderr)
        const look = (url: string, file: string, ...more: ReadonlyArray<string>) =>
          run(report, "--delivered", url, "--imap-login", file, ...more, result!)
        const all = yield* look(`imaps://localhost:${imaps}`, logins!, "--imap-ca", ca!)
        assert.strictEqual(all.status, 0, all.stderr + all.stdout)
        assert.include(all.stdout, "  delivered  2 of 2 messages accepted\n")
        assert.include(all.stdout, "  clocks     arrivals are told to 1.00 s only\n")
        assert.notInclude(all.stdout, "  changed ")
        const one = yield* look(`imap://1a%40example.com@localhost:${imap}/INBOX`, logins!, "--imap-ca", ca!)
        assert.strictEqual(one.status, 99)
        assert.include(one.stdout, "  delivered  1 of 2 messages accepted\n")
        const failures = [
          yield* look(`imaps://localhost:${imaps}`, logins!),
          yield* look(`imaps://localhost:${imaps}`, wrong!, "--imap-ca", ca!),
          yield* look(`imaps://localhost:${imaps}/None`, logins!, "--imap-ca", ca!),
          yield* look(`imaps://me@localhost:${imaps}`, logins!, "--imap-ca", ca!),
          yield* look("imap://localhost:1", logins!)
        ].map(({ status, stderr }) => [
          status,
          stderr
            .replaceAll(mail, "")
            .replaceAll(/:\d{4,}| \([\d.+ ]* secs\)\./g, (text) => (text[0] === ":" ? ":PORT" : ""))
        ])
        const place = "imaps://1a%40example.com@localhost:PORT"
        assert.deepStrictEqual(failures, [
          [1, `smtp-report: fatal: --delivered: ${place}/INBOX: unable to verify the first certificate\n`],
          [
            1,
            `smtp-report: fatal: --delivered: ${place}/INBOX: it refuses AUTHENTICATE PLAIN: NO [AUTHENTICATIONFAILED] Authentication failed.\n`
          ],
          [1, `smtp-report: fatal: --delivered: ${place}/None: it refuses EXAMINE: NO Mailbox doesn't exist: None\n`],
          [1, "smtp-report: fatal: --imap-login: /logins.csv: has no user me\n"],
          [1, "smtp-report: fatal: --delivered: imap://1a%40example.com@localhost:1/INBOX: connection refused\n"]
        ])
      }).pipe(Effect.runPromise),
    120_000
  )

  test(
    "or in any mbox: a result without stamps, and a place that is not there, are refused",
    Effect.gen(function* () {
      const { mail = "", target } = started()
      const [result, plain, box] = ["r.json", "p.json", "box"].map((name) => path.join(mail, name))
      yield* run(source, "-L", "-m", "3", "--prove=messages", "--report", `json=${result}`, target)
      yield* run(source, "-L", "-m", "1", "--report", `json=${plain}`, target)
      const messages = fs
        .readdirSync(mail, { recursive: true, encoding: "utf8" })
        .filter((name) => /foo@[^/]*\/Maildir\/new\/./.test(name))
        .map((name) => fs.readFileSync(path.join(mail, name), "latin1"))
      const between = "From me@example.com Thu Nov 26 13:11:20 2026"
      fs.writeFileSync(box!, messages.map((text) => `${between}\n${text}\n`).join(""), "latin1")
      const found = yield* run(report, "--delivered", box!, result!)
      assert.strictEqual(found.status, 0, found.stderr)
      assert.include(found.stdout, "  delivered  3 of 3 messages accepted\n")
      assert.notInclude(found.stdout, "delivery ")
      const refused = yield* run(report, "--delivered", box!, plain!)
      assert.deepStrictEqual(
        [refused.status, refused.stderr],
        [1, `smtp-report: fatal: ${box}: can be read only with the result of one run of smtp-source --prove\n`]
      )
      const nowhere = yield* run(report, "--delivered", `${box}x`, result!)
      assert.strictEqual(nowhere.status, 1)
      assert.include(nowhere.stderr, "smtp-report: fatal: --delivered: ")
    })
  )
})
