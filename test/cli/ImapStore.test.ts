import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ImapStore from "../../src/cli/ImapStore.js"
import { ImapParser, type ImapResponse } from "../../src/imap/ImapParser.js"
import { ImapFailed, ImapTransport } from "../../src/imap/ImapTransport.js"

/** What is said of a URL that is not read: nobody answers there. */
const saidOf = (url: string, options: ImapStore.ImapOptions) =>
  ImapStore.read(url, options, { onMailbox: () => {}, onMessage: () => {} }).pipe(
    Effect.flip,
    Effect.map(({ reason }) => reason),
    Effect.provideService(
      ImapTransport,
      ImapTransport.of({ isHere: () => false, connect: () => new ImapFailed({ reason: "nobody is there" }) })
    ),
    Effect.provide(
      FileSystem.layerNoop({ readFile: () => Effect.succeed(new TextEncoder().encode("user,password\nme,x\n")) })
    )
  )

describe("the URL of a store", () => {
  it.effect("shows no password, however it is written", () =>
    Effect.gen(function* () {
      for (const url of [
        "imap://me:secret@mail.example/INBOX",
        "imap://me:pa/secret@mail.example/INBOX",
        "imap://me:12/secret@mail.example/INBOX",
        "imap://me:/secret@mail.example/INBOX",
        "imap://me:12?secret@mail.example/INBOX",
        "imap://me:12#secret@mail.example/INBOX",
        "imap://me:a@secret@mail.example/INBOX",
        "imap://me@here:12/secret@mail.example/INBOX",
        "imap://me:secret",
        "imap:me:secret@mail.example",
        "imaps:/me:secret/@mail.example"
      ]) {
        for (const options of [{}, { imapLogin: "logins.csv" }]) {
          const said = yield* saidOf(url, options)
          assert.notInclude(said, "secret", url)
          assert.match(said, /a password is no part of it|expected imap:/, url)
        }
      }
    })
  )

  it.effect("is shown where it holds none", () =>
    Effect.gen(function* () {
      const expected = "expected imap://user@host:port/mailbox, or imaps://"
      assert.strictEqual(yield* saidOf("imap://h/x?y", {}), `--delivered: imap://h/x?y: ${expected}`)
      assert.strictEqual(yield* saidOf("imap://[::1]/x?y", {}), `--delivered: imap://[::1]/x?y: ${expected}`)
      const needs = "needs --imap-login, a file with the password"
      assert.strictEqual(yield* saidOf("imap://h:1143/a/b", {}), `--delivered: imap://h:1143/a/b: ${needs}`)
    })
  )
})

/** A server on which every user has these messages. */
const holding = (...messages: ReadonlyArray<string>) =>
  ImapTransport.of({
    isHere: () => true,
    connect: () =>
      Effect.sync(() => {
        const responses: Array<ImapResponse> = []
        const parser = new ImapParser((response) => void responses.push(response))
        parser.push(Buffer.from("* OK [CAPABILITY AUTH=PLAIN SASL-IR]\r\n"))
        return {
          next: Effect.sync(() => responses.shift()!),
          send: (line: string) =>
            Effect.sync(() => {
              const [tag = "", command] = line.split(" ")
              const fetched = messages.map((text, index) => `* ${index + 1} FETCH (BODY[] "${text}")\r\n`).join("")
              const answer =
                command === "EXAMINE" ? `* ${messages.length} EXISTS\r\n` : command === "FETCH" ? fetched : ""
              parser.push(Buffer.from(`${answer}${tag} OK\r\n`))
            }),
          secure: Effect.void
        }
      })
  })

describe("the mailboxes of several users", () => {
  it.effect("are told apart, for each has an order of its own", () =>
    Effect.gen(function* () {
      const told: Array<string> = []
      yield* ImapStore.read(
        "imap://localhost",
        { imapLogin: "logins.csv" },
        { onMailbox: () => void told.push("mailbox"), onMessage: (content) => void told.push(content.toString()) }
      ).pipe(
        Effect.provideService(ImapTransport, holding("a", "b")),
        Effect.provide(
          FileSystem.layerNoop({
            readFile: () => Effect.succeed(new TextEncoder().encode("user,password\nme,x\nyou,y\n"))
          })
        )
      )
      assert.deepStrictEqual(told, ["mailbox", "a", "b", "mailbox", "a", "b"])
    })
  )
})
