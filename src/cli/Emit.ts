/**
 * --emit: the manifest or script with which an engine runs the segments of a run.
 *
 * The settings are the safe ones: no engine starts a segment again, whatever became of it, since its messages would be sent twice.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as Arrival from "../plan/Arrival.js"
import type { Plan } from "../plan/Plan.js"
import * as ReportRequest from "../plan/ReportRequest.js"
import * as Segment from "../plan/Segment.js"
import * as CommandLine from "../report/CommandLine.js"
import { UsageError } from "./Fatal.js"
import * as EngineSegment from "./EngineSegment.js"

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
 * all segments would write to the same file.
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
  const hasResult = EngineSegment.resultOf(plan) !== undefined
  const given = report ?? []
  const full: Plan = { ...rest, segment: "auto", report: hasResult ? given : [...given, ...defaults[engine](plan)] }
  // What is emitted sets the run's name for each run: an option would beat that.
  const args = CommandLine.argumentsOf({ ...full, runId: undefined })
  return Either.right(faces[engine]({ plan: full, segments, args }))
}

interface Emitted {
  readonly plan: Plan
  readonly segments: number
  /** Those of the command. */
  readonly args: ReadonlyArray<string>
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

/** How long the engine may let it take: the run's own time and a little, or a day where nobody knows. */
const secondsOf = ({ plan }: Emitted): number => {
  const { end } = Arrival.make(plan, plan.seed ?? "") ?? Arrival.make({ ...plan, rate: "1/s" }, "") ?? { end: 0 }
  return end < Number.POSITIVE_INFINITY ? Math.ceil(end / 1000 + plan.drain) + 600 : 86_400
}

const kubernetes = (emitted: Emitted): string => {
  const { args, plan, segments } = emitted
  // $(NAME) is a variable to Kubernetes, and $$(NAME) is not.
  const quoted = (text: string) => JSON.stringify(text.replaceAll("$(", "$$$$("))
  const run =
    plan.runId === undefined
      ? `              valueFrom:
                fieldRef:
                  fieldPath: metadata.labels['batch.kubernetes.io/controller-uid']`
      : `              value: ${JSON.stringify(plan.runId)}`
  return `# ${segments} segments of one run, for Kubernetes 1.29 and later. Put the image that has smtp-source in its place, then:
#   kubectl apply -f FILE
#   kubectl wait --for=condition=Complete --timeout=${secondsOf(emitted)}s job/smtp-source
#   for i in $(seq 0 ${segments - 1}); do
#     kubectl logs --tail=-1 -l job-name=smtp-source,batch.kubernetes.io/job-completion-index=$i >$i.ndjson
#   done
#   smtp-report *.ndjson
apiVersion: batch/v1
kind: Job
metadata:
  name: smtp-source
spec:
  completionMode: Indexed
  completions: ${segments}
  parallelism: ${segments}
  # A segment is never started again, and never while its pod may still be running.
  backoffLimitPerIndex: 0
  podReplacementPolicy: Failed
  activeDeadlineSeconds: ${secondsOf(emitted)}
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: ${Math.ceil(plan.drain) + 30}
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              job-name: smtp-source
      containers:
        - name: smtp-source
          image: smtp-source
          command: ["smtp-source"]
          args:
${args.map((argument) => `            - ${quoted(argument)}\n`).join("")}          env:
            - name: ${EngineSegment.segmentsVariable}
              value: "${segments}"
            - name: SMTP_SOURCE_RUN_ID
${run}
          volumeMounts:
            - name: results
              mountPath: /results
      volumes:
        - name: results
          emptyDir: {}
`
}

const slurm = (emitted: Emitted): string => {
  const { args, plan, segments } = emitted
  const minutes = Math.ceil(secondsOf(emitted) / 60)
  const many = segments > 1001 ? "# The site's MaxArraySize must be higher than its default of 1001.\n" : ""
  return `#!/bin/bash
# ${segments} segments of one run, each a task of an array. Where the nodes share this folder:
#   sbatch FILE
#   smtp-report results/${plan.runId ?? "slurm-JOB"}.*.ndjson
${many}#SBATCH --job-name=smtp-source
#SBATCH --array=0-${segments - 1}
#SBATCH --no-requeue
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=${plan.workers === "auto" ? 1 : plan.workers}
#SBATCH --time=${minutes}
${plan.runId === undefined ? "" : `${named(plan)}\n`}mkdir -p results
exec smtp-source ${shell(args)}
`
}

