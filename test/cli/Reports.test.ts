/**
 * The files that reports are written to, in a real file system.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Reports from "../../src/cli/Reports.js"
import { Deliveries } from "../../src/measure/Deliveries.js"
import * as NodeFileSystem from "../../src/node/NodeFileSystem.js"
import * as Plan from "../../src/plan/Plan.js"
import * as ReportRequest from "../../src/plan/ReportRequest.js"
import * as ProofReport from "../../src/report/ProofReport.js"
import { Output } from "../../src/report/Output.js"
import type { RunReport } from "../../src/report/RunReport.js"
import { simulate } from "../load/ScriptedServer.js"
import { drive } from "../load/ScriptedServer.js"
import * as RunReports from "../../src/report/RunReport.js"
import * as CapturedOutput from "./CapturedOutput.js"

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-"))),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
)

const planOf = (report: ReadonlyArray<string>) => Plan.make({ target: "127.0.0.1:25", report: [...report] })

const aReport: Effect.Effect<RunReport> = Effect.map(drive(simulate({ messages: 3 })), (result) =>
  RunReports.make(planOf([]), result, { version: "0.0.0" })
)

/** Writes a report, and gives the exit status and what was said. */
const write = (report: RunReport, plan: Plan.Plan) => {
  const { output, written } = CapturedOutput.make()
  return Effect.map(Effect.provideService(Reports.write(report, plan), Output, output), (status) => ({
    ...written,
    status
  }))
}

