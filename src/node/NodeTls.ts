/**
 * TLS over sockets that are open already: the client's side (STARTTLS, or from the first byte), and a server's.
 *
 * One context serves all connections of a setting and thread: to make one costs as much as a third of a handshake, and with
 * a client certificate more than all of it.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs"
import type * as net from "node:net"
import type * as tls from "node:tls"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as IpAddress from "../smtp/IpAddress.js"
import * as Tls from "../smtp/Tls.js"
import * as BuiltIn from "./BuiltIn.js"
import { judge, type Verdict } from "./ServerVerdict.js"
import { isClosed, NodeTlsLine, type TlsHandlers, type TlsLine } from "./TlsLine.js"

/** What resumption needs: the session, and what its first handshake made of the server. */
interface Ticket {
  readonly session: Buffer
  readonly trust: Tls.TlsTrust
  readonly distrust: Tls.TlsProblem | undefined
}

/**
 * The client's side of TLS under one setting.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsClient {
  /** Begins TLS on an open socket; undefined where the socket is closed already, which would otherwise go unnoticed. */
  readonly begin: (raw: net.Socket, handlers: TlsHandlers, options?: BeginOptions) => TlsLine | undefined
}

/**
 * What is asked of one connection.
 *
 * @since 0.1.0
 * @category models
 */
export interface BeginOptions {
  /** The bytes of a body that are written at once; 256 KiB at most, and by default. */
  readonly pieceSize?: number | undefined
}

/**
 * Makes the client for a setting. Its files were read before; what is wrong with them, or with a list of ciphers or groups,
 * is found here, before anything is sent.
 *
 * @since 0.1.0
 * @category constructors
 */
export const client = (settings: Tls.TlsSettings): Either.Either<TlsClient, Tls.TlsUnusable> =>
  Either.map(contextOf(settings), (context) => new Client(settings, context))

/**
 * A server's side: begins TLS on a socket that was accepted. Clients' certificates are not asked for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const serve = (context: tls.SecureContext, raw: net.Socket, handlers: TlsHandlers): TlsLine | undefined => {
  if (isClosed(raw)) return undefined
  const socket = new (BuiltIn.tls().TLSSocket)(raw, { isServer: true, secureContext: context })
  const line = new NodeTlsLine(socket, raw, handlers)
  socket.on("secure", () => line.secured(sessionOf(socket, { trust: "none" })))
  socket.on("_tlsError", (error: NodeJS.ErrnoException) => line.broke(error))
  return line
}

/**
 * The context of a server that shows this certificate.
 *
 * @since 0.1.0
 * @category constructors
 */
export const serverContext = ({ certificate, key, passphrase = "" }: Tls.TlsIdentity): tls.SecureContext =>
  BuiltIn.tls().createSecureContext({ cert: certificate, key, passphrase })

/**
 * What is wrong with a certificate and its key that a server is to show.
 *
 * @since 0.1.0
 * @category predicates
 */
export const problemOf = (identity: Tls.TlsIdentity): Tls.TlsUnusable | undefined => {
  try {
    checkCertificates(identity.certificate)
    if (!identity.key.includes("PRIVATE KEY-----")) throw new Error("no private key in PEM form is in it")
    serverContext(identity)
    return undefined
  } catch (error) {
    return new Tls.TlsUnusable({ setting: "identity", reason: reasonOf(error) })
  }
}

const nodeVersions: { readonly [version in Tls.TlsVersion]: tls.SecureVersion } = {
  "1.0": "TLSv1",
  "1.1": "TLSv1.1",
  "1.2": "TLSv1.2",
  "1.3": "TLSv1.3"
}

const contextOf = (settings: Tls.TlsSettings): Either.Either<tls.SecureContext, Tls.TlsUnusable> => {
  const { ca, groups, keylog, newest, oldest } = settings
  const identity = settings.identity === undefined ? undefined : Redacted.value(settings.identity)
  const isOld = oldest < "1.2"
  // OpenSSL has the old versions' signatures on a level of security of their own.
  const ciphers = isOld ? `${settings.ciphers ?? "DEFAULT"}@SECLEVEL=0` : settings.ciphers
  const parts: ReadonlyArray<readonly [setting: Tls.TlsUnusable["setting"], options: tls.SecureContextOptions]> = [
    ["versions", { minVersion: nodeVersions[oldest], maxVersion: nodeVersions[newest] }],
    ["ciphers", ciphers === undefined ? {} : { ciphers }],
    ["groups", groups === undefined ? {} : { ecdhCurve: groups }],
    [
      "identity",
      identity === undefined
        ? {}
        : { cert: identity.certificate, key: identity.key, passphrase: identity.passphrase ?? "" }
    ],
    ["ca", ca === undefined ? {} : { ca: certificatesIn(ca) }]
  ]
  // Each on its own, so that the error can name the one that is wrong.
  for (const [setting, options] of parts) {
    try {
      if (setting === "ca" && ca !== undefined) checkCertificates(ca)
      BuiltIn.tls().createSecureContext(options)
    } catch (error) {
      const reason = setting === "ciphers" || setting === "groups" ? unknown(settings[setting]) : reasonOf(error)
      return Either.left(new Tls.TlsUnusable({ setting, reason }))
    }
  }
  if (keylog !== undefined) {
    try {
      fs.closeSync(fs.openSync(keylog, "a", 0o600))
    } catch (error) {
      return Either.left(new Tls.TlsUnusable({ setting: "keylog", reason: reasonOf(error) }))
    }
  }
  return Either.right(BuiltIn.tls().createSecureContext(Object.assign({}, ...parts.map(([, options]) => options))))
}

