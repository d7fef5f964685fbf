/**
 * The closed list of ways in which TLS fails, and what the library's errors are of it.
 *
 * Pure. Error codes change with the release of OpenSSL, and its messages begin with a pointer: all that is counted, shown or
 * tested goes by kind.
 *
 * @since 0.1.0
 */

/**
 * The ways in which TLS fails.
 *
 * `plain`: the server does not speak TLS here. `protocol`: no common version. `cipher`: no common cipher, group or
 * signature; the same alert tells of much else. `certificate`: its chain does not end in a trusted authority, or it has
 * expired. `name`: it is another server's. `pin`: its key is none of those expected. `clientCertificate`: the server wants
 * one, or another one. `injection`: it sent plain text that could have been taken for TLS. `alert`: the server gave another reason. `closed`, `reset`: it gave none. `other`: what it sent is
 * no proper handshake.
 *
 * @since 0.1.0
 * @category models
 */
export const kinds = [
  "plain",
  "protocol",
  "cipher",
  "certificate",
  "name",
  "pin",
  "clientCertificate",
  "injection",
  "alert",
  "closed",
  "reset",
  "other"
] as const

/**
 * One of `kinds`.
 *
 * @since 0.1.0
 * @category models
 */
export type TlsFailure = (typeof kinds)[number]

/**
 * What went wrong: its kind, the code of the library underneath, and a reason in words.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsProblem {
  readonly kind: TlsFailure
  readonly code: string
  readonly reason: string
}

/** What an error of Node or of OpenSSL says about itself. */
interface LibraryError {
  readonly code?: string | undefined
  readonly reason?: string | undefined
  readonly message: string
}

/**
 * The problem that an error of the library stands for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const problemOf = (error: LibraryError): TlsProblem => {
  const code = error.code ?? "EUNKNOWN"
  const kind = kindOf(code)
  return { kind, code, reason: described[kind] ?? plainWords(error) }
}

/**
 * The connection ended before TLS stood.
 *
 * @since 0.1.0
 * @category constructors
 */
export const endedEarly = (how: "closed" | "reset"): TlsProblem => ({
  kind: how,
  code: how === "reset" ? "ECONNRESET" : "EOF",
  reason: `the server ${how} the connection during the handshake`
})

/**
 * What is wrong with a certificate that the library did not verify.
 *
 * @since 0.1.0
 * @category constructors
 */
export const certificateProblem = (code: string): TlsProblem => ({
  kind: "certificate",
  code,
  reason: verification[code] ?? code.toLowerCase().replaceAll("_", " ")
})

/**
 * What verification found, in words, of the code that counts and reports keep.
 *
 * @since 0.1.0
 * @category formatting
 */
export const distrustText = (code: string): string =>
  kindOf(code) === "name" ? "the certificate is for another name" : certificateProblem(code).reason

/**
 * The options that let in what verification kept out, in words; undefined where there are none to name.
 *
 * @since 0.1.0
 * @category formatting
 */
export const wayOut = ({ code, kind }: Pick<TlsProblem, "kind" | "code">): string | undefined => {
  if (kind === "name") return "--tls-name expects another name, --tls-verify chain takes any"
  return kind === "certificate" && untrusted.has(code)
    ? "--tls-ca or --tls-pin trusts it, --tls-verify none trusts any"
    : undefined
}

/** Certificates that may well be right, and that no authority known here has signed. */
const untrusted: ReadonlySet<string> = new Set([
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE"
])

/**
 * The kind of an error code, in the spellings of Node 20 to 26.
 *
 * @since 0.1.0
 * @category destructors
 */
export const kindOf = (code: string): TlsFailure => {
  const known = byCode[code]
  if (known !== undefined) return known
  if (code in verification) return "certificate"
  const [, alert] = alertPattern.exec(code) ?? []
  if (alert === undefined) return "other"
  return byAlert[alert] ?? "alert"
}

/** Node 20: ERR_SSL_TLSV1_ALERT_…, ERR_SSL_SSLV3_ALERT_…; later: ERR_SSL_SSL/TLS_ALERT_…, ERR_SSL_TLS_ALERT_…. */
const alertPattern = /^ERR_SSL_(?:[A-Z0-9]+(?:\/[A-Z0-9]+)?_)?ALERT_(.+)$/

