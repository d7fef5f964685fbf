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
import * as RealServer from "./RealServer.js"
import * as ServerProcess from "./ServerProcess.js"

const command = "/usr/sbin/postfix"
const master = "/usr/lib/postfix/sbin/master"

export const make = (): RealServer.RealServer =>
  RealServer.make({
    name: "Postfix",
    protocol: "SMTP",
    lacks: [...RealServer.lacking(command, master), ...RealServer.lackingRoot],
    start: Effect.retry(start, { times: 2 })
  })

const start = Effect.gen(function* () {
  const directory = yield* RealServer.directory
  const port = yield* RealServer.freePort
  const etc = path.join(directory, "etc")
  for (const name of ["etc", "queue", "data"]) fs.mkdirSync(path.join(directory, name))
  execFileSync("chown", ["postfix", path.join(directory, "data")])
  fs.writeFileSync(path.join(etc, "main.cf"), parameters(directory))
  fs.writeFileSync(path.join(etc, "master.cf"), services(port))
  // Makes what the queue directory lacks.
  execFileSync(command, ["-c", etc, "check"], { stdio: "ignore" })
  // Not by `postfix start`, which would make master the leader of a session that is not ours to end.
  const listening = yield* ServerProcess.start(master, ["-c", etc])
  yield* RealServer.greeted(listening, { port })
  return {
    target: RealServer.target({ port }),
    count: RealServer.countLines(log(directory), /postfix\/discard\[.* status=sent /)
  }
})

const log = (directory: string): string => path.join(directory, "maillog")

const parameters = (directory: string): string => `
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
smtpd_relay_restrictions = permit_mynetworks, reject
in_flow_delay = 0
smtpd_client_connection_count_limit = 0
smtpd_error_sleep_time = 0
`

/** None with chroot, since the queue directory holds no libraries. */
const services = (port: number): string => `
127.0.0.1:${port} inet n - n - - smtpd
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
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
`
