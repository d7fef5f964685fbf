import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { parse as parseYaml } from "yaml"
import * as Cli from "../../src/cli/Cli.js"
import * as Emit from "../../src/cli/Emit.js"
import * as Commands from "../engines/Commands.js"

const emit = (engine: string, ...argv: ReadonlyArray<string>) =>
  Cli.parse(["--emit", engine, "--segments", "3", ...argv], { hostName: "me.example" }).pipe(
    Effect.provide(FileSystem.layerNoop({})),
    Effect.flatMap((directive) =>
      directive._tag === "Emit"
        ? Emit.render(directive.engine, directive.plan)
        : Effect.dieMessage(`not to be emitted: ${directive._tag}`)
    )
  )

/** Six messages of each segment, to a sink of its own. */
const load = ["--sink", "-s", "3", "-m", "18", "-d"]
const dollar = "$"
const awkward = `it's $(HOME) ${dollar}{HOME} {} \\ "x" %{y}`

const has = (command: string) => spawnSync("sh", ["-c", `command -v ${command}`]).status === 0

/** Runs a command in a folder of its own, with our commands on the PATH, and gives what is there afterwards. */
const runIn = (
  files: { readonly [name: string]: string },
  command: ReadonlyArray<string>,
  environment: { readonly [name: string]: string } = {}
) => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "emit-"))
  try {
    const PATH = Commands.install(folder)
    for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(folder, name), text)
    const env = { ...process.env, PATH, ...environment }
    const [file = "", ...args] = command
    const { status, stderr, stdout } = spawnSync(file, args, { cwd: folder, env, encoding: "utf8" })
    const results = path.join(folder, "results")
    return { status, stderr, stdout, results: fs.existsSync(results) ? fs.readdirSync(results).sort() : [] }
  } finally {
    fs.rmSync(folder, { recursive: true })
  }
}

/** The name of the run that a report as text is of, if it is whole. */
const together = (text: string): string | undefined =>
  /^18 messages to the embedded sink: completed, 3 of 3 segments of run (\S+) started/.exec(
    text.replace(/\s+/g, " ")
  )?.[1]

describe("--emit parallel", () => {
  it.effect("is a script that shells understand, whatever the options hold", () =>
    Effect.gen(function* () {
      const script = yield* emit("parallel", "-S", awkward, ...load)
      const { status, stdout } = runIn({ script, parallel: "" }, [
        "bash",
        "-c",
        "parallel() { cat; }; smtp-report() { :; }; . ./script"
      ])
      assert.strictEqual(status, 0)
      const lines = stdout.trimEnd().split("\n")
      assert.strictEqual(lines.length, 3)
      const { stdout: words } = runIn({}, ["bash", "-c", lines[0]?.replace("smtp-source", "printf '%s\\n'") ?? ""])
      assert.include(words.split("\n"), `--subject=${awkward}`)
    })
  )

  it.effect.skipIf(!has("parallel"))("runs the segments by GNU parallel, and puts them together", () =>
    Effect.gen(function* () {
      const script = yield* emit("parallel", "-S", awkward, ...load)
      const { results, status, stderr, stdout } = runIn({ script }, ["bash", "script"])
      assert.strictEqual(status, 0, stderr)
      const run = together(stdout)
      assert.deepStrictEqual(
        results,
        [1, 2, 3].map((segment) => `${run}.${segment}.ndjson`)
      )
    })
  )
})

describe("--emit mpi", () => {
  it.effect.skipIf(!has("mpirun"))("runs the segments by mpirun of Open MPI, and puts them together", () =>
    Effect.gen(function* () {
      const script = yield* emit("mpi", "--run-id", "r", ...load)
      const root = process.getuid?.() === 0 ? ["--allow-run-as-root"] : []
      const { results, status, stderr, stdout } = runIn({ script }, ["bash", "script", "--oversubscribe", ...root])
      assert.strictEqual(status, 0, stderr)
      assert.strictEqual(together(stdout), "r")
      assert.deepStrictEqual(results, ["r.1.ndjson", "r.2.ndjson", "r.3.ndjson"])
    })
  )
})

describe("the name of a run that is given", () => {
  for (const engine of ["parallel", "mpi", "slurm", "nomad", "k8s"]) {
    it.effect(`is only what ${engine} begins with: the environment gives the next run its own`, () =>
      Effect.gen(function* () {
        const script = yield* emit(engine, "--run-id", "first", ...load)
        assert.include(script, "first")
        assert.notInclude(script, "--run-id=first")
      })
    )
  }
})

