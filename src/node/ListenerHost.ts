/**
 * What a listener and its connections know of each other.
 *
 * @since 0.1.0
 */
import type * as tls from "node:tls"
import type { Member } from "../smtp/Crowd.js"

/**
 * What its connections know of a listener.
 *
 * @since 0.1.0
 * @category models
 */
export interface ListenerHost {
  /** Its time, and how long a client may be silent in it. */
  readonly tick: number
  readonly idleTicks: number
  /** What a client is told that was silent for too long; undefined for what the sink says then. */
  readonly options: { readonly idleSay: string | undefined }
  /** Of TLS, where there is a certificate. */
  readonly context: tls.SecureContext | undefined
}

/**
 * What a listener knows of each of its connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface OpenConnection extends Member {
  /** The tick at which its client has been silent for too long. */
  readonly due: number
  /** That tick has come. */
  readonly expire: () => void
  /** The socket is closed. */
  readonly closed: () => void
}