const pem = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

const certificatesIn = (text: string): Array<string> => Array.from(text.matchAll(pem), ([certificate]) => certificate)

/** Node passes over what it cannot read: a file without a certificate would be an authority that nobody has. */
const checkCertificates = (text: string): void => {
  const found = certificatesIn(text)
  if (found.length === 0) throw new Error("no certificate in PEM form")
  for (const certificate of found) new (BuiltIn.crypto().X509Certificate)(certificate)
}

/** What OpenSSL says of lists of names does not name what is in them. */
const unknown = (list: string | undefined): string => `unknown to this machine's OpenSSL: ${JSON.stringify(list)}`

/** OpenSSL's reason, without the pointer and the place in its sources. */
const reasonOf = (error: unknown): string => {
  const { message, reason } = error as Error & { readonly reason?: string }
  return reason ?? message.replace(/^(?:[0-9A-F]+:)?error:[^:]*:[^:]*:[^:]*:([^:]*).*$/s, "$1")
}

class Client implements TlsClient {
  private ticket: Ticket | undefined = undefined
  private turn = 0

  constructor(
    private readonly settings: Tls.TlsSettings,
    private readonly context: tls.SecureContext
  ) {}

  begin(raw: net.Socket, handlers: TlsHandlers, options: BeginOptions = {}): TlsLine | undefined {
    if (isClosed(raw)) return undefined
    const { settings } = this
    const ticket = this.offersTicket() ? this.ticket : undefined
    const socket = BuiltIn.tls().connect({
      socket: raw,
      secureContext: this.context,
      servername: IpAddress.parse(settings.name) === undefined ? settings.name : "",
      // The verdict is ours: see `judge`.
      rejectUnauthorized: false,
      checkServerIdentity: noVerdict,
      ...(ticket === undefined ? {} : { session: ticket.session })
    })
    // Node asks for the whole chain, as objects, even of who wants no verdict.
    socket.getPeerCertificate = noCertificate
    const line = new NodeTlsLine(socket, raw, handlers, options.pieceSize)
    let mine: Buffer | undefined
    let verdict: Verdict | undefined
    if (settings.resume > 0) {
      // A ticket may come before the verdict (TLS 1.2) or after it, and several in a row: the latest is kept.
      socket.on("session", (session: Buffer) => {
        mine = session
        if (verdict !== undefined) this.keep(session, verdict)
      })
    }
    const { keylog } = settings
    if (keylog !== undefined) socket.on("keylog", (secrets: Buffer) => fs.appendFileSync(keylog, secrets))
    socket.on("secureConnect", () => {
      if (!line.isOpen()) return
      const reached = socket.isSessionReused() && ticket !== undefined ? ticket : judge(socket, settings)
      if ("kind" in reached) return line.fail(reached)
      verdict = reached
      if (mine !== undefined) this.keep(mine, reached)
      line.secured(sessionOf(socket, reached))
    })
    return line
  }

  /** Whether it is the turn of a connection that offers to resume: this many of a hundred are, evenly spread. */
  private offersTicket(): boolean {
    this.turn += this.settings.resume
    if (this.turn < 1) return false
    this.turn -= 1
    return true
  }

  private keep(session: Buffer, { distrust, trust }: Verdict): void {
    this.ticket = { session, trust, distrust }
  }
}

const noVerdict = (): undefined => undefined

const noCertificate = (): tls.DetailedPeerCertificate => ({}) as tls.DetailedPeerCertificate

const sessionOf = (socket: tls.TLSSocket, { distrust, trust }: Verdict): Tls.TlsSession => {
  // The types promise an object where TLS 1.2 with RSA key exchange has none.
  const { name } = (socket.getEphemeralKeyInfo() ?? {}) as Partial<tls.EphemeralKeyInfo>
  return {
    version: socket.getProtocol() ?? "unknown",
    cipher: socket.getCipher().standardName,
    group: name,
    resumed: socket.isSessionReused(),
    trust,
    distrust
  }
}
