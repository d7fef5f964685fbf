/**
 * Stands between a client and a real server, reads their dialogue command by command, and now and then does harm.
 *
 * Commands are taken one at a time, each with its reply, however many the client sends together. Each step suffers every
 * fault in its turn, so that a run of some hundred messages meets all of them; the seed decides where each begins.
 */
import * as net from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { stepOf } from "./Verbs.js"

/** Where harm is done. */
export type Step = "greeting" | "hello" | "mail" | "rcpt" | "data" | "content" | "final" | "rset" | "quit"

/** What leaves the connection whole: an answer that the server never gave. The server never sees the command. */
const rejections = ["450", "550"] as const

/**
 * What cuts the connection. `before` the server sees the command, or `after` it has answered; `midway` the client has
 * part of the answer; `at once` nobody knows what the server has seen.
 */
const cuts = ["421", "close before", "reset before", "close after", "reset after", "midway", "at once"] as const

type Fault = (typeof rejections)[number] | (typeof cuts)[number]

/** What there is to choose. */
export interface Options {
  readonly target: string
  readonly protocol: "SMTP" | "LMTP"
  readonly faults: "rejections" | "rejections and cuts"
  readonly seed: number
}

/** A proxy that listens. */
export interface FaultProxy {
  readonly target: string
  /** How often harm was done, by step and fault. */
  readonly done: ReadonlyMap<string, number>
}

/** Each step suffers once in so many times. */
const every = 9

/** Listens until the scope ends, which takes the connections with it. */
export const start = (options: Options): Effect.Effect<FaultProxy, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.promise(() => listen(options)),
      ({ stop }) => Effect.promise(stop)
    ),
    ({ proxy }) => proxy
  )

const listen = async (options: Options) => {
  const done = new Map<string, number>()
  const sockets = new Set<net.Socket>()
  const next = rota(options, done)
  const server = net.createServer({ noDelay: true }, (client) => {
    const upstream = () => keep(sockets, net.connect({ ...endpoint(options.target), noDelay: true }))
    void serve(keep(sockets, client), upstream, options, next)
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", 1024, resolve))
  // A server that listens on a port has an address with that port.
  const { port } = server.address() as net.AddressInfo
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      for (const socket of sockets) socket.destroy()
    })
  return { proxy: { target: `127.0.0.1:${port}`, done }, stop }
}

const endpoint = (target: string): net.TcpNetConnectOpts => {
  const [host = "", port] = target.split(":")
  return { host, port: Number(port) }
}

const keep = (sockets: Set<net.Socket>, socket: net.Socket): net.Socket => {
  sockets.add(socket)
  return socket.on("error", () => {}).on("close", () => sockets.delete(socket))
}

/** Which fault a step suffers this time, if any. */
const rota = ({ faults, seed }: Options, done: Map<string, number>) => {
  const seen = new Map<Step, number>()
  const all: ReadonlyArray<Fault> = faults === "rejections" ? rejections : [...rejections, ...cuts]
  return (step: Step): Fault | undefined => {
    const times = (seen.get(step) ?? seed % every) + 1
    seen.set(step, times)
    if (times % every !== 0) return undefined
    const fault = all[(times / every + seed) % all.length]!
    // Content has no answer of its own, and what answers QUIT with a refusal says nothing.
    if ((step === "content" || step === "quit") && !cuts.some((cut) => cut === fault)) return undefined
    const key = `${step}, ${fault}`
    done.set(key, (done.get(key) ?? 0) + 1)
    return fault
  }
}

/** The other side has gone. */
class Gone extends Error {}

/** Reads a socket by lines. */
class Lines {
  private text = ""
  private isOver = false
  private wake: () => void = () => {}

  constructor(readonly socket: net.Socket) {
    socket.on("data", (chunk: Buffer) => {
      this.text += chunk.toString("latin1")
      this.wake()
    })
    for (const event of ["end", "close"]) {
      socket.on(event, () => {
        this.isOver = true
        this.wake()
      })
    }
  }

