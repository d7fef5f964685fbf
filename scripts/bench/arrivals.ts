/**
 * What it costs the next hop of a proof of delivery to look at what arrives: a kilobyte, as the generator makes it by itself, and
 * 25 KB, each message once.
 *
 *     npx tsx scripts/bench/arrivals.ts [messages]
 *
 * Prints microseconds of CPU a message, the medians of turns: to look at the header, the stamp and the checksum; to book it, too;
 * and to compare its header with that of the message made anew, if a server has put its own on top, and if it has changed another.
 */
import { crc32 } from "node:zlib"
import { Deliveries } from "../../src/measure/Deliveries.js"
import * as ProofTap from "../../src/load/ProofTap.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Stamp from "../../src/plan/Stamp.js"
import * as ArrivedMessage from "../../src/sink/ArrivedMessage.js"
import type { OpenTap } from "../../src/sink/ContentTap.js"

const messages = Number(process.argv[2] ?? 50_000)
const turns = 7
const startedAt = new Date()
const now = (): number => startedAt.getTime() * 1000

const transaction = {
  session: 1,
  message: 0,
  client: "127.0.0.1",
  protocol: "ESMTP",
  helo: "relay.example",
  sender: "foo@localhost",
  recipients: ["foo@localhost"],
  mailArguments: "",
  rcptArguments: [""]
} as const

/** As a relay sends them on. */
const received = [
  "Received: from localhost (localhost [127.0.0.1])",
  "\tby relay.example (Postfix) with ESMTP id 4D4C924C994",
  "\tfor <foo@localhost>; Fri, 27 Nov 2026 03:43:01 +0000 (UTC)",
  ""
].join("\r\n")

const measure = (length: number | undefined): void => {
  const plan = Plan.make({ target: "localhost", prove: "messages", ...(length === undefined ? {} : { length }) })
  const identity = { helloName: "localhost", runId: "bench", startedAt, seed: "bench" }
  const order = (corpus: boolean) => ({
    plan,
    identity,
    file: undefined,
    // Of a corpus no header is compared.
    parts: corpus ? { corpus: {} as never } : undefined,
    width: 1,
    startedAt: now(),
    memory: Deliveries.make(1, now(), messages).memory
  })
  const stamping = { run: Stamp.runOf(identity.runId), sentAt: now, crc32 }
  const { messageOf } = ProofTap.messages(order(false), undefined)
  const stamp = (head: string, message: number): string =>
    Stamp.onTop(() => ({ head, isDotless: true }), stamping)(message).head
  const contents = Array.from({ length: messages }, (_, message) =>
    stamp(messageOf(message)!.toString("latin1"), message)
  )
  const on = (change: (content: string) => string) => contents.map((content) => Buffer.from(change(content), "latin1"))
  const relayed = on((content) => received + content)
  const rewritten = on((content) => received + content.replace(/^From: .*$/m, "From: foo@relay.example"))

  const ways: ReadonlyArray<readonly [what: string, tap: () => OpenTap, contents: ReadonlyArray<Buffer>]> = [
    ["header, stamp and checksum", () => ArrivedMessage.tap(crc32, () => {}), relayed],
    ["and booked", () => ArrivedMessage.tap(crc32, ProofTap.make(order(true), { now })), relayed],
    ["and its header compared", () => ArrivedMessage.tap(crc32, ProofTap.make(order(false), { now })), relayed],
    ["the same, where one differs", () => ArrivedMessage.tap(crc32, ProofTap.make(order(false), { now })), rewritten]
  ]
  const costs = ways.map((): Array<number> => [])
  for (let turn = 0; turn < turns; turn++) {
    ways.forEach(([, open, arriving], way) => {
      const tap = open()
      const before = process.cpuUsage()
      for (const content of arriving) {
        const one = tap(transaction)
        one?.take(content, 0, content.length)
        one?.end(transaction.recipients, "250")
      }
      const { system, user } = process.cpuUsage(before)
      costs[way]!.push((user + system) / messages)
    })
  }
  console.log(`${contents[0]!.length} bytes`)
  ways.forEach(([what], way) => {
    const sorted = costs[way]!.toSorted((one, other) => one - other)
    console.log(`  ${what.padEnd(30)}${sorted[Math.floor(turns / 2)]!.toFixed(2)} us a message`)
  })
}

measure(undefined)
measure(25_000)
