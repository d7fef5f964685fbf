import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as MessageFile from "../../src/plan/MessageFile.js"
import * as Corpus from "../../src/plan/Corpus.js"
import type * as MessageParts from "../../src/plan/MessageParts.js"
import type * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as AccountTable from "../../src/smtp/AccountTable.js"
import * as Simulation from "../../src/testing/Simulation.js"
import { connectionsOf, type Way, ways } from "./Ways.js"
import { well } from "./WorkersHere.js"

// What a plan says of messages and of their dialogue is what the server sees, however the plan is run.

type Seen = Pick<TestServer.TestServer["Type"], "accepted" | "log" | "sessions"> & { readonly elapsed: number }

interface Row {
  readonly name: string
  readonly input: Plan.PlanInput
  readonly file?: string
  readonly parts?: MessageParts.MessageParts
  readonly accounts?: AccountTable.AccountTable
  readonly clients?: string
  readonly server?: TestServer.TestServerOptions
  /** Something of each connection, or of each message, and what it is to be. */
  readonly each: (seen: Seen) => ReadonlyArray<unknown>
  readonly is: unknown
  /** There is one of each message's connections. */
  readonly all?: boolean
  /** What this option is not for. */
  readonly not?: ReadonlyArray<Way>
}

/** The first line of each connection that begins with this. */
const lines = (verb: string) => (seen: Seen) =>
  seen.sessions.map(({ session }) => seen.log.find((one) => one.session === session && one.line.startsWith(verb))?.line)
const commands = (seen: Seen) =>
  seen.sessions.map(({ session }) =>
    seen.log.flatMap((one) => (one.session === session ? [one.line.split(/[ :]/)[0]] : [])).join(" ")
  )
const contents = (seen: Seen) => seen.accepted.map(({ content }) => content)
const header = (name: string) => (seen: Seen) =>
  contents(seen).map((content) => new RegExp(`^${name}: (.*)\r$`, "m").exec(content)?.[1])
const numbered = (pattern: RegExp) => (seen: Seen) => {
  const numbers = seen.accepted.map(({ recipients }) => Number(pattern.exec(recipients[0] ?? "")?.[1]))
  const first = Math.min(...numbers)
  const all = numbers.map((number) => number - first).sort((a, b) => a - b)
  return all.map((number, index) => (number === index ? first : "a gap"))
}

const corpusOf = (messages: ReadonlyArray<string>) => {
  const collector = new Corpus.Collector({ rewrite: [], unusual: "skip" })
  for (const message of messages) collector.add(Buffer.from(message))
  return collector.end()
}

const me = "me.example"
const usual = "HELO MAIL RCPT DATA . QUIT"

const ann = AccountTable.of([{ user: "ann", password: "secret" }])
const login = { auth: "plain", accounts: "accounts.csv", authInsecure: true } as const
const authenticating: TestServer.TestServerOptions = {
  auth: { mechanisms: ["PLAIN"], accounts: [{ user: "ann", password: "secret" }], required: true }
}

