/**
 * The command smtp-sink: a mail server for tests, with the letters of Postfix's smtp-sink(1).
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as AboutItself from "./AboutItself.js"
import { type SignalName, statusOf, StopSignal } from "../load/StopSignal.js"
import { Output } from "../report/Output.js"
import { EmbeddedSink, type SinkServing } from "../sink/EmbeddedSink.js"
import * as ListenAddress from "../sink/ListenAddress.js"
import { Privileges } from "../sink/Privileges.js"
import * as SinkMaking from "../sink/SinkMaking.js"
import { issuesOfFields as issuesOf, type SinkPlan } from "../sink/SinkPlan.js"
import * as Printable from "../smtp/Printable.js"
import * as Target from "../smtp/Target.js"
import * as Fatal from "./Fatal.js"
import * as Getopt from "./Getopt.js"
import type * as ManualPage from "./ManualPage.js"
import type { ReportUnwritable } from "./ReportUnwritable.js"
import { accountsIn, identityOf, Refused } from "./SinkFiles.js"
import { known, parse, program, rows, scenarioOf } from "./SinkOptionTable.js"
import * as SinkReporting from "./SinkReporting.js"
import * as SinkTelling from "./SinkTelling.js"
import * as SinkProof from "./SinkProof.js"
import * as SmtpSinkManual from "./SmtpSinkManual.js"
import * as UnknownVariables from "./UnknownVariables.js"

const getopt = Getopt.make(rows)

const usage = "usage: smtp-sink [options] [inet:][host]:port [backlog] | unix:pathname [backlog]; --help tells more"

/**
 * The manual.
 *
 * @since 0.1.0
 * @category rendering
 */
export const manual = (): ManualPage.Document => SmtpSinkManual.make(rows)

/**
 * What the command needs.
 *
 * @since 0.1.0
 * @category services
 */
export type Services = EmbeddedSink | FileSystem | Output | Privileges | StopSignal

/**
 * What the machine knows of itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkTool {
  readonly version: string
  /** The names of the environment's variables. */
  readonly environment: ReadonlyArray<string>
}

/**
 * Does what the arguments ask for, and gives the exit status. What is wrong is told in one line on standard error.
 *
 * @since 0.1.0
 * @category running
 */
export const main = (
  argv: ReadonlyArray<string>,
  { environment, version }: SinkTool
): Effect.Effect<number, never, Services> =>
  Effect.gen(function* () {
    const output = yield* Output
    const given = yield* Effect.catchAll(getopt(argv), ({ problems, rest }) =>
      // What stands after an option that is not known may be its value, and no address.
      Effect.flatMap(Effect.either(parse({ ...rest, operands: [] })), (others) => {
        const all = [...problems, ...Either.match(others, { onLeft: (issues) => issues, onRight: () => [] })]
        return new Refused({ reason: `${all.join("; ")} (${usage})` })
      })
    )
    const command = { name: program, version, manual, rows, operands: "host" } as const
    const told = yield* Either.mapLeft(AboutItself.text(given, command, output), (reason) => new Refused({ reason }))
    if (told !== undefined) {
      output.stdout(told)
      return Fatal.status.success
    }
    const written = yield* writtenIn(given)
    const plan = yield* Effect.mapError(parse(given, written), (issues) => new Refused({ reason: issues.join("; ") }))
    UnknownVariables.warn(output, environment, known)
    // The original is silent, and has no address of its own.
    const isTold = output.isTerminal.stderr || given.operands.length === 0
    if (plan.prove === undefined) return yield* Effect.scoped(serve(plan, { version, isTold }))
    const warn = (text: string) => output.stderr(`${program}: warning: ${Printable.escape(text)}\n`)
    const proof = yield* SinkProof.make(plan.prove, warn)
    const unwritable = ({ file, reason }: ReportUnwritable) => new Refused({ reason: `--prove: ${file}: ${reason}` })
    const served = Effect.raceFirst(
      Effect.scoped(
        serve(
          plan,
          { version, isTold },
          { tap: proof.tap, clock: proof.clock, begin: Effect.mapError(proof.write, unwritable) }
        )
      ),
      Effect.mapError(proof.keep, unwritable)
    )
    // After the last reply: what was confirmed is in it.
    return yield* Effect.zipLeft(served, Effect.mapError(proof.write, unwritable))
  }).pipe(
    Effect.catchAll((error) =>
      Effect.map(Output, (output) => {
        // This program is the sink: it need not be named.
        const isOwn = error._tag === "SinkFailed" && error.option === undefined
        output.stderr(Fatal.line(isOwn ? error.reason : error.message, program))
        return Fatal.status.failure
      })
    ),
    Effect.catchAllDefect((defect) =>
      Effect.map(Output, (output) => {
        output.stderr(Fatal.panic(Cause.die(defect), program))
        return Fatal.status.internalError
      })
    )
  )

