/**
 * --segment auto: which segment this process is, by the variables of the engine that started it.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Conflict from "../plan/Conflict.js"
import type { Plan } from "../plan/Plan.js"
import * as ReportRequest from "../plan/ReportRequest.js"
import * as Segment from "../plan/Segment.js"
import * as Environment from "./Environment.js"
import { UsageError } from "./Fatal.js"

/**
 * The variable with the number of segments, for engines that do not tell it.
 *
 * @since 0.1.0
 * @category constants
 */
export const segmentsVariable = "SMTP_SOURCE_SEGMENTS"

/** What an engine calls the index and the count. */
interface Engine {
  readonly name: string
  readonly index: string
  readonly count: string
  /** The variables that hold the first index, if that is not 0, and the step. */
  readonly first?: string | 1
  readonly step?: string
  /** The variable with what all processes of this run, and of no other, have in common. */
  readonly run?: string
}

const engines: ReadonlyArray<Engine> = [
  {
    name: "slurm",
    index: "SLURM_ARRAY_TASK_ID",
    count: "SLURM_ARRAY_TASK_COUNT",
    first: "SLURM_ARRAY_TASK_MIN",
    step: "SLURM_ARRAY_TASK_STEP",
    run: "SLURM_ARRAY_JOB_ID"
  },
  { name: "slurm", index: "SLURM_PROCID", count: "SLURM_NTASKS", run: "SLURM_JOB_ID" },
  { name: "kubernetes", index: "JOB_COMPLETION_INDEX", count: segmentsVariable },
  { name: "cloud-run", index: "CLOUD_RUN_TASK_INDEX", count: "CLOUD_RUN_TASK_COUNT", run: "CLOUD_RUN_EXECUTION" },
  { name: "aws", index: "AWS_BATCH_JOB_ARRAY_INDEX", count: "AWS_BATCH_JOB_ARRAY_SIZE", run: "AWS_BATCH_JOB_ID" },
  { name: "mpi", index: "OMPI_COMM_WORLD_RANK", count: "OMPI_COMM_WORLD_SIZE", run: "PMIX_NAMESPACE" },
  { name: "mpi", index: "PMI_RANK", count: "PMI_SIZE" },
  { name: "nomad", index: "NOMAD_ALLOC_INDEX", count: segmentsVariable },
  { name: "parallel", index: "PARALLEL_SEQ", count: segmentsVariable, first: 1 }
]

interface Found {
  readonly engine: Engine
  readonly segment: Segment.Segment
}

/**
 * The plan with its segment known, and the names of its files with `{run}` and `{segment}` filled in. Fails where the engine says
 * nothing, or too much, and where segments would be of no use: without a common name, or without a result.
 *
 * @since 0.1.0
 * @category parsing
 */
export const resolve = (plan: Plan): Effect.Effect<Plan, UsageError> =>
  Effect.gen(function* () {
    if (plan.segment === undefined) {
      const nameless = plan.runId === undefined ? plan.report?.find((text) => text.includes("{run}")) : undefined
      if (nameless === undefined) return named(plan, plan.runId ?? "", Segment.whole)
      return yield* refused(`--report ${nameless}: {run} is the name of the run, which --run-id gives`)
    }
    const found = plan.segment === "auto" ? yield* ask : undefined
    const segment = found?.segment ?? Segment.ofPlan(plan)
    const runId = plan.runId ?? (found === undefined ? undefined : yield* runOf(found.engine))
    const known: Plan = { ...plan, segment: Segment.print(segment), ...(runId === undefined ? {} : { runId }) }
    const [broken] = Conflict.find(known)
    if (broken !== undefined) return yield* refused(broken.rule)
    if (segment.of > 1 && runId === undefined) {
      return yield* refused("--segment needs --run-id, the same for all segments of a run and another for each run")
    }
    if (segment.of > 1 && resultOf(plan) === undefined) {
      return yield* refused("--segment needs a result for smtp-report: --report json=FILE or ndjson=FILE")
    }
    return runId === undefined ? known : named(known, runId, segment)
  })

/**
 * The file of the result that puts a segment together with others: the journal, or else the report as JSON.
 *
 * @since 0.1.0
 * @category reading
 */
export const resultOf = ({ report = [] }: Plan): ReportRequest.ReportRequest | undefined => {
  const requests = report.flatMap((text) => ReportRequest.parse(text) ?? [])
  const inFile = (format: ReportRequest.Kind) =>
    requests.find((each) => each.format === format && each.file !== undefined)
  return inFile("ndjson") ?? inFile("json")
}

const named = (plan: Plan, runId: string, segment: Segment.Segment): Plan => {
  const filled = (text: string) => text.replaceAll("{run}", runId).replaceAll("{segment}", String(segment.index + 1))
  return plan.report === undefined ? plan : { ...plan, report: plan.report.map(filled) }
}

const refused = (reason: string) => new UsageError({ reason, remind: false })

/** What the engine says. Several that say the same are one: Slurm starts MPI's processes, too. */
const ask: Effect.Effect<Found, UsageError> = Effect.gen(function* () {
  const all: Array<Found> = []
  for (const engine of engines) {
    const index = yield* numberIn(engine.index)
    if (index === undefined) continue
    const count = yield* numberIn(engine.count)
    if (count === undefined) {
      return yield* refused(`--segment auto: ${engine.index} needs ${engine.count} beside it, the number of segments`)
    }
    const first = typeof engine.first === "string" ? yield* numberIn(engine.first) : engine.first
    const step = engine.step === undefined ? 1 : ((yield* numberIn(engine.step)) ?? 1)
    const segment = Segment.parse(`${(index - (first ?? 0)) / step + 1}/${count}`)
    if (segment === undefined) {
      return yield* refused(`--segment auto: ${engine.index}=${index} is no segment of ${engine.count}=${count}`)
    }
    all.push({ engine, segment })
  }
  // A script of an array is a task of its own, too: 1 of 1.
  const several = all.filter(({ segment }) => segment.of > 1)
  const [found, ...others] = several.length === 0 ? all : several
  if (found === undefined) {
    return yield* refused("--segment auto: no variable of an engine tells the segment; give it as --segment i/n")
  }
  const other = others.find(({ segment }) => Segment.print(segment) !== Segment.print(found.segment))
  if (other === undefined) return found
  const [one, two] = [found, other].map(({ engine, segment }) => `${engine.index} says ${Segment.print(segment)}`)
  return yield* refused(`--segment auto: ${one}, and ${two}; give it as --segment i/n`)
})

/** AWS adds the index to the name. */
const runOf = (engine: Engine): Effect.Effect<string | undefined> =>
  Effect.map(engine.run === undefined ? Effect.succeed(undefined) : Environment.valueOf(engine.run), (text) => {
    const name = text?.replace(/:\d+$/, "").replace(/[^\w-]+/g, "-")
    return name === undefined || name === "" ? undefined : `${engine.name}-${name}`.slice(0, 64)
  })

const numberIn = (variable: string): Effect.Effect<number | undefined> =>
  Effect.map(Environment.valueOf(variable), (text) =>
    text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : undefined
  )
