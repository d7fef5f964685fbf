/**
 * The command: from the argument list to the exit status.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import type { Terminal } from "@effect/platform/Terminal"
import * as Cause from "effect/Cause"
import * as Config from "effect/Config"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Plan from "../plan/Plan.js"
import * as Segment from "../plan/Segment.js"
import { Output } from "../report/Output.js"
import * as Printable from "../smtp/Printable.js"
import { isShell, type Shell } from "./Shell.js"
import * as Completions from "./Completions.js"
import * as DryRun from "./DryRun.js"
import * as EngineSegment from "./EngineSegment.js"
import * as Fatal from "./Fatal.js"
import * as Getopt from "./Getopt.js"
import { passwordVariable } from "../plan/AuthFields.js"
import { passphraseVariable } from "../plan/TlsFields.js"
import { rows, scenarioVariable, targetVariable } from "./OptionTable.js"
import * as PlanOptions from "./PlanOptions.js"
import * as Run from "./Run.js"
import * as UnknownVariables from "./UnknownVariables.js"

/**
 * What the machine knows of itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface CliOptions {
  readonly version: string
  /** The host's own name: the default of -M. */
  readonly hostName: string
  /** The names of the environment's variables. */
  readonly environment: ReadonlyArray<string>
  /** The terminal that --wizard asks on. */
  readonly terminal: Layer.Layer<Terminal>
}

/** A room that few lines need. Not each small one: a start takes as long as the files that are loaded for it. */
const load = <Room>(room: () => Promise<Room>): Effect.Effect<Room> => Effect.promise(room)

const getopt = Getopt.make(rows, {
  password: `a password cannot be given on the command line: use --password-file or ${passwordVariable}`
})

/**
 * What the arguments ask for.
 *
 * @since 0.1.0
 * @category models
 */
export type Directive =
  | { readonly _tag: "Run"; readonly plan: Plan.Plan }
  | { readonly _tag: "DryRun"; readonly plan: Plan.Plan }
  | { readonly _tag: "Shares"; readonly plan: Plan.Plan }
  | { readonly _tag: "Emit"; readonly engine: string; readonly plan: Plan.Plan }
  | { readonly _tag: "Help" }
  | { readonly _tag: "Version" }
  | { readonly _tag: "Wizard" }
  | { readonly _tag: "Completions"; readonly shell: Shell }

/**
 * Reads the argument list, which begins after the command's name. The environment is read through the ConfigProvider.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (
  argv: ReadonlyArray<string>,
  { hostName }: Pick<CliOptions, "hostName">
): Effect.Effect<Directive, Fatal.UsageError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const given = yield* Effect.catchAll(getopt(argv), ({ problems, rest }) =>
      Effect.flatMap(PlanOptions.problemsOfValues(rest), (others) => {
        const reason = [...problems, ...others].join("; ")
        return new Fatal.UsageError({ reason, remind: true })
      })
    )
    const has = (name: string) => given.options.has(name)
    if (has("help")) return { _tag: "Help" }
    if (has("version")) return { _tag: "Version" }
    if (has("wizard")) return { _tag: "Wizard" }
    const shell = given.options.get("completions")?.at(-1)
    if (shell !== undefined) {
      if (isShell(shell)) return { _tag: "Completions", shell }
      const reason = `--completions: expected bash, zsh or fish, not ${JSON.stringify(shell)}`
      return yield* new Fatal.UsageError({ reason, remind: false })
    }
    const written = yield* scenarioOf(given)
    const parsePlan = (given: Getopt.Arguments) => PlanOptions.parse(given, { helloName: hostName }, written)
    const engine = given.options.get("emit")?.at(-1)
    if (has("segments") || engine !== undefined) {
      const options = new Map(given.options).set("segment", [`1/${yield* segmentsOf(given, engine)}`])
      const plan = yield* parsePlan({ ...given, options })
      return engine === undefined ? { _tag: "Shares", plan } : { _tag: "Emit", engine, plan }
    }
    const plan = yield* parsePlan(given)
    if (has("dry-run")) return { _tag: "DryRun", plan }
    return { _tag: "Run", plan: yield* EngineSegment.resolve(plan) }
  })

/** The number of --segments, which needs to be told what to do. */
const segmentsOf = (
  { options }: Getopt.Arguments,
  engine: string | undefined
): Either.Either<string, Fatal.UsageError> => {
  const segments = options.get("segments")?.at(-1)
  const wrong = (reason: string) => Either.left(new Fatal.UsageError({ reason, remind: false }))
  if (segments === undefined) return wrong("--emit needs --segments")
  if (options.has("segment")) return wrong("--segments and --segment exclude each other")
  if (engine === undefined && !options.has("dry-run")) return wrong("--segments needs --dry-run or --emit")
  return Segment.parse(`1/${segments}`) === undefined
    ? wrong(`--segments: expected a whole number from 1 to ${Segment.most}, not ${JSON.stringify(segments)}`)
    : Either.right(segments)
}