const offering: TestServer.TestServerOptions = {
  offers: ["PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "DSN", "REQUIRETLS"]
}

/** What a command has behind its address. */
const parameters = (verb: string) => (seen: Seen) => lines(verb)(seen).map((line) => line?.replace(/^.*?> ?/, ""))

/** Of the extensions that are asked for: the parameter of MAIL or RCPT that comes of it. */
const extensions: ReadonlyArray<readonly [input: Plan.PlanInput, verb: "MAIL" | "RCPT", parameter: string]> = [
  [{ mime: "7bit" }, "MAIL", "BODY=7BIT"],
  [{ smtputf8: "always" }, "MAIL", "SMTPUTF8"],
  [{ notify: "never" }, "RCPT", "NOTIFY=NEVER"],
  [{ dsnReturn: "headers" }, "MAIL", "RET=HDRS"],
  [{ envelopeId: "x" }, "MAIL", "ENVID=x"],
  [{ mailParameters: ["BY=120;R"] }, "MAIL", "BY=120;R"],
  [{ rcptParameters: ["A=1"] }, "RCPT", "A=1"]
]

const parameterTexts: ReadonlyArray<string | undefined> = ["BY=7;R", `X=${me},foo@${me} Y=7`]

const rows: ReadonlyArray<Row> = [
  ...extensions.map(([input, verb, is]) => ({
    name: Object.keys(input).join(),
    input,
    server: offering,
    each: parameters(verb),
    is
  })),
  {
    name: "declareSize",
    input: { declareSize: true, length: 1000 },
    server: offering,
    each: (seen) => parameters("MAIL")(seen).map((text) => /^SIZE=\d{4}$/.test(text ?? "")),
    is: true
  },
  {
    name: "requireTls",
    input: { requireTls: true, tls: "starttls" },
    server: { ...offering, tls: "required" },
    each: parameters("MAIL"),
    is: "REQUIRETLS"
  },
  {
    name: "whenNotOffered skip",
    input: { whenNotOffered: "skip", notify: "never" },
    server: { offers: [] },
    each: (seen) => seen.accepted.map(() => parameters("RCPT")(seen).join("")),
    is: ""
  },
  { name: "nothing else", input: {}, each: commands, is: usual },
  { name: "-f", input: { from: "a@b.example" }, each: lines("MAIL"), is: "MAIL FROM:<a@b.example>" },
  { name: "-f, in the header", input: { from: "a@b.example" }, each: header("From"), is: "<a@b.example>" },
  { name: "-t", input: { to: "c@d.example" }, each: lines("RCPT"), is: "RCPT TO:<c@d.example>" },
  { name: "-t, in the header", input: { to: "c@d.example" }, each: header("To"), is: "<c@d.example>" },
  { name: "-M", input: { helloName: "other.example" }, each: lines("HELO"), is: "HELO other.example" },
  {
    name: "-M, as the sender's",
    input: { helloName: "x.example" },
    each: lines("MAIL"),
    is: "MAIL FROM:<foo@x.example>"
  },
  { name: "-S", input: { subject: "a subject" }, each: header("Subject"), is: "a subject" },
  {
    name: "-l",
    input: { length: 1234 },
    each: (seen) => contents(seen).map((content) => content.slice(content.indexOf("\r\n\r\n") + 4).length),
    is: 1236
  },
  {
    name: "-l, drawn",
    input: { length: "1..2k", seed: "x" },
    each: (seen) => [new Set(contents(seen).map((content) => content.length)).size > 2],
    is: true
  },
  {
    name: "-r, drawn",
    input: { recipients: "1..50", seed: "x" },
    each: (seen) => [new Set(seen.accepted.map(({ recipients }) => recipients.length)).size > 2],
    is: true
  },
  {
    name: "--body",
    input: { body: "random", length: 76 },
    each: (seen) => contents(seen).map((content) => /\r\n\r\n[A-Za-z0-9+/]{76}\r\n$/.test(content)),
    is: true
  },
  {
    name: "--header",
    input: { headers: ["X-One: 1", "X-Two: 2"] },
    each: (seen) => contents(seen).map((content) => content.split("From: ")[0]),
    is: "X-One: 1\r\nX-Two: 2\r\n"
  },
  {
    name: "--header, with -F",
    input: { file: "mail", headers: "X-One: 1" },
    file: "Subject: file\n\nbody\n",
    each: contents,
    is: "X-One: 1\r\nSubject: file\r\n\r\nbody\r\n"
  },
  { name: "--header", input: { headers: ["X-A: b"] }, each: header("X-A"), is: "b" },
  {
    name: "--body",
    input: { body: "gtube" },
    each: (seen) => contents(seen).map((content) => content.includes("XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE")),
    is: true
  },
  {
    name: "--attach",
    input: { attach: ["one.txt", "100"] },
    parts: { attachments: [new TextEncoder().encode("eA=="), undefined] },
    each: (seen) => contents(seen).map((content) => (content.match(/filename="[^"]*"|\r\neA==\r\n/g) ?? []).join()),
    is: 'filename="one.txt",\r\neA==\r\n,filename="attachment-2.bin"'
  },
  {
    name: "--corpus",
    input: { corpus: "x", rewrite: "none" },
    parts: { corpus: corpusOf(["X-One: 1\n\none\n"]) },
    each: contents,
    is: "X-One: 1\r\n\r\none\r\n"
  },
  {
    name: "--order",
    input: { corpus: "x", rewrite: "none", order: "shuffle", seed: "x" },
    parts: { corpus: corpusOf(["1", "2", "3", "4", "5", "6", "7", "8", "9"]) },
    each: (seen) => [contents(seen).slice(0, 5).join("") === "1\r\n2\r\n3\r\n4\r\n5\r\n"],
    is: false
  },
  {
    name: "--rewrite",
    input: { corpus: "x", rewrite: "subject", subject: "new" },
    parts: { corpus: corpusOf(["X-One: 1\n\none\n"]) },
    each: header("Subject"),
    is: "new"
  },
  {
    name: "--template",
    input: { template: "t" },
    parts: { template: "X-One: {{run}}\n\nHello {{from}}" },
    each: (seen) => contents(seen).map((content) => content.replace(/: \S+/, ": run")),
    is: "X-One: run\r\n\r\nHello foo@me.example\r\n"
  },
  {
    name: "--header, with a variable",
    input: { headers: "X-One: {{helo}}" },
    parts: {},
    each: header("X-One"),
    is: me
  },
  {
    name: "--expand",
    input: { expand: true, from: "a@{{helo}}", subject: "{{helo}}" },
    parts: {},
    each: (seen) => lines("MAIL")(seen).map((line, index) => [line, header("Subject")(seen)[index]].join()),
    is: `MAIL FROM:<a@${me}>,${me}`
  },
  {
    name: "--expand, of parameters",
    input: {
      expand: true,
      mailParameters: ["BY={{pick 7|7}};R"],
      rcptParameters: ["X={{helo}},{{recipient}}", "Y={{row.a}}"],
      data: "u"
    },
    parts: { data: new TextEncoder().encode("a\n7\n"), rows: 1 },
    server: { script: { mail: { say: "250 ok\r\n" }, rcpt: { say: "250 ok\r\n" } } },
    each: (seen) =>
      [...parameters("MAIL")(seen), ...parameters("RCPT")(seen)].map((text) => parameterTexts.includes(text)),
    is: true
  },
  {
    name: "--data",
    input: { data: "u", headers: "X-One: {{row.a}}" },
    parts: { data: new TextEncoder().encode("a\n7\n"), rows: 1 },
    each: header("X-One"),
    is: "7"
  },
  {
    name: "--data-order",
    input: { data: "u", headers: "X-One: {{row.a}}", dataOrder: "shuffle", seed: "x" },
    parts: { data: new TextEncoder().encode("a\n1\n2\n3\n4\n5\n6\n7\n8\n9\n"), rows: 9 },
    each: (seen) => [header("X-One")(seen).slice(0, 5).join("") === "12345"],
    is: false
  },
  {
    name: "-F",
    input: { file: "mail" },
    file: "Subject: file\n\nbody\n",
    each: contents,
    is: "Subject: file\r\n\r\nbody\r\n"
  },
  {
    name: "--prove",
    input: { prove: "messages" },
    each: (seen) => header("X-Smtp-Source")(seen).map((stamp) => stamp !== undefined),
    is: true
  },
  { name: "-o", input: { bare: true }, each: commands, is: "MAIL RCPT DATA . QUIT" },
  { name: "-o, of the header", input: { bare: true }, each: header("Message-Id"), is: undefined },
  { name: "-L", input: { lmtp: true }, server: { protocol: "lmtp" }, each: lines("LHLO"), is: `LHLO ${me}` },
  {
    name: "-r",
    input: { recipients: 2, to: "a@b" },
    each: (seen) => seen.accepted.map(({ recipients }) => recipients.join()),
    is: "2a@b,a@b"
  },
  { name: "-N", input: { numberRecipients: true }, each: numbered(/^(\d+)foo@me\.example$/), is: 1 },
  {
    name: "--numbering append",
    input: { numberRecipients: true, numbering: "append" },
    each: numbered(/^foo(\d+)@me\.example$/),
    is: 0
  },
  {
    name: "--close fin",
    input: { close: "fin" },
    each: ({ sessions }) => sessions.map(({ left }) => left?.how),
    is: "close"
  },
  {
    name: "--close reset",
    input: {},
    each: ({ sessions }) => sessions.map(({ left }) => left?.how),
    is: "reset"
  },
  { name: "--pipelining on", input: { pipelining: "on" }, each: lines("EHLO"), is: `EHLO ${me}` },
  {
    name: "--pipelining on, of the envelope",
    input: { pipelining: "on" },
    // A group's commands are written at one time, whatever the replies take.
    server: { latency: "10 millis" },
    each: ({ log, sessions }) =>
      sessions.map(({ session }) => {
        const times = log.flatMap(({ line, session: of, time }) =>
          of === session && /^(MAIL|RCPT|DATA)/.test(line) ? [time] : []
        )
        return new Set(times).size
      }),
    is: 1
  },
  {
    name: "--timeout",
    input: { timeout: 2, keepGoing: true },
    server: { script: { mail: { say: "" } } },
    each: ({ sessions }) => sessions.map(({ left, openedAt }) => (left?.time ?? 0) - openedAt),
    is: 2000,
    not: ["an open run"]
  },
  {
    name: "--connect-rate",
    input: { connectRate: 2 },
    each: ({ sessions }) => {
      const opened = sessions.map(({ openedAt }) => openedAt).sort((a, b) => a - b)
      return opened.map((time, index) => time - index * 500)
    },
    is: 0,
    not: ["an open run"]
  },
  {
    name: "-d",
    input: { reuse: true },
    // Threads whose messages take their time share them evenly.
    server: { latency: "10 millis" },
    each: commands,
    is: "HELO MAIL RCPT DATA . MAIL RCPT DATA . MAIL RCPT DATA . MAIL RCPT DATA . MAIL RCPT DATA . QUIT",
    not: ["a scenario"]
  },
  {
    name: "--per-connection",
    input: { perConnection: "5" },
    each: commands,
    is: "HELO MAIL RCPT DATA . MAIL RCPT DATA . MAIL RCPT DATA . MAIL RCPT DATA . MAIL RCPT DATA . QUIT",
    not: ["a scenario"]
  },
  {
    name: "--shape",
    input: { shapes: ["1: per-connection 5"] },
    each: commands,
    is: "HELO MAIL RCPT DATA . MAIL RCPT DATA . MAIL RCPT DATA . MAIL RCPT DATA . MAIL RCPT DATA . QUIT",
    not: ["a scenario"]
  },
  {
    name: "--shape, with TLS",
    input: { shapes: ["1: tls starttls"] },
    server: { tls: "required" },
    each: lines("STARTTLS"),
    is: "STARTTLS",
    all: true,
    not: ["a scenario"]
  },
  { name: "--abandon", input: { abandon: "rcpt" }, each: commands, is: "HELO MAIL RCPT", not: ["a scenario"] },
  {
    name: "--hold",
    input: { hold: "0.05" },
    each: ({ log }) => log.flatMap(({ line, time }) => (line === "QUIT" ? [time % 100] : [])),
    is: 50,
    not: ["a closed run", "a run over threads", "a scenario"]
  },
  {
    name: "--hold, connection by connection",
    input: { hold: "3" },
    each: ({ log, sessions }) =>
      sessions.map(
        ({ openedAt, session }) =>
          (log.find(({ line, session: of }) => of === session && line === "QUIT")?.time ?? 0) - openedAt
      ),
    is: 3000,
    not: ["an open run", "a scenario"]
  },
  {
    name: "-w",
    input: { delay: 2, reuse: true },
    each: ({ elapsed }) => [elapsed],
    is: 8000,
    not: ["an open run", "a scenario"]
  },
  {
    name: "--think",
    input: { think: "3", reuse: true },
    each: ({ elapsed }) => [elapsed],
    is: 12_000,
    not: ["an open run", "a scenario"]
  },
  {
    name: "-A",
    input: { acceptRejection: true },
    server: { script: { rcpt: { say: "550 no\r\n" } } },
    each: commands,
    is: "HELO MAIL RCPT RSET QUIT",
    all: true,
    not: ["a scenario"]
  },
  {
    name: "-C",
    input: { connectAttempts: 3 },
    server: { connect: (attempt) => (attempt < 3 ? { refuse: "ECONNREFUSED" } : undefined) },
    each: commands,
    is: usual,
    all: true
  },
  {
    name: "--hello-pattern",
    input: { helloPattern: "client{n}.example" },
    each: (seen) => [new Set(lines("HELO client")(seen)).size === seen.sessions.length],
    is: true
  },
  {
    name: "--xclient",
    input: { xclient: "NAME=c.example", notify: "never", whenNotOffered: "send" },
    server: { offers: ["DSN", "XCLIENT NAME"] },
    each: lines("XCLIENT"),
    is: "XCLIENT NAME=c.example",
    all: true
  },
  {
    name: "--chunking",
    input: { chunking: "on" },
    server: { offers: ["CHUNKING"] },
    each: (seen) => lines("BDAT")(seen).map((line) => /^BDAT \d+ LAST$/.test(line ?? "")),
    is: true,
    all: true
  },
  {
    name: "--chunking, whose contents have no dots but their own",
    input: { chunking: "5", file: "mail" },
    file: "Subject: x\n\n.a\n..b\n",
    server: { offers: ["CHUNKING"] },
    each: contents,
    is: "Subject: x\r\n\r\n.a\r\n..b\r\n"
  },
  {
    name: "--auth, and -f {user}",
    input: { ...login, from: "{user}@b.example" },
    accounts: ann,
    server: authenticating,
    each: lines("MAIL"),
    is: "MAIL FROM:<ann@b.example>",
    all: true
  },
  {
    name: "-f {user}, in the header",
    input: { ...login, from: "{user}", accountOrder: "round" },
    accounts: ann,
    server: authenticating,
    each: header("From"),
    is: "<ann>"
  },
  {
    name: "-f {user}, with --expand",
    input: { ...login, from: "{user}+{{helo}}", expand: true },
    parts: {},
    accounts: ann,
    server: authenticating,
    each: lines("MAIL"),
    is: `MAIL FROM:<ann+${me}>`
  },
  {
    name: "--client-addresses, by --xclient",
    input: { xclient: "ADDR", clientAddresses: "192.0.2.7" },
    server: { offers: ["XCLIENT ADDR"] },
    each: lines("XCLIENT"),
    is: "XCLIENT ADDR=192.0.2.7",
    all: true
  },
  {
    name: "--proxy, whose header this server does not expect",
    input: { proxy: "1", clientAddresses: "192.0.2.7", keepGoing: true },
    each: (seen) => lines("PROXY")(seen).map((line) => line?.replace(/^(PROXY TCP4 192\.0\.2\.7) .*$/, "$1")),
    is: "PROXY TCP4 192.0.2.7"
  },
  ...(["1", "2"] as const).map((proxy) => ({
    name: `--proxy ${proxy}, before all else`,
    input: { proxy, clientAddresses: "192.0.2.7" },
    server: { proxy: "any" },
    each: commands,
    is: usual,
    all: true
  })),
  {
    name: "--xforward",
    input: { xforward: "NAME=c.example" },
    server: { offers: ["XFORWARD NAME"] },
    each: lines("XFORWARD"),
    is: "XFORWARD NAME=c.example",
    all: true
  },
  {
    name: "--clients",
    input: { xclient: "NAME", clients: "clients.csv" },
    clients: "NAME\nd.example\n",
    server: { offers: ["XCLIENT NAME"] },
    each: lines("XCLIENT"),
    is: "XCLIENT NAME=d.example",
    all: true
  },
  {
    name: "--client-order session",
    input: { xclient: "NAME", clients: "clients.csv", clientOrder: "session", sessions: 1 },
    clients: "NAME\nd.example\ne.example\nf.example\n",
    server: { offers: ["XCLIENT NAME"] },
    // Over threads there are two sessions; one of an open run is as long as its connection.
    each: (seen) => [new Set(lines("XCLIENT")(seen)).size],
    is: 1,
    not: ["an open run", "a run over threads"]
  },
  {
    name: "-R",
    input: { randomDelay: 1.5, reuse: true },
    each: ({ elapsed }) => [elapsed > 0 && elapsed <= 6000],
    is: true,
    not: ["an open run", "a scenario"]
  },
  {
    name: "--keep-going",
    input: { keepGoing: true },
    server: { script: { data: { say: "", end: "close" } } },
    each: commands,
    is: "HELO MAIL RCPT DATA",
    all: true,
    not: ["a scenario"]
  }
]

const run = (way: Way, { accounts, clients, file, input, parts, server = {} }: Row) =>
  Effect.gen(function* () {
    const content =
      file === undefined ? {} : { file: Either.getOrThrow(MessageFile.stuff(new TextEncoder().encode(file))) }
    const { elapsed, violations } = yield* ways[way](
      { helloName: me, ...input },
      {
        ...content,
        parts,
        accounts,
        clients: clients === undefined ? undefined : new TextEncoder().encode(clients)
      }
    )
    assert.deepStrictEqual(violations, [])
    const { accepted, log, sessions } = yield* TestServer.TestServer
    return { accepted, elapsed, log, sessions }
  }).pipe(Effect.provide(Layer.provideMerge(well, TestServer.layer(server))), (program) => Simulation.run(program))

for (const way of Object.keys(ways) as ReadonlyArray<Way>) {
  describe(`the server sees, of ${way},`, () => {
    for (const row of rows) {
      if (row.not?.includes(way) === true) continue
      it.effect(row.name, () =>
        Effect.gen(function* () {
          const seen = row.each(yield* run(way, row))
          assert.isAbove(seen.length, 0)
          if (row.all === true) assert.lengthOf(seen, connectionsOf(way))
          assert.deepStrictEqual(
            seen,
            seen.map(() => row.is)
          )
        })
      )
    }

    it.effect("--once: no more messages than rows", () =>
      Effect.gen(function* () {
        const parts = { data: new TextEncoder().encode("a\n1\n2\n3\n"), rows: 3 }
        const input = { data: "u", once: true, headers: "X-One: {{row.a}}" }
        const seen = yield* run(way, { name: "", input, parts, each: contents, is: "" })
        assert.deepStrictEqual([...header("X-One")(seen)].sort(), ["1", "2", "3"])
      })
    )

    it.effect("a connection for each message", () =>
      Effect.gen(function* () {
        const { accepted, sessions } = yield* run(way, rows[0]!)
        assert.lengthOf(accepted, connectionsOf(way))
        assert.lengthOf(sessions, connectionsOf(way))
      })
    )
  })
}
