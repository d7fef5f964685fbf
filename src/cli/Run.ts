/**
 * Runs a plan for the command line: what the user sees while it goes on, and the exit status at its end.
 *
 * It is over 300 lines because what goes with a run begins in one order and ends in the reverse.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as PlanSupport from "../load/PlanSupport.js"
import * as Proof from "../load/Proof.js"
import * as RunBounds from "../load/RunBounds.js"
import type * as RunPart from "../load/RunPart.js"
import { type SignalName, StopSignal, statusOf as signalStatusOf } from "../load/StopSignal.js"
import * as Workers from "../load/Workers.js"
import * as AuthFields from "../plan/AuthFields.js"
import type * as Corpus from "../plan/Corpus.js"
import * as MessageFile from "../plan/MessageFile.js"
import * as MessageParts from "../plan/MessageParts.js"
import * as Laws from "../measure/Laws.js"
import type { Plan } from "../plan/Plan.js"
import * as ClientFile from "../plan/ClientFile.js"
import * as SocksLogin from "../plan/SocksLogin.js"
import * as TlsFields from "../plan/TlsFields.js"
import * as Lines from "../report/Lines.js"
import { Output } from "../report/Output.js"
import * as Summary from "../report/Summary.js"
import type { Strikes } from "../sink/Behaviour.js"
import type { EmbeddedSink, RunningSink, SinkFailed } from "../sink/EmbeddedSink.js"
import type { AccountTable } from "../smtp/AccountTable.js"
import * as SinkFields from "../plan/SinkFields.js"
import * as Printable from "../smtp/Printable.js"
import type { SmtpError } from "../smtp/SmtpError.js"
import * as Target from "../smtp/Target.js"
import type { Connector } from "../smtp/Wire.js"
import * as Calibrate from "./Calibrate.js"
import * as Fatal from "./Fatal.js"
import * as OwnSink from "./OwnSink.js"
import type { Live } from "./Live.js"
import type { ReportUnwritable } from "./ReportUnwritable.js"
import * as Screen from "./Screen.js"
import { isWatched, showsReport } from "./Watching.js"
import * as SegmentClaim from "./SegmentClaim.js"

/**
 * Runs the plan and gives the exit status: 0, 1, 70, 99, 129, 130 or 143. A segment that was started before fails.
 *
 * Standard output carries the -c counter alone, or a report. Standard error gets the dialogue (-v), each kind of trouble once, what
 * ended the run, and the summary, where there is a terminal or `--summary`.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (plan: Plan, tool: Tool): Effect.Effect<number, RunError, Services> =>
  plan.calibrate
    ? Calibrate.run(plan)
    : plan.sink
      ? Effect.scoped(againstSink(plan, tool))
      : Effect.flatMap(accountsOf(plan), (accounts) => Effect.map(report(plan, tool, accounts), ({ status }) => status))

/**
 * What was wrong before anything was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export type RunError =
  | RunPart.RunError
  | MessageFile.FileUnusable
  | MessageParts.PartsUnusable
  | TlsFields.TlsUnreadable
  | AuthFields.AccountsUnusable
  | SinkFailed
  | SegmentClaim.SegmentTaken
  | ReportUnwritable

/** What a report tells of the tool that made it. */
interface Tool {
  readonly version: string
}

/**
 * What a run asks for.
 *
 * @since 0.1.0
 * @category models
 */
export type Services = Connector | EmbeddedSink | FileSystem | Output | StopSignal | Workers.Workers

/** What messages are made of. */
type Contents = Pick<RunPart.RunOptions, "file" | "parts">

const contentsOf = (plan: Plan) =>
  Effect.gen(function* () {
    const parts = yield* MessageParts.read(plan)
    return { parts, file: yield* MessageFile.read(MessageParts.bounded(plan, parts)) }
  })

/** What a run is against, and, where that tells what has come, the proof. */
interface Against {
  readonly contents?: Contents | undefined
  readonly proving?: Proof.Proving | undefined
  readonly sink?: RunningSink | undefined
}

/** Runs what is proved by the sink that it is sent to: of what that has taken, nothing is on its way any more. */
const provingWith =
  ({ deliveries, order }: Proof.Proving) =>
  (plan: Plan, options: Workers.WorkersOptions) => {
    const { runId } = order.identity
    return Proof.settled({ deliveries, order, plan: { ...plan, runId, settle: 0 } }, options, Workers.runOnly)
  }

