/** Signals that come to the built command at odd moments. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"

const dist = fileURLToPath(new URL("../../dist", import.meta.url))

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-"))),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true }))
)

const fifo = Effect.map(folder, (made) => {
  const file = path.join(made, "fifo")
  execFileSync("mkfifo", [file])
  return file
})

interface Ended {
  /** The exit status as shells show it. */
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

interface Started {
  readonly process: ChildProcess
  readonly said: { stdout: string; stderr: string }
  readonly end: Effect.Effect<Ended>
}

const start = (argv: ReadonlyArray<string>, environment: NodeJS.ProcessEnv = {}) =>
  Effect.acquireRelease(
    Effect.sync((): Started => {
      const child = spawn(process.execPath, argv, { env: { ...process.env, ...environment } })
      const said = { stdout: "", stderr: "" }
      for (const stream of ["stdout", "stderr"] as const) {
        child[stream].on("data", (bytes) => {
          said[stream] += bytes
        })
      }
      const ended = new Promise<Ended>((resolve) => {
        child.on("close", (code, signal) =>
          resolve({ ...said, status: code ?? 128 + os.constants.signals[signal ?? "SIGKILL"] })
        )
      })
      return { process: child, said, end: Effect.promise(() => ended) }
    }),
    (started) => Effect.sync(() => started.process.kill("SIGKILL"))
  )

const smtpSource = path.join(dist, "bin/smtp-source.js")
const command = (...argv: ReadonlyArray<string>) => start([smtpSource, ...argv])

/** Tries until it succeeds. */
const eventually = <A>(look: () => A) =>
  Effect.retry(Effect.try(look), Schedule.spaced("20 millis")).pipe(Effect.timeout("30 seconds"), Effect.orDie)

/** A FIFO can be opened for writing only when somebody reads it: who does, waits from then on. */
const isRead = (file: string) => eventually(() => fs.openSync(file, fs.constants.O_WRONLY | fs.constants.O_NONBLOCK))

/** A server that greets, and answers nothing else. */
const silent = Effect.acquireRelease(
  Effect.async<{ readonly server: net.Server; readonly lines: () => number }>((resume) => {
    let lines = 0
    const server = net.createServer((socket) => {
      socket.on("error", () => undefined)
      socket.on("data", () => lines++)
      socket.write("220 here\r\n")
    })
    server.listen(0, "127.0.0.1", () => resume(Effect.succeed({ server, lines: () => lines })))
  }),
  ({ server }) => Effect.sync(() => server.close())
)

const portOf = (server: net.Server): number => {
  const address = server.address()
  return typeof address === "object" && address !== null ? address.port : 0
}