/** The file of --scenario, or of the environment's variable; an empty one names none. */
const scenarioOf = ({ options }: Getopt.Arguments) =>
  Effect.gen(function* () {
    const typed = options.get("scenario")?.at(-1)
    const read = (file: string, option: string) =>
      Effect.flatMap(
        load(() => import("./ScenarioFile.js")),
        (room) =>
          room.read(file, option, { what: "a plan", example: "target: localhost:2525", issuesOf: Plan.issuesOfFields })
      )
    if (typed !== undefined) return yield* read(typed, "--scenario")
    const named = yield* Effect.orElseSucceed(Config.string(scenarioVariable), () => "")
    return named === "" ? undefined : yield* read(named, scenarioVariable)
  })

/**
 * Does what the arguments ask for, and gives the exit status. What is wrong is told in one line on standard error, a fault
 * of ours too.
 *
 * @since 0.1.0
 * @category running
 */
export const main = (argv: ReadonlyArray<string>, options: CliOptions): Effect.Effect<number, never, Run.Services> =>
  Effect.gen(function* () {
    const output = yield* Output
    const directive = yield* parse(argv, options)
    switch (directive._tag) {
      case "Help": {
        const manual = yield* load(() => import("./Manual.js"))
        output.stdout(manual.help({ columns: output.columns(), bold: output.isTerminal.stdout && !output.noColor }))
        return Fatal.status.success
      }
      case "Version":
        output.stdout(`smtp-source ${options.version}\n`)
        return Fatal.status.success
      case "Wizard":
        return yield* wizard(options)
      case "Completions": {
        output.stdout(Completions.render(directive.shell, rows))
        return Fatal.status.success
      }
      case "DryRun": {
        UnknownVariables.warn(output, options.environment, known)
        output.stdout(yield* DryRun.render(directive.plan))
        return Fatal.status.success
      }
      case "Shares": {
        const shares = yield* load(() => import("./SegmentShares.js"))
        output.stdout(yield* shares.render(directive.plan))
        return Fatal.status.success
      }
      case "Emit": {
        const emit = yield* load(() => import("./Emit.js"))
        const { engine, plan } = directive
        output.stdout(yield* emit.render(engine, plan))
        for (const warning of emit.warnings(engine, plan)) {
          output.stderr(`smtp-source: warning: ${Printable.escape(warning)}\n`)
        }
        return Fatal.status.success
      }
      case "Run": {
        UnknownVariables.warn(output, options.environment, known)
        return yield* Run.run(directive.plan, options)
      }
    }
  }).pipe(
    Effect.catchAll((error) =>
      Effect.map(Output, (output) => {
        output.stderr(Fatal.line(error.message))
        return error._tag === "SegmentTaken" ? Fatal.status.taken : Fatal.status.failure
      })
    ),
    // A defect is a fault of ours; its stack is for those who debug, and not for those who run the command.
    Effect.catchAllDefect((defect) =>
      Effect.map(Output, (output) => {
        output.stderr(Fatal.panic(Cause.die(defect)))
        return Fatal.status.internalError
      })
    )
  )

/** What the answers add up to is a command line like any other. Leaving, by Ctrl-C, is none. */
const wizard = (options: CliOptions): Effect.Effect<number, Fatal.UsageError, Run.Services> =>
  Effect.gen(function* () {
    const output = yield* Output
    if (!output.isTerminal.stdout) {
      return yield* new Fatal.UsageError({ reason: "--wizard needs a terminal on standard output", remind: false })
    }
    const { ask } = yield* load(() => import("./Wizard.js"))
    const Path = yield* load(() => import("@effect/platform/Path"))
    const answers = yield* ask((line) => output.stdout(`${Printable.escape(line)}\n`)).pipe(
      Effect.provide(Layer.merge(options.terminal, Path.layer)),
      Effect.catchAll(() => Effect.succeed({ argv: [], run: false }))
    )
    return answers.run ? yield* main(answers.argv, options) : Fatal.status.success
  })

/**
 * The names of the environment's variables.
 *
 * @since 0.1.0
 * @category constants
 */
export const variables: ReadonlyArray<string> = [
  ...rows.flatMap(({ variable }) => (variable === undefined ? [] : [variable])),
  targetVariable,
  passphraseVariable,
  passwordVariable,
  EngineSegment.segmentsVariable
]

const known: UnknownVariables.Known = { program: "smtp-source", prefix: "SMTP_SOURCE_", variables }