/** Starts a sink, runs the plan against it, and compares the books: what it took must be what we saw accepted. */
const againstSink = (plan: Plan, tool: Tool): Effect.Effect<number, RunError, Services | Scope.Scope> =>
  Effect.gen(function* () {
    const output = yield* Output
    const accounts = yield* accountsOf(plan)
    const contents = plan.prove === undefined ? undefined : yield* contentsOf(plan)
    const proving = contents && (yield* Proof.prepare(MessageParts.bounded(plan, contents.parts), contents))
    const sink = yield* OwnSink.start(plan, accounts, proving?.order)
    const against = { ...SinkFields.without(plan), sink: false, target: Target.format(sink.target) }
    // The port is another one each time: it is reported as the plan has it, so that runs of one plan are known as such.
    const { result, status } = yield* report(against, tool, accounts, plan, { contents, proving, sink })
    const { messages } = yield* sink.counts
    if (Laws.ofDelivery(result.accounting, { messages }).length === 0) {
      if (shows(plan, output))
        output.stderr(`smtp-source: the sink counted ${Summary.counted(messages, "message")}, too\n`)
      tellStrikes(plan, output, "the sink's", result.strikes)
      return status
    }
    output.stderr(`smtp-source: panic: the sink counted ${messages} messages, and we ${result.accounting.accepted}\n`)
    return Fatal.status.internalError
  })

/** How often each rule of a sink of ours has struck, which a report for people tells, too. */
const tellStrikes = (
  plan: Plan,
  output: Output["Type"],
  whose: "the sink's" | "the next hop's",
  strikes: ReadonlyArray<Strikes> = []
): void => {
  if (!shows(plan, output) || showsReport(plan)) return
  for (const { rule, times } of strikes) {
    output.stderr(`smtp-source: ${whose} ${Printable.escape(rule)}: ${Summary.counted(times, "time")}\n`)
  }
}

/** What is left of 80 columns beside the command's name. */
const columns = 80 - "smtp-source: ".length

/** Read once: standard input is read no second time. */
const accountsOf = (plan: Plan) =>
  Effect.gen(function* () {
    if (plan.auth === "off") return undefined
    const output = yield* Output
    const accounts = yield* AuthFields.read(plan)
    for (const file of yield* AuthFields.exposed(plan)) {
      output.stderr(`smtp-source: warning: others than its owner can read ${Printable.escape(file)}\n`)
    }
    return accounts
  })

const shows = (plan: Plan, output: Output["Type"]): boolean => plan.summary || output.isTerminal.stderr

/** Runs `toRun`, and reports it as `asked`. */
const report = (
  toRun: Plan,
  { version }: Tool,
  accounts: AccountTable | undefined,
  asked: Plan = toRun,
  { contents, proving, sink }: Against = {}
): Effect.Effect<
  { readonly status: number; readonly result: Workers.WorkersResult },
  RunError,
  Exclude<Services, EmbeddedSink>
> =>
  Effect.scoped(
    Effect.gen(function* () {
      const output = yield* Output
      const signals = yield* StopSignal
      const { file, parts } = contents ?? (yield* contentsOf(asked))
      const [running, plan] = [MessageParts.bounded(toRun, parts), MessageParts.bounded(asked, parts)]
      for (const line of parts?.corpus === undefined ? [] : leftOut(parts.corpus)) {
        output.stderr(`smtp-source: warning: --corpus: ${line}\n`)
      }
      const tls = OwnSink.trusting(yield* TlsFields.read(plan), sink)
      const notices = TlsFields.notices(plan)
      // What is refused needs no other word.
      if (notices.length > 0) yield* PlanSupport.checkTls(plan, tls)
      for (const notice of notices) output.stderr(`smtp-source: warning: ${Printable.escape(notice)}\n`)
      const clients = yield* ClientFile.read(plan)
      const socksLogin = yield* SocksLogin.read(plan)
      yield* SegmentClaim.take(plan)
      const say = (text: string) => output.stderr(`smtp-source: ${text}\n`)
      let received: SignalName | undefined
      let sent = 0
      const live = isWatched(plan, output) ? yield* watched(plan, version) : unwatched(plan, output)

      const run = proving === undefined ? Workers.runOnly : provingWith(proving)
      const ran = yield* run(running, {
        file,
        parts,
        tls,
        accounts,
        clients,
        socksLogin,
        stopping: Effect.raceFirst(
          Effect.map(signals.first, (signal) => {
            received = signal
            live.stopping(signal)
          }),
          live.aborted
        ),
        hurrying: signals.second,
        onTrace: plan.verbose > 0 ? tracing(plan, live.stderr) : undefined,
        onContentSent: plan.counter ? () => output.stdout(`${++sent}\r`) : undefined,
        onTrouble: (_kind, text) => live.stderr(`smtp-source: warning: ${Fatal.shortened(text)}\n`),
        onSettling: live.settling,
        watchHealth: true,
        sampling: live.sampling
      }).pipe(Effect.ensuring(Effect.sync(live.close)))
      const result = sink?.strikes === undefined ? ran : { ...ran, strikes: yield* sink.strikes }

      const { endedBy, stopped, violations, workerDied } = result
      if (Option.isSome(workerDied)) say(`fatal: ${workerDied.value.message}`)
      else if (Option.isSome(endedBy))
        say(`fatal: ${Fatal.shortened(endedBy.value.message)}${hopeless(plan, endedBy.value)}`)
      else if (plan.counter) output.stdout("\n")
      if ((shows(plan, output) || stopped) && !showsReport(plan)) {
        for (const line of Summary.render(result)) for (const part of Lines.wrap(line, columns, 2)) say(part)
      }
      if (sink === undefined) tellStrikes(plan, output, "the next hop's", result.strikes)
      for (const law of violations) say(`panic: the books do not balance: ${law}`)
      const judged = yield* live.finish(result)
      // At last, since a collector may keep us waiting; who is in a hurry does not wait.
      yield* Effect.raceFirst(live.exported(result), signals.second)
      const status = statusOf(plan, result, received, judged)
      return { status: violations.length > 0 ? Fatal.status.internalError : status, result }
    })
  )

