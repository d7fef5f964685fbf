/**
 * Whatever a value holds that somebody gives us, it stays a value (CWE-93): it begins no command, no header and no message of its
 * own. Either it is refused before anything is sent, or the dialogue is that of a harmless one.
 *
 * Each way by which a value gets onto the wire is in the list below.
 */
import { SystemError } from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Load from "../../src/load/Load.js"
import * as NodeAuthCrypto from "../../src/node/NodeAuthCrypto.js"
import * as AuthFields from "../../src/plan/AuthFields.js"
import * as ClientFile from "../../src/plan/ClientFile.js"
import * as MessageParts from "../../src/plan/MessageParts.js"
import * as Plan from "../../src/plan/Plan.js"
import * as TestServer from "../../src/sink/TestServer.js"
import * as Simulation from "../../src/testing/Simulation.js"

/** What somebody who means harm, or has a careless program, puts into a value. */
const pieces = [
  "\r\n",
  "\n",
  "\r",
  "\0",
  "\r\n.\r\n",
  "\r\n\r\n",
  "\nBcc: all@x",
  "\r\nRCPT TO:<all@x>\r\n",
  ".",
  '"',
  "'",
  ",",
  "<",
  ">",
  "> NOTIFY=NEVER ",
  " ",
  "\t",
  ":",
  "=",
  "+",
  "\\",
  "{n}",
  "{{",
  "}}",
  "|",
  "%0d%0a",
  "=0D=0A",
  "\x01",
  "\x0b\x0c",
  "\x85\u2028\u2029",
  "é",
  "a",
  "b@x"
]

const value = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 4 }).map((parts) => parts.join(""))

const quoted = (cell: string): string => `"${cell.replaceAll('"', '""')}"`

interface Given {
  readonly plan: Plan.PlanInput
  readonly files?: { readonly [path: string]: string } | undefined
}

const rows = (plan: Plan.PlanInput, template?: string) => (cell: string) => ({
  plan: { data: "rows", expand: true, ...plan },
  files: { rows: `a,b\n${quoted(cell)},x\n`, template: template ?? "" }
})

/** A value of the plan itself. */
const field = (plan: (text: string) => Plan.PlanInput) => (text: string) => ({ plan: plan(text) })

