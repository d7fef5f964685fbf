/**
 * The handshake with a SOCKS5 proxy, by the package `socks`, which is loaded only when a run asks for it.
 *
 * The package speaks the protocol; the socket stays ours, so that connections through a proxy have the same addresses,
 * buffers, deadlines and reads as all others.
 *
 * @since 0.1.0
 */
import { EventEmitter } from "node:events"
import { createRequire } from "node:module"
import * as Redacted from "effect/Redacted"
import type { SocksProxy } from "../smtp/SocksProxy.js"
import * as SocksReason from "./SocksReason.js"

/** What of the package is used. */
interface SocksClient extends EventEmitter {
  readonly connect: (line: EventEmitter) => void
  onEstablishedTimeout: () => void
}

interface Library {
  readonly SocksClient: new (options: object) => SocksClient
}

let library: Library | undefined

const load = (): Library | undefined => {
  try {
    library ??= createRequire(import.meta.url)("socks") as Library
  } catch {
    // Reported by the caller.
  }
  return library
}

/**
 * Whom a handshake is for. Exactly one of the last two is called.
 *
 * @since 0.1.0
 * @category models
 */
export interface TunnelUser {
  readonly write: (bytes: Uint8Array) => void
  /** The connection stands; the server has said this already. */
  readonly onOpened: (said: ReadonlyArray<Uint8Array>) => void
  readonly onFailed: (reason: string) => void
}

/**
 * A handshake that is under way.
 *
 * @since 0.1.0
 * @category models
 */
export interface Tunnel {
  /** The proxy says this. */
  readonly receive: (chunk: Uint8Array) => void
}

/**
 * Begins the handshake over a connection to the proxy that stands.
 *
 * @since 0.1.0
 * @category constructors
 */
export const begin = (
  { host, login, port }: SocksProxy,
  destination: { readonly host: string; readonly port: number },
  user: TunnelUser
): Tunnel => {
  const loaded = load()
  if (loaded === undefined) {
    user.onFailed("this needs the package socks, which cannot be loaded")
    return { receive: () => {} }
  }
  const line = new ProxyLine(user)
  const { password, user: userId } =
    login === undefined ? { user: undefined, password: undefined } : Redacted.value(login)
  try {
    const client = new loaded.SocksClient({
      proxy: { host, port, type: 5, userId, password },
      command: "connect",
      destination: { host: destination.host, port: destination.port },
      // The connection has a deadline of its own. The package never takes its timer back, and with it holds all of this.
      timeout: 1
    })
    client.onEstablishedTimeout = () => {}
    // Its error has the options in it, and so the password: nothing but its words goes on.
    client.once("error", (error: Error) => line.failed(SocksReason.of(error.message)))
    client.once("established", () => line.established())
    client.connect(line)
  } catch (error) {
    line.failed(error instanceof Error ? SocksReason.of(error.message) : "the handshake failed")
  }
  return line
}

/** A connection to a proxy as the package sees it. */
class ProxyLine extends EventEmitter implements Tunnel {
  private state: "handshake" | "established" | "over" = "handshake"
  private readonly said: Array<Uint8Array> = []

  constructor(private readonly user: TunnelUser) {
    super()
  }

  write(bytes: Uint8Array): void {
    this.user.write(bytes)
  }

  receive(chunk: Uint8Array): void {
    // What came with the last of the handshake is given back first, a turn later.
    if (this.state === "handshake") this.emit("data", chunk)
    else this.said.push(chunk)
  }

  established(): void {
    this.state = "established"
    this.prependListener("data", (excess: Uint8Array) => this.said.unshift(excess))
  }

  failed(reason: string): void {
    if (this.state === "over") return
    this.state = "over"
    this.user.onFailed(reason)
  }

  pause(): void {}

  /** The package has given back what was not its own. */
  resume(): void {
    if (this.state !== "established") return
    this.state = "over"
    this.user.onOpened(this.said)
  }

  destroy(): void {}
}
