/**
 * A server's process, with all that it starts in turn: ended with the scope.
 */
import { type ChildProcess, spawn } from "node:child_process"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** A process that should run until its scope ends. */
export interface ServerProcess {
  /** Says how the process ended, once it has. */
  readonly ended: Effect.Effect<string>
  /** The end of what it wrote to standard output and standard error. */
  readonly output: () => string
}

/**
 * Starts a command in a process group of its own. The scope's end terminates it, waits, and kills what is left of its
 * group; so does the end of this process, should it come first.
 */
export const start = (
  command: string,
  words: ReadonlyArray<string>
): Effect.Effect<ServerProcess, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => spawned(command, words)),
      (started) => stop(started)
    ),
    ({ child, output }) => ({ ended: ended(child), output })
  )

interface Spawned {
  readonly child: ChildProcess
  readonly output: () => string
  readonly kill: () => void
}

const kept = 4000

const spawned = (command: string, words: ReadonlyArray<string>): Spawned => {
  const child = spawn(command, words, { detached: true, stdio: ["ignore", "pipe", "pipe"], env: environment })
  let text = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk: Buffer) => {
      text = (text + chunk.toString()).slice(-kept)
    })
  }
  const kill = () => signalGroup(child, "SIGKILL")
  process.once("exit", kill)
  return { child, output: () => text, kill }
}

/** Without what a test runner sets for itself. */
const environment = { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: "C" }

const ended = (child: ChildProcess): Effect.Effect<string> =>
  Effect.async((resume) => {
    const done = () => resume(Effect.succeed(`it ended with ${child.exitCode ?? child.signalCode ?? "an error"}`))
    if (child.exitCode !== null || child.signalCode !== null) return done()
    const failed = (error: Error) => resume(Effect.succeed(error.message))
    child.once("exit", done).once("error", failed)
    return Effect.sync(() => child.off("exit", done).off("error", failed))
  })

const stop = ({ child, kill }: Spawned): Effect.Effect<void> =>
  Effect.gen(function* () {
    if (child.pid === undefined) return
    child.kill("SIGTERM")
    yield* Effect.timeoutOption(ended(child), "5 seconds")
    kill()
    yield* ended(child)
    process.off("exit", kill)
  })

const signalGroup = (child: ChildProcess, signal: NodeJS.Signals): void => {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, signal)
  } catch {
    // Nobody is left.
  }
}
