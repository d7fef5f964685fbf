import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { parse as parseHcl } from "@cdktn/hcl2json"
import { Job } from "kubernetes-models/batch/v1"
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

/** The job for Nomad, as HCL is read. */
const parsed = (...argv: ReadonlyArray<string>) =>
  Effect.flatMap(emit("nomad", ...argv), (text) => Effect.promise(() => parseHcl("job.hcl", text)))

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

describe("a script", () => {
  for (const [engine, program] of [
    ["parallel", "parallel"],
    ["mpi", "mpirun"]
  ] as const) {
    it.effect(
      `for ${engine} puts the results together whatever the segments say, and fails where they or that fail`,
      () =>
        Effect.gen(function* () {
          const script = yield* emit(engine, ...load)
          const ended = (segments: number, report: number) => {
            const functions = `${program}() { cat >/dev/null; return ${segments}; }; smtp-report() { echo "$@"; return ${report}; }`
            const { status, stdout } = runIn({ script }, ["bash", "-c", `${functions}; . ./script`])
            assert.include(stdout, "results/")
            return status
          }
          assert.deepStrictEqual([ended(0, 0), ended(7, 0), ended(0, 99)], [0, 7, 99])
        })
    )
  }
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

  it.effect(
    "is valid by the schema of Kubernetes, whatever the options hold, and has no field that is unknown there",
    () =>
      Effect.gen(function* () {
        const full = ["--user", "u", "--auth", "auto", "--run-id", "r", ...load]
        for (const argv of [["-S", awkward, ...load], ["--rate", "9/s", "--duration", "10m", "mx:25"], full]) {
          const manifest = parseYaml(yield* emit("k8s", ...argv))
          new Job(manifest).validate()
          // The schema lets unknown fields pass.
          const { containers, ...pod } = manifest.spec.template.spec
          assert.hasAllKeys(manifest, ["apiVersion", "kind", "metadata", "spec"])
          assert.deepStrictEqual(
            { ...manifest.spec, template: pod },
            {
              completionMode: "Indexed",
              completions: 3,
              parallelism: 3,
              backoffLimitPerIndex: 0,
              podReplacementPolicy: "Failed",
              activeDeadlineSeconds: manifest.spec.activeDeadlineSeconds,
              template: {
                restartPolicy: "Never",
                terminationGracePeriodSeconds: 35,
                topologySpreadConstraints: [
                  {
                    maxSkew: 1,
                    topologyKey: "kubernetes.io/hostname",
                    whenUnsatisfiable: "ScheduleAnyway",
                    labelSelector: { matchLabels: { "job-name": "smtp-source" } }
                  }
                ],
                volumes: [{ name: "results", emptyDir: {} }]
              }
            }
          )
          assert.hasAllKeys(containers[0], ["name", "image", "command", "args", "env", "volumeMounts"])
          const broken = { ...manifest, spec: { ...manifest.spec, podReplacementPolicy: "Never" } }
          assert.throws(() => new Job(broken).validate())
        }
      })
  )

  it.effect("takes a password from a secret, and names the files that must be there", () =>
    Effect.gen(function* () {
      const login = ["--tls", "implicit", "--auth", "auto", "--user", "u", "-s", "3"]
      const text = yield* emit("k8s", ...login, "--corpus", "ham.mbox", "--corpus", "spam", "--tls-ca", "ca.pem", "mx")
      assert.include(
        text,
        "# These files must be in the image, or mounted where it looks for them:\n#   ham.mbox (--corpus)\n#   spam (--corpus)\n#   ca.pem (--tls-ca)\n"
      )
      assert.include(
        text,
        "# The password is that of: kubectl create secret generic smtp-source --from-file=password=FILE\n"
      )
      const [container] = parseYaml(text).spec.template.spec.containers
      assert.deepInclude(container.env, {
        name: "SMTP_SOURCE_PASSWORD",
        valueFrom: { secretKeyRef: { name: "smtp-source", key: "password" } }
      })
      const files = [
        "--password-file",
        "a\nb: c",
        "--attach",
        "5%: report.pdf",
        "--attach",
        "100k",
        "--tls-keylog",
        "keys"
      ]
      const other = yield* emit("k8s", ...login, ...files, "mx")
      assert.include(other, "#   a\\nb: c (--password-file), a secret\n")
      assert.include(other, "#   report.pdf (--attach)\n")
      assert.notInclude(other, "#   100k")
      assert.notInclude(other, "#   keys")
      assert.notInclude(other, "SMTP_SOURCE_PASSWORD")
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
  it.effect("is a batch job that starts nothing again, by HashiCorp's own parser", () =>
    Effect.gen(function* () {
      const { job, variable } = yield* parsed("-S", awkward, "--run-id", "r", ...load)
      assert.deepStrictEqual(variable, { run_id: [{ type: `${dollar}{string}`, default: "r" }] })
      const [{ group, ...rest }] = job["smtp-source"]
      assert.deepStrictEqual(rest, { type: "batch" })
      const [{ task, ...segments }] = group.segments
      assert.deepStrictEqual(segments, {
        count: 3,
        restart: [{ attempts: 0, mode: "fail" }],
        reschedule: [{ attempts: 0, unlimited: false }]
      })
      const [{ config, ...segment }] = task.segment
      assert.deepStrictEqual(segment, {
        driver: "exec",
        kill_timeout: "35s",
        env: [{ SMTP_SOURCE_SEGMENTS: "3", SMTP_SOURCE_RUN_ID: `${dollar}{var.run_id}` }]
      })
      assert.deepStrictEqual(Object.keys(config[0]), ["args", "command"])
    })
  )

  it.effect("runs the command as it stands there, by the index of its allocation", () =>
    Effect.gen(function* () {
      const { job } = yield* parsed("-S", awkward, ...load)
      const [{ config, env }] = job["smtp-source"][0].group.segments[0].task.segment
      const args = config[0].args.map((text: string) =>
        text.replaceAll(`${dollar}{NOMAD_ALLOC_DIR}`, ".").replaceAll("$${", "${").replaceAll("%%{", "%{")
      )
      assert.include(args, `--subject=${awkward}`)
      const allocation = { ...env[0], SMTP_SOURCE_RUN_ID: "r", NOMAD_ALLOC_INDEX: "1" }
      const command = ["sh", "-c", 'mkdir data && "$@" && cat data/r.2.ndjson', "-", config[0].command, ...args]
      const { status, stderr, stdout } = runIn({}, command, allocation)
      assert.deepStrictEqual([status, stderr], [0, ""])
      assert.deepInclude(JSON.parse(stdout.split("\n")[0] ?? "").segment, { index: 2, of: 3, whole: 18 })
    })
  )

  it.effect("names what must be there", () =>
    Effect.gen(function* () {
      const job = yield* emit(
        "nomad",
        "--auth",
        "auto",
        "--user",
        "u",
        "--data",
        "rows.csv",
        "--header",
        "X: {{row.a}}",
        ...load
      )
      assert.include(job, "# These files must be where the task looks for them:\n#   rows.csv (--data)\n")
      assert.include(job, "# The password is SMTP_SOURCE_PASSWORD of the task")
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
  refused("-s 1 is too few for 2 segments: 1/2 would have none", "--emit", "slurm", "--segments", "2", "h")

  refused(
    "--emit: -F - is standard input, which segments do not have; name a file",
    ...["--emit", "slurm", "--segments", "2", "-s", "2", "-F", "-", "h"]
  )

  it.effect("warns of what is probably not meant", () =>
    Effect.gen(function* () {
      const warnings = (engine: string, ...argv: ReadonlyArray<string>) =>
        Effect.map(
          Cli.parse(["--emit", engine, "--segments", "2", "-s", "2", ...argv], { hostName: "me.example" }).pipe(
            Effect.provide(FileSystem.layerNoop({}))
          ),
          (directive) => ("plan" in directive ? Emit.warnings(engine, directive.plan) : ["no plan"])
        )
      assert.deepStrictEqual(yield* warnings("k8s", "mx.example"), [])
      assert.deepStrictEqual(yield* warnings("parallel", "--sink"), [])
      assert.deepStrictEqual(yield* warnings("nomad", "--sink"), [
        "--emit nomad: --sink: each segment sends to a sink of its own"
      ])
      for (const target of ["localhost:2525", "127.0.0.1", "[::1]:25", "unix:/run/lmtp"]) {
        assert.deepStrictEqual(yield* warnings("slurm", target), [
          `--emit slurm: target ${target}: each segment looks for it on its own machine`
        ])
      }
      assert.deepStrictEqual(yield* warnings("mpi", "--start-at", "+30s", "mx.example"), [
        "--emit mpi: --start-at +30s: counts from when each segment starts; give a time, so that they begin together"
      ])
    })
  )

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
