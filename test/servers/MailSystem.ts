/**
 * Postfix and Dovecot as a provider has them: Postfix takes mail with TLS, logins by Dovecot's authentication service, and
 * word of who the client is; Dovecot takes it by LMTP, and as a submission server that relays to Postfix.
 *
 * Each way in has a port of its own, so that one start serves all tests of a file.
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as SelfSigned from "../../src/node/SelfSigned.js"
import * as Postfix from "./Postfix.js"
import * as RealServer from "./RealServer.js"
import * as ServerProcess from "./ServerProcess.js"

const dovecot = "/usr/sbin/dovecot"

/** The ways in. */
const ways = [
  "starttls",
  "implicit",
  "clientCertificate",
  "proxy",
  "proxyImplicit",
  "small",
  "lmtp",
  "lmtpProxy",
  "submission",
  "submissionImplicit"
] as const

export type Way = (typeof ways)[number]

/** What tests use of it. */
export interface Running extends RealServer.RunningServer {
  readonly targets: { readonly [way in Way]: string }
  /** The authority of all certificates, which are for `name` and 127.0.0.1. */
  readonly authority: SelfSigned.Authority
  /** The hash of the server's public key, as `--tls-pin` takes it. */
  readonly pin: string
  /** A directory for files of the tests. */
  readonly directory: string
  /** How many lines Postfix, or Dovecot, has logged that have the pattern. */
  readonly logged: (server: "postfix" | "dovecot", pattern: RegExp) => Effect.Effect<number>
}

/** The servers' name in their certificate. */
export const name = "mail.example.com"

/** Whoever logs in has this password. */
export const password = "MARKpa55word"

/** What a user has in place of it for XOAUTH2 and OAUTHBEARER: a JSON Web Token (RFC 7519). */
export const tokenOf = (user: string): string => {
  const now = Math.floor(Date.now() / 1000)
  const parts = [
    { alg: "HS256", typ: "JWT" },
    { sub: user, iat: now - 60, exp: now + 3600 }
  ].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url"))
  const signature = crypto.createHmac("sha256", tokenKey).update(parts.join(".")).digest("base64url")
  return [...parts, signature].join(".")
}

const tokenKey = crypto.randomBytes(32)

export const make = (): RealServer.RealServer<Running> =>
  RealServer.make({
    name: "Postfix and Dovecot",
    protocol: "SMTP",
    lacks: [
      ...Postfix.lacks,
      ...RealServer.lacking(dovecot, "/usr/lib/dovecot/lmtp", "/usr/lib/dovecot/submission-login")
    ],
    start: Effect.retry(start, { times: 2 })
  })

