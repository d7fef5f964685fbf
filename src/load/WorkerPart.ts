/**
 * A thread's side of a run over several threads: its part of the plan, and what it tells.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Accounting from "../measure/Accounting.js"
import { Deliveries } from "../measure/Deliveries.js"
import * as Partition from "../plan/Partition.js"
import * as Segment from "../plan/Segment.js"
import * as SmtpErrorData from "../smtp/SmtpErrorData.js"
import { AccountTable } from "../smtp/AccountTable.js"
import type { Connector } from "../smtp/Wire.js"
import * as RunBounds from "./RunBounds.js"
import * as RunPart from "./RunPart.js"
import * as Tickets from "./Tickets.js"
import * as WatchedHealth from "./WatchedHealth.js"
import { type WorkerEnd, type WorkerNews, type WorkerPayload, wrapped, wrappedParts } from "./WorkerProtocol.js"

/**
 * What a worker does with its payload.
 *
 * @since 0.1.0
 * @category running
 */
export const work = (
  payload: WorkerPayload,
  told: { readonly stopping: Effect.Effect<void>; readonly hurrying: Effect.Effect<void> },
  tell: (news: WorkerNews) => void
): Effect.Effect<WorkerEnd, never, Connector> => {
  const {
    accounts,
    clients,
    deliveries,
    file,
    identity,
    ledger,
    parts,
    plan,
    segment,
    socksLogin,
    tickets,
    tls,
    wants
  } = payload
  const part: RunPart.RunPart = {
    identity,
    file,
    segment,
    sessions: Segment.shareOf(Math.max(segment.of, RunBounds.sessionsOf(plan)), segment),
    tickets: Tickets.shared(RunBounds.ownMessages(plan), tickets, Partition.of(Segment.ofPlan(plan)).at),
    ledger: Accounting.make(0, ledger),
    nextConnection: Tickets.nextConnection(tickets),
    origin: (time) => Tickets.origin(tickets, time)
  }
  const options: RunPart.RunOptions = {
    // Asked to hurry before anything else, it stops and does not wait.
    stopping: Effect.raceFirst(told.stopping, told.hurrying),
    hurrying: told.hurrying,
    parts: wrappedParts(parts),
    deliveries: deliveries && Deliveries.shared(deliveries.width, deliveries.startedAt, deliveries.memory),
    tls: wrapped(tls),
    accounts: accounts && new AccountTable(accounts),
    clients,
    socksLogin: socksLogin && Redacted.make(socksLogin),
    onTrace: wants.trace
      ? (direction, text, connection) => tell({ _tag: "Trace", direction, text, connection })
      : undefined,
    onContentSent: wants.contentSent ? () => tell({ _tag: "ContentSent" }) : undefined,
    onTrouble: wants.trouble ? (kind, text) => tell({ _tag: "Trouble", kind, text }) : undefined,
    sampling:
      wants.samples === undefined
        ? undefined
        : { every: wants.samples, take: (sample) => tell({ _tag: "Sample", sample }) }
  }
  const run = RunPart.runPart(plan, part, options)
  const watching = wants.health ? WatchedHealth.watched(run) : Effect.map(run, (result) => [result, undefined] as const)
  return Effect.map(watching, ([result, health]) => ({
    recorded: result.recorder.toData(),
    health,
    brokenOff: result.brokenOff,
    endedBy: Option.getOrUndefined(Option.map(result.endedBy, SmtpErrorData.toData))
  }))
}
