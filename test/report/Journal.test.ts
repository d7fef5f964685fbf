import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Accounting from "../../src/measure/Accounting.js"
import * as ErrorTally from "../../src/measure/ErrorTally.js"
import * as ReplyTally from "../../src/measure/ReplyTally.js"
import * as Load from "../../src/load/Load.js"
import * as Plan from "../../src/plan/Plan.js"
import { type Entry, entry } from "../../src/report/RunningReport.js"
import * as Stages from "../../src/report/Stages.js"
import * as TextReport from "../../src/report/TextReport.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"
import * as Journal from "../../src/report/Journal.js"
import * as JsonReport from "../../src/report/JsonReport.js"
import * as RunReport from "../../src/report/RunReport.js"
import * as SavedReport from "../../src/report/SavedReport.js"
import { ReplyMalformed, steps } from "../../src/smtp/SmtpError.js"
import * as Counted from "../measure/Counted.js"
import { entryAt, reportOf } from "./Reports.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

const report = reportOf([
  { of: "transaction", ending: "accepted", elapsed: 3, code: 250 },
  { of: "rcpt", ending: "rejected", elapsed: 1, code: 550 }
])

const start = { tool: report.tool, ids: report.ids, startedAt: report.startedAt, plan: { messages: 100 }, planned: 100 }
const seconds = [1, 2, 3, 4].map(entryAt).map(Journal.intervals())
const journal = [Journal.start(start), ...seconds].join("")

