import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { setTimeout } from "node:timers/promises"
import { fileURLToPath } from "node:url"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Cli from "../../src/cli/Cli.js"
import * as SegmentShares from "../../src/cli/SegmentShares.js"
import type { Plan } from "../../src/plan/Plan.js"

interface Environment {
  readonly [variable: string]: string
}

const parse = (argv: ReadonlyArray<string>, environment: Environment = {}) =>
  Cli.parse(argv, { hostName: "me.example" }).pipe(
    Effect.provide(FileSystem.layerNoop({})),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment))))
  )

const run = ["-s", "64", "-m", "1000", "--report", "json=out.{run}.{segment}.json", "h"]

const found = (name: string, environment: Environment, expected: Partial<Plan>) =>
  it.effect(name, () =>
    Effect.gen(function* () {
      const directive = yield* parse(["--segment", "auto", ...run], environment)
      assert.strictEqual(directive._tag, "Run")
      assert.deepInclude("plan" in directive ? directive.plan : {}, expected)
    })
  )

const refused = (name: string, argv: ReadonlyArray<string>, environment: Environment, reason: string) =>
  it.effect(name, () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(parse(argv, environment))
      assert.strictEqual(error.reason, reason)
    })
  )

const given = { SMTP_SOURCE_RUN_ID: "r", SMTP_SOURCE_SEGMENTS: "8" }

describe("--segment auto asks", () => {
  const third = { segment: "3/8", report: ["json=out.r.3.json"] }

  found(
    "a Slurm array, whose first index need not be 0",
    {
      SLURM_ARRAY_TASK_ID: "14",
      SLURM_ARRAY_TASK_COUNT: "8",
      SLURM_ARRAY_TASK_MIN: "10",
      SLURM_ARRAY_TASK_STEP: "2",
      SLURM_ARRAY_JOB_ID: "77",
      SLURM_PROCID: "0",
      SLURM_NTASKS: "1"
    },
    { segment: "3/8", runId: "slurm-77", report: ["json=out.slurm-77.3.json"] }
  )
  found("srun", { SLURM_PROCID: "2", SLURM_NTASKS: "8", SLURM_JOB_ID: "5" }, { segment: "3/8", runId: "slurm-5" })
  found("Kubernetes", { ...given, JOB_COMPLETION_INDEX: "2" }, third)
  found(
    "Cloud Run",
    { CLOUD_RUN_TASK_INDEX: "2", CLOUD_RUN_TASK_COUNT: "8", CLOUD_RUN_EXECUTION: "load-x7z" },
    { segment: "3/8", runId: "cloud-run-load-x7z" }
  )
  found(
    "AWS Batch",
    { AWS_BATCH_JOB_ARRAY_INDEX: "2", AWS_BATCH_JOB_ARRAY_SIZE: "8", AWS_BATCH_JOB_ID: "ab-12:2" },
    { segment: "3/8", runId: "aws-ab-12" }
  )
  found("Open MPI", { ...given, OMPI_COMM_WORLD_RANK: "2", OMPI_COMM_WORLD_SIZE: "8" }, third)
  found("other kinds of MPI", { ...given, PMI_RANK: "2", PMI_SIZE: "8" }, third)
  found("Nomad", { ...given, NOMAD_ALLOC_INDEX: "2" }, third)
  found("GNU parallel", { ...given, PARALLEL_SEQ: "3" }, third)
  found(
    "several that say the same",
    { ...given, SLURM_PROCID: "2", SLURM_NTASKS: "8", PMI_RANK: "2", PMI_SIZE: "8" },
    third
  )

  const auto = ["--segment", "auto", ...run]
  refused("nobody", auto, {}, "--segment auto: no variable of an engine tells the segment; give it as --segment i/n")
  refused(
    "two that differ",
    auto,
    { ...given, SLURM_PROCID: "1", SLURM_NTASKS: "8", OMPI_COMM_WORLD_RANK: "2", OMPI_COMM_WORLD_SIZE: "4" },
    "--segment auto: SLURM_PROCID says 2/8, and OMPI_COMM_WORLD_RANK says 3/4; give it as --segment i/n"
  )
  refused(
    "one that does not know how many there are",
    auto,
    { JOB_COMPLETION_INDEX: "2" },
    "--segment auto: JOB_COMPLETION_INDEX needs SMTP_SOURCE_SEGMENTS beside it, the number of segments"
  )
  refused(
    "one whose index is beyond the last",
    auto,
    { ...given, JOB_COMPLETION_INDEX: "8" },
    "--segment auto: JOB_COMPLETION_INDEX=8 is no segment of SMTP_SOURCE_SEGMENTS=8"
  )
  refused(
    "one that is cut into more than there is to share",
    auto,
    { ...given, JOB_COMPLETION_INDEX: "2", SMTP_SOURCE_SEGMENTS: "65" },
    "-s 64 is too few for 65 segments: 1/65 would have none"
  )
})

