/**
 * What a sink tells and is told over HTTP while it runs: `GET /metrics` (Prometheus), `GET /events` (a line of JSON for each message,
 * as it comes), and `GET` and `PUT /faults` (how it misbehaves).
 *
 * No page of a browser can use it: there is no CORS, a change needs PUT with JSON, and the name that it is asked by must be this
 * machine's. Bounded: the size of a request, the number of listeners, and what one of them leaves unread.
 *
 * @since 0.1.0
 */
import * as http from "node:http"
import type { OpenTap } from "../sink/ContentTap.js"
import { lineOf } from "./NodeDump.js"

/**
 * What the requests are answered with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Controlled {
  readonly metrics: () => string
  /** How the sink misbehaves, in words. */
  readonly faults: () => unknown
  /** Takes other words; says what is wrong with them, a line for each thing, and changes nothing then. */
  readonly change: (words: unknown) => ReadonlyArray<string>
}

/** The largest request, in bytes. */
const mostBody = 65_536

/** How many may listen to events. */
const mostListeners = 100

/** What a listener may leave unread, in bytes. */
const mostUnread = 1_048_576

/**
 * A control that was made, and the tap that its events come from.
 *
 * @since 0.1.0
 * @category models
 */
export interface Control {
  readonly server: http.Server
  readonly tap: OpenTap
}

/**
 * Makes the server, which does not listen yet. `host` is the name that it may be asked by, besides those of this machine.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (controlled: Controlled, host: string): Control => {
  const listeners = new Set<http.ServerResponse>()
  const server = http.createServer((request, response) => {
    const answer = (status: number, text: string, type = "text/plain; charset=utf-8") =>
      response.writeHead(status, { "content-type": type, "x-content-type-options": "nosniff" }).end(text)
    // A page that was loaded under a name of its own, and then asks this address by that, is none of ours.
    if (!isOurs(request.headers.host, host)) return void answer(421, "This is not the host that is asked.\n")
    const { method = "GET", url = "/" } = request
    const [path] = url.split("?")
    switch (`${method} ${path}`) {
      case "GET /metrics":
        return void answer(200, controlled.metrics(), "text/plain; version=0.0.4; charset=utf-8")
      case "GET /faults":
        return void answer(200, `${JSON.stringify(controlled.faults())}\n`, "application/json")
      case "PUT /faults":
        if (!/^application\/json\b/.test(request.headers["content-type"] ?? "")) {
          return void answer(415, "Content-Type: application/json is expected.\n")
        }
        return bodyOf(request, (body) => {
          if (body === undefined) return void answer(413, "The request is too large.\n")
          let words: unknown
          try {
            words = JSON.parse(body)
          } catch {
            return void answer(400, "The body is not valid JSON.\n")
          }
          const wrong = controlled.change(words)
          if (wrong.length > 0) return void answer(400, `${wrong.join("\n")}\n`)
          answer(200, `${JSON.stringify(controlled.faults())}\n`, "application/json")
        })
      case "GET /events":
        if (listeners.size >= mostListeners) return void answer(503, "Too many listen already.\n")
        listeners.add(response)
        response.on("close", () => listeners.delete(response))
        response.writeHead(200, { "content-type": "application/x-ndjson", "x-content-type-options": "nosniff" })
        return response.flushHeaders()
      default:
        return void answer(404, "GET /metrics, GET /events, GET /faults and PUT /faults are known.\n")
    }
  })
  server.maxConnections = 2 * mostListeners
  const send = (line: string) => {
    for (const listener of listeners) {
      if (listener.writableLength > mostUnread) listener.destroy()
      else listener.write(line)
    }
  }
  return {
    server,
    tap: (transaction) => {
      if (listeners.size === 0) return undefined
      let size = 0
      return {
        take: (_, start, end) => {
          size += end - start
        },
        end: (accepted, reply) => send(`${JSON.stringify(lineOf(transaction, { accepted, reply, size }))}\n`),
        lost: () => {}
      }
    }
  }
}

const isOurs = (asked: string | undefined, host: string): boolean => {
  const name = (asked ?? "").replace(/:\d+$/, "").toLowerCase()
  return ["localhost", "127.0.0.1", "[::1]", host.toLowerCase(), `[${host.toLowerCase()}]`].includes(name)
}

const bodyOf = (request: http.IncomingMessage, then: (body: string | undefined) => void): void => {
  const pieces: Array<Buffer> = []
  let size = 0
  request.on("data", (piece: Buffer) => {
    size += piece.length
    if (size <= mostBody) pieces.push(piece)
  })
  request.on("end", () => then(size > mostBody ? undefined : Buffer.concat(pieces).toString("utf8")))
}
