/**
 * Slurm (Debian: slurmctld, slurmd, slurm-client, munge): a cluster of two nodes on this machine.
 */
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { randomBytes } from "node:crypto"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as RealServer from "../servers/RealServer.js"
import * as ServerProcess from "../servers/ServerProcess.js"
import * as Commands from "./Commands.js"

const programs = ["/usr/sbin/slurmctld", "/usr/sbin/slurmd", "/usr/sbin/munged", "/usr/bin/sbatch"]

/** What the machine lacks; empty where a cluster can start. */
export const lacks: ReadonlyArray<string> = [...RealServer.lacking(...programs), ...RealServer.lackingRoot]

/** It did not come up, or a command of it failed. */
export class SlurmFailed extends Data.TaggedError("SlurmFailed")<{ readonly message: string }> {}

/** Starts a cluster with a folder that its nodes share, and ends it, and all of its jobs, with the scope. */
export const start = Effect.gen(function* () {
  const folder = yield* RealServer.directory
  const at = (name: string) => path.join(folder, name)
  const ports = yield* Effect.replicateEffect(RealServer.freePort, 3)
  fs.mkdirSync(at("state"))
  fs.writeFileSync(at("munge.key"), randomBytes(1024), { mode: 0o600 })
  const conf = at("slurm.conf")
  fs.writeFileSync(conf, configuration(folder, ports))
  const munged = yield* ServerProcess.start("munged", [
    ...["--foreground", `--socket=${at("munge")}`, `--key-file=${at("munge.key")}`, `--seed-file=${at("munge.seed")}`],
    ...[`--pid-file=${at("munge.pid")}`, `--log-file=${at("munge.log")}`]
  ])
  const environment = { PATH: Commands.install(folder), SLURM_CONF: conf }
  const command = (...words: readonly [string, ...ReadonlyArray<string>]) =>
    Commands.run(words, { cwd: folder, env: environment })
  const waitFor = (what: string, condition: Effect.Effect<boolean>) =>
    condition.pipe(
      Effect.repeat({ until: (holds) => holds, schedule: Schedule.spaced("50 millis") }),
      Effect.timeoutFail({
        duration: "30 seconds",
        onTimeout: () =>
          new SlurmFailed({ message: `not in time: ${what}\n${processes.map(({ output }) => output())}` })
      })
    )
  const processes: Array<ServerProcess.ServerProcess> = [munged]
  yield* waitFor(
    "munged",
    Effect.sync(() => fs.existsSync(at("munge")))
  )
  processes.push(yield* ServerProcess.start("slurmctld", ["-D", "-f", conf]))
  for (const node of ["n1", "n2"]) processes.push(yield* ServerProcess.start("slurmd", ["-D", "-N", node, "-f", conf]))
  yield* waitFor(
    "two idle nodes",
    Effect.map(command("sinfo", "-h", "-o", "%D %T"), ({ stdout }) => stdout === "2 idle\n")
  )
  yield* Effect.addFinalizer(() =>
    command("scancel", "--full", "--state=RUNNING", "--signal=KILL", "--user=root").pipe(
      Effect.timeoutOption("5 seconds")
    )
  )
  return {
    folder,
    environment,
    command,
    waitFor,
    /** Hands a script in; gives the job's number. */
    submit: (script: string): Effect.Effect<string, SlurmFailed> =>
      Effect.gen(function* () {
        fs.writeFileSync(at("script"), script)
        const { status, stderr, stdout } = yield* command("sbatch", "--parsable", "script")
        return status === 0 ? stdout.trim() : yield* new SlurmFailed({ message: stderr })
      }),
    /** What Slurm says of a job, or of a task of it. */
    show: (job: string): Effect.Effect<string> =>
      Effect.map(command("scontrol", "show", "job", job, "--oneliner"), ({ stdout }) => stdout)
  }
})

const configuration = (folder: string, [controller, first, second]: ReadonlyArray<number>): string => `
ClusterName=test
SlurmctldHost=${os.hostname()}(127.0.0.1)
SlurmctldPort=${controller}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=${folder}/munge
CredType=cred/munge
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool-%n
SlurmctldPidFile=${folder}/controller.pid
SlurmdPidFile=${folder}/node-%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=batch_sched_delay=0,sched_interval=1,sched_min_interval=0
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=2
NodeName=n1 NodeHostname=${os.hostname()} NodeAddr=127.0.0.1 Port=${first} CPUs=4 RealMemory=500
NodeName=n2 NodeHostname=${os.hostname()} NodeAddr=127.0.0.1 Port=${second} CPUs=4 RealMemory=500
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`