  /** The next line with its end. */
  async line(): Promise<string> {
    for (;;) {
      const feed = this.text.indexOf("\n")
      if (feed >= 0) {
        const line = this.text.slice(0, feed + 1)
        this.text = this.text.slice(feed + 1)
        return line
      }
      await this.more()
    }
  }

  /** Waits for more than there is. */
  private async more(): Promise<void> {
    if (this.isOver) throw new Gone()
    await new Promise<void>((resolve) => {
      this.wake = resolve
    })
  }

  /** A reply, with all its lines. */
  async reply(): Promise<string> {
    let reply = ""
    for (;;) {
      const line = await this.line()
      reply += line
      if (line[3] !== "-") return reply
    }
  }

  /** A message up to its final dot. `begun` is called with the first line. */
  async content(begun: () => void): Promise<string> {
    const lines: Array<string> = []
    for (;;) {
      const line = await this.line()
      if (lines.length === 0) begun()
      lines.push(line)
      if (line === ".\r\n") return lines.join("")
    }
  }
}

const serve = async (
  client: net.Socket,
  connect: () => net.Socket,
  { protocol }: Options,
  next: (step: Step) => Fault | undefined
): Promise<void> => {
  const commands = new Lines(client)
  let server = new Lines(connect())
  let hello = ""
  let accepted = 0

  /** Does what the client asks, unless a fault comes in between. `ask` sends it to the server and gives the answer. */
  const exchange = async (step: Step, send: () => void, replies: number): Promise<string> => {
    const fault = next(step)
    if (fault === "450" || fault === "550") {
      const reply = `${fault} ${fault === "450" ? "4.3.0" : "5.3.0"} Not by this proxy\r\n`.repeat(replies)
      client.write(reply)
      // The server holds a message that it was never sent the end of.
      if (step === "final") await begin()
      if (step === "greeting") throw new Gone()
      return reply
    }
    if (fault === "421") {
      client.end("421 4.3.2 Not by this proxy\r\n")
      throw new Gone()
    }
    if (fault === "close before" || fault === "reset before") return cut(fault === "close before")
    send()
    if (fault === "at once") return cut(false)
    let answer = ""
    for (let reply = 0; reply < replies; reply++) answer += await server.reply()
    if (fault === "close after" || fault === "reset after") return cut(fault === "close after")
    if (fault === "midway") {
      client.end(answer.slice(0, Math.floor(answer.length / 2)), "latin1")
      throw new Gone()
    }
    client.write(answer, "latin1")
    return answer
  }

  const cut = (politely: boolean): never => {
    if (politely) client.end()
    else client.resetAndDestroy()
    throw new Gone()
  }

  /** A new connection to the server, as far as the old one was before its transaction. */
  const begin = async () => {
    server.socket.destroy()
    server = new Lines(connect())
    await server.reply()
    server.socket.write(hello, "latin1")
    await server.reply()
  }

  try {
    await exchange("greeting", () => {}, 1)
    for (;;) {
      const command = await commands.line()
      const step = stepOf(command.slice(0, 4).toUpperCase())
      if (step === undefined) throw new Error(`no command: ${JSON.stringify(command)}`)
      if (step === "hello") hello = command
      const reply = await exchange(step, () => server.socket.write(command, "latin1"), 1)
      if (step === "mail" || step === "rset") accepted = 0
      if (step === "rcpt" && reply.startsWith("25")) accepted++
      if (step === "quit") break
      if (step !== "data" || !reply.startsWith("354")) continue
      const content = await commands.content(() => {
        if (next("content") !== undefined) cut(false)
      })
      await exchange("final", () => server.socket.write(content, "latin1"), protocol === "LMTP" ? accepted : 1)
      accepted = 0
    }
  } catch (error) {
    if (!(error instanceof Gone)) throw error
  } finally {
    if (!client.destroyed) client.end()
    server.socket.destroy()
  }
}
