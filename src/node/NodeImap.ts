/**
 * Connections to IMAP servers over `node:net` and `node:tls`.
 *
 * @since 0.1.0
 */
import * as net from "node:net"
import * as tls from "node:tls"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { ImapMalformed, ImapParser, type ImapResponse } from "../imap/ImapParser.js"
import { type ImapConnection, type ImapEndpoint, ImapFailed, ImapTransport } from "../imap/ImapTransport.js"
import * as Printable from "../smtp/Printable.js"
import * as SystemReason from "./SystemReason.js"

/** How long a server may be silent, in milliseconds. */
const patience = 60_000

/** Responses that wait to be taken, before the server is held back. */
const mostWaiting = 16

/**
 * Provides an `ImapTransport`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<ImapTransport> = Layer.succeed(
  ImapTransport,
  ImapTransport.of({
    connect: (endpoint) =>
      Effect.acquireRelease(
        Effect.sync(() => new Connection(endpoint)),
        (connection) => Effect.sync(() => connection.close())
      ).pipe(Effect.tap((connection) => connection.opened)),
    isHere: (host) => host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host)
  })
)

class Connection implements ImapConnection {
  private readonly raw: net.Socket
  private socket: net.Socket
  private readonly waiting: Array<ImapResponse> = []
  private parser = new ImapParser((response) => void this.waiting.push(response))
  private failure: ImapFailed | undefined
  /** Who waits for something to come. */
  private wake: (() => void) | undefined

  constructor(private readonly endpoint: ImapEndpoint) {
    const { host, port } = endpoint
    this.raw = net.connect({ host, port })
    this.socket = this.raw
    this.listenTo(this.raw)
    // What is TLS is not for us to read.
    if (!endpoint.tls) this.raw.on("data", this.received)
  }

  /** Resumes when the connection stands, with TLS where that comes first. */
  readonly opened: Effect.Effect<void, ImapFailed> = Effect.suspend(() =>
    Effect.zipRight(this.when("connect"), this.endpoint.tls ? this.begin : Effect.void)
  )

  send(text: string): Effect.Effect<void, ImapFailed> {
    return Effect.suspend(() => {
      if (this.failure !== undefined) return this.failure
      this.socket.write(text)
      return Effect.void
    })
  }

  readonly next: Effect.Effect<ImapResponse, ImapFailed> = Effect.async((resume) => {
    const look = (): void => {
      const response = this.waiting.shift()
      if (this.waiting.length < mostWaiting) this.socket.resume()
      if (response !== undefined) return resume(Exit.succeed(response))
      if (this.failure !== undefined) return resume(Exit.fail(this.failure))
      this.wake = look
    }
    look()
    return Effect.sync(() => {
      this.wake = undefined
    })
  })

  readonly secure: Effect.Effect<void, ImapFailed> = Effect.suspend(() => {
    // Said in plain text, it must not be taken for what is said under TLS.
    if (this.waiting.length > 0 || this.parser.isAmid) {
      return new ImapFailed({ reason: "it says more before TLS begins" })
    }
    this.raw.off("data", this.received)
    return this.begin
  })

  private readonly begin: Effect.Effect<void, ImapFailed> = Effect.suspend(() => {
    const { ca, host } = this.endpoint
    // A certificate is for a name, or for an address; only a name may be told.
    const servername = net.isIP(host) === 0 ? host : ""
    const options = { socket: this.raw, host, servername, ...(ca === undefined ? {} : { ca }) }
    try {
      this.socket = tls.connect(options)
    } catch (error) {
      return new ImapFailed({ reason: `TLS: ${Printable.escape(String(error))}` })
    }
    this.listenTo(this.socket)
    this.socket.on("data", this.received)
    return this.when("secureConnect")
  })

  close(): void {
    this.socket.destroy()
    this.raw.destroy()
  }

  private when(event: "connect" | "secureConnect"): Effect.Effect<void, ImapFailed> {
    return Effect.async((resume) => {
      const done = () => resume(this.failure === undefined ? Exit.void : Exit.fail(this.failure))
      this.wake = done
      this.socket.once(event, done)
      return Effect.sync(() => {
        this.wake = undefined
      })
    })
  }

  private listenTo(socket: net.Socket): void {
    socket.setTimeout(patience)
    socket.on("error", (error) => this.fail(Printable.escape(SystemReason.of(error))))
    socket.on("timeout", () => this.fail(`nothing came for ${patience / 1000} s`))
    socket.on("close", () => this.fail("it ended the connection"))
  }

  private readonly received = (chunk: Buffer): void => {
    try {
      this.parser.push(chunk)
    } catch (error) {
      return this.fail(error instanceof ImapMalformed ? error.reason : String(error))
    }
    if (this.waiting.length >= mostWaiting) this.socket.pause()
    this.tell()
  }

  private fail(reason: string): void {
    this.failure ??= new ImapFailed({ reason })
    this.close()
    this.tell()
  }

  private tell(): void {
    const { wake } = this
    this.wake = undefined
    wake?.()
  }
}
