/**
 * What the command sends arrives, by the count of servers that are not ours.
 *
 * `SMTP_SOURCE_COMMAND` names another command to send with, such as Postfix's /usr/sbin/smtp-source.
 */
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import { realServers } from "./all.js"
import * as RealServer from "./RealServer.js"

const command =
  process.env.SMTP_SOURCE_COMMAND ?? fileURLToPath(new URL("../../dist/bin/smtp-source.js", import.meta.url))

/** The original knows no groups of commands. */
const isOurs = command.endsWith(".js")

const program = command.endsWith(".js") ? ([process.execPath, [command]] as const) : ([command, []] as const)

interface End {
  readonly status: number | string | null
  readonly stderr: string
}

/** Runs the command to its end. */
const send = (words: ReadonlyArray<string>): Effect.Effect<End> =>
  Effect.async((resume) => {
    const [file, first] = program
    const child = spawn(file, [...first, ...words], { stdio: ["ignore", "ignore", "pipe"] })
    let stderr = ""
    child.stderr.on("data", (chunk) => {
      stderr += chunk
    })
    child.once("error", ({ message }) => resume(Effect.succeed({ status: message, stderr })))
    child.once("close", (status, signal) => resume(Effect.succeed({ status: status ?? signal, stderr })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** The server's count once it has reached the number, and a moment has passed in which it must not go beyond. */
const finalCount = (server: RealServer.RunningServer, expected: number): Effect.Effect<number> =>
  server.count.pipe(
    Effect.repeat({
      until: (count) => count >= expected,
      schedule: Schedule.spaced("50 millis").pipe(Schedule.upTo("40 seconds"))
    }),
    Effect.zipRight(Effect.sleep("200 millis")),
    Effect.zipRight(server.count)
  )

const manners = [
  { name: "over one connection per session", options: ["-d"] },
  { name: "over a connection per message", options: [] },
  { name: "in groups of commands (RFC 2920)", options: ["-d", "--pipelining=on"] },
  { name: "in groups that begin before the last one ends", options: ["-d", "--pipelining=full"] }
].filter(({ options }) => isOurs || options.every((option) => !option.startsWith("--")))

const absent = realServers.filter(({ available }) => !available)
if (absent.length > 0) {
  // Reporters only say how many.
  console.warn(
    `Skipped: ${absent.map(({ lacks, name, protocol }) => `${name} (${protocol}; no ${lacks.join(", no ")})`).join("; ")}`
  )
}

const withoutPipelining =
  "smtp-source: warning: the server does not offer PIPELINING: each command waits for its reply\n"

/** Enough for each session to send several. */
const messages = 80
const sessions = 10

for (const server of realServers) {
  const missing = server.available ? "" : ` (this machine lacks ${server.lacks.join(" and ")})`
  describe(`${server.name}, ${server.protocol}${missing}`, () => {
    const running = RealServer.shared(server, { afterAll, beforeAll })
    for (const { name, options } of manners) {
      it.skipIf(!server.available)(`receives ${messages} messages from ${sessions} sessions ${name}`, () =>
        Effect.gen(function* () {
          const { count, target } = running()
          const protocol = server.protocol === "LMTP" ? ["-L"] : []
          const before = yield* count
          const end = yield* send([...protocol, ...options, "-s", String(sessions), "-m", String(messages), target])
          const warns = server.pipelines === false && options.some((option) => option.startsWith("--pipelining"))
          assert.deepStrictEqual(end, { status: 0, stderr: warns ? withoutPipelining : "" })
          assert.strictEqual((yield* finalCount(running(), before + messages)) - before, messages)
        }).pipe(Effect.runPromise)
      )
    }
  })
}