const start = Effect.gen(function* () {
  const directory = yield* RealServer.directory
  const ports = yield* Effect.map(
    Effect.forEach(ways, (way) => Effect.map(RealServer.freePort, (port) => [way, port] as const)),
    (all) => Object.fromEntries(all) as { readonly [way in Way]: number }
  )
  const authority = SelfSigned.authority()
  const server = SelfSigned.issue(authority, [name, "127.0.0.1"])
  fs.writeFileSync(path.join(directory, "ca.pem"), authority.certificate)
  fs.writeFileSync(path.join(directory, "server.pem"), server.key + server.certificate)
  const keys = path.join(directory, "tokens", "default", "HS256")
  fs.mkdirSync(keys, { recursive: true })
  fs.writeFileSync(path.join(keys, "default"), tokenKey.toString("base64"))
  fs.writeFileSync(path.join(directory, "oauth2.conf"), tokens(directory))
  fs.mkdirSync(path.join(directory, "mail"))
  fs.chmodSync(path.join(directory, "mail"), 0o777)
  const configuration = path.join(directory, "dovecot.conf")
  fs.writeFileSync(configuration, dovecotConf(directory, ports))
  const [maillog] = yield* Effect.all(
    [
      Postfix.launch({ parameters: parameters(directory), listeners: listeners(ports) }),
      Effect.flatMap(ServerProcess.start(dovecot, ["-F", "-c", configuration]), (listening) =>
        RealServer.greeted(listening, { port: ports.lmtp })
      )
    ],
    { concurrency: 2 }
  )
  const logs = { postfix: maillog, dovecot: path.join(directory, "log") }
  const { publicKey } = new crypto.X509Certificate(server.certificate)
  const pin = crypto
    .createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("base64")
  return {
    target: RealServer.target({ port: ports.starttls }),
    targets: Object.fromEntries(
      ways.map((way) => [way, RealServer.target({ port: ports[way] })])
    ) as Running["targets"],
    count: RealServer.countLines(maillog, /postfix\/discard\[.* status=sent /),
    authority,
    pin: `sha256:${pin}`,
    directory,
    logged: (which, pattern) => RealServer.countLines(logs[which], pattern)
  } satisfies Running
})

const parameters = (directory: string): string => `
smtpd_tls_security_level = may
smtpd_tls_chain_files = ${directory}/server.pem
smtpd_tls_CAfile = ${directory}/ca.pem
smtpd_tls_ask_ccert = yes
smtpd_tls_loglevel = 2
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = ${directory}/auth.sock
smtpd_sasl_security_options =
smtpd_recipient_restrictions = check_recipient_access inline:{{bad@=550 5.1.1 nobody}}
smtpd_authorized_xclient_hosts = 127.0.0.0/8
smtpd_authorized_xforward_hosts = 127.0.0.0/8
notify_classes =
`

const listeners = (ports: { readonly [way in Way]: number }): Postfix.Configuration["listeners"] => {
  const proxied = ["smtpd_upstream_proxy_protocol=haproxy", "mynetworks=192.0.2.0/24"]
  const implicit = "smtpd_tls_wrappermode=yes"
  return [
    { port: ports.starttls },
    { port: ports.implicit, parameters: [implicit] },
    { port: ports.clientCertificate, parameters: ["smtpd_tls_security_level=encrypt", "smtpd_tls_req_ccert=yes"] },
    { port: ports.proxy, parameters: proxied },
    { port: ports.proxyImplicit, parameters: [...proxied, implicit] },
    { port: ports.small, parameters: ["message_size_limit=2000"] }
  ]
}

const tokens = (directory: string): string => `
introspection_mode = local
local_validation_key_dict = fs:posix:prefix=${directory}/tokens/
username_attribute = sub
`

/** Anybody has a mailbox, and the same password. */
const dovecotConf = (directory: string, ports: { readonly [way in Way]: number }): string => `
protocols = lmtp submission
base_dir = ${directory}/run
state_dir = ${directory}/run
log_path = ${directory}/log
instance_name = smtp-source-${ports.lmtp}
listen = 127.0.0.1
hostname = dovecot.example
ssl = yes
ssl_cert = <${directory}/server.pem
ssl_key = <${directory}/server.pem
ssl_ca = <${directory}/ca.pem
ssl_verify_client_cert = yes
ssl_require_crl = no
auth_ssl_username_from_cert = yes
auth_mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256 xoauth2 oauthbearer external anonymous
auth_failure_delay = 0
auth_username_chars =
login_trusted_networks = 127.0.0.0/8
haproxy_trusted_networks = 127.0.0.0/8
mail_location = maildir:~/Maildir:INDEX=MEMORY
mail_fsync = never
first_valid_uid = 1
first_valid_gid = 1
passdb {
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = ${directory}/oauth2.conf
}
passdb {
  driver = static
  mechanisms = external
  args = nopassword=yes
}
passdb {
  driver = static
  mechanisms = plain login cram-md5 scram-sha-1 scram-sha-256
  args = password=${password}
}
userdb {
  driver = static
  args = uid=nobody gid=nogroup home=${directory}/mail/%u allow_all_users=yes
}
default_vsz_limit = 256M
submission_relay_host = 127.0.0.1
submission_relay_port = ${ports.starttls}
submission_relay_trusted = yes
service anvil {
  # Nobody is made to wait for having been refused before.
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
service auth {
  unix_listener ${directory}/auth.sock {
    mode = 0666
  }
}
service lmtp {
  process_limit = 50
  inet_listener lmtp {
    address = 127.0.0.1
    port = ${ports.lmtp}
  }
  inet_listener lmtp-proxy {
    address = 127.0.0.1
    port = ${ports.lmtpProxy}
    ssl = yes
    haproxy = yes
  }
}
service submission-login {
  inet_listener submission {
    address = 127.0.0.1
    port = ${ports.submission}
  }
  inet_listener submissions {
    address = 127.0.0.1
    port = ${ports.submissionImplicit}
    ssl = yes
  }
}
`
