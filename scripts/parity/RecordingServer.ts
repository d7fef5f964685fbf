/**
 * A server that follows a script and keeps what its clients say, byte for byte.
 *
 * It answers one line at a time, like a server without PIPELINING, and stops listening to a connection that it has
 * ended itself: what a client says after that depends on who is faster.
 */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as net from "node:net"
import { performance } from "node:perf_hooks"
import * as Script from "./Script.js"
import { stepOf } from "../../test/servers/Verbs.js"

/** Where a server listens. The path of a UNIX socket is made by whoever asks for it. */
export type Place = { readonly family: "ipv4" | "ipv6" } | { readonly family: "unix"; readonly path: string }

/** Who ended a connection, and how: a reset discards what is under way. */
export type Ending = "client closed" | "client reset" | "server"

/** One connection, seen from the server. */
export interface Dialogue {
  /** All that the client said, one byte in each character. */
  readonly said: string
  readonly ending: Ending
  /** Whether the client spoke before it was its turn. */
  readonly eager: boolean
}

export interface RecordingServer {
  /** A port number, or a path. */
  readonly address: string
  /** How many bytes all clients said so far. */
  readonly heard: () => number
  /** The milliseconds since anything happened here, or undefined before the first connection. */
  readonly idle: () => number | undefined
  /** The connections, in the order in which they were made, when all of them are over. */
  readonly dialogues: Effect.Effect<ReadonlyArray<Dialogue>>
}

/** Listens until the scope closes. */
export const listen = (place: Place, script: Script.Script): Effect.Effect<RecordingServer, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Listener>((resume) => {
      const listener = new Listener(script)
      listener.server.once("listening", () => resume(Effect.succeed(listener)))
      if (place.family === "unix") listener.server.listen(place.path)
      else listener.server.listen(0, place.family === "ipv4" ? "127.0.0.1" : "::1", 1024)
    }),
    (listener) => Effect.sync(() => listener.close())
  )

/** A connection that was made just before its client ended is accepted this long afterwards, at the latest. */
const lateAccept = "50 millis"

class Listener implements RecordingServer {
  readonly server = net.createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.accept(socket))
  private readonly connections: Array<Connection> = []
  private readonly reached = new Map<Script.Step, number>()
  private happened: number | undefined = undefined
  private bytes = 0

  constructor(private readonly script: Script.Script) {}

  get address(): string {
    const address = this.server.address()
    return typeof address === "string" ? address : String(address?.port)
  }

  readonly idle = (): number | undefined =>
    this.happened === undefined ? undefined : performance.now() - this.happened

  readonly dialogues = Effect.sleep(lateAccept).pipe(
    Effect.andThen(Effect.suspend(() => Effect.forEach(this.connections, ({ over }) => Effect.promise(() => over)))),
    Effect.map(() => this.connections.map(({ dialogue }) => dialogue))
  )

  /** What the script has to say. */
  answer(step: Script.Step): Script.Answer | undefined {
    const count = (this.reached.get(step) ?? 0) + 1
    this.reached.set(step, count)
    return this.script(step, count)
  }

  readonly heard = (): number => this.bytes

  /** Something happened, and perhaps this many bytes were heard. */
  touch(bytes = 0): void {
    this.happened = performance.now()
    this.bytes += bytes
  }

  close(): void {
    this.server.close()
    for (const connection of this.connections) connection.abandon()
  }

  private accept(socket: net.Socket): void {
    this.touch()
    this.connections.push(new Connection(socket, this))
  }
}

const yes: { readonly [step in Script.Step]: string } = {
  greeting: "220 sink.example ESMTP",
  hello: "250 sink.example",
  mail: "250 2.1.0 Ok",
  rcpt: "250 2.1.5 Ok",
  data: "354 End data with <CR><LF>.<CR><LF>",
  final: "250 2.0.0 Ok",
  rset: "250 2.0.0 Ok",
  quit: "221 2.0.0 Bye"
}

/** The end of the content, seen from the line before the dot. */
const endOfContent = "\r\n.\r\n"

class Connection {
  readonly over: Promise<void>
  private readonly chunks: Array<string> = []
  private pending = ""
  private ending: Ending | undefined = undefined
  private eager = false
  private inContent = false
  private busy = true
  private lmtp = false
  private accepted = 0

  constructor(
    private readonly socket: net.Socket,
    private readonly listener: Listener
  ) {
    socket.setEncoding("latin1")
    socket.on("data", (chunk: string) => this.heard(chunk))
    socket.on("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ECONNRESET" || error.code === "EPIPE") this.ending ??= "client reset"
    })
    socket.on("end", () => {
      this.ending ??= "client closed"
      socket.end()
    })
    this.over = new Promise((resolve) => {
      socket.on("close", () => {
        this.listener.touch()
        resolve()
      })
    })
    void this.perform(this.answerTo("greeting"))
  }

  get dialogue(): Dialogue {
    return { said: this.chunks.join(""), ending: this.ending ?? "server", eager: this.eager }
  }

  abandon(): void {
    this.ending ??= "server"
    this.socket.destroy()
  }

  private heard(chunk: string): void {
    if (this.ending !== undefined) return
    this.listener.touch(chunk.length)
    this.chunks.push(chunk)
    this.pending += chunk
    if (!this.busy) this.listenOn()
  }

  /** Answers what has arrived, if that is a line or the end of the content. */
  private listenOn(): void {
    if (this.inContent) {
      const at = this.pending.indexOf(endOfContent)
      if (at < 0) return
      this.inContent = false
      this.consume(at + endOfContent.length)
      return void this.perform(this.answerTo("final"))
    }
    const end = this.pending.indexOf("\n")
    if (end < 0) return
    const verb = this.pending.slice(0, 4).toUpperCase()
    this.consume(end + 1)
    if (verb === "LHLO") this.lmtp = true
    const step = stepOf(verb)
    void this.perform(step === undefined ? Script.reply("500 5.5.2 what?") : this.answerTo(step))
  }

  private consume(size: number): void {
    this.pending = this.pending.slice(size)
    if (this.pending !== "") this.eager = true
  }

  private answerTo(step: Script.Step): Script.Answer {
    const replies = step === "final" && this.lmtp ? this.accepted : 1
    const answer = this.listener.answer(step) ?? Script.reply(...new Array<string>(replies).fill(yes[step]))
    const code = Script.codeOf(answer)
    if (step === "rcpt" && code >= 200 && code < 300) this.accepted++
    if (step === "mail") this.accepted = 0
    if (step === "data" && code === 354) {
      this.inContent = true
      // A lone dot in the very first line ends the content, too.
      this.pending = `\r\n${this.pending}`
    }
    return answer
  }

  private async perform(answer: Script.Answer): Promise<void> {
    this.busy = true
    for (const move of answer) {
      switch (move._tag) {
        case "Say":
          this.socket.write(move.bytes, "latin1")
          break
        case "Drip":
          for (const byte of move.bytes) {
            this.socket.write(byte, "latin1")
            await sleep(1)
          }
          break
        case "Pause":
          await sleep(move.millis)
          break
        case "Close":
          this.ending ??= "server"
          this.socket.end()
          break
        case "Reset":
          this.ending ??= "server"
          this.socket.resetAndDestroy()
      }
      this.listener.touch()
    }
    this.busy = false
    if (this.ending === undefined) this.listenOn()
  }
}

const sleep = (millis: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, millis))
