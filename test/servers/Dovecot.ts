/**
 * Dovecot's LMTP server, which delivers to a Maildir for each recipient, and shows it by IMAP where that is asked for.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as SelfSigned from "../../src/node/SelfSigned.js"
import * as RealServer from "./RealServer.js"
import * as ServerProcess from "./ServerProcess.js"

const command = "/usr/sbin/dovecot"

/** How it is reached. */
export interface Options {
  readonly unix?: boolean | undefined
}

const lmtp = [...RealServer.lacking(command, "/usr/lib/dovecot/lmtp"), ...RealServer.lackingRoot]

/** Everybody's password. */
export const password = "MARKpa55word"

/** With mailboxes to be read, too. */
export interface WithMailboxes extends RealServer.RunningServer {
  readonly mail: string
  /** The ports of IMAP: with STARTTLS, and with TLS from the first byte. */
  readonly imap: number
  readonly imaps: number
  /** The authority of its certificate, which is for `localhost`. */
  readonly authority: string
}

export const withMailboxes = (): RealServer.RealServer<WithMailboxes> =>
  RealServer.make({
    name: "Dovecot with IMAP",
    protocol: "LMTP",
    lacks: [...lmtp, ...RealServer.lacking("/usr/lib/dovecot/imap-login")],
    start: Effect.retry(startWithMailboxes, { times: 2 })
  })

const startWithMailboxes = Effect.gen(function* () {
  const [imap, imaps] = yield* Effect.all([RealServer.freePort, RealServer.freePort])
  const certificates = yield* RealServer.directory
  const authority = SelfSigned.authority()
  const { certificate, key } = SelfSigned.issue(authority, ["localhost"])
  const file = path.join(certificates, "server.pem")
  fs.writeFileSync(file, key + certificate)
  const running = yield* start(false, mailboxes(file, { imap, imaps }))
  return { ...running, imap, imaps, authority: authority.certificate }
})

const mailboxes = (certificate: string, { imap, imaps }: { readonly imap: number; readonly imaps: number }): string => `
protocols = lmtp imap
ssl = required
ssl_cert = <${certificate}
ssl_key = <${certificate}
auth_failure_delay = 0
passdb {
  driver = static
  args = password=${password}
}
service anvil {
  # Nobody is made to wait for having been refused before.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = ${imap}
  }
  inet_listener imaps {
    address = 127.0.0.1
    port = ${imaps}
    ssl = yes
  }
}
`

const withoutMailboxes = `
protocols = lmtp
ssl = no
passdb {
  driver = static
  args = nopassword=yes
}
`

export const make = ({ unix = false }: Options = {}): RealServer.RealServer =>
  RealServer.make({
    name: `Dovecot${unix ? ", unix socket" : ""}`,
    protocol: "LMTP",
    lacks: lmtp,
    start: Effect.retry(start(unix), { times: 2 })
  })

const start = (unix: boolean, more = withoutMailboxes) =>
  Effect.gen(function* () {
    const directory = yield* RealServer.directory
    const port = yield* RealServer.freePort
    const endpoint = unix ? { path: path.join(directory, "lmtp.sock") } : { port }
    fs.mkdirSync(path.join(directory, "mail"))
    fs.chmodSync(path.join(directory, "mail"), 0o777)
    const configuration = path.join(directory, "dovecot.conf")
    fs.writeFileSync(configuration, dovecot(directory, port) + more)
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
base_dir = ${directory}/run
state_dir = ${directory}/run
log_path = ${directory}/log
instance_name = smtp-source-${port}
listen = 127.0.0.1
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
