/**
 * Nodemailer's smtp-server, in this process.
 */
import type * as net from "node:net"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import { SMTPServer } from "smtp-server"
import * as RealServer from "./RealServer.js"

/** How it listens and speaks. */
export interface Options {
  readonly protocol: "SMTP" | "LMTP"
  readonly unix?: boolean | undefined
}

export const make = ({ protocol, unix = false }: Options): RealServer.RealServer =>
  RealServer.make({
    name: `Nodemailer's smtp-server${unix ? ", unix socket" : ""}`,
    protocol,
    lacks: [],
    start: Effect.gen(function* () {
      const directory = yield* RealServer.directory
      let count = 0
      const server = yield* Effect.acquireRelease(
        Effect.sync(() => serve(protocol, () => count++)),
        (open) => Effect.async<void>((resume) => open.close(() => resume(Effect.void)))
      )
      const file = path.join(directory, "nodemailer.sock")
      const endpoint = yield* Effect.async<RealServer.Endpoint, RealServer.ServerFailed>((resume) => {
        server.server.once("error", ({ message }) => resume(new RealServer.ServerFailed({ message })))
        server.server.listen(unix ? { path: file } : { host: "127.0.0.1", port: 0, backlog: 1000 }, () => {
          const address = server.server.address() as net.AddressInfo | string
          resume(Effect.succeed(typeof address === "string" ? { path: address } : { port: address.port }))
        })
      })
      return { target: RealServer.target(endpoint), count: Effect.sync(() => count) }
    })
  })

const serve = (protocol: Options["protocol"], onMessage: () => void): SMTPServer => {
  const server = new SMTPServer({
    lmtp: protocol === "LMTP",
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS"],
    disableReverseLookup: true,
    closeTimeout: 1000,
    onData: (content, session, callback) => {
      content.resume().once("end", () => {
        onMessage()
        const replies = session.envelope.rcptTo.map(({ address }) => `${address} is delivered`)
        // LMTP: a reply for each recipient, of which the types do not know.
        ;(callback as (error: null, replies: string | ReadonlyArray<string>) => void)(
          null,
          protocol === "LMTP" ? replies : replies.join()
        )
      })
    }
  })
  // Clients that close with a reset.
  server.on("error", () => undefined)
  return server
}
