/**
 * TLS over sockets that are open already: the client's side (STARTTLS, or from the first byte), and a server's.
 *
 * One context serves all connections of a setting and thread: to make one costs as much as a third of a handshake, and with
 * a client certificate more than all of it. What the server is, is judged here and not by Node, which would build the whole
 * chain of certificates as objects for each connection.
 *
 * @since 0.1.0
 */
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import type * as net from "node:net"
import * as tls from "node:tls"
import * as Either from "effect/Either"
import * as Redacted from "effect/Redacted"
import * as IpAddress from "../smtp/IpAddress.js"
import * as Tls from "../smtp/Tls.js"

/**
 * Who is told of a connection. Plaintext comes in a buffer that is reused: take what is needed before returning. Nothing is
 * called after `onFailed` or `onEnded`, nor once `close` was.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsHandlers {
  readonly onData: (chunk: Uint8Array, end: number) => void
  /** The handshake is done, and the server is the one that it should be. */
  readonly onSecured: (session: Tls.TlsSession) => void
  /** The handshake came to nothing; or TLS broke later, as it does in TLS 1.3 when a client's certificate is refused. */
  readonly onFailed: (problem: Tls.TlsProblem) => void
  /** The connection is over that had been secured. */
  readonly onEnded: (how: "closed" | "reset") => void
  /** Part of what is being written was taken. */
  readonly onProgressed: () => void
  /** All that was written has been handed to the kernel; only after a `write` that was not taken at once. */
  readonly onFlushed: () => void
}

/**
 * TLS on a socket.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsLine {
  /**
   * Writes `bytes`, one byte in each character, and then `body`: true when all of it was handed to the kernel at once.
   * Otherwise `onProgressed` and `onFlushed` tell. One write at a time.
   */
  readonly write: (bytes: string, body: Uint8Array | undefined) => boolean
  /** What was written and has not gone out, in bytes. */
  readonly unsent: () => number
  /** Says no more (close_notify and FIN), and goes on reading. */
  readonly end: () => void
  /** Ends it: by a reset, where the socket knows one, or by close_notify and FIN. */
  readonly close: (how: "reset" | "fin") => void
}

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
  const socket = new tls.TLSSocket(raw, { isServer: true, secureContext: context })
  const line = new Line(socket, raw, handlers)
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
export const serverContext = (options: { readonly certificate: string; readonly key: string }): tls.SecureContext =>
  tls.createSecureContext({ cert: options.certificate, key: options.key })

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
      tls.createSecureContext(options)
    } catch (error) {
      return Either.left(new Tls.TlsUnusable({ setting, reason: reasonOf(error) }))
    }
  }
  if (keylog !== undefined) {
    try {
      fs.closeSync(fs.openSync(keylog, "a", 0o600))
    } catch (error) {
      return Either.left(new Tls.TlsUnusable({ setting: "keylog", reason: reasonOf(error) }))
    }
  }
  return Either.right(tls.createSecureContext(Object.assign({}, ...parts.map(([, options]) => options))))
}

const pem = /-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g

const certificatesIn = (text: string): Array<string> => Array.from(text.matchAll(pem), ([certificate]) => certificate)