describe("a proof of delivery that fails", () => {
  it.effect("is told without an option that nobody gave; where nothing came, with where to look", () =>
    Effect.gen(function* () {
      const books = Deliveries.make(1, 0)
      for (let message = 0; message < 3; message++) books.book(message, 0, "accepted", 10)
      const judged = (seconds: ReturnType<Deliveries["bySecond"]>) =>
        Effect.map(aReport, (report) => {
          const proof = { tally: books.tally(), by: "messages", seconds, waited: 1, missed: [], changes: [] } as const
          return Reports.judge({ ...report, ...ProofReport.of(proof) }, planOf([]))
        })
      const { status, stderr } = yield* Effect.flatMap(judged(books.bySecond()), (report) => write(report, planOf([])))
      assert.strictEqual(status, 99)
      assert.strictEqual(
        stderr,
        "smtp-source: failed: --prove: 3 messages are missing; --fail-if 'missing > 3' would allow them\n" +
          "smtp-source: nothing has come: is --downstream the server's next hop?\n"
      )
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})

describe("a report's file", () => {
  it("of the name - is standard output, where text does not go", () => {
    assert.deepStrictEqual(ReportRequest.parse("json=-"), { format: "json", file: undefined })
    assert.deepStrictEqual(ReportRequest.parse("csv=-x"), { format: "csv", file: "-x" })
    assert.isUndefined(ReportRequest.parse("text=-"))
  })

  it.scoped("that cannot be written is known before the run, by its option", () =>
    Effect.gen(function* () {
      const file = path.join(yield* folder, "absent", "report.json")
      const error = yield* Effect.flip(Reports.prepare(planOf([`json=${file}`])))
      assert.strictEqual(error.message, `--report json=${file}: no such file or directory`)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.scoped("keeps what an earlier run left in it until there is something to write", () =>
    Effect.gen(function* () {
      const file = path.join(yield* folder, "report.json")
      fs.writeFileSync(file, "earlier")
      const plan = planOf([`json=${file}`])
      yield* Reports.prepare(plan)
      assert.strictEqual(fs.readFileSync(file, "utf8"), "earlier")
      assert.deepStrictEqual(yield* write(yield* aReport, plan), { stdout: "", stderr: "", status: 0 })
      assert.strictEqual(JSON.parse(fs.readFileSync(file, "utf8")).messages.accepted, 3)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.scoped("for Prometheus is put in place whole: who has the old one open goes on reading it", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const file = path.join(directory, "smtp.prom")
      const link = path.join(directory, "link.prom")
      fs.writeFileSync(file, "earlier")
      fs.chmodSync(file, 0o640)
      fs.symlinkSync(file, link)
      const old = fs.openSync(file, "r")
      const plan = planOf([`prometheus=${link}`])
      yield* Reports.prepare(plan)
      assert.strictEqual((yield* write(yield* aReport, plan)).status, 0)
      assert.strictEqual(fs.readFileSync(old, "utf8"), "earlier")
      fs.closeSync(old)
      assert.match(fs.readFileSync(file, "utf8"), /^# HELP smtp_source_/)
      assert.strictEqual(fs.statSync(file).mode & 0o777, 0o640)
      assert.isTrue(fs.lstatSync(link).isSymbolicLink())
      assert.sameMembers(fs.readdirSync(directory), ["link.prom", "smtp.prom"])
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.scoped("of any form leave what was there where the disk is full, and nothing beside it", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const live = yield* FileSystem.FileSystem
      const full = {
        ...live,
        writeFileString: (file: string, text: string, options?: FileSystem.WriteFileStringOptions) =>
          text === ""
            ? live.writeFileString(file, text, options)
            : Effect.zipRight(
                live.writeFileString(file, text.slice(0, 10), options),
                new SystemError({
                  module: "FileSystem",
                  method: "writeFileString",
                  reason: "Unknown",
                  description: "no space left on device",
                  pathOrDescriptor: file
                })
              )
      }
      for (const format of ReportRequest.formats) {
        const file = path.join(directory, format)
        fs.writeFileSync(file, "earlier")
        const written = write(yield* aReport, planOf([`${format}=${file}`]))
        const { status, stderr } = yield* Effect.provideService(written, FileSystem.FileSystem, full)
        assert.strictEqual(status, 1)
        assert.include(stderr, `--report ${format}=${file}: no space left on device`)
        assert.strictEqual(fs.readFileSync(file, "utf8"), "earlier")
      }
      assert.sameMembers(fs.readdirSync(directory), [...ReportRequest.formats])
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.scoped("are not written through a link that stands where they are put for a moment", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const [file, victim] = [path.join(directory, "run.prom"), path.join(directory, "victim")]
      fs.writeFileSync(file, "earlier")
      fs.writeFileSync(victim, "precious")
      fs.symlinkSync(victim, `${file}.new`)
      assert.strictEqual((yield* write(yield* aReport, planOf([`prometheus=${file}`]))).status, 0)
      assert.strictEqual(fs.readFileSync(victim, "utf8"), "precious")
      assert.match(fs.readFileSync(file, "utf8"), /^# HELP smtp_source_/)
      assert.isFalse(fs.lstatSync(file).isSymbolicLink())
      assert.sameMembers(fs.readdirSync(directory), ["run.prom", "victim"])
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.scoped("for HdrHistogram is empty where no transaction was accepted, whatever else was measured", () =>
    Effect.gen(function* () {
      const directory = yield* folder
      const report = yield* aReport
      const durations = report.durations.filter(({ of }) => of !== "transaction")
      yield* Reports.writeFiles("hgrm", path.join(directory, "a.hgrm"), { ...report, durations })
      assert.strictEqual(fs.readFileSync(path.join(directory, "a.hgrm"), "utf8"), "")
      assert.isAbove(fs.statSync(path.join(directory, "a.mail-accepted.hgrm")).size, 0)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )

  it.scoped("that has become unwritable costs none of the others, and the status says so", () =>
    Effect.gen(function* () {
      const file = path.join(yield* folder, "report.csv")
      const plan = planOf(["json=/nonexistent/report.json", `csv=${file}`])
      const { status, stderr } = yield* write(yield* aReport, plan)
      assert.strictEqual(status, 1)
      assert.match(stderr, /^smtp-source: fatal: --report json=\/nonexistent\/report\.json: /)
      assert.isAbove(fs.statSync(file).size, 0)
    }).pipe(Effect.provide(NodeFileSystem.layer))
  )
})