describe("a segment needs", () => {
  refused(
    "the name of its run",
    ["--segment", "1/2", ...run],
    {},
    "--segment needs --run-id, the same for all segments of a run and another for each run"
  )
  refused(
    "a result in a file",
    ["--segment", "1/2", "--run-id", "r", "-s", "2", "--report", "json", "--report", "text=a", "h"],
    {},
    "--segment needs a result for smtp-report: --report json=FILE or ndjson=FILE"
  )

  it.effect("none of it where it is the whole", () =>
    Effect.gen(function* () {
      const directive = yield* parse(["--segment", "1/1", "h"])
      assert.deepInclude("plan" in directive ? directive.plan : {}, { segment: "1/1", target: "h" })
    })
  )
})

describe("--segments", () => {
  const shares = (argv: ReadonlyArray<string>) =>
    Effect.flatMap(parse(["--dry-run", ...argv]), (directive) => {
      assert.strictEqual(directive._tag, "Shares")
      return "plan" in directive ? SegmentShares.render(directive.plan) : Effect.dieMessage("no plan")
    })

  it.effect("shows what each of them has", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* shares(["--segments", "3", "--weights", "1,2,5", "-s", "16", "-m", "10001", "h"]),
        [
          "segment           messages       sessions     connecting",
          "1/3                  1,250              2              8",
          "2/3                  2,500              4             16",
          "3/3                  6,251             10             40",
          "all                 10,001             16             64",
          ""
        ].join("\n")
      )
      const open = yield* shares(["--segments", "4", "--rate", "10/s", "--duration", "1m", "--seed", "1", "h"])
      assert.include(open, "\n4/4                    150            250             16\n")
      assert.include(
        yield* shares(["--segments", "2", "-s", "2", "--duration", "1m", "h"]),
        "\nall               no limit "
      )
    })
  )

  refused("needs --dry-run", ["--segments", "3", "h"], {}, "--segments needs --dry-run or --emit")
  refused(
    "is for all, and --segment for one",
    ["--dry-run", "--segments", "3", "--segment", "1/3", "h"],
    {},
    "--segments and --segment exclude each other"
  )
  refused(
    "is a number",
    ["--dry-run", "--segments", "x", "h"],
    {},
    '--segments: expected a whole number from 1 to 10000, not "x"'
  )

  it.effect("needs to know what random arrivals are drawn from", () =>
    Effect.gen(function* () {
      const random = ["--segments", "2", "--rate", "10/s", "--duration", "1m", "--arrivals", "poisson", "h"]
      assert.include((yield* Effect.flip(shares(random))).message, "depends on --run-id, or --seed")
      assert.include(yield* shares(["--run-id", "r", ...random]), "\nall ")
    })
  )
})

const bin = fileURLToPath(new URL("../../dist/bin/smtp-source.js", import.meta.url))
const reportBin = fileURLToPath(new URL("../../dist/bin/smtp-report.js", import.meta.url))

