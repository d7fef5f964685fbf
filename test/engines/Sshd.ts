/**
 * OpenSSH (Debian: openssh-server, openssh-client): a server on loopback that lets in who holds the key of this folder.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as RealServer from "../servers/RealServer.js"
import * as ServerProcess from "../servers/ServerProcess.js"
import * as Commands from "./Commands.js"

/** What the machine lacks; empty where a server can start. */
export const lacks: ReadonlyArray<string> = [
  ...RealServer.lacking("/usr/sbin/sshd", "/usr/bin/ssh", "/usr/bin/ssh-keygen"),
  ...RealServer.lackingRoot
]

/** It did not come up. */
export class SshdFailed extends Data.TaggedError("SshdFailed")<{ readonly message: string }> {}

/**
 * Starts a server, and ends it with the scope. Gives a folder and the environment of who sits at it: `ssh` there reaches the
 * server by any name that begins with `load`, and finds our commands on its PATH.
 */
export const start = Effect.gen(function* () {
  const folder = yield* RealServer.directory
  const at = (name: string) => path.join(folder, name)
  const port = yield* RealServer.freePort
  for (const name of ["host", "user"]) {
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f", at(name)], { stdio: "ignore" })
  }
  fs.copyFileSync(at("user.pub"), at("authorized"))
  const environment = { PATH: Commands.install(folder), HOME: os.userInfo().homedir }
  fs.writeFileSync(at("sshd_config"), server(folder, port, environment.PATH))
  fs.writeFileSync(at("ssh_config"), client(folder, port))
  fs.writeFileSync(at("bin/ssh"), `#!/bin/sh\nexec /usr/bin/ssh -F '${at("ssh_config")}' "$@"\n`, { mode: 0o755 })
  // A service's own start makes it; it stays empty.
  fs.mkdirSync("/run/sshd", { recursive: true, mode: 0o755 })
  const sshd = yield* ServerProcess.start("/usr/sbin/sshd", ["-D", "-e", "-f", at("sshd_config")])
  yield* Effect.raceFirst(
    Effect.retry(connected(port), Schedule.spaced("50 millis")),
    Effect.flatMap(sshd.ended, (how) => new SshdFailed({ message: `${how}\n${sshd.output()}` }))
  )
  return { folder, environment }
})

const connected = (port: number): Effect.Effect<void, SshdFailed> =>
  Effect.async((resume) => {
    const socket = net.connect(port, "127.0.0.1")
    socket.once("data", () => resume(Effect.void))
    socket.once("error", ({ message }) => resume(new SshdFailed({ message })))
    return Effect.sync(() => socket.destroy())
  })

const server = (folder: string, port: number, commands: string): string => `
ListenAddress 127.0.0.1:${port}
HostKey ${folder}/host
PidFile none
AuthorizedKeysFile ${folder}/authorized
AuthenticationMethods publickey
PermitRootLogin prohibit-password
UsePAM no
PrintMotd no
StrictModes no
MaxStartups 100
SetEnv PATH=${commands}
`

const client = (folder: string, port: number): string => `
Host load*
  HostName 127.0.0.1
  Port ${port}
  User ${os.userInfo().username}
  IdentityFile ${folder}/user
  IdentitiesOnly yes
  IdentityAgent none
  BatchMode yes
  StrictHostKeyChecking accept-new
  UserKnownHostsFile ${folder}/known_hosts
  LogLevel ERROR
`