/** By each of these ways a value gets onto the wire. */
const ways: { readonly [name: string]: (text: string) => Given } = {
  "-f": field((from) => ({ from })),
  "-t": field((to) => ({ to })),
  "-t, with -N and -r": field((to) => ({ to, numberRecipients: true, recipients: 2, numbering: "append" })),
  "-S": field((subject) => ({ subject })),
  "-M": field((helloName) => ({ helloName })),
  "--hello-name": field((helloPattern) => ({ helloPattern })),
  "--header": field((text) => ({ headers: `X-Value: ${text}` })),
  "--header, its name": field((text) => ({ headers: `${text}: x` })),
  "--header, a choice": field((text) => ({ headers: `X-Value: {{pick ${text}|${text}}}` })),
  "--header, a variable": field((text) => ({ headers: `X-Value: {{${text}}}` })),
  "--header, the envelope": field((from) => ({ from, to: from, headers: "X: {{from}} {{to}} {{recipient}}" })),
  "-S, a choice": field((text) => ({ subject: `{{pick ${text}|${text}}}`, expand: true })),
  "-t, a choice": field((text) => ({ to: `{{pick ${text}|${text}}}@x`, expand: true })),
  "--run-id": field((runId) => ({ runId, attach: "1k" })),
  "--prove": field((runId) => ({ runId, prove: "recipients" })),
  "--mail-parameter": field((text) => ({ mailParameters: [text] })),
  "--rcpt-parameter": field((text) => ({ rcptParameters: [text] })),
  "--envelope-id": field((envelopeId) => ({ envelopeId })),
  "--notify": field((notify) => ({ notify })),
  "--xclient": field((text) => ({ xclient: `NAME=${text}` })),
  "--xforward": field((text) => ({ xforward: `NAME=${text}` })),
  "--to-domain": (toDomain) => ({
    plan: { corpus: "corpus", envelope: "headers", toDomain },
    files: { corpus: "From: a@x\nTo: b@x\n\nHello\n" }
  }),
  "the headers of a corpus": (text) => ({
    plan: { corpus: "corpus", envelope: "headers", toDomain: "y", rewrite: "from,to" },
    files: { corpus: `From: <${text}@x>\nTo: b@x, ${text}@x\n\nHello\n` }
  }),
  "--attach": (path) => ({ plan: { attach: path }, files: { [path.trim()]: "Hello" } }),
  "--clients": (cell) => ({
    plan: { clients: "clients", xclient: "NAME,HELO", xforward: "NAME" },
    files: { clients: `NAME,HELO\n${quoted(cell)},${quoted(cell)}\n` }
  }),
  ...Object.fromEntries(
    ["plain", "login", "cram-md5", "scram-sha-256", "xoauth2", "oauthbearer"].map((auth) => [
      `--accounts, ${auth}`,
      (cell: string) => ({
        plan: { accounts: "accounts", auth },
        files: { accounts: `user,password\n${quoted(cell)},${quoted(cell)}\n` }
      })
    ])
  ),
  "a row in -f": rows({ from: "{{row.a}}" }),
  "a row in -f and -t, a part of each": rows({ from: "{{row.a}}@x", to: "{{row.b}}+{{row.a}}@x", recipients: 2 }),
  "a row in -S": rows({ subject: "{{row.a}}" }),
  "a row in -t, and -t in headers": rows({ to: "{{row.a}}", subject: "{{to}}", headers: "X: {{recipient}}" }),
  "a row in parameters": rows({ mailParameters: ["A={{row.a}}"], rcptParameters: ["B={{row.b}}{{row.a}}"] }),
  "a row in --header": rows({ headers: ["X-Value: {{row.a}}", "X-Both: {{row.b}}{{row.a}}"] }),
  "a row in the name of a header": rows({ headers: "{{row.a}}{{row.b}}-x: y" }),
  "a row in the headers of a template": rows({ template: "template" }, "X: {{row.a}}\nY: {{row.b}}\n\nHello\n"),
  "a row at the end of a template of headers": rows({ template: "template" }, "X: {{row.a}}")
}

const fileSystem = (files: { readonly [path: string]: string }) =>
  FileSystem.layerNoop({
    stat: () => Effect.succeed({ type: "File" } as FileSystem.File.Info),
    readFile: (path) =>
      Object.hasOwn(files, path)
        ? Effect.succeed(Uint8Array.from(Buffer.from(files[path]!)))
        : Effect.fail(
            new SystemError({ reason: "NotFound", module: "FileSystem", method: "readFile", pathOrDescriptor: path })
          )
  })

interface Seen {
  /** The commands, without what follows their first word; what answers a challenge is one of them. */
  readonly verbs: ReadonlyArray<string>
  readonly lines: ReadonlyArray<string>
  readonly contents: ReadonlyArray<string>
}

const verbOf = (line: string): string =>
  /^(?:EHLO|HELO|LHLO|AUTH|XCLIENT|XFORWARD|MAIL|RCPT|DATA|BDAT|RSET|NOOP|VRFY|HELP|QUIT|\.$)/.exec(line)?.[0] ??
  (/^[A-Za-z0-9+/]*=*$/.test(line) ? "answer" : line)

/** What a server sees of it; nothing where it is refused. */
const seen = ({ files = {}, plan: input }: Given): Effect.Effect<Seen | undefined> =>
  Effect.gen(function* () {
    const envelope = input.envelope === undefined ? { from: "f@x", to: "t@x" } : {}
    const identity = { helloName: "me.example", seed: "s", runId: "run" }
    const asked = { target: "localhost", messages: 1, ...identity, ...envelope, ...input }
    const decoded = Plan.decode(asked)
    if (Either.isLeft(decoded)) return undefined
    const plan = decoded.right
    const reading = Effect.all({
      parts: MessageParts.read(plan),
      clients: ClientFile.read(plan),
      accounts: AuthFields.read(plan)
    })
    const read = yield* Effect.either(Effect.provide(reading, fileSystem(files)))
    if (Either.isLeft(read)) return undefined
    const { accounts } = read.right
    const mechanisms = AuthFields.mechanismsOf(plan)
    const auth = accounts && { mechanisms, accounts: [accounts.at(0)], required: true }
    const offers = ["DSN", "SMTPUTF8", "8BITMIME", "XCLIENT NAME HELO", "XFORWARD NAME"]
    const running = Effect.gen(function* () {
      yield* Load.run(plan, read.right)
      const { accepted, log } = yield* TestServer.TestServer
      const lines = log.map(({ line }) => line)
      return { lines, verbs: lines.map(verbOf), contents: accepted.map(({ content }) => content) }
    })
    const server = TestServer.layer({ offers, auth, manners: "loose" })
    return yield* Effect.orDie(Simulation.run(Effect.provide(running, server)))
  }).pipe(Effect.provide(NodeAuthCrypto.layer))

