/**
 * What the sessions of a run share: prepared once, read by all of them.
 *
 * It is one object with a part for each thing that a session does, and a room asks for the parts that it works with.
 *
 * @since 0.1.0
 */
import type * as Cause from "effect/Cause"
import type { Ledger } from "../measure/Accounting.js"
import type { Recorder } from "../measure/Recorder.js"
import type { Addresses } from "../plan/Address.js"
import type { ContentOf } from "../plan/Message.js"
import type { PauseBefore } from "../plan/Pause.js"
import type { Forwards } from "../plan/ClientFields.js"
import type { Plan } from "../plan/Plan.js"
import type { Shape } from "../plan/Shape.js"
import type { UserAtHand } from "../plan/UserAtHand.js"
import type { Limit } from "../smtp/Capabilities.js"
import type { ClientIdentity } from "../smtp/ClientIdentity.js"
import type { Outcome } from "../smtp/Outcome.js"
import type { Wishes } from "../smtp/Parameters.js"
import type { ConnectFailed, WireError } from "../smtp/SmtpError.js"
import type { Target } from "../smtp/Target.js"
import type { ConnectOptions, Connector } from "../smtp/Wire.js"
import type { ConnectGate } from "./ConnectGate.js"
import type { Logins } from "./Logins.js"
import type { Route, Routes } from "./Routes.js"
import type { StampTimes } from "./StampTimes.js"
import type { StopRequest } from "./StopRequest.js"
import type { Tickets } from "./Tickets.js"

/**
 * How connections are opened.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connecting {
  readonly plan: Plan
  readonly connector: Connector["Type"]
  readonly connectOptions: ConnectOptions
  /** The same for the next connection, where they are to come from several local addresses in turn. */
  readonly nextSource: (() => ConnectOptions) | undefined
  readonly gate: ConnectGate
  readonly recorder: Recorder
  /** A connection came to nothing, and no message to its end by that: it is tried again, or was not needed any more. */
  readonly onUnused: (error: ConnectFailed | WireError) => void
}

/**
 * What follows from the number of a session, or of a connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface Numbering {
  /** The number of a session of this part among those of all. */
  readonly sessionNumber: (session: number) => number
  /** The same, of the next session that begins. */
  readonly nextSession: () => number
  /** The number of the next connection, from 0: of all that the run opens, in whatever thread. */
  readonly nextConnection: () => number
  /** Where connections go, and how they begin there. */
  readonly routes: Routes
  /** How connections differ from the plain way, if they do. */
  readonly shape: Shape | undefined
  /** Whom connections log in as, if they do. */
  readonly logins: Logins | undefined
  /** Whose each connection is, by its number, its session's and where it goes, where the plan says so. */
  readonly clientOf: ((connection: number, session: number, target: Target) => ClientIdentity) | undefined
}

/**
 * What messages are made of, and how a server is to have them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sending {
  readonly plan: Plan
  readonly addresses: Addresses
  /** Whose the messages are that are made next, where the sender is the user of the connection. */
  readonly userAtHand: UserAtHand | undefined
  readonly contentOf: ContentOf
  /** The same for messages that go in chunks, where any do. */
  readonly chunksOf: ContentOf | undefined
  /** The parameters of its commands, where there are any. */
  readonly wishes: Wishes | undefined
  /** On whose behalf messages are, where the plan says so. */
  readonly forwards: Forwards | undefined
  readonly recorder: Recorder
  /** The server was asked for PIPELINING, and does not offer it. */
  readonly onUnpipelined: () => void
  /** The server is sent more than it says that it takes (LIMITS, RFC 9422). */
  readonly onOverLimit: (limit: Limit, most: number) => void
}

/**
 * Which message is next, and when it begins, if it does.
 *
 * @since 0.1.0
 * @category models
 */
export interface Taking {
  readonly plan: Plan
  readonly connectOptions: ConnectOptions
  readonly tickets: Tickets
  readonly pauseBefore: PauseBefore | undefined
  /** Whether a connection is kept for the next message. */
  readonly reuse: boolean
  /** Made when the run is asked to stop. */
  readonly stopping: StopRequest
  /** Made when no more messages begin: the run is asked to stop, or its duration is over. */
  readonly ending: StopRequest
}

/**
 * The books.
 *
 * @since 0.1.0
 * @category models
 */
export interface Booking {
  readonly plan: Plan
  readonly ledger: Ledger
  readonly recorder: Recorder
  /** It knows when logins have no prospect any more. */
  readonly logins: Logins | undefined
  /**
   * `ends` tells the outcome that ends the run, which is told by itself. `route` is that of the connection that the message was
   * begun for. `begun` and `due`, where they are known, are when the message was taken up, and when it was due; `ended` is when
   * it ended, where that is not now.
   */
  readonly onOutcome: (
    message: number,
    outcome: Outcome,
    ends: boolean,
    route: Route | undefined,
    begun?: number | undefined,
    due?: number | undefined,
    ended?: number | undefined
  ) => void
}

/**
 * What a session's connections are made with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connections extends Connecting, Numbering, Sending, Pick<Taking, "ending"> {}

/**
 * All that the sessions of a run share.
 *
 * @since 0.1.0
 * @category models
 */
export interface SharedRun extends Connections, Taking, Booking {
  /** The name to introduce ourselves by. */
  readonly helloName: string
  readonly stampTimes: StampTimes
  /** A session's scenario has failed, or died of a defect. */
  readonly onSessionFailed: (cause: Cause.Cause<unknown>) => void
}
