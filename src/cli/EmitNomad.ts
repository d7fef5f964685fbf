/**
 * --emit nomad: a batch job for Nomad.
 *
 * @since 0.1.0
 */
import { type Emitted, filesNote, needsPassword } from "./Emitted.js"
import * as EngineSegment from "./EngineSegment.js"

/**
 * The job, in HCL.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (emitted: Emitted): string => {
  const { args, plan, segments } = emitted
  // In HCL, $${ and %%{ begin no template. Its strings are those of JSON. What we write for Nomad to fill in stays.
  const quoted = (text: string) =>
    JSON.stringify(text.replace(/\$\{(?!NOMAD_ALLOC_DIR\})/g, "$$$${").replaceAll("%{", "%%{"))
  const run = plan.runId === undefined ? "" : `\n  default = ${JSON.stringify(plan.runId)}`
  return `# ${segments} segments of one run, for Nomad:
#   nomad job run -var run_id=run-$(date +%s) FILE
#   nomad alloc fs ALLOCATION alloc/data/RUN.SEGMENT.ndjson >SEGMENT.ndjson
${filesNote(plan, "where the task looks for them")}${needsPassword(plan) ? "# The password is SMTP_SOURCE_PASSWORD of the task: from a template with env = true, for example.\n" : ""}variable "run_id" {
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
