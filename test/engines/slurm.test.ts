import * as fs from "node:fs"
import * as path from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Cli from "../../src/cli/Cli.js"
import * as Emit from "../../src/cli/Emit.js"
import * as Commands from "./Commands.js"
import * as Slurm from "./Slurm.js"

const emit = (...argv: ReadonlyArray<string>) =>
  Cli.parse(["--emit", "slurm", "--segments", "3", "-s", "3", "-d", ...argv], { hostName: "me.example" }).pipe(
    Effect.provide(FileSystem.layerNoop({})),
    Effect.flatMap((directive) =>
      directive._tag === "Emit"
        ? Emit.render(directive.engine, directive.plan)
        : Effect.dieMessage(`not to be emitted: ${directive._tag}`)
    )
  )

const lacks = Slurm.lacks.length === 0 ? "" : ` (lacks ${Slurm.lacks.join(", ")})`

describe.skipIf(Slurm.lacks.length > 0)(`the script of --emit slurm, in Slurm${lacks}`, () => {
  it.scopedLive(
    "is an array over the nodes, each message of which is sent once; a task that is requeued is refused",
    () =>
      Effect.gen(function* () {
        const { command, folder, show, submit, waitFor } = yield* Slurm.start
        const [first, second] = [yield* Commands.judge, yield* Commands.judge]
        const results = (job: string) => [1, 2, 3].map((segment) => `results/slurm-${job}.${segment}.ndjson`)
        const isOver = (job: string) =>
          Effect.map(show(job), (text) => !/JobState=(PENDING|RUNNING|COMPLETING)/.test(text))
        const job = yield* submit(yield* emit("-m", "300", first.target))
        const long = yield* submit(yield* emit("--rate", "60/s", "--duration", "6s", second.target))

        const task = `${long}_1`
        const journal = path.join(folder, results(long)[1] ?? "")
        const lines = () => (fs.existsSync(journal) ? fs.readFileSync(journal, "utf8").split("\n").length - 1 : 0)
        yield* waitFor(
          "a second of the task",
          Effect.sync(() => lines() >= 2)
        )
        assert.include((yield* command("scontrol", "requeue", task)).stderr, "disabled")
        // An operator may insist.
        yield* command("scontrol", "update", `jobid=${task}`, "requeue=1")
        assert.strictEqual((yield* command("scontrol", "requeue", task)).status, 0)
        yield* waitFor(
          "the task to be pending",
          Effect.map(show(task), (text) => text.includes("JobState=PENDING"))
        )
        // Else it would wait for two minutes.
        yield* command("scontrol", "update", `jobid=${task}`, "starttime=now")
        yield* waitFor("the end of the array", isOver(job))
        const report = yield* command("smtp-report", ...results(job))
        assert.deepStrictEqual([report.status, report.stderr], [0, ""])
        assert.include(report.stdout.replace(/\s+/g, " "), `completed, 3 of 3 segments of run slurm-${job}`)
        assert.include(report.stdout, "300 accepted")
        assert.deepStrictEqual(
          first.numbers.toSorted((a, b) => a - b),
          Array.from({ length: 300 }, (_, number) => number)
        )

        yield* waitFor("the end of the array", isOver(long))
        assert.match(yield* show(task), /Restarts=1 .* ExitCode=75:0 /)
        const merged = yield* command("smtp-report", "--format", "json", ...results(long))
        const { messages, segments } = JSON.parse(merged.stdout)
        const { abandoned: _, planned, started: __, ...ends } = messages
        assert.strictEqual(planned, 360)
        assert.strictEqual(
          Object.values<number>(ends).reduce((sum, count) => sum + count, 0),
          360
        )
        assert.notStrictEqual(segments[1].ended, "completed")
        assert.deepStrictEqual([segments[0].ended, segments[2].ended], ["completed", "completed"])
        assert.isAtLeast(ends.accepted, 240)
        assert.isBelow(ends.accepted, 360)
        assert.isAtLeast(second.numbers.length, ends.accepted)
        assert.strictEqual(new Set(second.numbers).size, second.numbers.length)
      })
  )
})