/** Node passes over what it cannot read: a file without a certificate would be an authority that nobody has. */
const checkCertificates = (text: string): void => {
  const found = certificatesIn(text)
  if (found.length === 0) throw new Error("no certificate in PEM form is in it")
  for (const certificate of found) new crypto.X509Certificate(certificate)
}

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
    const socket = tls.connect({
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
    const line = new Line(socket, raw, handlers, options.pieceSize)
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

  /** Whether it is the turn of a connection that offers to resume: so many of a hundred are, evenly spread. */
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

interface Verdict {
  readonly trust: Tls.TlsTrust
  readonly distrust?: Tls.TlsProblem | undefined
}

const noVerdict = (): undefined => undefined

const noCertificate = (): tls.DetailedPeerCertificate => ({}) as tls.DetailedPeerCertificate

/** What the server is, by its chain, its name and its key, as far as the settings ask; or what is wrong with it. */
const judge = (socket: tls.TLSSocket, settings: Tls.TlsSettings): Verdict | Tls.TlsProblem => {
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
  crypto
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

const isClosed = (raw: net.Socket): boolean => raw.destroyed || handleOf(raw) == null

/** What `net.Socket` keeps to itself. */
interface SocketHandle {
  readonly writeQueueSize?: number
  readonly useUserBuffer?: (buffer: Uint8Array) => void
}

const handleOf = (socket: net.Socket): SocketHandle | null | undefined =>
  (socket as unknown as { readonly _handle?: SocketHandle | null })._handle

/** Shared by all sockets: what a read puts there is taken before the next read. */
const readBuffer = Buffer.alloc(65_536)

/** The bytes of a body that are written at once: Node joins and encrypts them in memory, where they stay until they are sent. */
const mostAtOnce = 262_144

class Line implements TlsLine {
  private over = false
  private isSecured = false
  private readonly isTcp: boolean
  private readonly pieceSize: number
  /** The last piece of what is written has been written, and has not been handed over. */
  private finishing = false

  constructor(
    private readonly socket: tls.TLSSocket,
    private readonly raw: net.Socket,
    private readonly handlers: TlsHandlers,
    pieceSize = mostAtOnce
  ) {
    this.pieceSize = Math.min(pieceSize, mostAtOnce)
    this.isTcp = raw.remoteAddress !== undefined
    readInto(socket, readBuffer, (size, chunk) => this.received(chunk, size))
    socket.on("error", (error) => this.broke(error))
    socket.on("end", () => this.ended("closed"))
    socket.on("close", () => this.ended("closed"))
  }

  isOpen(): boolean {
    return !this.over
  }

  write(bytes: string, body: Uint8Array | undefined): boolean {
    if (this.socket.writableLength === 0) return this.begin(bytes, body)
    // Node's stream would keep a second write to itself, and could not tell when that one is handed over.
    this.socket.write("", () => {
      if (!this.over && this.begin(bytes, body)) this.handlers.onFlushed()
    })
    return false
  }

  unsent(): number {
    return this.socket.writableLength
  }

  end(): void {
    this.socket.end()
  }

  close(how: "reset" | "fin"): void {
    if (this.over) return
    this.over = true
    // The TLS socket's own reset throws. Its destroy frees OpenSSL's state at once where the socket underneath is closed
    // already, and we may have been called from within OpenSSL: the process would crash. The one underneath ends both.
    if (how === "fin") this.socket.destroySoon()
    else if (this.isTcp) this.raw.resetAndDestroy()
    else this.raw.destroy()
  }

  secured(session: Tls.TlsSession): void {
    if (this.over) return
    this.isSecured = true
    this.handlers.onSecured(session)
  }

  fail(problem: Tls.TlsProblem): void {
    if (this.over) return
    this.close("reset")
    this.handlers.onFailed(problem)
  }

  broke(error: NodeJS.ErrnoException): void {
    const problem = Tls.problemOf(error)
    // Node makes up a reset where the other side closed before the handshake was done.
    const isEnd = problem.kind === "reset" && error.syscall === undefined
    if (isEnd) this.ended("closed")
    else if (problem.kind === "reset") this.ended("reset")
    else this.fail(problem)
  }

  private ended(how: "closed" | "reset"): void {
    if (this.over) return
    if (!this.isSecured) return this.fail(Tls.endedEarly(how))
    this.over = true
    this.handlers.onEnded(how)
  }

  private received(chunk: Uint8Array, size: number): void {
    if (!this.over) this.handlers.onData(chunk, size)
  }

  private begin(bytes: string, body: Uint8Array | undefined): boolean {
    if (body === undefined) {
      this.finishing = true
      this.socket.write(bytes, "latin1", this.written)
      return this.settle()
    }
    // Two writes would be two records, or copied into one.
    const length = Math.min(body.length, Math.max(0, this.pieceSize - bytes.length))
    const first = Buffer.allocUnsafe(bytes.length + length)
    first.write(bytes, "latin1")
    first.set(body.subarray(0, length), bytes.length)
    return this.piece(first, body, length)
  }

  /** Writes a piece of a body, and after it what follows `at`; tells whether all of it was handed over at once. */
  private piece(bytes: Uint8Array, body: Uint8Array, at: number): boolean {
    if (at === body.length) {
      this.finishing = true
      this.socket.write(bytes, this.written)
      return this.settle()
    }
    this.socket.write(bytes, (error) => {
      if (error != null || this.over) return
      this.handlers.onProgressed()
      if (this.over) return
      const end = Math.min(at + this.pieceSize, body.length)
      if (this.piece(body.subarray(at, end), body, end)) this.handlers.onFlushed()
    })
    return false
  }

  /** Whether the kernel has all of it. Node's own word comes a turn of the event loop later, and a reply can be faster. */
  private settle(): boolean {
    if (handleOf(this.raw)?.writeQueueSize !== 0) return false
    this.finishing = false
    return true
  }

  private readonly written = (error?: Error | null): void => {
    if (error != null || this.over || !this.finishing) return
    this.finishing = false
    this.handlers.onFlushed()
  }
}

/**
 * Has a TLS socket read into a buffer of ours. Node gives no such option to one that is made over another socket, but has
 * all that it takes: it saves a fifth of a message's CPU. Should a Node come that is made otherwise, the chunks are taken on
 * their way into the stream.
 */
const readInto = (socket: tls.TLSSocket, buffer: Buffer, take: (size: number, chunk: Uint8Array) => void): void => {
  const handle = handleOf(socket)
  const symbols = Object.getOwnPropertySymbols(socket)
  const kBuffer = symbols.find(({ description }) => description === "kBuffer")
  const kBufferCb = symbols.find(({ description }) => description === "kBufferCb")
  if (kBuffer !== undefined && kBufferCb !== undefined && typeof handle?.useUserBuffer === "function") {
    Object.assign(socket, {
      [kBuffer]: buffer,
      [kBufferCb]: (size: number) => {
        take(size, buffer)
        return true
      }
    })
    handle.useUserBuffer(buffer)
    return
  }
  const push = socket.push.bind(socket)
  socket.push = (chunk: Buffer | null) => {
    if (chunk === null) return push(null)
    take(chunk.length, chunk)
    return true
  }
}
