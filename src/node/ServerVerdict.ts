/**
 * What a server is, by its certificate.
 *
 * It is judged here and not by Node, which would build the whole chain of certificates as objects for each connection.
 *
 * @since 0.1.0
 */
import type * as crypto from "node:crypto"
import type * as tls from "node:tls"
import * as IpAddress from "../smtp/IpAddress.js"
import * as Tls from "../smtp/Tls.js"
import * as BuiltIn from "./BuiltIn.js"

/**
 * By what the server is trusted, and what is wrong with it where that does not matter.
 *
 * @since 0.1.0
 * @category models
 */
export interface Verdict {
  readonly trust: Tls.TlsTrust
  readonly distrust?: Tls.TlsProblem | undefined
}

/**
 * What the server is, by its chain, its name and its key, as far as the settings ask; or what is wrong with it.
 *
 * @since 0.1.0
 * @category reading
 */
export const judge = (socket: tls.TLSSocket, settings: Tls.TlsSettings): Verdict | Tls.TlsProblem => {
  const { name, pins, verify } = settings
  const { authorizationError } = socket
  const chain = authorizationError == null ? undefined : Tls.certificateProblem(String(authorizationError))
  if (pins.length === 0) {
    if (chain !== undefined) return verify === "none" ? { trust: "none", distrust: chain } : chain
    if (verify === "chain") return { trust: "chain" }
  }
  // To be asked once: the second answer is empty.
  const certificate = socket.getPeerX509Certificate()
  if (certificate === undefined) return noServerCertificate
  if (pins.length > 0) return pins.includes(pinOf(certificate)) ? { trust: "pin" } : wrongPin(certificate)
  const isNamed =
    IpAddress.parse(name) === undefined
      ? certificate.checkHost(name, { subject: "never" }) !== undefined
      : certificate.checkIP(name) !== undefined
  if (isNamed) return { trust: "name" }
  const wrong = wrongName(certificate, name)
  return verify === "none" ? { trust: "none", distrust: wrong } : wrong
}

/**
 * The hash of a certificate's public key, as `TlsSettings.pins` holds it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const pinOf = (certificate: crypto.X509Certificate): string =>
  BuiltIn.crypto()
    .createHash("sha256")
    .update(certificate.publicKey.export({ type: "spki", format: "der" }))
    .digest("base64")

const noServerCertificate: Tls.TlsProblem = {
  kind: "certificate",
  code: "ENOCERTIFICATE",
  reason: "the server showed no certificate"
}

const wrongPin = (certificate: crypto.X509Certificate): Tls.TlsProblem => ({
  kind: "pin",
  code: "EPIN",
  reason: `the server's key is none of --tls-pin, but sha256:${pinOf(certificate)}`
})

const wrongName = (certificate: crypto.X509Certificate, name: string): Tls.TlsProblem => {
  const names = (certificate.subjectAltName ?? "no name").slice(0, 200)
  return {
    kind: "name",
    code: "ERR_TLS_CERT_ALTNAME_INVALID",
    reason: `the certificate is for ${names}, not for ${name}`
  }
}
