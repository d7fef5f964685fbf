import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"

const command = fileURLToPath(new URL("../../dist/bin/smtp-sink.js", import.meta.url))

/** smtp-sink as a process of its own, on a free port: where it listens, its end, and how it ends when it is asked to. */
export const start = (words: ReadonlyArray<string>, env: NodeJS.ProcessEnv = process.env) =>
  Effect.gen(function* () {
    const child = yield* Effect.acquireRelease(
      Effect.sync(() =>
        spawn(process.execPath, [command, ...words, "127.0.0.1:0"], { env, stdio: ["ignore", "ignore", "pipe"] })
      ),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    const exit = once(child, "exit")
    const target = yield* Effect.async<string>((resume) => {
      let told = ""
      child.stderr.setEncoding("utf8").on("data", (text: string) => {
        told += text
        const [, found] = /listening on (\S+)\n/.exec(told) ?? []
        if (found !== undefined) resume(Effect.succeed(found))
      })
      child.once("exit", () => resume(Effect.dieMessage(told)))
    })
    const ended = Effect.promise(() => exit)
    const end = Effect.suspend(() => {
      child.kill("SIGTERM")
      return ended
    })
    return { target, ended, end }
  })
