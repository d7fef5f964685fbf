/**
 * Debian's smtp-sink(1), of the package postfix: takes messages and writes each to a file of its own.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as RealServer from "./RealServer.js"
import * as ServerProcess from "./ServerProcess.js"

const command = "/usr/sbin/smtp-sink"

/** How it listens and speaks. */
export interface Options {
  readonly protocol: "SMTP" | "LMTP"
  readonly unix?: boolean | undefined
}

export const make = ({ protocol, unix = false }: Options): RealServer.RealServer =>
  RealServer.make({
    name: `smtp-sink${unix ? ", unix socket" : ""}`,
    protocol,
    lacks: RealServer.lacking(command),
    start: Effect.retry(start(protocol, unix), { times: 2 })
  })

const start = (protocol: string, unix: boolean) =>
  Effect.gen(function* () {
    const directory = yield* RealServer.directory
    // Started as root it becomes another user before it listens and before it writes.
    const user = RealServer.lackingRoot.length === 0 ? ["-u", "nobody"] : []
    fs.chmodSync(directory, 0o777)
    const dump = path.join(directory, "dump")
    fs.mkdirSync(dump)
    fs.chmodSync(dump, 0o777)
    const endpoint = unix ? { path: path.join(directory, "sink.sock") } : { port: yield* RealServer.freePort }
    const words = [...user, "-m", "1000", "-d", path.join(dump, "message."), ...(protocol === "LMTP" ? ["-L"] : [])]
    const listening = yield* ServerProcess.start(command, [...words, RealServer.target(endpoint), "1000"])
    yield* RealServer.greeted(listening, endpoint)
    return {
      target: RealServer.target(endpoint),
      count: Effect.sync(() => fs.readdirSync(dump).length)
    }
  })
