/**
 * What a dialogue with an IMAP server needs of the platform: a connection that gives responses, and can begin TLS.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ImapResponse } from "./ImapParser.js"

/**
 * The server cannot be reached, ends the connection, refuses something, or sends what is malformed.
 *
 * @since 0.1.0
 * @category errors
 */
export class ImapFailed extends Data.TaggedError("ImapFailed")<{ readonly reason: string }> {
  override get message(): string {
    return this.reason
  }
}

/**
 * An open connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImapConnection {
  readonly send: (text: string) => Effect.Effect<void, ImapFailed>
  /** Waits for the next response: no longer than the server may be silent. Who is slow to ask holds the server back. */
  readonly next: Effect.Effect<ImapResponse, ImapFailed>
  /** Begins TLS. What was said before is done with: a server that has said more is not trusted. */
  readonly secure: Effect.Effect<void, ImapFailed>
}

/**
 * Where to connect to.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImapEndpoint {
  readonly host: string
  readonly port: number
  /** From the first byte. */
  readonly tls: boolean
  /** The authorities that certificates are verified by, in PEM. Default: the system's. */
  readonly ca?: string | undefined
}

/**
 * Opens connections.
 *
 * @since 0.1.0
 * @category services
 */
export class ImapTransport extends Context.Tag("smtp-source/ImapTransport")<
  ImapTransport,
  {
    /** Opens one, which the scope closes. */
    readonly connect: (endpoint: ImapEndpoint) => Effect.Effect<ImapConnection, ImapFailed, Scope.Scope>
    /** Whether a host is this machine: nobody else reads what is said to it. */
    readonly isHere: (host: string) => boolean
  }
>() {}
