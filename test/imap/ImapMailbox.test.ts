import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as ImapMailbox from "../../src/imap/ImapMailbox.js"
import { ImapParser, type ImapResponse } from "../../src/imap/ImapParser.js"
import { ImapFailed, ImapTransport } from "../../src/imap/ImapTransport.js"
import * as ImapUrl from "../../src/imap/ImapUrl.js"

const login = { user: "me", password: Redacted.make('pa"ss') }

/** A server that says this at first, and this to each line that begins so; "tag" stands for the tag of the line. */
const read = (url: string, greeting: string, answers: { readonly [begin: string]: string | undefined }) =>
  Effect.gen(function* () {
    const said: Array<string> = []
    const responses: Array<ImapResponse> = []
    let tag = ""
    const parser = new ImapParser((response) => void responses.push(response))
    parser.push(Buffer.from(greeting, "latin1"))
    const transport = ImapTransport.of({
      isHere: (host) => host === "localhost",
      connect: ({ tls }) =>
        Effect.sync(() => {
          said.push(tls ? "(TLS)" : "(plain)")
          return {
            next: Effect.suspend((): Effect.Effect<ImapResponse, ImapFailed> => {
              const response = responses.shift()
              return response === undefined
                ? new ImapFailed({ reason: "it ended the connection" })
                : Effect.succeed(response)
            }),
            send: (text: string) =>
              Effect.sync(() => {
                const [, begun = tag, line = ""] = /^(a\d+ )?(.*)\r\n$/.exec(text) ?? []
                tag = begun
                said.push(line)
                const answer = Object.entries(answers).find(([begin]) => line.startsWith(begin))?.[1]
                parser.push(Buffer.from((answer ?? "tag OK done\r\n").replaceAll("tag ", tag), "latin1"))
              }),
            secure: Effect.sync(() => void said.push("(TLS)"))
          }
        })
    })
    const found: Array<readonly [at: number | undefined, content: string]> = []
    const end = yield* ImapMailbox.read(Either.getOrThrow(ImapUrl.parse(url)), login, {
      onMessage: ({ at, content }) => void found.push([at, content.toString("latin1")])
    }).pipe(Effect.either, Effect.provide(Layer.succeed(ImapTransport, transport)))
    return { said, found, end: Either.isLeft(end) ? end.left.reason : end.right }
  })

const plain = `AUTHENTICATE PLAIN ${Buffer.from('\0me\0pa"ss').toString("base64")}`

describe("a mailbox", () => {
  it.effect("is looked at without changing it, message by message", () =>
    Effect.gen(function* () {
      const { end, found, said } = yield* read("imaps://x/Junk", "* OK [CAPABILITY AUTH=PLAIN SASL-IR] hello\r\n", {
        EXAMINE: "* 4 EXISTS\r\n* FLAGS ()\r\ntag OK [READ-ONLY]\r\n",
        FETCH: [
          '* 1 FETCH (INTERNALDATE " 7-Nov-2026 02:44:25 -0730" BODY[] {5}\r\na\r\n.b)\r\n',
          '* 2 FETCH (BODY[] "a\\"b" INTERNALDATE "17-Jul-1996 02:44:25 +0100")\r\n',
          "* 2 FETCH (FLAGS (\\Seen))\r\n",
          "* 3 FETCH (UID {1}\r\n7 BODY[] {3}\r\n)\r\n)\r\n* 5 EXISTS\r\n",
          "* 4 FETCH (BODY[] NIL)\r\ntag OK\r\n"
        ].join("")
      })
      assert.strictEqual(end, 4)
      assert.deepStrictEqual(found, [
        [Date.UTC(2026, 10, 7, 10, 14, 25), "a\r\n.b"],
        [Date.UTC(1996, 6, 17, 1, 44, 25), 'a"b'],
        [undefined, ")\r\n"],
        [undefined, ""]
      ])
      assert.deepStrictEqual(said, ["(TLS)", plain, 'EXAMINE "Junk"', "FETCH 1:* (INTERNALDATE BODY.PEEK[])", "LOGOUT"])
    })
  )

  it.effect("has short messages in strings, as they are: none of them is taken for a part of the response", () =>
    Effect.gen(function* () {
      const { found } = yield* read("imaps://x", "* OK [CAPABILITY AUTH=PLAIN SASL-IR]\r\n", {
        EXAMINE: "* 4 EXISTS\r\ntag OK\r\n",
        FETCH: [
          '* 1 FETCH (BODY[] "a (b) {3}\\\\" UID 1)\r\n',
          '* 2 FETCH (X-NOTE "( BODY[] NIL {1} \\"" BODY[] {2}\r\n(b)\r\n',
          '* 3 FETCH (X-NOTE "{1}" UID {1}\r\n3 BODY[] {3}\r\n"c")\r\n',
          '* 4 FETCH (X-NOTE "no ( BODY[] NIL")\r\ntag OK\r\n'
        ].join("")
      })
      assert.deepStrictEqual(found, [
        [undefined, "a (b) {3}\\"],
        [undefined, "(b"],
        [undefined, '"c"']
      ])
    })
  )

  it.effect("is not read where it is empty; a login is by what the server offers", () =>
    Effect.gen(function* () {
      const capability = (offers: string) => ({ CAPABILITY: `* CAPABILITY IMAP4rev1 ${offers}\r\ntag OK\r\n` })
      const saidOf = (url: string, offers: string, more: { readonly [begin: string]: string } = {}) =>
        Effect.map(read(url, "* OK\r\n", { ...capability(offers), ...more }), ({ said }) => said.slice(1, -2))
      assert.deepStrictEqual(yield* saidOf("imaps://x", "AUTH=PLAIN", { "AUTHENTICATE PLAIN": "+ \r\n" }), [
        "CAPABILITY",
        "AUTHENTICATE PLAIN",
        plain.split(" ")[2]!
      ])
      assert.deepStrictEqual(yield* saidOf("imap://localhost", ""), ["CAPABILITY", 'LOGIN "me" "pa\\"ss"'])
      assert.deepStrictEqual(yield* saidOf("imap://x", "STARTTLS AUTH=PLAIN SASL-IR"), [
        "CAPABILITY",
        "STARTTLS",
        "(TLS)",
        "CAPABILITY",
        plain
      ])
      const { said } = yield* read("imaps://x", "* PREAUTH [CAPABILITY IMAP4rev1]\r\n", {})
      assert.deepStrictEqual(said, ["(TLS)", 'EXAMINE "INBOX"', "LOGOUT"])
    })
  )

  it.effect("is not read where the server refuses, or makes no sense; no password is in what is told", () =>
    Effect.gen(function* () {
      const ends = (url: string, greeting: string, answers: { readonly [begin: string]: string } = {}) =>
        Effect.map(read(url, greeting, answers), ({ end, said }) => {
          const told = said.join()
          assert.notInclude(String(end), 'pa"ss')
          return [end, told.includes("AUTH") || told.includes("LOGIN")]
        })
      const ok = "* OK [CAPABILITY AUTH=PLAIN SASL-IR]\r\n"
      assert.deepStrictEqual(yield* ends("imaps://x", "* BYE \u001b[2J\r\n"), [
        "it does not greet: * BYE \\x1b[2J",
        false
      ])
      assert.deepStrictEqual(yield* ends("imap://x", ok), [
        "it offers no TLS, and the password would go in plain text",
        false
      ])
      assert.deepStrictEqual(yield* ends("imaps://x", "* OK [CAPABILITY LOGINDISABLED]\r\n"), [
        "it lets nobody log in like this",
        false
      ])
      assert.deepStrictEqual(yield* ends("imaps://x", ok, { AUTHENTICATE: "tag NO [AUTHENTICATIONFAILED] no\r\n" }), [
        "it refuses AUTHENTICATE PLAIN: NO [AUTHENTICATIONFAILED] no",
        true
      ])
      assert.deepStrictEqual(yield* ends("imaps://x", ok, { EXAMINE: "tag NO none such\r\n" }), [
        "it refuses EXAMINE: NO none such",
        true
      ])
      assert.deepStrictEqual(yield* ends("imaps://x", ok, { EXAMINE: "* BYE enough\r\n" }), [
        "it ends the connection: * BYE enough",
        true
      ])
      assert.deepStrictEqual(yield* ends("imaps://x", ok, { EXAMINE: "+ go on\r\n" }), [
        "it does not answer EXAMINE: + go on",
        true
      ])
      assert.deepStrictEqual(yield* ends("imaps://x", ok, { EXAMINE: "* x\r\n".repeat(10_001) }), [
        "it says too much instead of answering EXAMINE",
        true
      ])
      assert.deepStrictEqual(yield* ends("imaps://x", ok, { EXAMINE: "" }), ["it ended the connection", true])
    })
  )
})

