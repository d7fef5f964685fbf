/**
 * Runs a command as a process: what it writes goes out whole, and its status is the exit status.
 */
import * as Effect from "effect/Effect"
import * as Fatal from "./cli/Fatal.js"
import * as NodeExit from "./node/NodeExit.js"
import * as NodeOutput from "./node/NodeOutput.js"
import { Output } from "./report/Output.js"
import { version } from "./version.js"

/** A command: what it does with its arguments, and its exit status. */
export interface Command {
  readonly main: (argv: ReadonlyArray<string>) => Effect.Effect<number, never, Output>
}

/** Runs the command that `load` gives, which is not loaded to tell the version. */
export const run = (name: string, load: () => Promise<Command>): void => {
  const argv = process.argv.slice(2)
  const isVersion = argv.length === 1 && argv[0] === "--version"
  const loaded = Effect.flatMap(Effect.promise(load), ({ main }) => main(argv))
  const main = (isVersion ? printVersion(name) : loaded).pipe(
    // Signals are the system's again by now, should a reader keep us waiting.
    Effect.flatMap((status) => Fatal.drained(status, name)),
    Effect.provide(NodeOutput.layer)
  )

  const stuck = () => {
    process.stderr.write(Fatal.stuck(name))
    process.exit(Fatal.status.internalError)
  }
  process.once("beforeExit", stuck)
  Effect.runFork(main).addObserver((exit) => {
    process.off("beforeExit", stuck)
    if (exit._tag === "Failure") process.stderr.write(Fatal.panic(exit.cause, name))
    NodeExit.exit(exit._tag === "Success" ? exit.value : Fatal.status.internalError)
  })
}

const printVersion = (name: string): Effect.Effect<number, never, Output> =>
  Effect.map(Output, (output) => {
    output.stdout(`${name} ${version}\n`)
    return Fatal.status.success
  })
