/**
 * What passes between a run and its threads, and who starts them.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { Health } from "../measure/GeneratorHealth.js"
import type { Sample } from "../measure/Meter.js"
import type { RecorderData } from "../measure/Recorder.js"
import type * as Message from "../plan/Message.js"
import type { MessageParts } from "../plan/MessageParts.js"
import type { Plan } from "../plan/Plan.js"
import type { ProofOrder } from "../plan/ProofOrder.js"
import type { Segment } from "../plan/Segment.js"
import type { TlsFiles } from "../plan/TlsFields.js"
import type { AccountData } from "../smtp/AccountTable.js"
import * as Printable from "../smtp/Printable.js"
import type * as SmtpErrorData from "../smtp/SmtpErrorData.js"
import type { SocksLogin } from "../smtp/SocksProxy.js"
import type { TlsIdentity } from "../smtp/Tls.js"

/**
 * What a worker is given: plain data and shared memory.
 *
 * @since 0.1.0
 * @category models
 */
export interface WorkerPayload {
  /** The process's own, and which part of it is the worker's. */
  readonly plan: Plan
  readonly segment: Segment
  readonly identity: Message.RunIdentity
  readonly file: Uint8Array | undefined
  readonly parts: UnwrappedParts | undefined
  readonly tls: UnwrappedTls | undefined
  readonly accounts: AccountData | undefined
  readonly socksLogin: SocksLogin | undefined
  readonly clients: Uint8Array | undefined
  /** For `Tickets.shared`. */
  readonly tickets: SharedArrayBuffer
  /** For `Accounting.make`. */
  readonly ledger: SharedArrayBuffer
  /** For `Deliveries.shared`, where there is a proof. */
  readonly deliveries: Pick<ProofOrder, "memory" | "startedAt" | "width"> | undefined
  readonly wants: {
    readonly trace: boolean
    readonly contentSent: boolean
    readonly trouble: boolean
    readonly health: boolean
    /** How often a sample is wanted, in milliseconds. */
    readonly samples: number | undefined
  }
}

/**
 * `TlsFields.TlsFiles`, without the wrapping that hides what is secret: that stays in its thread.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnwrappedTls {
  readonly ca?: string | undefined
  readonly identity?: TlsIdentity | undefined
}

/**
 * `MessageParts`, without the wrapping that hides what is secret.
 *
 * @since 0.1.0
 * @category models
 */
export interface UnwrappedParts extends Omit<MessageParts, "dkimKey"> {
  readonly dkimKey?: string | undefined
}

/**
 * Takes the wrapping off, for the way to another thread.
 *
 * @since 0.1.0
 * @category encoding
 */
export const unwrappedParts = (parts: MessageParts | undefined): UnwrappedParts | undefined =>
  parts && { ...parts, dkimKey: parts.dkimKey && Redacted.value(parts.dkimKey) }

/**
 * Puts it on again.
 *
 * @since 0.1.0
 * @category encoding
 */
export const wrappedParts = (parts: UnwrappedParts | undefined): MessageParts | undefined =>
  parts && { ...parts, dkimKey: parts.dkimKey === undefined ? undefined : Redacted.make(parts.dkimKey) }

/**
 * Takes the wrapping off, for the way to another thread.
 *
 * @since 0.1.0
 * @category encoding
 */
export const unwrapped = (files: TlsFiles | undefined): UnwrappedTls | undefined =>
  files && { ca: files.ca, identity: files.identity && Redacted.value(files.identity) }

/**
 * Puts it on again.
 *
 * @since 0.1.0
 * @category encoding
 */
export const wrapped = (files: UnwrappedTls | undefined): TlsFiles | undefined =>
  files && { ca: files.ca, identity: files.identity && Redacted.make(files.identity) }

/**
 * What a worker tells while it runs.
 *
 * @since 0.1.0
 * @category models
 */
export type WorkerNews =
  | {
      readonly _tag: "Trace"
      readonly direction: "sent" | "received"
      readonly text: string
      /** Its number in this thread, from 1. */
      readonly connection: number
    }
  | { readonly _tag: "ContentSent" }
  | { readonly _tag: "Trouble"; readonly kind: string; readonly text: string }
  | { readonly _tag: "Sample"; readonly sample: Sample }

/**
 * What a worker leaves at its end.
 *
 * @since 0.1.0
 * @category models
 */
export interface WorkerEnd {
  readonly recorded: RecorderData
  readonly health: Health | undefined
  readonly endedBy: SmtpErrorData.SmtpErrorData | undefined
  /** Whether what it had under way was broken off. */
  readonly brokenOff: boolean
}

/**
 * A worker that runs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Worker {
  /** Resumes when its part has come to its end. */
  readonly end: Effect.Effect<WorkerEnd, WorkerDied>
  /** `stop` lets transactions end; `hurry` does not wait for them. */
  readonly tell: (what: "stop" | "hurry") => Effect.Effect<void>
}

/**
 * A worker ended without a result.
 *
 * @since 0.1.0
 * @category errors
 */
export class WorkerDied extends Data.TaggedError("WorkerDied")<{
  readonly reason: string
  /** What was thrown in the thread, or where it was started; nothing where it left and said nothing. */
  readonly cause?: unknown
}> {
  override get message(): string {
    return `a worker died: ${Printable.escape(this.reason)}`
  }
}

/**
 * Starts threads.
 *
 * @since 0.1.0
 * @category services
 */
export class Workers extends Context.Tag("smtp-source/Workers")<
  Workers,
  {
    /** How many processors there are. */
    readonly processors: number
    /** Starts a worker, which ends with the scope. `onNews` is called as it runs. */
    readonly start: (
      payload: WorkerPayload,
      onNews: (news: WorkerNews) => void
    ) => Effect.Effect<Worker, WorkerDied, Scope.Scope>
  }
>() {}
