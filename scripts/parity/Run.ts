/**
 * Runs a program against a server of its own, and observes it.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { type ChildProcessByStdio, spawn } from "node:child_process"
import { performance } from "node:perf_hooks"
import type { Readable } from "node:stream"
import type { Case } from "./Case.js"
import { messageIds, normal } from "./Normal.js"
import { hang, type Observation } from "./Observation.js"
import * as RecordingServer from "./RecordingServer.js"

/** The words that start a program. */
export type Program = readonly [command: string, ...words: ReadonlyArray<string>]

/** Where a run takes place. */
export interface Workplace {
  /** Holds the files that -F names. */
  readonly directory: string
  /** A path that no other socket has. */
  readonly socketPath: () => string
}

/** A run, and the text that it left behind for whoever looks into a difference. */
export interface Run {
  readonly observation: Observation
  readonly stderr: string
  readonly commandLine: ReadonlyArray<string>
}

/** Puts the program in the case's situation. */
export const run = (program: Program, one: Case, { directory, socketPath }: Workplace): Effect.Effect<Run> =>
  Effect.gen(function* () {
    const { place } = one.target
    const server =
      place === "nowhere"
        ? nobody
        : yield* RecordingServer.listen(
            place === "unix" ? { family: place, path: socketPath() } : { family: place },
            one.server
          )
    const [command, ...words] = program
    const commandLine = [...words, ...one.options, ...one.target.words(server.address)]
    const child = yield* start(command, commandLine, directory, one.environment)
    const exit = yield* Effect.raceFirst(child.exit, Effect.as(stalled(server, one.patience), hang))
    const prompt = performance.now() - child.lastWord() < promptly
    child.kill()
    const dialogues = yield* server.dialogues
    const ids = dialogues.flatMap(({ said }) => messageIds(said))
    return {
      commandLine: [command, ...commandLine],
      stderr: child.stderr(),
      observation: {
        exit,
        wire: dialogues.map(({ said }) => normal(said)),
        endings: exit === hang ? [] : dialogues.map(({ ending }) => ending),
        stdout: child.stdout(),
        fatal: /^.*: fatal: /m.test(child.stderr()),
        quiet: child.stderr() === "",
        lockStep: !dialogues.some(({ eager }) => eager),
        distinctIds: new Set(ids).size === ids.length,
        prompt
      }
    }
  }).pipe(Effect.scoped)

/** For targets at which nobody is meant to listen. */
const nobody: RecordingServer.RecordingServer = {
  address: "",
  heard: () => 0,
  idle: () => undefined,
  dialogues: Effect.succeed([])
}

interface Child {
  readonly exit: Effect.Effect<number | string>
  readonly kill: () => void
  /** When it last wrote to standard error. */
  readonly lastWord: () => number
  readonly stdout: () => string
  readonly stderr: () => string
}

const start = (
  command: string,
  words: ReadonlyArray<string>,
  directory: string,
  environment: Case["environment"]
): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child: ChildProcessByStdio<null, Readable, Readable> = spawn(command, words, {
        cwd: directory,
        env: { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC", ...environment },
        stdio: ["ignore", "pipe", "pipe"]
      })
      let lastWord = performance.now()
      child.stderr.on("data", () => {
        lastWord = performance.now()
      })
      const stdout = collect(child.stdout)
      const stderr = collect(child.stderr)
      const exited = new Promise<number | string>((resolve) => {
        child.once("error", (error) => resolve(error.message))
        child.once("close", (code, signal) => resolve(code ?? signal ?? "unknown"))
      })
      return {
        exit: Effect.promise(() => exited),
        kill: () => child.kill("SIGKILL"),
        lastWord: () => lastWord,
        stdout,
        stderr
      }
    }),
    (child) => Effect.sync(() => child.kill())
  )

const collect = (stream: Readable): (() => string) => {
  let text = ""
  stream.setEncoding("latin1").on("data", (chunk: string) => {
    text += chunk
  })
  return () => text
}

/** The original sleeps for a second between its last word and its end. */
const promptly = 800

/** The longest time from a program's start to its first connection, or its end, on a busy machine. */
const startUp = 60_000

/** No case lets a program say more, in bytes, or go on for longer, in milliseconds. */
const most = 50_000_000
const longest = 120_000

/** Ends when the program has not been heard of for this many seconds, or goes on for ever. */
const stalled = (server: RecordingServer.RecordingServer, patience: number): Effect.Effect<void> => {
  const began = performance.now()
  const waiting = () => {
    const idle = server.idle()
    const elapsed = performance.now() - began
    if (idle === undefined) return elapsed < startUp
    return idle < patience * 1000 && elapsed < longest && server.heard() < most
  }
  return Effect.whileLoop({ while: waiting, body: () => Effect.sleep("100 millis"), step: () => undefined })
}
