/**
 * Each message of a corpus arrives as it is in its file, body by body, over sockets: at a sink of ours, and in the mailboxes of
 * Dovecot.
 */
import { spawnSync } from "node:child_process"
import * as crypto from "node:crypto"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as NodeSink from "../../src/node/NodeSink.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import * as Target from "../../src/smtp/Target.js"
import * as Dovecot from "./Dovecot.js"
import * as RealServer from "./RealServer.js"
import * as ServerProcess from "./ServerProcess.js"

const command = fileURLToPath(new URL("../../dist/bin/smtp-source.js", import.meta.url))

const lines = [
  "plain",
  ".",
  "..",
  "From here",
  ">From there",
  "trailing blanks  ",
  "\xe9\xff",
  "",
  "x".repeat(900),
  "=20"
]

/** What lies in the corpus: bodies of many sizes, with all that is easily changed on the way. */
const messages = Array.from({ length: 120 }, (_, item) => {
  const body = Array.from({ length: 1 + (item % 12) ** 3 }, (_, line) => lines[(item + line * line) % lines.length]!)
  return {
    headers: `From: f${item}@people.example\nTo: t${item}@people.example\nMessage-Id: <${item}@people.example>\nSubject: ${item}\n`,
    body: `${body.join("\n")}\n`
  }
})

const hash = (text: string) => crypto.createHash("sha256").update(Buffer.from(text, "latin1")).digest("hex")

const expected = messages.map(({ body }) => hash(body)).sort()

/** Half of them in an mbox, and half in a Maildir. */
const corpusIn = (folder: string): ReadonlyArray<string> => {
  const box = path.join(folder, "box")
  const between = "From me@example.com Thu Nov 26 13:11:20 2026"
  const texts = messages.map(({ body, headers }) => `${headers}\n${body}`)
  fs.writeFileSync(
    box,
    texts
      .slice(0, 60)
      .map((text) => `${between}\n${text}\n`)
      .join(""),
    "latin1"
  )
  fs.mkdirSync(path.join(folder, "Maildir", "cur"), { recursive: true })
  for (const [item, text] of texts.slice(60).entries())
    fs.writeFileSync(path.join(folder, "Maildir", "cur", `${1000 + item}:2,S`), text, "latin1")
  return ["--corpus", box, "--corpus", path.join(folder, "Maildir"), "--once"]
}

const bodyOf = (content: string): string => {
  const text = content.replaceAll("\r\n", "\n")
  return text.slice(text.indexOf("\n\n") + 2)
}

const ways = [
  ["in memory", []],
  ["on disk", ["--corpus-memory", "1k"]]
] as const

describe("a corpus at a sink of ours", () => {
  for (const [name, words] of ways) {
    for (const workers of name === "on disk" ? ["1", "2", "4"] : ["2"]) {
      it.scopedLive(`arrives unchanged, ${name}, over ${workers} threads`, () =>
        Effect.gen(function* () {
          const found: Array<string> = []
          const sinks = NodeSink.layer({
            onMessage: ({ content }) => void found.push(hash(bodyOf(Buffer.from(content).toString("latin1"))))
          })
          const sink = yield* Effect.provide(
            Effect.flatMap(EmbeddedSink, ({ start }) => start()),
            sinks
          )
          const folder = yield* RealServer.directory
          const options = ["-d", "-s", "8", "--workers", workers, ...words, ...corpusIn(folder)]
          const sent = yield* ServerProcess.start(process.execPath, [command, ...options, Target.format(sink.target)])
          assert.strictEqual(yield* sent.ended, "it ended with 0", sent.output())
          assert.deepStrictEqual(found.sort(), expected)
        })
      )
    }
  }
})

const dovecot = Dovecot.make()

describe("a corpus at Dovecot", () => {
  const running = RealServer.shared(dovecot, { afterAll, beforeAll })
  for (const [name, words] of ways) {
    it.scopedLive.skipIf(!dovecot.available)(`arrives unchanged, ${name}, each where its headers say`, () =>
      Effect.gen(function* () {
        const folder = yield* RealServer.directory
        const { mail, target } = running()
        const domain = `${name.replace(" ", "-")}.example`
        const envelope = ["--envelope", "headers", "--to-domain", domain]
        const options = ["-L", "-d", "-s", "4", "--order", "shuffle", ...envelope, ...words, ...corpusIn(folder)]
        const { status, stderr } = spawnSync(process.execPath, [command, ...options, target])
        assert.strictEqual(status, 0, String(stderr))
        const found = messages.map(({ body }, item) => {
          const box = path.join(mail!, `t${item}=people.example@${domain}`, "Maildir", "new")
          const [only, ...others] = fs.readdirSync(box)
          assert.lengthOf(others, 0)
          const content = fs.readFileSync(path.join(box, only!), "latin1")
          assert.include(content, `Return-Path: <f${item}=people.example@${domain}>`)
          return hash(bodyOf(content)) === hash(body)
        })
        assert.deepStrictEqual(
          found,
          messages.map(() => true)
        )
      })
    )
  }
})