const parallel = ({ args, plan, segments }: Emitted): string => `#!/bin/bash
# ${segments} segments of one run, by GNU parallel: on this machine; or, where there is a file named hosts beside this one with
# a host in each line, on those, which need this folder in the same place.
set -euo pipefail
${named(plan)}
export ${EngineSegment.segmentsVariable}=${segments} PARALLEL_SHELL=/bin/bash
mkdir -p results
where=(--jobs ${segments})
if [[ -e hosts ]]; then
  where=(--sshloginfile hosts --jobs 1 --workdir . --env SMTP_SOURCE_RUN_ID --env ${EngineSegment.segmentsVariable})
fi
read -r -d '' segment <<'END' || true
smtp-source ${shell(args)}
END
status=0
for ((i = 0; i < ${segments}; i++)); do printf '%s\\n' "$segment"; done |
  parallel "\${where[@]}" --retries 1 --halt never || status=$?
smtp-report results/"$SMTP_SOURCE_RUN_ID".* || status=$?
exit "$status"
`

const mpi = ({ args, plan, segments }: Emitted): string => `#!/bin/bash
# ${segments} segments of one run, by mpirun of Open MPI, which is given the options of this script, such as --hostfile hosts.
# The machines need this folder in the same place.
set -euo pipefail
${named(plan)}
mkdir -p results
status=0
# A segment that fails must not take the others with it.
mpirun -n ${segments} --mca orte_abort_on_non_zero_status 0 -x SMTP_SOURCE_RUN_ID "$@" \\
  smtp-source ${shell(args)} || status=$?
smtp-report results/"$SMTP_SOURCE_RUN_ID".* || status=$?
exit "$status"
`

/** A run has a name of its own each time. */
const named = ({ runId }: Plan): string =>
  `export SMTP_SOURCE_RUN_ID="\${SMTP_SOURCE_RUN_ID:-${runId ?? "run-$(date -u +%Y%m%dT%H%M%SZ)-$$"}}"`

const nomad = (emitted: Emitted): string => {
  const { args, plan, segments } = emitted
  // In HCL, $${ and %%{ begin no template. Its strings are those of JSON. What we write for Nomad to fill in stays.
  const quoted = (text: string) =>
    JSON.stringify(text.replace(/\$\{(?!NOMAD_ALLOC_DIR\})/g, "$$$${").replaceAll("%{", "%%{"))
  const run = plan.runId === undefined ? "" : `\n  default = ${JSON.stringify(plan.runId)}`
  return `# ${segments} segments of one run, for Nomad:
#   nomad job run -var run_id=run-$(date +%s) FILE
#   nomad alloc fs ALLOCATION alloc/data/RUN.SEGMENT.ndjson >SEGMENT.ndjson
variable "run_id" {
  type = string${run}
}

job "smtp-source" {
  type = "batch"

  group "segments" {
    count = ${segments}

    # A segment is never started again: its messages would be sent twice.
    restart {
      attempts = 0
      mode     = "fail"
    }

    reschedule {
      attempts  = 0
      unlimited = false
    }

    task "segment" {
      driver       = "exec"
      kill_timeout = "${Math.ceil(plan.drain) + 30}s"

      env {
        ${EngineSegment.segmentsVariable} = "${segments}"
        SMTP_SOURCE_RUN_ID   = var.run_id
      }

      config {
        command = "smtp-source"
        args = [
${args.map((argument) => `          ${quoted(argument)},\n`).join("")}        ]
      }
    }
  }
}
`
}

const shell = (args: ReadonlyArray<string>): string => args.map(CommandLine.quoted).join(" ")

const faces: { readonly [engine in Engine]: (emitted: Emitted) => string } = {
  k8s: kubernetes,
  slurm,
  parallel,
  mpi,
  nomad
}