describe("--emit slurm", () => {
  it.effect("is an array that is not started again, each task of which is a segment", () =>
    Effect.gen(function* () {
      const script = yield* emit("slurm", ...load, "--workers", "2")
      const directives = [...script.matchAll(/^#SBATCH (.*)$/gm)].map(([, directive]) => directive)
      assert.includeMembers(directives, [
        "--array=0-2",
        "--no-requeue",
        "--ntasks=1",
        "--cpus-per-task=2",
        "--time=1440"
      ])
      const task = { SLURM_ARRAY_TASK_ID: "1", SLURM_ARRAY_TASK_COUNT: "3", SLURM_ARRAY_JOB_ID: "42" }
      const { results, status, stderr } = runIn({ script }, ["bash", "script"], task)
      assert.deepStrictEqual([status, stderr, results], [0, "", ["slurm-42.2.ndjson"]])
    })
  )

  it.effect("has the time that the run needs, and a little", () =>
    Effect.gen(function* () {
      assert.include(yield* emit("slurm", "--rate", "1/s", "--duration", "1h", "h"), "--time=71\n")
      assert.include(yield* emit("slurm", "--stages", "10m:5/s,10m:1/s", "h"), "--time=31\n")
    })
  )
})

describe("--emit k8s", () => {
  it.effect("is an indexed job whose pods are neither replaced nor started again", () =>
    Effect.gen(function* () {
      const { kind, spec } = parseYaml(yield* emit("k8s", "--rate", "9/s", "--duration", "10m", "mx:25"))
      assert.strictEqual(kind, "Job")
      assert.deepInclude(spec, {
        completionMode: "Indexed",
        completions: 3,
        parallelism: 3,
        backoffLimitPerIndex: 0,
        podReplacementPolicy: "Failed",
        activeDeadlineSeconds: 1205
      })
      assert.strictEqual(spec.template.spec.restartPolicy, "Never")
    })
  )

  it.effect("runs the command as it stands there, by the index of its pod", () =>
    Effect.gen(function* () {
      const manifest = parseYaml(yield* emit("k8s", "-S", awkward, "--report", "ndjson={run}.{segment}", ...load))
      const [container] = manifest.spec.template.spec.containers
      // As the kubelet does: $$( stands for $(.
      const args = container.args.map((text: string) => text.replaceAll("$$(", "$("))
      assert.include(args, `--subject=${awkward}`)
      const environment: { [name: string]: string } = {}
      for (const { name, value, valueFrom } of container.env) {
        environment[name] = value ?? `the-${valueFrom.fieldRef.fieldPath.length}`
      }
      const pod = { ...environment, JOB_COMPLETION_INDEX: "1" }
      const { status, stderr, stdout } = runIn(
        {},
        ["sh", "-c", '"$@" && cat the-*', "-", ...container.command, ...args],
        pod
      )
      assert.deepStrictEqual([status, stderr], [0, ""])
      const [start] = stdout.split("\n")
      assert.deepInclude(JSON.parse(start ?? "").segment, { index: 2, of: 3, whole: 18 })
    })
  )

  it.effect("keeps the name of a run that has one, and the journal in the pod's log", () =>
    Effect.gen(function* () {
      const [container] = parseYaml(yield* emit("k8s", "--run-id", "r", ...load)).spec.template.spec.containers
      assert.deepInclude(container.env, { name: "SMTP_SOURCE_RUN_ID", value: "r" })
      assert.includeMembers(container.args, [
        "--report=json=/results/{run}.{segment}.json",
        "--report=ndjson",
        "--segment=auto"
      ])
    })
  )
})

describe("--emit nomad", () => {
  it.effect("is a batch job that starts nothing again", () =>
    Effect.gen(function* () {
      const job = yield* emit("nomad", "-S", awkward, ...load)
      assert.include(job, "count = 3\n")
      assert.match(job, /restart \{\s+attempts = 0\s+mode {5}= "fail"/)
      assert.match(job, /reschedule \{\s+attempts {2}= 0\s+unlimited = false/)
      assert.include(job, String.raw`"--subject=it's $(HOME) $${"$"}{HOME} {} \\ \"x\" %%{y}",`)
      assert.include(job, `"--report=ndjson=${dollar}{NOMAD_ALLOC_DIR}/data/{run}.{segment}.ndjson",`)
      assert.include(job, 'SMTP_SOURCE_SEGMENTS = "3"')
    })
  )
})

describe("--emit", () => {
  const refused = (reason: string, ...argv: ReadonlyArray<string>) =>
    it.effect(reason, () =>
      Effect.gen(function* () {
        const error = yield* Effect.flip(
          Cli.parse(argv, { hostName: "me.example" }).pipe(
            Effect.provide(FileSystem.layerNoop({})),
            Effect.flatMap((directive) =>
              directive._tag === "Emit" ? Emit.render(directive.engine, directive.plan) : Effect.dieMessage("no")
            )
          )
        )
        assert.strictEqual(error.message, reason)
      })
    )

  refused("--emit needs --segments", "--emit", "k8s", "h")
  refused(
    '--emit: expected k8s, slurm, parallel, mpi or nomad, not "swarm"',
    "--emit",
    "swarm",
    "--segments",
    "2",
    "-s",
    "2",
    "h"
  )
  refused(
    "--emit: all segments would write to a.json; say {segment} in its name, as in json={run}.{segment}.json",
    ...["--emit", "slurm", "--segments", "2", "-s", "2", "--report", "json=a.json", "h"]
  )
  refused("-s 1 is too few: segment 1/2 would have none", "--emit", "slurm", "--segments", "2", "h")

  it.effect("keeps the shapes of connections as they were given", () =>
    Effect.gen(function* () {
      const shape = "90%: per-connection 1..20, hold 5"
      assert.include(
        yield* emit("slurm", "--shape", shape, "--shape", "10%: abandon greeting", "-s", "3", "h"),
        `--shape='${shape}' --shape='10%: abandon greeting'`
      )
    })
  )
})