/** Where a refused login does not end a run, this many of them in a row did. */
const hopeless = ({ acceptRejection, authFailures, keepGoing }: Plan, error: SmtpError): string =>
  (acceptRejection || keepGoing) && error._tag === "ReplyRejected" && error.step === "auth"
    ? ` (--auth-failures: ${authFailures} logins in a row were refused)`
    : ""

/** What of a corpus is not sent, and why. */
const leftOut = ({ counts: { bareReturn, noRecipients, tooLarge } }: Corpus.Corpus): ReadonlyArray<string> => [
  ...(bareReturn > 0
    ? [`${Summary.counted(bareReturn, "message")} left out, with a carriage return that stands alone`]
    : []),
  ...(noRecipients > 0
    ? [`${Summary.counted(noRecipients, "message")} left out, whose headers name no recipients`]
    : []),
  ...(tooLarge > 0 ? [`${Summary.counted(tooLarge, "message")} left out, larger than 256 MB`] : [])
]

/** Reports, and all that looks at a run while it goes on, are half of the code, which most runs do without. */
const watched = (plan: Plan, version: string) =>
  Effect.flatMap(
    Effect.promise(() => import("./Live.js")),
    (live) => live.make(plan, version)
  )

/** The companion of a run that nobody looks at: it says what has to be said. */
const unwatched = (plan: Plan, output: Output["Type"]): Live => {
  const screen = new Screen.Screen(plan, "off", output)
  return {
    sampling: undefined,
    aborted: Effect.never,
    stderr: (text) => screen.above(text),
    stopping: (signal) => screen.stopping(signal),
    settling: (settling) => screen.settling(settling),
    close: () => screen.close(),
    exported: () => Effect.void,
    finish: () => Effect.succeed(Fatal.status.success)
  }
}

const statusOf = (
  plan: Plan,
  { accounting, endedBy, workerDied }: Workers.WorkersResult,
  received: SignalName | undefined,
  judged: number
): number => {
  if (received !== undefined) return signalStatusOf(received)
  if (judged !== Fatal.status.success) return judged
  if (Option.isSome(endedBy) || Option.isSome(workerDied)) return Fatal.status.failure
  const { abandoned, accepted, planned } = accounting
  return plan.keepGoing && accepted + abandoned < planned ? Fatal.status.failure : Fatal.status.success
}

/** The dialogue for a terminal. Of several sessions, each line has the number of its connection first. */
const tracing = (plan: Plan, write: (text: string) => void): NonNullable<RunPart.RunOptions["onTrace"]> => {
  const areSeveral = RunBounds.sessionsOf(plan) > 1
  return (direction, text, connection) => write(traced(direction, text, areSeveral ? `${connection}: ` : ""))
}

/** Commands as they are, replies after `<<<`, each line on its own. */
const traced = (direction: "sent" | "received", text: string, whose: string): string => {
  const lines = text.replace(/\r\n$/, "").split(direction === "sent" ? "\r\n" : "\n")
  const mark = direction === "sent" ? whose : `${whose}<<< `
  return lines.map((line) => `${mark}${Printable.escapeBytes(line)}\n`).join("")
}
