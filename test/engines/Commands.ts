/**
 * Our commands on the PATH of others, and what they send, as the server saw it.
 */
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as NodeSink from "../../src/node/NodeSink.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import * as Target from "../../src/smtp/Target.js"

const bin = (name: string) => fileURLToPath(new URL(`../../dist/bin/${name}.js`, import.meta.url))

/** Puts smtp-source and smtp-report into the folder's `bin`, and gives a PATH that begins with it. */
export const install = (folder: string): string => {
  const commands = path.join(folder, "bin")
  fs.mkdirSync(commands, { recursive: true })
  for (const name of ["smtp-source", "smtp-report"]) {
    const text = `#!/bin/sh\nexec '${process.execPath}' '${bin(name)}' "$@"\n`
    fs.writeFileSync(path.join(commands, name), text, { mode: 0o755 })
  }
  return `${commands}:${process.env.PATH}:/usr/sbin:/sbin`
}

/** What a command came to. */
export interface Ended {
  readonly status: number | string
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command to its end, with nothing in its environment but what is given. This thread goes on meanwhile. */
export const run = (
  [file, ...args]: readonly [string, ...ReadonlyArray<string>],
  { cwd, env }: { readonly cwd: string; readonly env: NodeJS.ProcessEnv }
): Effect.Effect<Ended> =>
  Effect.async((resume) => {
    const child = execFile(file, args, { cwd, env: { LC_ALL: "C", ...env } }, (error, stdout, stderr) => {
      resume(Effect.succeed({ status: error === null ? 0 : (error.code ?? error.signal ?? "unknown"), stdout, stderr }))
    })
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** A server, and the numbers of the messages that it has accepted, as their Message-Ids have them. */
export const judge = Effect.gen(function* () {
  const numbers: Array<number> = []
  const onMessage = ({ content }: { readonly content: Uint8Array }) => {
    const [, number = ""] = /^Message-Id: <.*\.([\da-f]{8})@/m.exec(Buffer.from(content).toString("latin1")) ?? []
    numbers.push(Number.parseInt(number, 16))
  }
  const sink = yield* Layer.build(NodeSink.layer({ onMessage }))
  const { target } = yield* Context.get(sink, EmbeddedSink).start()
  return { target: Target.format(target), numbers }
})
