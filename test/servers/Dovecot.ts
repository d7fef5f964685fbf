/**
 * Dovecot's LMTP server, which delivers to a Maildir for each recipient.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as RealServer from "./RealServer.js"
import * as ServerProcess from "./ServerProcess.js"

const command = "/usr/sbin/dovecot"

/** How it is reached. */
export interface Options {
  readonly unix?: boolean | undefined
}

export const make = ({ unix = false }: Options = {}): RealServer.RealServer =>
  RealServer.make({
    name: `Dovecot${unix ? ", unix socket" : ""}`,
    protocol: "LMTP",
    lacks: [...RealServer.lacking(command, "/usr/lib/dovecot/lmtp"), ...RealServer.lackingRoot],
    start: Effect.retry(start(unix), { times: 2 })
  })

const start = (unix: boolean) =>
  Effect.gen(function* () {
    const directory = yield* RealServer.directory
    const port = yield* RealServer.freePort
    const endpoint = unix ? { path: path.join(directory, "lmtp.sock") } : { port }
    fs.mkdirSync(path.join(directory, "mail"))
    fs.chmodSync(path.join(directory, "mail"), 0o777)
    const configuration = path.join(directory, "dovecot.conf")
    fs.writeFileSync(configuration, dovecot(directory, port))
    const listening = yield* ServerProcess.start(command, ["-F", "-c", configuration])
    yield* RealServer.greeted(listening, endpoint)
    return {
      target: RealServer.target(endpoint),
      mail: path.join(directory, "mail"),
      count: RealServer.countLines(path.join(directory, "log"), /saved mail to INBOX/)
    }
  })

/** Anybody has a mailbox, whatever is in the name. */
const dovecot = (directory: string, port: number): string => `
protocols = lmtp
base_dir = ${directory}/run
state_dir = ${directory}/run
log_path = ${directory}/log
instance_name = smtp-source-${port}
listen = 127.0.0.1
ssl = no
hostname = dovecot.example
mail_location = maildir:~/Maildir:INDEX=MEMORY
mail_fsync = never
first_valid_uid = 1
auth_username_chars =
first_valid_gid = 1
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=${directory}/mail/%u allow_all_users=yes
}
passdb {
  driver = static
  args = nopassword=yes
}
default_vsz_limit = 256M
service lmtp {
  process_limit = 200
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${port}
  }
  unix_listener ${directory}/lmtp.sock {
    mode = 0666
  }
}
`
