/**
 * What a run is given, and what it gives.
 *
 * @since 0.1.0
 */
import type * as Option from "effect/Option"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Accounting from "../measure/Accounting.js"
import type { Deliveries } from "../measure/Deliveries.js"
import type { Recorded } from "../measure/Recorder.js"
import type * as TlsFields from "../plan/TlsFields.js"
import type { Strikes } from "../sink/Behaviour.js"
import type { SinkFailed } from "../sink/EmbeddedSink.js"
import type { AccountTable } from "../smtp/AccountTable.js"
import type { SocksLogin } from "../smtp/SocksProxy.js"
import type { SmtpError } from "../smtp/SmtpError.js"
import type * as Tls from "../smtp/Tls.js"
import type { WireObserver } from "../smtp/Wire.js"
import type { CorpusCounts } from "../plan/Corpus.js"
import type * as MessageParts from "../plan/MessageParts.js"
import type * as MessageSpans from "./MessageSpans.js"
import type * as MessageTimes from "./MessageTimes.js"
import type { PlanUnsupported } from "./PlanSupport.js"
import type { Proved, Stamped } from "../measure/Proved.js"
import type * as Sampler from "./Sampler.js"
import type * as Trouble from "./Trouble.js"

/**
 * Who listens while a run goes on, and how it is stopped. The listeners are called on the hot path: they return soon and
 * do not throw.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunOptions extends MessageSpans.Telling {
  /** What the file holds that the plan names, as `Plan.load` gives it. */
  readonly file?: Uint8Array | undefined
  /** What its messages are made of besides, as `MessageParts.read` gives it. */
  readonly parts?: MessageParts.MessageParts | undefined
  /** What the files of its TLS hold, as `TlsFields.read` gives it. */
  readonly tls?: TlsFields.TlsFiles | undefined
  /** The file of its clients, as `ClientFile.read` gives it. */
  readonly clients?: Uint8Array | undefined
  /** Whom its SOCKS proxy lets in, as `SocksLogin.read` gives it. */
  readonly socksLogin?: Redacted.Redacted<SocksLogin> | undefined
  /** Whom it logs in as, as `AuthFields.read` gives it. */
  readonly accounts?: AccountTable | undefined
  /** Resumes when the run is to stop: no more messages begin, and those under way have `plan.drain` seconds to end. */
  readonly stopping?: Effect.Effect<unknown> | undefined
  /** Resumes when a run that is stopping is to wait no longer. */
  readonly hurrying?: Effect.Effect<unknown> | undefined
  /**
   * Is run where the run is interrupted, when all its connections are closed, with what happened until then. Messages that
   * were under way are booked as failed or unknown.
   */
  readonly onInterrupted?: ((result: RunResult) => Effect.Effect<unknown>) | undefined
  /** The dialogue, as it goes: commands and replies, without the content, with the number of the connection. */
  readonly onTrace?: WireObserver["onTrace"]
  /** The final dot of a message was handed over. */
  readonly onContentSent?: (() => void) | undefined
  readonly onOutcome?: MessageTimes.OnOutcome | undefined
  /** The first of each kind of trouble. */
  readonly onTrouble?: Trouble.OnTrouble | undefined
  /** What happened, second by second. */
  readonly sampling?: Sampler.Sampling | undefined
  /** Told what a proof of delivery waits for, ten times a second while it does. */
  readonly onSettling?: ((settling: Settling) => void) | undefined
  /** Where ends of messages are written for a proof of delivery: whoever made it sees to the proof. */
  readonly deliveries?: Deliveries | undefined
}

/**
 * How far a proof of delivery is, once the last message has ended: by the recipient, or by the message. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settling {
  readonly accepted: number
  /** Of those that were accepted, the ones that have arrived, or were returned by a notice. */
  readonly arrived: number
  /** Those that are missing, and those that arrived and were not answered, which have to be sent again. */
  readonly awaited: number
  /** How long the wait has taken. */
  readonly waited: number
  /** When it ends, unless something arrives before. */
  readonly left: number
}

/**
 * What happened. Times are in milliseconds.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunResult extends PartResult {
  /** What there was in the files of its corpus, and what of it was left out; nothing where it had none. */
  readonly corpus?: CorpusCounts | undefined
  /** The laws that the run's books break (`Laws.violations`): none, unless there is a bug. */
  readonly violations: ReadonlyArray<string>
  /** What has become of the messages, where the plan asks for a proof. */
  readonly proof?: Proved | undefined
  /** What was sent with stamps, for whoever looks for it later. */
  readonly stamped?: Stamped | undefined
  /** What the next hop of a proof did by its rules, and how often. */
  readonly strikes?: ReadonlyArray<Strikes> | undefined
}

/**
 * What happened in a part of a run, whose books are those of the part.
 *
 * @since 0.1.0
 * @category models
 */
export interface PartResult {
  readonly accounting: Accounting.Accounting
  /** The durations, by step and ending; replies, errors and connections. It is plain data (`toData`) with the ways to read it. */
  readonly recorder: Recorded
  /** What tells the run from others; it is in its messages' Message-Id, too. */
  readonly runId: string
  readonly startedAt: Date
  readonly elapsed: number
  /** What ended the run before its last message; nothing if it came to its end, or was stopped. */
  readonly endedBy: Option.Option<SmtpError>
  /** Whether it was asked to stop. */
  readonly stopped: boolean
  /** Whether what was under way was broken off, since it had not ended `plan.drain` seconds after the end of the run. */
  readonly brokenOff: boolean
}

/**
 * What was wrong before anything was sent.
 *
 * @since 0.1.0
 * @category errors
 */
export type RunError = PlanUnsupported | Tls.TlsUnusable | SinkFailed