const byAlert: { readonly [alert: string]: TlsFailure } = {
  PROTOCOL_VERSION: "protocol",
  INAPPROPRIATE_FALLBACK: "protocol",
  HANDSHAKE_FAILURE: "cipher",
  INSUFFICIENT_SECURITY: "cipher",
  BAD_CERTIFICATE: "clientCertificate",
  UNSUPPORTED_CERTIFICATE: "clientCertificate",
  CERTIFICATE_REVOKED: "clientCertificate",
  CERTIFICATE_EXPIRED: "clientCertificate",
  CERTIFICATE_UNKNOWN: "clientCertificate",
  CERTIFICATE_REQUIRED: "clientCertificate",
  UNKNOWN_CA: "clientCertificate",
  ACCESS_DENIED: "clientCertificate"
}

const byCode: { readonly [code: string]: TlsFailure } = {
  ERR_SSL_WRONG_VERSION_NUMBER: "plain",
  ERR_SSL_PACKET_LENGTH_TOO_LONG: "plain",
  ERR_SSL_RECORD_LAYER_FAILURE: "plain",
  ERR_SSL_UNKNOWN_PROTOCOL: "plain",
  ERR_SSL_HTTP_REQUEST: "plain",
  ERR_SSL_NO_PROTOCOLS_AVAILABLE: "protocol",
  ERR_SSL_UNSUPPORTED_PROTOCOL: "protocol",
  ERR_SSL_UNSUPPORTED_SSL_VERSION: "protocol",
  ERR_SSL_WRONG_SSL_VERSION: "protocol",
  ERR_SSL_VERSION_TOO_LOW: "protocol",
  ERR_SSL_NO_CIPHERS_AVAILABLE: "cipher",
  ERR_SSL_NO_CIPHER_MATCH: "cipher",
  ERR_SSL_NO_SHARED_CIPHER: "cipher",
  ERR_SSL_UNKNOWN_CIPHER_RETURNED: "cipher",
  ERR_SSL_WRONG_CIPHER_RETURNED: "cipher",
  ERR_SSL_NO_SUITABLE_KEY_SHARE: "cipher",
  ERR_SSL_NO_SUITABLE_GROUPS: "cipher",
  ERR_SSL_DH_KEY_TOO_SMALL: "cipher",
  ERR_SSL_EE_KEY_TOO_SMALL: "cipher",
  ERR_TLS_DH_PARAM_SIZE: "cipher",
  ERR_SSL_CERTIFICATE_VERIFY_FAILED: "certificate",
  ERR_TLS_CERT_ALTNAME_INVALID: "name",
  ERR_TLS_CERT_ALTNAME_FORMAT: "name",
  ECONNRESET: "reset",
  EPIPE: "reset",
  ECONNABORTED: "reset"
}

/** The codes of verification (OpenSSL's X509_V_ERR_… without the beginning), in words. */
const verification: { readonly [code: string]: string } = {
  CERT_CHAIN_TOO_LONG: "the chain of certificates is too long",
  CERT_HAS_EXPIRED: "the certificate has expired",
  CERT_NOT_YET_VALID: "the certificate is not valid yet",
  CERT_REJECTED: "the certificate is rejected",
  CERT_REVOKED: "the certificate is revoked",
  CERT_SIGNATURE_FAILURE: "a signature in the chain is wrong",
  CERT_UNTRUSTED: "the certificate is not trusted",
  CRL_HAS_EXPIRED: "the list of revoked certificates has expired",
  DEPTH_ZERO_SELF_SIGNED_CERT: "the certificate is self-signed",
  ERROR_IN_CERT_NOT_AFTER_FIELD: "the certificate's end of validity cannot be read",
  ERROR_IN_CERT_NOT_BEFORE_FIELD: "the certificate's begin of validity cannot be read",
  HOSTNAME_MISMATCH: "the certificate is for another name",
  INVALID_CA: "a certificate in the chain is no certificate authority's",
  INVALID_PURPOSE: "the certificate is not for servers",
  PATH_LENGTH_EXCEEDED: "the chain of certificates is longer than it may be",
  SELF_SIGNED_CERT_IN_CHAIN: "the chain ends in a certificate authority that is not trusted",
  UNABLE_TO_DECRYPT_CERT_SIGNATURE: "a signature in the chain cannot be read",
  UNABLE_TO_GET_CRL: "there is no list of revoked certificates",
  UNABLE_TO_GET_ISSUER_CERT: "the certificate of an issuer is missing",
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: "the certificate's issuer is not trusted",
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: "the certificate's issuer is not known"
}

const described: { readonly [kind in TlsFailure]?: string } = {
  plain: "the server does not speak TLS here",
  protocol: "no TLS version in common",
  cipher: "no cipher, group or signature algorithm in common"
}

/** OpenSSL's reason; or its message, without the pointer, file and line that it is wrapped in. */
const plainWords = ({ message, reason }: LibraryError): string =>
  reason ?? message.replace(/^[0-9A-F]+:error:[^:]*:[^:]*:([^:]*):.*$/s, "$1").trim()
