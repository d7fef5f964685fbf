/**
 * What moves a connection's bytes.
 *
 * @since 0.1.0
 */
import type { TlsSettings } from "./Tls.js"

/**
 * What moves the bytes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transport {
  /**
   * Writes `bytes` (one byte in each character) and then `body`. True when all of it was handed over at once; otherwise
   * `Conversation.progressed` is called as it goes and `Conversation.flushed` once at the end.
   */
  readonly write: (bytes: string, body: Uint8Array | undefined) => boolean
  /**
   * Begins TLS on the open connection; then `Conversation.secured` is called, or `Conversation.ended`. Nothing is written
   * before that.
   */
  readonly secure: (settings: TlsSettings) => void
  /** Ends the connection. Afterwards it does nothing, whatever it is asked for. */
  readonly close: (how: "reset" | "fin") => void
}
