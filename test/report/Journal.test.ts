import { spawn } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Accounting from "../../src/measure/Accounting.js"
import * as Journal from "../../src/report/Journal.js"
import * as SavedReport from "../../src/report/SavedReport.js"
import { entryAt, reportOf } from "./Reports.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

const report = reportOf([
  { of: "transaction", ending: "accepted", elapsed: 3, code: 250 },
  { of: "rcpt", ending: "rejected", elapsed: 1, code: 550 }
])

const start = { tool: report.tool, ids: report.ids, startedAt: report.startedAt, plan: { messages: 100 }, planned: 100 }
const seconds = [1, 2, 3, 4].map((second) => Journal.interval(entryAt(second)))
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
    assert.match(reasonOf(""), /line 1: expected the start/)
    assert.match(reasonOf(seconds.join("")), /line 1: expected the start/)
    assert.match(reasonOf(`\u001b[2J\n${seconds[0]}`), /line 1: /)
    assert.notMatch(reasonOf(`\u001b[2J\n${seconds[0]}`), /\u001b/)
    assert.deepStrictEqual(SavedReport.parse("\n"), Either.left("empty: nothing was saved in it"))
  })

  it("with a line that makes no sense is read up to there, and says so; its end, where there is one, is enough", () => {
    const [first = "", ...others] = seconds
    const torn = [Journal.start(start), first, '{"type":"inter\u001b\n', ...others].join("")
    const { complete, report: cut } = Either.getOrThrow(Journal.read(torn))
    assert.isFalse(complete)
    assert.strictEqual(cut.elapsed, 1000)
    assert.match(cut.reason ?? "", /^journal, line 3: /)
    assert.notMatch(cut.reason ?? "", /\u001b/)
    assert.deepStrictEqual(Either.getOrThrow(Journal.read(torn + Journal.end(report))), { report, complete: true })
  })

  it("of an open run that was cut tells of late starts and of what was dropped", () => {
    const open = Journal.start({ ...start, plan: { rate: "10/s" } })
    const { report: cut } = Either.getOrThrow(Journal.read(open + seconds.join("")))
    assert.deepStrictEqual(cut.arrivals, { late: 12, dropped: 0, behind: 0 })
  })

  it("that was cut tells how the generator fared by then", () => {
    const generator = { cpu: { user: 10, system: 5 }, utilisation: 0.9, delayMean: 1, delayP99: 9 }
    const told = Journal.start(start) + Journal.interval({ ...entryAt(1), generator })
    assert.deepStrictEqual(Either.getOrThrow(Journal.read(told)).report.generator, generator)
  })

  it("of a run with a warm-up that was cut has a rate of the whole seconds after it", () => {
    const warm = Journal.start({ ...start, plan: { warmUp: "1500ms" } })
    const { report: cut } = Either.getOrThrow(Journal.read(warm + seconds.join("")))
    assert.deepStrictEqual(cut.measured, { accepted: 2, active: [[2000, 4000]] })
    assert.strictEqual(cut.rate, 1)
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