describe("the command, as one of several", () => {
  it("leaves its journal where it is killed, one of four: what is lost is told, and whoever starts it again is refused", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "segments-"))
    try {
      const command = (index: number) => [
        bin,
        ...["--sink", "--rate", "20/s", "-m", "50", "--max-sessions", "4", "--report", "ndjson={run}.{segment}.ndjson"],
        ...["--run-id", "r", "--segment", `${index}/4`]
      ]
      const start = (index: number) => spawn(process.execPath, command(index), { cwd: folder, stdio: "ignore" })
      const killed = start(2)
      const well = [1, 3, 4].map((index) => once(start(index), "exit"))
      const journal = path.join(folder, "r.2.ndjson")
      const lines = () => (fs.existsSync(journal) ? fs.readFileSync(journal, "utf8").split("\n").length - 1 : 0)
      while (lines() < 2) await setTimeout(20)
      killed.kill("SIGKILL")
      const again = spawnSync(process.execPath, command(2), { cwd: folder, encoding: "utf8" })
      assert.strictEqual(again.status, 75)
      await Promise.all(well)
      const report = (...argv: ReadonlyArray<string>) =>
        spawnSync(process.execPath, [reportBin, ...argv, ...[1, 2, 3, 4].map((index) => `r.${index}.ndjson`)], {
          cwd: folder,
          encoding: "utf8"
        })
      const { messages, segments } = JSON.parse(report("--format", "json").stdout)
      const { abandoned: _, planned, started, ...ends } = messages
      assert.strictEqual(planned, 50)
      assert.isAtLeast(ends.accepted, 37)
      assert.isAbove(ends.lost, 0)
      assert.strictEqual(ends.notStarted, 0)
      assert.strictEqual(
        Object.values<number>(ends).reduce((sum, count) => sum + count, 0),
        50
      )
      assert.isAtMost(started, 50 - ends.lost)
      assert.deepStrictEqual(
        segments.map(({ ended, lost }: { readonly ended: string; readonly lost: number }) => [ended, lost]),
        [
          ["completed", 0],
          ["cut", ends.lost],
          ["completed", 0],
          ["completed", 0]
        ]
      )
      // As many as there may be at most, and at least.
      const open = report("--require", `accepted >= ${(ends.accepted + ends.lost) * 2}%`)
      assert.strictEqual(open.status, 3)
      assert.match(
        open.stderr,
        /segment 2\/4 was cut after .*: \d+ messages are lost\n.*undecided: --require: accepted is/s
      )
      assert.strictEqual(report("--require", `accepted >= ${ends.accepted * 2}%`).status, 0)
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  })

  it("runs a segment once: whoever starts it again is refused with status 75, and its result stays", () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "segments-"))
    try {
      const start = (...argv: ReadonlyArray<string>) =>
        spawnSync(process.execPath, [bin, "--sink", "-m", "10", "-s", "2", ...argv], { cwd: folder, encoding: "utf8" })
      const second = ["--segment", "2/2", "--run-id", "r", "--report", "ndjson={run}.{segment}.ndjson"]
      assert.deepInclude(start(...second), { status: 0, stderr: "" })
      const result = fs.readFileSync(path.join(folder, "r.2.ndjson"), "utf8")
      assert.include(result, '"accepted":5')
      assert.deepInclude(start(...second), {
        status: 75,
        stderr:
          "smtp-source: fatal: segment 2/2 of run r was started before, since r.2.ndjson exists: a segment runs once\n"
      })
      assert.strictEqual(fs.readFileSync(path.join(folder, "r.2.ndjson"), "utf8"), result)
      // Another segment is not held up.
      assert.strictEqual(start(...second, "--segment", "1/2").status, 0)
      assert.sameMembers(fs.readdirSync(folder), ["r.1.ndjson", "r.2.ndjson"])
    } finally {
      fs.rmSync(folder, { recursive: true })
    }
  })
})
