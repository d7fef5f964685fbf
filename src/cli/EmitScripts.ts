/**
 * The scripts of --emit: for Slurm, GNU parallel and mpirun.
 *
 * @since 0.1.0
 */
import type { Plan } from "../plan/Plan.js"
import * as CommandLine from "../report/CommandLine.js"
import { type Emitted, secondsOf } from "./Emitted.js"
import * as EngineSegment from "./EngineSegment.js"

/**
 * A script for sbatch: an array, each task of which is a segment.
 *
 * @since 0.1.0
 * @category rendering
 */
export const slurm = (emitted: Emitted): string => {
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

/**
 * A script that runs GNU parallel.
 *
 * @since 0.1.0
 * @category rendering
 */
export const parallel = ({ args, plan, segments }: Emitted): string => `#!/bin/bash
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

/**
 * A script that runs mpirun of Open MPI.
 *
 * @since 0.1.0
 * @category rendering
 */
export const mpi = ({ args, plan, segments }: Emitted): string => `#!/bin/bash
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

const shell = (args: ReadonlyArray<string>): string => args.map(CommandLine.quoted).join(" ")
