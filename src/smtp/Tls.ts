/**
 * What TLS is asked to do (RFC 3207, RFC 8314, RFC 8446), and what came of it.
 *
 * Pure: no socket, no cryptography.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as Redacted from "effect/Redacted"
import * as Printable from "./Printable.js"
import type { TlsProblem } from "./TlsProblem.js"

export {
  certificateProblem,
  distrustText,
  endedEarly,
  kindOf,
  kinds,
  problemOf,
  type TlsFailure,
  type TlsProblem,
  wayOut
} from "./TlsProblem.js"

/**
 * The versions that can be asked for. The first two need a server that still takes them.
 *
 * @since 0.1.0
 * @category models
 */
export const versions = ["1.0", "1.1", "1.2", "1.3"] as const

/**
 * One of `versions`.
 *
 * @since 0.1.0
 * @category models
 */
export type TlsVersion = (typeof versions)[number]

/**
 * The certificate that a client shows, with its key: PEM.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsIdentity {
  readonly certificate: string
  readonly key: string
  readonly passphrase?: string | undefined
}

/**
 * How TLS is begun, in texts that were read already.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsSettings {
  /**
   * `full` wants a chain to a trusted certificate authority, and the server's name in the certificate; `chain` the first
   * alone; `none` takes whatever comes, and notes what is wrong with it.
   */
  readonly verify: "full" | "chain" | "none"
  /** The name that the certificate must hold, and that the server is told (SNI); an address is checked and not told. */
  readonly name: string
  /** The certificate authorities to trust in place of the usual ones: PEM. */
  readonly ca?: string | undefined
  /**
   * SHA-256 hashes of public keys (SubjectPublicKeyInfo), in base64. Where there are any, the server's must be one of
   * them, which takes the place of chain and name.
   */
  readonly pins: ReadonlyArray<string>
  readonly oldest: TlsVersion
  readonly newest: TlsVersion
  /** OpenSSL's list of cipher suites. */
  readonly ciphers?: string | undefined
  /** OpenSSL's list of key exchange groups, such as `X25519:P-256`. */
  readonly groups?: string | undefined
  readonly identity?: Redacted.Redacted<TlsIdentity> | undefined
  /** The share of connections, from 0 to 1, that offer to resume an earlier session. */
  readonly resume: number
  /** The file that the secrets of each connection are appended to, for a protocol analyser. */
  readonly keylog?: string | undefined
}

/**
 * Whether and how connections are to use TLS.
 *
 * @since 0.1.0
 * @category models
 */
export const ways = ["off", "starttls", "if-offered", "implicit"] as const

/**
 * One of `ways`.
 *
 * @since 0.1.0
 * @category models
 */
export type TlsWay = (typeof ways)[number]

/**
 * How a connection uses TLS: by STARTTLS, which must be offered or may be; or from its first byte.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsUse {
  readonly how: "starttls" | "if-offered" | "implicit"
  readonly settings: TlsSettings
}

/**
 * Settings with the defaults.
 *
 * @since 0.1.0
 * @category constructors
 */
export const settings = (options: Partial<TlsSettings> & { readonly name: string }): TlsSettings => ({
  verify: "full",
  pins: [],
  oldest: "1.2",
  newest: "1.3",
  resume: 0,
  ...options
})

/**
 * What makes the server the one that it should be: its name, under a trusted authority; such an authority alone; its key;
 * or nothing, where nothing was asked.
 *
 * @since 0.1.0
 * @category models
 */
export type TlsTrust = "name" | "chain" | "pin" | "none"

/**
 * A TLS session that stands.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsSession {
  /** Such as `TLSv1.3`. */
  readonly version: string
  readonly cipher: string
  /** The key exchange group, such as `X25519`; undefined where the library does not tell, or there was none. */
  readonly group?: string | undefined
  readonly resumed: boolean
  readonly trust: TlsTrust
  /** What verification would have said; only under `verify: "none"`. */
  readonly distrust?: TlsProblem | undefined
}

/**
 * Settings that no handshake can be begun with, and which of them.
 *
 * @since 0.1.0
 * @category errors
 */
export class TlsUnusable extends Data.TaggedError("TlsUnusable")<{
  readonly setting: "ca" | "ciphers" | "groups" | "identity" | "versions" | "keylog"
  readonly reason: string
}> {
  override get message(): string {
    return Printable.escape(`${options[this.setting]}: ${this.reason}`)
  }
}

const options: { readonly [setting in TlsUnusable["setting"]]: string } = {
  ca: "--tls-ca",
  ciphers: "--tls-ciphers",
  groups: "--tls-groups",
  identity: "--tls-cert, --tls-key",
  versions: "--tls-versions",
  keylog: "--tls-keylog"
}
