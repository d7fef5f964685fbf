/**
 * A sink that can be started beside a run, to aim it at.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import type { ProofOrder } from "../plan/ProofOrder.js"
import type { Target } from "../smtp/Target.js"
import type { TlsIdentity } from "../smtp/Tls.js"
import type { Behaviour, Strikes } from "./Behaviour.js"
import type { Misbehaviour } from "./Misbehaviour.js"
import type { DumpRequest } from "./Dump.js"
import type { SinkCounts } from "./SinkCounts.js"
import type { SinkConfig, SinkOptions } from "./SinkOptions.js"

/**
 * The sink could not listen.
 *
 * @since 0.1.0
 * @category errors
 */
export class SinkFailed extends Data.TaggedError("SinkFailed")<{
  readonly code: string
  readonly reason: string
  /** The option that asked for the sink. */
  readonly option?: string | undefined
  /** What the system said: an error, or its code and number where that was another thread's. */
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.option ?? "sink"}: ${this.reason}`
  }
}

/**
 * Where and how a sink listens, and who looks at what comes. Functions keep it in the thread of who starts it.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkServing extends Pick<SinkOptions, "clock" | "onMessage" | "tap" | "onCommand" | "onCount"> {
  /** How the sink behaves. Default: it answers at once, for as long as the client likes. */
  readonly behaviour?: Behaviour | undefined
  /** Default: a free port of 127.0.0.1. An empty host is every interface. Other machines reach a sink only if this says so. */
  readonly listen?: Target | undefined
  /** Over which address family it listens. Default: any. */
  readonly family?: "any" | "ipv4" | "ipv6" | undefined
  /** False runs it in this thread; so do a behaviour and functions, which cannot leave it. Default true. */
  readonly thread?: boolean | undefined
  /** The connections that wait to be accepted, as far as the system allows it. Default 4096. */
  readonly backlog?: number | undefined
  /** The bytes of its sockets' buffers, both for sending and for receiving, as far as the system allows it. Default: the system's. */
  readonly windowSize?: number | undefined
  /** How many connections it serves at a time. Default 20,000. */
  readonly maxConnections?: number | undefined
  /** Whether those beyond are turned away with 421, or wait for their greeting. Default `busy`. */
  readonly beyond?: "busy" | "wait" | undefined
  /** How long a client may be silent, exact to some seconds. Default 5 minutes. */
  readonly idleTimeout?: Duration.DurationInput | undefined
  /** What a client that was silent for too long is told; "" is nothing. Default: 421. */
  readonly idleSay?: string | undefined
  /** The certificate to show, and its key. Default: one that signs itself, made for the sink's names. */
  readonly identity?: Redacted.Redacted<TlsIdentity> | undefined
  /** Messages are written to these files. */
  readonly dumps?: ReadonlyArray<DumpRequest> | undefined
  /** The run whose messages it watches for. */
  readonly proof?: ProofOrder | undefined
  /** Where it tells over HTTP what it counts, and is told how to misbehave: `/metrics`, `/events`, `/faults`. */
  readonly control?: { readonly host: string; readonly port: number } | undefined
  /** The words that its behaviour was made of, or is to be made of, and the behaviour that stays when they change. */
  readonly words?: Misbehaviour | undefined
  readonly steady?: Behaviour | undefined
  /** Called with what cannot be done while it runs: that a file of this format cannot be written. */
  readonly onTrouble?: ((text: string, format: DumpRequest["format"]) => void) | undefined
}

/**
 * A sink that listens.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunningSink {
  readonly target: Target
  /** The certificate that it shows, in PEM, where it speaks TLS over sockets: who trusts it as an authority can verify it. */
  readonly certificate?: string | undefined
  /** What it has seen by now. All that it has answered is in it. */
  readonly counts: Effect.Effect<SinkCounts>
  /** Fails where a file that messages are to be written to cannot be written, by who this process is now. */
  readonly writable?: Effect.Effect<void, SinkFailed> | undefined
  /** Ends when all replies that are owed now have been said, or their connections are over. Without it none is ever late. */
  readonly answered?: Effect.Effect<void> | undefined
  /** Where it is told over HTTP. */
  readonly control?: Target | undefined
  /** How often each rule of its behaviour that has a name has struck, by now. */
  readonly strikes?: Effect.Effect<ReadonlyArray<Strikes>> | undefined
}

/**
 * Starts sinks.
 *
 * @since 0.1.0
 * @category services
 */
export class EmbeddedSink extends Context.Tag("smtp-source/EmbeddedSink")<
  EmbeddedSink,
  {
    /** Starts a sink, which listens until the scope is closed; the connections that are left end with it. */
    readonly start: (
      config?: SinkConfig | undefined,
      serving?: SinkServing | undefined
    ) => Effect.Effect<RunningSink, SinkFailed, Scope.Scope>
  }
>() {}
