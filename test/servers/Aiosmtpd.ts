/**
 * Python's aiosmtpd (Debian: python3-aiosmtpd).
 */
import * as fs from "node:fs"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as RealServer from "./RealServer.js"
import * as ServerProcess from "./ServerProcess.js"

/** Debian's own Python first, since its packages are not there for others. */
const python = ["/usr/bin/python3", "python3"].find((command) =>
  RealServer.succeeds(command, "-c", "import aiosmtpd.lmtp")
)

/** What it speaks. */
export interface Options {
  readonly protocol: "SMTP" | "LMTP"
}

export const make = ({ protocol }: Options): RealServer.RealServer =>
  RealServer.make({
    name: "aiosmtpd",
    protocol,
    pipelines: false,
    lacks: python === undefined ? ["python3-aiosmtpd"] : [],
    start: Effect.retry(start(protocol), { times: 2 })
  })

const start = (protocol: string) =>
  Effect.gen(function* () {
    const directory = yield* RealServer.directory
    const port = yield* RealServer.freePort
    const script = path.join(directory, "server.py")
    const log = path.join(directory, "log")
    fs.writeFileSync(script, server)
    const listening = yield* ServerProcess.start(python ?? "python3", [script, protocol, String(port), log])
    yield* RealServer.greeted(listening, { port })
    return {
      target: RealServer.target({ port }),
      count: RealServer.countLines(log, /^message$/)
    }
  })

const server = `
import asyncio, sys
from aiosmtpd.lmtp import LMTP
from aiosmtpd.smtp import SMTP

protocol, port, path = sys.argv[1:]
log = open(path, "a", buffering=1)

class Handler:
    async def handle_DATA(self, server, session, envelope):
        log.write("message\\n")
        replies = ["250 2.0.0 <%s> is delivered" % recipient for recipient in envelope.rcpt_tos]
        return "\\r\\n".join(replies) if protocol == "LMTP" else "250 2.0.0 delivered"

def make():
    return (LMTP if protocol == "LMTP" else SMTP)(Handler(), hostname="aiosmtpd.example")

async def main():
    await asyncio.get_running_loop().create_server(make, "127.0.0.1", int(port), backlog=1000)
    await asyncio.Event().wait()

asyncio.run(main())
`
