/**
 * --emit: the manifest or script with which an engine runs the segments of a run.
 *
 * The settings are the safe ones: no engine starts a segment again, whatever became of it, since its messages would be sent twice.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { Plan } from "../plan/Plan.js"
import * as ReportRequest from "../plan/ReportRequest.js"
import * as Segment from "../plan/Segment.js"
import * as CommandLine from "../report/CommandLine.js"
import * as TargetList from "../plan/TargetList.js"
import * as EmitKubernetes from "./EmitKubernetes.js"
import * as EmitNomad from "./EmitNomad.js"
import * as EmitScripts from "./EmitScripts.js"
import { type Emitted, filesOf } from "./Emitted.js"
import * as EngineSegment from "./EngineSegment.js"
import { UsageError } from "./Fatal.js"

/**
 * The engines.
 *
 * @since 0.1.0
 * @category constants
 */
export const engines = ["k8s", "slurm", "parallel", "mpi", "nomad"] as const

type Engine = (typeof engines)[number]

/**
 * What the engine takes, to run the segments of the plan, which is of one of them. Fails where the engine is unknown, and where
 * all segments would write to the same file, or read standard input.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (name: string, plan: Plan): Either.Either<string, UsageError> => {
  const engine = engines.find((each) => each === name)
  if (engine === undefined) {
    const reason = `--emit: expected ${engines.slice(0, -1).join(", ")} or ${engines.at(-1)}, not ${JSON.stringify(name)}`
    return Either.left(new UsageError({ reason, remind: false }))
  }
  const { of: segments } = Segment.ofPlan(plan)
  const { report, segment: _, ...rest } = plan
  for (const text of report ?? []) {
    const { file } = ReportRequest.parse(text) ?? {}
    if (file === undefined || file.includes("{segment}")) continue
    const reason = `--emit: all segments would write to ${file}; say {segment} in its name, as in json={run}.{segment}.json`
    return Either.left(new UsageError({ reason, remind: false }))
  }
  const piped = filesOf(plan).find(({ path }) => path === "-")
  if (piped !== undefined) {
    const reason = `--emit: ${piped.option} - is standard input, which segments do not have; name a file`
    return Either.left(new UsageError({ reason, remind: false }))
  }
  const hasResult = EngineSegment.resultOf(plan) !== undefined
  const given = report ?? []
  const full: Plan = { ...rest, segment: "auto", report: hasResult ? given : [...given, ...defaults[engine](plan)] }
  // What is emitted sets the run's name for each run: an option would beat that.
  const args = CommandLine.argumentsOf({ ...full, runId: undefined })
  return Either.right(faces[engine]({ plan: full, segments, args }))
}

/** Where segments run on machines of the engine's choice. */
const elsewhere: ReadonlyArray<string> = ["k8s", "slurm", "nomad"]

/**
 * What is allowed, and probably not meant, where segments run by this engine: a line for each.
 *
 * @since 0.1.0
 * @category reading
 */
export const warnings = (engine: string, plan: Plan): ReadonlyArray<string> => {
  const targets = plan.target === undefined ? [] : Either.getOrElse(TargetList.parse(plan.target), () => [])
  const isElsewhere = elsewhere.includes(engine)
  const all: ReadonlyArray<readonly [boolean, string]> = [
    [isElsewhere && plan.sink, "--sink: each segment sends to a sink of its own"],
    [
      isElsewhere && targets.some(({ target }) => TargetList.isLocal(target)),
      `target ${plan.target}: each segment looks for it on its own machine`
    ],
    [
      plan.startAt?.startsWith("+") === true,
      `--start-at ${plan.startAt}: counts from when each segment starts; give a time, so that they begin together`
    ]
  ]
  return all.flatMap(([applies, text]) => (applies ? [`--emit ${engine}: ${text}`] : []))
}

const inFolder = () => ["ndjson=results/{run}.{segment}.ndjson"]

/** The results, where the plan names none that can be put together. */
const defaults: { readonly [engine in Engine]: (plan: Plan) => ReadonlyArray<string> } = {
  // What a pod writes is gone with it; its log stays, and is the journal.
  k8s: ({ counter }) => ["json=/results/{run}.{segment}.json", ...(counter ? [] : ["ndjson"])],
  slurm: inFolder,
  parallel: inFolder,
  mpi: inFolder,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Nomad fills it in.
  nomad: () => ["ndjson=${NOMAD_ALLOC_DIR}/data/{run}.{segment}.ndjson"]
}

const faces: { readonly [engine in Engine]: (emitted: Emitted) => string } = {
  k8s: EmitKubernetes.render,
  slurm: EmitScripts.slurm,
  parallel: EmitScripts.parallel,
  mpi: EmitScripts.mpi,
  nomad: EmitNomad.render
}
