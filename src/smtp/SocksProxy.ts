/**
 * A SOCKS5 proxy (RFC 1928) that connections go through.
 *
 * @since 0.1.0
 */
import type * as Redacted from "effect/Redacted"

/**
 * Whom the proxy lets in (RFC 1929): 255 bytes each at most.
 *
 * @since 0.1.0
 * @category models
 */
export interface SocksLogin {
  readonly user: string
  readonly password: string
}

/**
 * The proxy. It is told the target's name, and looks that up by itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface SocksProxy {
  readonly host: string
  readonly port: number
  readonly login?: Redacted.Redacted<SocksLogin> | undefined
}