describe("the URL of a mailbox", () => {
  it("has a host, and may have a port, a user and a mailbox", () => {
    const parsed = (text: string) => Either.getOrThrow(ImapUrl.parse(text))
    assert.deepStrictEqual(parsed("imaps://mail.example"), {
      host: "mail.example",
      port: 993,
      tls: true,
      user: undefined,
      mailbox: "INBOX"
    })
    assert.deepStrictEqual(parsed("imap://a%40b@[::1]:1143/Junk/%C3%BCber"), {
      host: "::1",
      port: 1143,
      tls: false,
      user: "a@b",
      mailbox: "Junk/über"
    })
    assert.strictEqual(ImapUrl.format(parsed("IMAP://[::1]/x"), "a@b"), "imap://a%40b@[::1]:143/x")
  })

  it("has no password, and nothing that is not understood", () => {
    const wrong = (text: string) => Either.getOrThrow(Either.flip(ImapUrl.parse(text)))
    for (const text of [
      "imap://me:secret@host/",
      "imap://me:12/34@host/",
      "imap://me@here:/x@host",
      "imap://h:143/a@b"
    ]) {
      assert.include(wrong(text), "a password is no part of it", text)
    }
    assert.strictEqual(Either.getOrThrow(ImapUrl.parse("imap://h/a@b")).mailbox, "a@b")
    assert.strictEqual(Either.getOrThrow(ImapUrl.parse("imap://h:143/a%40b")).mailbox, "a@b")
    for (const text of [
      "imap:",
      "imap://",
      "imap:///x",
      "imap://h/x?UNSEEN",
      "imap://h/x#y",
      "imap://h/%0d%0a",
      "imap://h/%"
    ]) {
      assert.include(wrong(text), "expected imap://user@host:port/mailbox", text)
    }
  })

  it("is shown where it holds no password for sure", () => {
    for (const text of ["imaps://me@host:993/x", "imap://h/a@b", "a:file"])
      assert.strictEqual(ImapUrl.withoutPassword(text), text)
    for (const text of [
      "imaps://me:secret@host/",
      "IMAP://me:sec/ret@host",
      "imap:me:secret\n@host",
      "imap://h:1/secret@h"
    ])
      assert.match(ImapUrl.withoutPassword(text), /^imaps?:\.\.\.$/i, text)
  })

  it("has its mailbox in a UTF-7 of IMAP's own", () => {
    assert.strictEqual(ImapMailbox.utf7("~peter/mail/台北/日本語"), "~peter/mail/&U,BTFw-/&ZeVnLIqe-")
    assert.strictEqual(ImapMailbox.utf7('A&B "\\'), 'A&-B "\\')
  })
})
