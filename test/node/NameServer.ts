/** A name server on loopback that knows MX records, and the question of Node's own resolver to it. */
import * as dgram from "node:dgram"
import * as dns from "node:dns"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { ResolveMx } from "../../src/node/NameLookup.js"
import type { MxRecord } from "../../src/smtp/MailExchangers.js"

const number = (value: number, bytes: number) => {
  const buffer = Buffer.alloc(bytes)
  buffer.writeUIntBE(value, 0, bytes)
  return buffer
}

const nameOf = (name: string): Buffer =>
  Buffer.concat([
    ...name.split(".").flatMap((label) => (label === "" ? [] : [number(label.length, 1), Buffer.from(label)])),
    number(0, 1)
  ])

/** The answer to a question: `undefined` is that there is no such domain. */
const answer = (question: Buffer, end: number, records: ReadonlyArray<MxRecord> | undefined): Buffer =>
  Buffer.concat([
    question.subarray(0, 2),
    // A response, with recursion; NXDOMAIN or no error; one question, and so many answers.
    number(records === undefined ? 0x8183 : 0x8180, 2),
    number(1, 2),
    number(records?.length ?? 0, 2),
    number(0, 4),
    question.subarray(12, end),
    ...(records ?? []).flatMap(({ exchange, priority }) => {
      const host = nameOf(exchange)
      // The name of the question; MX, of the Internet; for a minute.
      return [
        number(0xc00c, 2),
        number(15, 2),
        number(1, 2),
        number(60, 4),
        number(host.length + 2, 2),
        number(priority, 2),
        host
      ]
    })
  ])

/** Asks a server that answers with these records; of other domains it knows that there are none. */
export const make = (
  domains: Readonly<Record<string, ReadonlyArray<MxRecord>>>
): Effect.Effect<{ readonly resolveMx: ResolveMx; readonly asked: ReadonlyArray<string> }, never, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<{
      readonly resolveMx: ResolveMx
      readonly asked: ReadonlyArray<string>
      readonly close: () => void
    }>((resume) => {
      const asked: Array<string> = []
      const server = dgram.createSocket("udp4")
      server.on("message", (question, { address, port }) => {
        const labels: Array<string> = []
        let at = 12
        for (let length = question[at]!; length > 0; length = question[at]!) {
          labels.push(question.toString("latin1", at + 1, at + 1 + length))
          at += length + 1
        }
        const domain = labels.join(".")
        asked.push(domain)
        server.send(answer(question, at + 5, domains[domain]), port, address)
      })
      server.bind(0, "127.0.0.1", () => {
        const resolver = new dns.Resolver()
        resolver.setServers([`127.0.0.1:${server.address().port}`])
        resume(
          Effect.succeed({
            asked,
            resolveMx: (domain, callback) => resolver.resolveMx(domain, callback),
            close: () => {
              resolver.cancel()
              server.close()
            }
          })
        )
      })
    }),
    ({ close }) => Effect.sync(close)
  )