/** The plan that a file holds. What reads files is as much code as all the rest, and few need it. */
const writtenIn = (given: Getopt.Arguments) =>
  Effect.gen(function* () {
    const named = yield* scenarioOf(given)
    if (named === undefined) return undefined
    const [file, option] = named
    const { read } = yield* Effect.promise(() => import("./ScenarioFile.js"))
    return yield* read(file, option, { what: "a plan of smtp-sink", example: "listen: 127.0.0.1:2525", issuesOf })
  })

/** What a sink has to do with a proof. */
interface Proving extends Pick<SinkProof.SinkProof, "clock" | "tap"> {
  /** Writes the file for the first time. */
  readonly begin: Effect.Effect<void, Refused, FileSystem>
}

/** How it is served: whether it is told where. */
interface Serving {
  readonly version: string
  readonly isTold: boolean
}

const serve = (plan: SinkPlan, { isTold, version }: Serving, proving?: Proving) =>
  Effect.gen(function* () {
    const output = yield* Output
    const embedded = yield* EmbeddedSink
    const privileges = yield* Privileges
    const stop = yield* StopSignal
    const listen = yield* Either.mapLeft(ListenAddress.parse(plan.listen), (reason) => new Refused({ reason }))
    const refusesRoot = privileges.isRoot && plan.user === undefined && !isLocal(listen)
    const needed = [
      identityOf(plan),
      plan.accounts === undefined ? Effect.succeed(undefined) : accountsIn(plan.accounts),
      refusesRoot ? needsUser : Effect.void
    ] as const
    const [identity, accounts] = yield* Effect.mapError(Effect.all(needed, { mode: "validate" }), together)
    const reached = yield* Deferred.make<void>()
    const failed = yield* Deferred.make<string>()
    const troubles = { count: 0 }
    const warn = (text: string) => output.stderr(`${program}: warning: ${Printable.escape(text)}\n`)
    const seed = String(Math.random())
    const counter = SinkTelling.counting(output)
    const control =
      plan.listenMetrics === undefined ? undefined : Either.getOrThrow(ListenAddress.parse(plan.listenMetrics))
    const serving: SinkServing = {
      listen,
      family: plan.family,
      backlog: plan.backlog,
      windowSize: plan.windowSize,
      maxConnections: plan.maxConnections,
      beyond: SinkMaking.beyondOf(plan),
      idleTimeout: plan.timeout * 1000,
      idleSay: "",
      thread: false,
      behaviour: SinkMaking.behaviourOf(plan, seed),
      steady: SinkMaking.steadyOf(plan, seed),
      words: SinkMaking.wordsOf(plan),
      identity,
      control:
        control?._tag === "Inet"
          ? { host: control.host === "" ? "127.0.0.1" : control.host, port: control.port }
          : undefined,
      tap: proving?.tap,
      clock: proving?.clock,
      dumps: SinkMaking.dumpsOf(plan),
      onCommand: SinkTelling.commandsOf(plan, output),
      onCount: SinkTelling.watching(plan, counter.count, () => Deferred.unsafeDone(reached, Effect.void)),
      onTrouble: (text, format) => {
        // The original ends where a file of its letters cannot be written.
        if (format === "each" || format === "all") Deferred.unsafeDone(failed, Effect.succeed(text))
        else {
          troubles.count++
          warn(text)
        }
      }
    }
    const running = yield* embedded.start(SinkMaking.configOf(plan, accounts), serving)
    // Before it closes the connections that are left: those are not shown as ended.
    yield* Effect.addFinalizer(() => Effect.sync(counter.end))
    if (plan.user !== undefined) yield* privileges.become(plan.user)
    // Before it says that it listens.
    yield* running.writable ?? Effect.void
    // Before anything has come, and as the user that will write it again.
    yield* proving?.begin ?? Effect.void
    const isWatched = SinkReporting.isAsked(plan)
    if (isWatched) yield* SinkReporting.prepare(plan)
    const rules = SinkMaking.rulesOf(plan)
    if (isTold || rules.length > 0 || (listen._tag === "Inet" && listen.port === 0)) {
      output.stderr(`${program}: listening on ${Target.format(running.target)}\n`)
    }
    if (rules.length > 0) output.stderr(`${program}: it misbehaves: ${Printable.escape(rules.join("; "))}\n`)
    if (control?._tag === "Inet" && control.port === 0 && running.control !== undefined) {
      output.stderr(`${program}: metrics on http://${Target.format(running.control)}/metrics\n`)
    }
    const time = plan.duration === undefined ? Effect.never : Effect.sleep(plan.duration * 1000)
    const { answered = Effect.void } = running
    const reporting = isWatched ? yield* SinkReporting.make(plan, running, { program, version }) : undefined
    const ended: End = yield* Effect.raceFirst(
      Effect.as(Effect.raceFirst(Effect.zipRight(Deferred.await(reached), answered), time), {}),
      Effect.map(stop.first, (signal) => ({ signal }))
    ).pipe(
      Effect.raceFirst(reporting?.watch ?? Effect.never),
      Effect.raceFirst(Effect.map(Deferred.await(failed), (reason) => ({ reason })))
    )
    const strikes = running.strikes === undefined || reporting?.tellsStrikes === true ? [] : yield* running.strikes
    for (const { rule, times } of strikes) {
      output.stderr(
        `${program}: ${Printable.escape(rule)}: ${times === 1 ? "once" : `${times.toLocaleString("en-US")} times`}\n`
      )
    }
    // The reply to the last message is written in the turn in which it is counted.
    yield* Effect.yieldNow()
    const judged = yield* reporting?.finish ?? Effect.succeed(Fatal.status.success)
    // What has come until then is reported nevertheless.
    if (ended.reason !== undefined) output.stderr(Fatal.line(ended.reason, program))
    // It is mostly a signal that ends a server: that does not say how the run went.
    if (judged === Fatal.status.verdict) return judged
    if (ended.signal !== undefined) return statusOf(ended.signal)
    if (ended.reason !== undefined) return Fatal.status.failure
    if (judged !== Fatal.status.success) return judged
    return troubles.count > 0 ? Fatal.status.failure : Fatal.status.success
  })

/** What ended it: a signal, or a file that could not be written; neither, where it was done. */
interface End {
  readonly signal?: SignalName | undefined
  readonly reason?: string | undefined
}

/** All that is wrong, in one. */
const together = (wrong: ReadonlyArray<Option.Option<Refused>>): Refused =>
  new Refused({ reason: wrong.flatMap((each) => Option.toArray(each).map(({ reason }) => reason)).join("; ") })

const needsUser = new Refused({
  reason: "-u, --user is required of root, unless only this machine can connect (127.0.0.1:2525, unix:pathname)"
})

/** Whether nobody but this machine can connect. */
const isLocal = (address: ListenAddress.ListenAddress): boolean =>
  address._tag === "Unix" || address.host === "localhost" || address.host === "::1" || /^127\./.test(address.host)
