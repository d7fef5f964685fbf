/** A SOCKS5 proxy on loopback (RFC 1928, RFC 1929), whose every destination is one server on loopback. */
import * as net from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

export interface SocksServer {
  readonly port: number
  /** Where connections were to go, and who logged in for them. */
  readonly asked: ReadonlyArray<string>
}

export interface SocksServerOptions {
  /** The port of the server that all connections go to. */
  readonly to?: number | undefined
  /** Whom it lets in; everybody without it. */
  readonly login?: string | undefined
  /** The reply to CONNECT: 0 is success. */
  readonly reply?: number | undefined
  /** What it says in place of its first answer. */
  readonly first?: Uint8Array | "nothing" | "end" | undefined
  /** The server's first words are in one write with the last answer; default true, for servers that speak first. */
  readonly merges?: boolean | undefined
  /** Each byte of its answers goes out by itself, and the server's with the last of them. */
  readonly drips?: boolean | undefined
}

const hostOf = (request: Buffer): readonly [host: string, end: number] => {
  if (request[3] === 1) return [[...request.subarray(4, 8)].join("."), 8]
  if (request[3] === 4) return [`[${request.subarray(4, 20).toString("hex")}]`, 20]
  const end = 5 + request[4]!
  return [request.toString("latin1", 5, end), end]
}

const serve = (socket: net.Socket, asked: Array<string>, options: SocksServerOptions): void => {
  const { drips = false, first, login, merges = true, reply = 0, to } = options
  let state: "methods" | "login" | "request" = "methods"
  let who = ""
  const say = (bytes: ReadonlyArray<number> | Uint8Array): void => {
    if (drips) for (const byte of bytes) socket.write(Uint8Array.of(byte))
    else socket.write(Uint8Array.from(bytes))
  }
  const answer = (chunk: Buffer): void => {
    if (state === "methods") {
      if (first === "nothing") return
      if (first === "end") return void socket.end()
      if (first !== undefined) return say(first)
      const method = login === undefined ? 0 : chunk.subarray(2).includes(2) ? 2 : 255
      state = method === 2 ? "login" : "request"
      return say([5, method])
    }
    if (state === "login") {
      const user = chunk.toString("utf8", 2, 2 + chunk[1]!)
      const password = chunk.toString("utf8", 3 + chunk[1]!)
      who = `${user}@`
      state = "request"
      return say([1, `${user}:${password}` === login ? 0 : 1])
    }
    const [host, end] = hostOf(chunk)
    asked.push(`${who}${host}:${chunk.readUInt16BE(end)}`)
    if (reply !== 0 || to === undefined) return say([5, reply, 0, 1, 0, 0, 0, 0, 0, 0])
    const server = net.connect(to, "127.0.0.1")
    server.on("error", () => socket.destroy())
    server.on("close", () => socket.destroy())
    socket.on("close", () => server.destroy())
    const open = (greeting: Uint8Array) => {
      say(Buffer.concat([Uint8Array.of(5, 0, 0, 1, 127, 0, 0, 1, 0, 25), greeting]))
      server.pipe(socket)
      socket.removeAllListeners("data")
      socket.pipe(server)
    }
    if (merges) server.once("data", open)
    else server.once("connect", () => open(new Uint8Array(0)))
  }
  socket.on("data", answer)
  socket.on("error", () => socket.destroy())
}

export const make = (options: SocksServerOptions): Effect.Effect<SocksServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<SocksServer & { readonly close: () => void }>((resume) => {
      const asked: Array<string> = []
      const sockets = new Set<net.Socket>()
      const server = net.createServer((socket) => {
        sockets.add(socket)
        serve(socket, asked, options)
      })
      server.listen(0, "127.0.0.1", () => {
        const address = server.address()
        const port = typeof address === "object" && address !== null ? address.port : 0
        const close = () => {
          server.close()
          for (const socket of sockets) socket.destroy()
        }
        resume(Effect.succeed({ asked, close, port }))
      })
    }),
    ({ close }) => Effect.sync(close)
  )
