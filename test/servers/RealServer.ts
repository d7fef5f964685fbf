/**
 * Mail servers that are not ours, on loopback, each for as long as its scope.
 *
 * What a server accepted is what the server itself says: its log, its files, its own hook. Nothing here looks at what
 * the client believes.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Schedule from "effect/Schedule"
import * as Scope from "effect/Scope"
import type { ServerProcess } from "./ServerProcess.js"

/** A server that this machine may or may not have. */
export interface RealServer<Running extends RunningServer = RunningServer> {
  readonly name: string
  readonly protocol: "SMTP" | "LMTP"
  /** False where it does not offer PIPELINING. */
  readonly pipelines?: boolean | undefined
  /** What the machine lacks; empty where the server can start. */
  readonly lacks: ReadonlyArray<string>
  readonly available: boolean
  /** Starts it with nothing accepted yet, waits until it greets, and ends it with the scope. */
  readonly start: Effect.Effect<Running, ServerFailed, Scope.Scope>
}

/** A server that greets. */
export interface RunningServer {
  /** As smtp-source takes it: `127.0.0.1:2525` or `unix:/path`. */
  readonly target: string
  /** How many messages, each to one recipient, it has accepted for good. Servers that log may be a moment late. */
  readonly count: Effect.Effect<number>
  /** Where it puts what it delivers, if it keeps that. */
  readonly mail?: string | undefined
}

/** A server did not start, or it ended before it greeted. */
export class ServerFailed extends Data.TaggedError("ServerFailed")<{ readonly message: string }> {}

/** Where a server listens. */
export type Endpoint = { readonly port: number } | { readonly path: string }

/** Makes a server from what it is called, what it needs, and how to start it. */
export const make = <Running extends RunningServer>(
  server: Omit<RealServer<Running>, "available">
): RealServer<Running> => ({
  ...server,
  available: server.lacks.length === 0
})

/** Which of these programs, by their paths, the machine does not have. */
export const lacking = (...programs: ReadonlyArray<string>): ReadonlyArray<string> =>
  programs.filter((program) => !isExecutable(program))

const isExecutable = (file: string): boolean => {
  try {
    fs.accessSync(file, fs.constants.X_OK)
    return true
  } catch {
    return false
  }
}

/** Starts a server before the tests of a suite, and ends it after them. What it gives is there while they run. */
export const shared = <Running extends RunningServer>(
  server: RealServer<Running>,
  hooks: {
    readonly beforeAll: (run: () => Promise<void>) => void
    readonly afterAll: (run: () => Promise<void>) => void
  }
): (() => Running) => {
  const scope = Effect.runSync(Scope.make())
  let running: Running | undefined
  hooks.beforeAll(async () => {
    if (server.available) running = await Effect.runPromise(Scope.extend(server.start, scope))
  })
  hooks.afterAll(() => Effect.runPromise(Scope.close(scope, Exit.void)))
  return () => {
    if (running === undefined) throw new Error(`${server.name} was not started`)
    return running
  }
}

/** Servers that change their user must begin as root. */
export const lackingRoot: ReadonlyArray<string> = process.getuid?.() === 0 ? [] : ["root"]

/** Whether the command exits with 0. */
export const succeeds = (command: string, ...words: ReadonlyArray<string>): boolean => {
  try {
    execFileSync(command, words, { stdio: "ignore" })
    return true
  } catch {
    return false
  }
}

/** The words for a target. */
export const target = (endpoint: Endpoint): string =>
  "path" in endpoint ? `unix:${endpoint.path}` : `127.0.0.1:${endpoint.port}`

/** A directory that any user can enter. The scope removes it and all that it holds then. */
export const directory: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => {
    const made = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-"))
    fs.chmodSync(made, 0o755)
    return made
  }),
  (made) => Effect.sync(() => fs.rmSync(made, { recursive: true, force: true }))
)

/** A port at which nobody listens. Another process may take it before the server does: `start` tries another then. */
export const freePort: Effect.Effect<number> = Effect.async((resume) => {
  const server = net.createServer()
  server.listen(0, "127.0.0.1", () => {
    // A server that listens on a port has an address with that port.
    const { port } = server.address() as net.AddressInfo
    server.close(() => resume(Effect.succeed(port)))
  })
})

/** The port if nobody listens there, and otherwise 0. */
const portIfFree = (port: number): Effect.Effect<number> =>
  Effect.async((resume) => {
    const server = net.createServer()
    server.once("error", () => resume(Effect.succeed(0)))
    server.listen(port, "127.0.0.1", () => server.close(() => resume(Effect.succeed(port))))
  })

/** One that no outgoing connection is given, which have higher ones, so that it can be listened on again later. */
export const lowPort: Effect.Effect<number> = Effect.iterate(0, {
  while: (port) => port === 0,
  body: () => portIfFree(10_240 + Math.floor(Math.random() * 20_000))
})

/** Waits until the server greets. */
export const greeted = (process: ServerProcess, endpoint: Endpoint): Effect.Effect<void, ServerFailed> =>
  Effect.raceFirst(
    Effect.retry(greeting(endpoint), Schedule.spaced("50 millis")),
    Effect.flatMap(process.ended, (how) => new ServerFailed({ message: `${how}\n${process.output()}` }))
  ).pipe(
    Effect.timeoutFail({
      duration: "20 seconds",
      onTimeout: () => new ServerFailed({ message: `no greeting\n${process.output()}` })
    })
  )

const greeting = (endpoint: Endpoint): Effect.Effect<void, ServerFailed> =>
  Effect.async((resume) => {
    const socket = net.connect("path" in endpoint ? { path: endpoint.path } : { host: "127.0.0.1", ...endpoint })
    const failed = (message: string) => resume(Effect.fail(new ServerFailed({ message })))
    socket.once("data", (text) => {
      // Politely, or servers log that they lost a connection.
      socket.end("QUIT\r\n")
      if (text.toString().startsWith("220")) resume(Effect.void)
      else failed(text.toString())
    })
    socket.once("error", (error) => failed(error.message))
    socket.once("close", () => failed("no greeting"))
    return Effect.sync(() => socket.destroy())
  })

/** How many lines of a file that may not be there yet have the pattern. */
export const countLines = (file: string, pattern: RegExp): Effect.Effect<number> =>
  Effect.sync(() =>
    fs.existsSync(file)
      ? fs
          .readFileSync(file, "utf8")
          .split("\n")
          .filter((line) => pattern.test(line)).length
      : 0
  )