/** How many headers there are above a body. */
const headersIn = (content: string): number => {
  const end = content.indexOf("\r\n\r\n")
  return content.slice(0, end < 0 ? -2 : end).split(/\r\n(?![ \t])/).length
}

/** What is not refused is sent this many times, for to run it all takes its time. */
const mostRuns = 4

/** These know a few words only. */
const few = new Set(["--notify", "--header, a variable"])

const values = fc.sample(value, { seed: 14, numRuns: 60 })

const check = (given: (text: string) => Given, more: (found: Seen, text: string) => void = () => {}) =>
  Effect.gen(function* () {
    const harmless = yield* seen(given("a"))
    let runs = 0
    for (const text of values) {
      const found = yield* seen(given(text))
      if (found === undefined) continue
      const what = JSON.stringify(text)
      for (const line of found.lines) assert.notMatch(line, /[\0\r\n]/, what)
      for (const verb of new Set(found.verbs)) {
        const times = (verbs: ReadonlyArray<string> = [verb]) => verbs.filter((each) => each === verb).length
        assert.isAtMost(times(found.verbs), times(harmless?.verbs), `${verb}: ${what}`)
      }
      if (harmless !== undefined) {
        assert.isAtMost(found.contents.length, harmless.contents.length, what)
        for (const content of found.contents)
          assert.strictEqual(headersIn(content), headersIn(harmless.contents[0]!), what)
      }
      more(found, text)
      if (++runs === mostRuns) break
    }
    return runs
  })

describe("a value that is given to us begins no command, no header and no message, and ends none", () => {
  for (const [name, given] of Object.entries(ways)) {
    it.effect(name, () =>
      Effect.map(check(given), (runs) => (few.has(name) ? assert.strictEqual(runs, 0) : assert.isAbove(runs, 0)))
    )
  }

  for (const option of ["from", "to"] as const) {
    it.effect(`nor does a row add parameters to the command of ${option}`, () =>
      check(rows({ [option]: "{{row.a}}" }), ({ lines }) => {
        for (const line of lines) if (/^(?:MAIL|RCPT)/.test(line)) assert.match(line, /^[A-Z ]+:<[^<>]*>$/)
      })
    )
  }

  it.effect("nor does a row in a parameter add another one", () =>
    check(rows({ mailParameters: ["A={{row.a}}"] }), ({ lines }) => {
      for (const line of lines)
        if (line.startsWith("MAIL")) assert.match(line, /^MAIL FROM:<f@x>(?: SMTPUTF8)? A=[!-~]*$/)
    })
  )

  for (const [name, template] of [
    ["by itself", "X: 1\n\n{{row.a}}\n{{row.b}}\n"],
    ["within a line", "X: 1\n\nHello {{row.a}}, good bye\n"]
  ] as const) {
    it.effect(`it may have lines in the text of a message, which they stay: ${name}`, () =>
      check(rows({ template: "template" }, template), ({ contents }, text) => {
        const [, body = ""] = template
          .replace("{{row.a}}", text)
          .replace("{{row.b}}", "x")
          .split(/\n\n(.*)/s)
        const bytes = Buffer.from(body.replaceAll(/\r?\n/g, "\r\n")).toString("latin1")
        assert.deepStrictEqual(contents, [`X: 1\r\n\r\n${bytes}`])
      })
    )
  }
})