describe("a journal", () => {
  it("of a run that came to its end gives its report exactly", () => {
    const told = Either.getOrThrow(Journal.read(journal + Journal.end(report)))
    assert.deepStrictEqual(told, { report, complete: true })
  })

  it("that was cut anywhere tells what is in its whole lines, and its books balance", () => {
    const ends = [...journal].flatMap((character, index) => (character === "\n" ? [index + 1] : []))
    for (let length = ends[0]!; length <= journal.length; length += 7) {
      const { complete, report: cut } = Either.getOrThrow(Journal.read(journal.slice(0, length)))
      const whole = ends.filter((end) => end <= length).length - 1
      assert.isFalse(complete)
      assert.strictEqual(cut.ended, "cut")
      assert.strictEqual(cut.elapsed, whole * 1000)
      assert.strictEqual(cut.messages.accepted, whole)
      // Those under way have an end that nobody saw.
      assert.strictEqual(cut.messages.unknown, whole)
      assert.deepStrictEqual(Accounting.violations({ ...cut.messages, recipients: cut.recipients }), [])
      assert.isTrue(Either.isRight(SavedReport.parse(journal.slice(0, length))))
    }
  })

  it("that is none, or is spoilt, is an error that names the line", () => {
    const reasonOf = (text: string) => Either.match(Journal.read(text), { onLeft: String, onRight: () => "fine" })
    assert.match(reasonOf(""), /line 1: no start of a run: cut off, or not written by/)
    assert.match(reasonOf(seconds.join("")), /line 1: no start of a run: cut off, or not written by/)
    assert.match(reasonOf('{"type":"x"}\n'), /line 1: no start of a run/)
    assert.match(reasonOf(`\u001b[2J\n${seconds[0]}`), /line 1: /)
    assert.notMatch(reasonOf(`\u001b[2J\n${seconds[0]}`), /\u001b/)
    const unreadable = Either.getOrThrow(Either.flip(SavedReport.parse("\n")))
    assert.deepStrictEqual(
      [unreadable._tag, unreadable.message],
      ["ReportUnreadable", "empty: nothing was saved in it"]
    )
  })

  it("with a line that makes no sense is read up to there, and says so; its end, where there is one, is enough", () => {
    const [first = "", ...others] = seconds
    const torn = [Journal.start(start), first, '{"type":"inter\u001b\n', ...others].join("")
    const { complete, report: cut } = Either.getOrThrow(Journal.read(torn))
    assert.isFalse(complete)
    assert.strictEqual(cut.elapsed, 1000)
    assert.match(cut.reason ?? "", /^journal, line 3: /)
    assert.notMatch(cut.reason ?? "", /\u001b/)
    const whole = Either.getOrThrow(Journal.read(torn + Journal.end(report)))
    assert.deepInclude(whole, { report, complete: true })
    assert.match(whole.problem?.message ?? "", /^line 3: /)
  })

  it("with buckets that no histogram has is read up to there", () => {
    const beyond = { of: "transaction", ending: "accepted" as const, buckets: [[1e9, 1]] as const }
    const line = Journal.intervals()({ ...entryAt(2), durations: [beyond] })
    const { report: cut } = Either.getOrThrow(Journal.read([Journal.start(start), seconds[0], line].join("")))
    assert.strictEqual(cut.elapsed, 1000)
    assert.strictEqual(cut.reason, "journal, line 3: durations: beyond the last bucket")
  })

  it.live("of a long run takes no more memory to read than its report does", () =>
    Effect.gen(function* () {
      const name = "x".repeat(40_000)
      const line = Journal.intervals()
      const folder = fs.mkdtempSync(path.join(os.tmpdir(), "journal-"))
      const file = path.join(folder, "long.ndjson")
      fs.writeFileSync(file, Journal.start(start))
      for (let second = 1; second <= 3000; second++) {
        const durations = [{ of: name, ending: "accepted" as const, buckets: [[1234, 1]] as const }]
        fs.appendFileSync(file, line({ ...entryAt(second), durations }))
      }
      // All of it is added up before it is known that there is an end.
      fs.appendFileSync(file, `{"type":"inter\n${Journal.end(report)}`)
      // Of 120 MB, in a heap of half as much.
      assert.isAbove(fs.statSync(file).size, 120_000_000)
      const args = ["--max-old-space-size=60", "dist/bin/smtp-report.js", "--format", "json", file]
      const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
      const parts: Array<string> = []
      const told: Array<string> = []
      child.stdout.setEncoding("utf8").on("data", (part: string) => parts.push(part))
      child.stderr.setEncoding("utf8").on("data", (part: string) => told.push(part))
      const status = yield* Effect.async<number | null>((resume) => {
        child.once("close", (code) => resume(Effect.succeed(code)))
      })
      fs.rmSync(folder, { recursive: true })
      assert.strictEqual(status, 0, told.join(""))
      assert.deepStrictEqual(JSON.parse(parts.join("")), JSON.parse(JsonReport.render(report)))
      assert.match(told.join(""), /^smtp-report: [^\n]*long\.ndjson: line 3002: /)
    })
  )

  it.effect("of an open run that was cut has its stages, as the run itself would have told of them", () =>
    Effect.gen(function* () {
      const plan = Plan.make({ helloName: "me.example", stages: "3s:5/s, 3s:20/s, 4s:5/s", reuse: true })
      const entries: Array<Entry> = []
      const { accounting, recorder } = yield* Load.run(plan, {
        sampling: { take: (sample) => entries.push(entry(sample)) }
      }).pipe(Effect.provide(TestServer.layer({ latency: 100 })), (program) => Simulation.run(program))
      const cut = (seconds: number) => {
        const told = entries.slice(0, seconds).map(Journal.intervals())
        return Either.getOrThrow(Journal.read(Journal.start({ ...start, plan: { ...plan } }) + told.join(""))).report
      }
      const whole = Stages.make(recorder.stages!.toData())
      const counts = (stages: ReadonlyArray<Stages.Stage> = []) =>
        stages.map(({ due, from, rate, started, to }) => ({ from, to, rate, due, started }))
      const told = cut(entries.length)
      assert.deepStrictEqual(counts(told.stages), counts(whole))
      const accepted = (told.stages ?? []).reduce((sum, stage) => sum + stage.accepted, told.afterwards ?? 0)
      assert.strictEqual(accepted, accounting.accepted)
      assert.closeTo(told.stages?.[1]?.p50 ?? 0, whole[1]?.p50 ?? 0, 10)
      // What had not begun is no stage, and one that was cut is shorter.
      assert.deepStrictEqual(counts(cut(5).stages), [
        counts(whole)[0]!,
        { from: 3000, to: 5000, rate: [20, 20], due: 40, started: 40 }
      ])
      assert.include(TextReport.render(cut(5)), "5.00 s")
    })
  )

  it("has no stages of a plan that makes no sense, or whose stages are shorter than its seconds", () => {
    for (const plan of [
      { rate: "soon" },
      { stages: 7 },
      { rate: "5/s", messages: -1 },
      { rate: "5/s", burst: 0, messages: 9 },
      { stages: "500ms:5/s, 2s:1/s" }
    ]) {
      const { report: cut } = Either.getOrThrow(Journal.read(Journal.start({ ...start, plan }) + seconds.join("")))
      assert.isUndefined(cut.stages, JSON.stringify(plan))
    }
  })

  it("of an open run that was cut tells of late starts and of what was dropped", () => {
    const open = Journal.start({ ...start, plan: { rate: "10/s" } })
    const { report: cut } = Either.getOrThrow(Journal.read(open + seconds.join("")))
    assert.deepStrictEqual(cut.arrivals, Counted.arrivals({ late: 12 }))
  })

  it("that was cut tells how the generator fared by then", () => {
    const generator = { cpu: { user: 10, system: 5 }, utilisation: 0.9, delayMean: 1, delayP99: 9 }
    const told = Journal.start(start) + Journal.intervals()({ ...entryAt(1), generator })
    assert.deepStrictEqual(Either.getOrThrow(Journal.read(told)).report.generator, generator)
  })

  it("of a run with a warm-up that was cut has a rate of the whole seconds after it", () => {
    const warm = Journal.start({ ...start, plan: { warmUp: "1500ms" } })
    const { report: cut } = Either.getOrThrow(Journal.read(warm + seconds.join("")))
    assert.deepStrictEqual(cut.measured, { accepted: 2, active: [[2000, 4000]] })
    assert.strictEqual(cut.rate, 1)
  })

  describe("of a server that says something else each time", () => {
    const hostile = "\u001b".repeat(500)
    const tally = new ReplyTally.ReplyTally()
    const errors = new ErrorTally.ErrorTally()
    /** One more of each of a thousand replies at each step, and what is known then. */
    const oneMore = (second: number) => {
      for (let subject = 0; subject < 1000; subject++) {
        const reply = { code: 250 + (subject % 50), text: `2.${subject}.${subject} ${hostile}` }
        for (let place = 0; place < steps.length; place++) tally.count(place, reply, second * 1000)
      }
      for (const step of steps) {
        errors.count(new ReplyMalformed({ step, reason: hostile, replies: [] }), second * 1000)
      }
      const [replies, failures] = [ReplyTally.merge([tally.toData(0)]), ErrorTally.merge([errors.toData(0)])]
      return { ...entryAt(second), replies: RunReport.repliesOf(replies), errors: RunReport.errorsOf(failures) }
    }
    const [first, second] = [oneMore(1), oneMore(2)]
    const entries = [first, second, { ...second, interval: entryAt(3).interval }]
    const lines = entries.map(Journal.intervals())
    const read = (lines: ReadonlyArray<string>) =>
      Either.getOrThrow(Journal.read([Journal.start(start), ...lines].join("")))

    it("tells of each kind in full once, then by its count, and of none that there were no more of", () => {
      const sizes = lines.map((line) => line.length)
      assert.isAbove(entries[0]!.replies.length, 3000)
      assert.isAbove(sizes[0]!, 2_000_000)
      assert.isBelow(sizes[1]!, sizes[0]! / 5)
      assert.isBelow(sizes[2]!, 2000)
      assert.notInclude(lines[1]!, "x1b")
    })

    it("loses nothing by that, wherever it is cut", () => {
      entries.forEach(({ errors, replies }, index) => {
        const { report } = read(lines.slice(0, index + 1))
        assert.deepStrictEqual(report.replies, replies)
        assert.deepStrictEqual(report.errors, errors)
      })
    })

    it("is read where each line tells of all in full, as earlier versions wrote it", () => {
      const whole = entries.map((entry) => `${JSON.stringify({ type: "interval", ...entry })}\n`)
      assert.deepStrictEqual(read(whole), read(lines))
    })

    it("makes no sense where a line goes on with what no line has told of", () => {
      const { report } = read(lines.slice(1))
      assert.match(report.reason ?? "", /^journal, line 2: it goes on with replies or errors that no line has told of/)
      assert.deepStrictEqual([report.replies, report.errors, report.elapsed], [[], [], 0])
    })
  })

  it("tells of a kind in full again where its example becomes an earlier one", () => {
    const reply = { step: "mail", code: 250, count: 1, first: 500, last: 500, example: "later" } as const
    const earlier = { ...reply, count: 2, first: 400, example: "earlier" }
    const entries = [reply, earlier].map((one, index) => ({ ...entryAt(index + 1), replies: [one] }))
    const text = [Journal.start(start), ...entries.map(Journal.intervals())].join("")
    assert.deepStrictEqual(Either.getOrThrow(Journal.read(text)).report.replies, [earlier])
  })

  it.live(
    "of a run that is killed can be read up to there",
    () =>
      Effect.gen(function* () {
        const folder = fs.mkdtempSync(path.join(os.tmpdir(), "journal-"))
        const file = path.join(folder, "run.ndjson")
        const args = [
          "dist/bin/smtp-source.js",
          "--sink",
          "-d",
          "-m",
          "1000",
          "-w",
          "0.1",
          "--report",
          `ndjson=${file}`
        ]
        const child = spawn(process.execPath, args, { cwd: root, stdio: "ignore" })
        const lines = () => (fs.existsSync(file) ? fs.readFileSync(file, "utf8").split("\n").length - 1 : 0)
        yield* Effect.sync(lines).pipe(Effect.delay(50), Effect.repeat({ until: (count) => count >= 3 }))
        yield* Effect.async<void>((resume) => {
          child.once("exit", () => resume(Effect.void))
          child.kill("SIGKILL")
        })
        const { complete, report: cut } = yield* Journal.read(fs.readFileSync(file, "utf8"))
        fs.rmSync(folder, { recursive: true })
        assert.isFalse(complete)
        assert.isAbove(cut.messages.accepted, 2)
        assert.strictEqual(cut.messages.planned, 1000)
        assert.isAbove(cut.generator?.cpu.user ?? 0, 0)
        assert.deepStrictEqual(Accounting.violations({ ...cut.messages, recipients: cut.recipients }), [])
      }),
    30_000
  )
})
