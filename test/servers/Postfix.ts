/**
 * A whole Postfix with a configuration and a queue of its own: smtpd, cleanup and qmgr, and discard(8) for a delivery.
 *
 * The machine's own configuration is neither read nor written. Its limits on hosts that misbehave are off: a load
 * generator is one, by design.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as RealServer from "./RealServer.js"
import * as ServerProcess from "./ServerProcess.js"

const command = "/usr/sbin/postfix"
const master = "/usr/lib/postfix/sbin/master"

/** What the machine lacks for it. */
export const lacks: ReadonlyArray<string> = [...RealServer.lacking(command, master), ...RealServer.lackingRoot]

export const make = (): RealServer.RealServer =>
  RealServer.make({
    name: "Postfix",
    protocol: "SMTP",
    lacks,
    start: Effect.retry(start, { times: 2 })
  })

const start = Effect.gen(function* () {
  const port = yield* RealServer.freePort
  const log = yield* launch({ listeners: [{ port }] })
  return {
    target: RealServer.target({ port }),
    count: RealServer.countLines(log, /postfix\/discard\[.* status=sent /)
  }
})

/** How Postfix is set up, beyond what all have. */
export interface Configuration {
  /** Where smtpd listens, and the parameters that are for that place alone (`name=value`). The first one must greet. */
  readonly listeners: readonly [Listener, ...ReadonlyArray<Listener>]
  /** Lines of main.cf. */
  readonly parameters?: string | undefined
}

/** A place where smtpd listens. */
export interface Listener {
  readonly port: number
  readonly parameters?: ReadonlyArray<string> | undefined
}

/**
 * Lines of main.cf for one that sends everything on to this port, and tries again after so many seconds: a destination that fails is
 * not left alone.
 */
export const relaying = (port: number, seconds: number): string => `
default_transport = smtp:[127.0.0.1]:${port}
relay_transport = smtp:[127.0.0.1]:${port}
local_transport = smtp:[127.0.0.1]:${port}
minimal_backoff_time = ${seconds}s
maximal_backoff_time = ${2 * seconds}s
queue_run_delay = ${seconds}s
service_throttle_time = 1s
default_destination_concurrency_failed_cohort_limit = 0
bounce_notice_recipient = nobody@example.com
notify_classes =
`

/** Starts one, waits until it greets, and gives the path of its log. */
export const launch = ({
  listeners,
  parameters = ""
}: Configuration): Effect.Effect<string, RealServer.ServerFailed, Scope.Scope> =>
  Effect.gen(function* () {
    const directory = yield* RealServer.directory
    const etc = path.join(directory, "etc")
    for (const name of ["etc", "queue", "data"]) fs.mkdirSync(path.join(directory, name))
    execFileSync("chown", ["postfix", path.join(directory, "data")])
    fs.writeFileSync(path.join(etc, "main.cf"), common(directory) + parameters)
    fs.writeFileSync(path.join(etc, "master.cf"), listeners.map(service).join("") + services)
    // Makes what the queue directory lacks.
    execFileSync(command, ["-c", etc, "check"], { stdio: "ignore" })
    // Not by `postfix start`, which would make master the leader of a session that is not ours to end.
    const listening = yield* ServerProcess.start(master, ["-c", etc])
    yield* RealServer.greeted(listening, { port: listeners[0].port })
    return log(directory)
  })

const log = (directory: string): string => path.join(directory, "maillog")

const common = (directory: string): string => `
compatibility_level = 3.6
config_directory = ${directory}/etc
queue_directory = ${directory}/queue
data_directory = ${directory}/data
maillog_file = ${log(directory)}
maillog_file_prefixes = ${directory}
multi_instance_enable = no
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = postfix.example
mydestination =
mynetworks = 127.0.0.0/8
local_recipient_maps =
alias_maps =
alias_database =
default_transport = discard:
relay_transport = discard:
local_transport = discard:
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
`

const service = ({ parameters = [], port }: Listener): string =>
  [`127.0.0.1:${port} inet n - n - - smtpd`, ...parameters.map((parameter) => `  -o ${parameter}`), ""].join("\n")

/** None with chroot, since the queue directory holds no libraries. */
const services = `
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
smtp unix - - n - - smtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