describe.concurrent("a signal", () => {
  for (const [signal, status] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129]
  ] as const) {
    it.scopedLive(`ends a command that waits for the file of -F: ${signal}`, () =>
      Effect.gen(function* () {
        const file = yield* fifo
        const { end, process } = yield* command("--sink", "-F", file)
        yield* isRead(file)
        process.kill(signal)
        assert.deepStrictEqual(yield* end, { status, stdout: "", stderr: "" })
      })
    )
  }

  it.scopedLive("ends a command that waits for the file of --scenario", () =>
    Effect.gen(function* () {
      const file = yield* fifo
      const { end, process } = yield* command("--scenario", file)
      yield* isRead(file)
      process.kill("SIGINT")
      assert.strictEqual((yield* end).status, 130)
    })
  )

  it.scopedLive("ends a command that waits for who reads its report", () =>
    Effect.gen(function* () {
      const { end, process } = yield* command("--sink", "--report", `json=${yield* fifo}`)
      process.kill("SIGINT")
      assert.strictEqual((yield* end).status, 130)
    })
  )

  for (const [signal, status, again] of [
    ["SIGINT", 130, "Ctrl-C again"],
    ["SIGHUP", 129, "a second signal"]
  ] as const) {
    it.scopedLive(`is told of at once, a second one does not wait, and the books are printed: ${signal}`, () =>
      Effect.gen(function* () {
        const { lines, server } = yield* silent
        const { end, process, said } = yield* command("--drain", "60", `127.0.0.1:${portOf(server)}`)
        yield* eventually(() => assert.isAbove(lines(), 0))
        process.kill(signal)
        yield* eventually(() =>
          assert.strictEqual(
            said.stderr,
            `smtp-source: stopping: transactions under way, 1 min 0 s at most; ${again} stops now\n`
          )
        )
        process.kill(signal)
        const ended = yield* end
        assert.strictEqual(ended.status, status)
        assert.match(ended.stderr, /^smtp-source: 1 message: 0 accepted, 0 rejected, 1 failed,/m)
      })
    )
  }

  it.scopedLive("does not wait for a resolver that does not answer, the second time", () =>
    Effect.gen(function* () {
      // The resolver of the C library looks into this file first, for a name without a dot.
      const file = yield* fifo
      const { end, process, said } = yield* start([smtpSource, "nosuchhost:25"], { HOSTALIASES: file })
      yield* isRead(file)
      process.kill("SIGINT")
      yield* eventually(() => assert.include(said.stderr, "smtp-source: stopping"))
      process.kill("SIGINT")
      const { status, stderr } = yield* end
      assert.strictEqual(status, 130)
      assert.match(stderr, /^smtp-source: 1 message: 0 accepted, 0 rejected, 1 failed,/m)
    })
  )

  it.scopedLive("ends --calibrate with its status, and with no figure that was not measured", () =>
    Effect.gen(function* () {
      const { end, process, said } = yield* command("--calibrate", "--progress", "off")
      yield* eventually(() => assert.include(said.stdout, "limited by"))
      process.kill("SIGINT")
      const { status, stderr, stdout } = yield* end
      assert.strictEqual(status, 130)
      assert.match(stderr, /stopped by SIGINT while measuring -d --pipelining full --workers auto\n$/)
      assert.strictEqual(stdout.trim().split("\n").length, 2)
    })
  )
})

/** A command of this package that does this: a process that runs the sources. */
const commandOf = (main: string) =>
  start([
    ...["--import", "tsx", "--input-type=module", "-e"],
    `import * as Effect from "effect/Effect"
     import { run } from ${JSON.stringify(path.join(dist, "../src/program.ts"))}
     run("smtp-source", async () => ({ main: () => ${main} }))`
  ])

describe("the end of the process", () => {
  it.scopedLive("is a panic where nothing is left to wait for, and the command has not ended", () =>
    Effect.gen(function* () {
      const { end } = yield* commandOf("Effect.async(() => {})")
      const panic = "smtp-source: panic: nothing is left to wait for, and the run has not ended\n"
      assert.deepStrictEqual(yield* end, { status: 70, stdout: "", stderr: panic })
    })
  )

  it.scopedLive("is a panic where the command dies, and the status of one that does not", () =>
    Effect.gen(function* () {
      const dead = yield* commandOf('Effect.dieMessage("out of \\x1b[31mluck")')
      const panic = "smtp-source: panic: RuntimeException: out of \\x1b[31mluck\n"
      assert.deepStrictEqual(yield* dead.end, { status: 70, stdout: "", stderr: panic })
      const alive = yield* commandOf("Effect.succeed(99)")
      assert.deepStrictEqual(yield* alive.end, { status: 99, stdout: "", stderr: "" })
    })
  )

  it.scopedLive("does not wait for a thread that is blocked, once a signal has stopped it", () =>
    Effect.gen(function* () {
      const file = yield* fifo
      const script = `import * as fs from "node:fs"
        import * as NodeExit from ${JSON.stringify(path.join(dist, "lib/node/NodeExit.js"))}
        fs.promises.readFile(${JSON.stringify(file)})
        setTimeout(() => NodeExit.exit(143), 100)`
      const { end } = yield* start(["--input-type=module", "-e", script])
      assert.strictEqual((yield* end).status, 143)
    })
  )
})
