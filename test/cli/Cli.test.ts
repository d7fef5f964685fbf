import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import packageJson from "../../package.json" with { type: "json" }
import * as Cli from "../../src/cli/Cli.js"
import { type OptionRow, planRows } from "../../src/cli/OptionTable.js"
import { StopSignal } from "../../src/load/StopSignal.js"
import { Workers } from "../../src/load/Workers.js"
import * as Plan from "../../src/plan/Plan.js"
import { Output } from "../../src/report/Output.js"
import { EmbeddedSink } from "../../src/sink/EmbeddedSink.js"
import { Connector } from "../../src/smtp/Wire.js"
import { version } from "../../src/version.js"
import * as Terminals from "./Terminals.js"
import * as CapturedOutput from "./CapturedOutput.js"

interface Environment {
  readonly [variable: string]: string
}

const within = <A, E, R>(effect: Effect.Effect<A, E, R>, environment: Environment) =>
  Effect.withConfigProvider(effect, ConfigProvider.fromMap(new Map(Object.entries(environment))))

const parse = (argv: ReadonlyArray<string>, environment: Environment = {}, hostName = "me.example") =>
  within(Effect.provide(Cli.parse(argv, { hostName }), FileSystem.layerNoop({})), environment)

/** What the arguments make of the plan. */
const planOf = (argv: ReadonlyArray<string>, environment?: Environment): Effect.Effect<Plan.Plan> =>
  Effect.flatMap(Effect.orDie(parse(argv, environment)), (directive) =>
    directive._tag === "Run" ? Effect.succeed(directive.plan) : Effect.dieMessage(`not a run: ${directive._tag}`)
  )

const reasonOf = (argv: ReadonlyArray<string>, environment?: Environment, hostName?: string) =>
  Effect.map(Effect.flip(parse(argv, environment, hostName)), ({ reason }) => reason)

const understands = (argv: ReadonlyArray<string>, expected: Partial<Plan.Plan>, environment?: Environment) =>
  it.effect(`${JSON.stringify(argv)}${environment === undefined ? "" : ` in ${JSON.stringify(environment)}`}`, () =>
    Effect.map(planOf(argv, environment), (plan) => assert.deepInclude(plan, expected))
  )

const refuses = (argv: ReadonlyArray<string>, reason: string, environment?: Environment) =>
  it.effect(`${JSON.stringify(argv)}: ${reason}`, () =>
    Effect.map(reasonOf(argv, environment), (found) => assert.strictEqual(found, reason))
  )

describe("what getopt(3) takes and plain parsers do not", () => {
  understands(["-4", "h"], { family: "ipv4", target: "h" })
  understands(["-6v", "h"], { family: "ipv6", verbose: 1 })
  understands(["-cdN", "h"], { counter: true, reuse: true, numberRecipients: true })
  understands(["-dm", "100", "h"], { reuse: true, messages: 100 })
  understands(["-dm100", "h"], { reuse: true, messages: 100 })
  understands(["-s20", "h"], { sessions: 20 })
  understands(["-ffoo@bar", "h"], { from: "foo@bar" })
  understands(["-S", "-x", "h"], { subject: "-x" })
  understands(["-S", "-v", "h"], { subject: "-v", verbose: 0 })
  understands(["-S", "--help", "h"], { subject: "--help" })
  understands(["h", "-S", "--version"], { subject: "--version" })
  understands(["-S", "--log-level", "h"], { subject: "--log-level" })
  understands(["-S", "--", "h"], { subject: "--" })
  understands(["-S", "", "h"], { subject: "" })
  understands(["-S", " a ", "h"], { subject: " a " })
  understands(["-S", "é\t😀", "h"], { subject: "é\t😀" })
  understands(["--messages=7", "h"], { messages: 7 })
  understands(["--subject=a=b", "h"], { subject: "a=b" })
  understands(["--subject=", "h"], { subject: "" })
  understands(["--subject= x ", "h"], { subject: " x " })
  understands(["-v", "-v", "h"], { verbose: 2 })
  understands(["-vv", "h"], { verbose: 2 })
  understands(["-m", "1", "-m", "5", "h"], { messages: 5 })
  understands(["h", "-m", "2"], { messages: 2, target: "h" })
  understands(["h", "-c"], { counter: true, target: "h" })
  for (const host of ["no", "on", "1.2.3.4", "y", "true", "off"])
    understands(["-c", host], { counter: true, target: host })
  understands(["-C", "5", "h"], { connectAttempts: 5, counter: false })
  understands(["-L", "-l", "5", "h"], { lmtp: true, length: 5 })
  understands(["unix:/a b"], { target: "unix:/a b" })
  understands(["inet:[::1]:25"], { target: "inet:[::1]:25" })
  understands(["-f", "", "h"], { from: "" })
  understands(["--", "h"], { target: "h" })
  understands(["--sink"], { sink: true })
  understands(["--report", "json=r{segment}.json", "h"], { report: ["json=r1.json"] })
})

describe("what getopt(3) refuses", () => {
  refuses(["-m"], "option requires an argument -- 'm'")
  refuses(["-Z", "h"], "invalid option -- 'Z'")
  refuses(["--zzz", "h"], "unrecognized option '--zzz'")
  refuses(["--mesages", "3", "h"], "unrecognized option '--mesages' (did you mean --messages?)")
  refuses(
    ["--user", "u", "--password=secret", "h"],
    "unrecognized option '--password' (a password cannot be given on the command line: use --password-file or SMTP_SOURCE_PASSWORD)"
  )
  refuses(
    ["--report", "json={run}.json", "h"],
    "--report json={run}.json: {run} is the name of the run, which --run-id gives"
  )
  refuses(["--log-level", "debug", "h"], "unrecognized option '--log-level'")
  refuses(
    ["--zzz", "-m", "x", "--smtputf8", "-l", "0", "--rate", "fast"],
    "unrecognized option '--zzz'; option '--smtputf8' requires an argument (auto, always); " +
      '-l, --length: expected a whole number, 1 or more, not "0"; ' +
      '-m, --messages: expected a whole number, 1 or more, not "x"; ' +
      '--rate: "fast", column 1: expected a rate, such as 500/s, 30000/m or 10/h'
  )
  refuses(["a", "b"], "too many targets: b (several have commas between)")
  refuses(["a", "25"], "too many targets: 25 (a port follows a colon: a:25)")
  refuses([], "no target")
  refuses(["-d", "--"], "no target")
  refuses(["--", "-target"], '"-target": a host name, an IPv4 address, or an IPv6 address in brackets is expected')
  refuses([""], '"": no host')
  refuses([":25"], '":25": no host')
  refuses(["unix:"], '"unix:": no pathname after unix:')
  refuses(["smtp://localhost"], '"smtp://localhost": a target is host:port or unix:pathname, and not a URL')

  it.effect("and says how the command goes", () =>
    Effect.map(Effect.flip(parse(["-Z", "h"])), ({ message }) =>
      assert.strictEqual(
        message,
        "invalid option -- 'Z' (usage: smtp-source [options] [inet:]host[:port] | unix:pathname; --help tells more)"
      )
    )
  )
})

describe("a warm-up", () => {
  const refused = (...given: ReadonlyArray<string>) => refuses(["--warm-up", "2s", ...given, "h"], rule(given[1] ?? ""))
  const rule = (run: string) =>
    `--warm-up must be shorter than the run: 2s is not less than ${run.includes(":") ? "all stages together" : run}`
  refused("--duration", "2s")
  refused("--duration", "1999ms", "--rate", "5/s")
  refused("--stages", "1s:5/s, 1s:0/s")
  understands(["--warm-up", "2s", "--duration", "2001ms", "h"], { warmUp: "2s" })
  understands(["--warm-up", "2s", "-m", "1", "h"], { warmUp: "2s" })
})

describe("an unknown variable of the environment", () => {
  it.effect("is warned of, with the one that was meant", () =>
    Effect.gen(function* () {
      const names = ["SMTP_SOURCE_MESAGES", "SMTP_SOURCE_SERVICE_HOST", "SMTP_SOURCE_MESSAGES", "SMTP_SOURCE_SCENARIO"]
      const { status, stderr } = yield* run(["--dry-run", "h"], {}, {}, [...names, "SMTP_SOURCE_TARGET", "PATH"])
      assert.strictEqual(status, 0)
      assert.deepStrictEqual(stderr.split("\n"), [
        "smtp-source: warning: unknown variable SMTP_SOURCE_MESAGES in the environment (did you mean SMTP_SOURCE_MESSAGES?)",
        "smtp-source: warning: unknown variable SMTP_SOURCE_SERVICE_HOST in the environment",
        ""
      ])
    })
  )
})

describe("numbers", () => {
  const count = (value: string, bound = "1 or more") =>
    `-m, --messages: expected a whole number, ${bound}, not ${JSON.stringify(value)}`
  for (const value of ["10x", "0x10", "1e9", "", "abc", "0", "-1", "1.5", "5 ", "1,000", "NaN"]) {
    refuses(["-m", value, "h"], count(value))
  }
  refuses(["-m", "99999999999999999999", "h"], count("99999999999999999999", "2147483647 or less"))
  const tooMany =
    "more than 100000 sessions at once do not fit into a worker's memory; give --workers a number that shares them out"
  refuses(["-s", "100000000", "-m", "100000000", "h"], tooMany)
  refuses(["-s", "100001", "--duration", "5", "h"], tooMany)
  refuses(["--rate", "5", "--max-sessions", "100001", "-m", "5", "h"], tooMany)
  understands(["-s", "100000000", "-m", "5", "h"], { sessions: 100_000_000 })
  understands(["-s", "200000", "-m", "200000", "--workers", "2", "h"], { workers: 2 })
  refuses(["--workers", "9999", "h"], '--workers: expected a whole number from 1 to 512, or auto, not "9999"')
  refuses(["-m", "\u00a05", "h"], count("\u00a05"))
  refuses(["-m", "\u0661", "h"], count("\u0661"))
  // What atoi(3) reads to the end is read.
  understands(["-m", "+5", "h"], { messages: 5 })
  understands(["-m", " 5", "h"], { messages: 5 })
  understands(["-m", "0005", "h"], { messages: 5 })
  understands(["-w", "0.25", "h"], { delay: 0.25 })
  refuses(
    ["-w", ".5", "h"],
    '-w, --delay: expected a time of more than 0, in seconds or with a unit: ms, s, m, min or h, not ".5"'
  )
  refuses(
    ["-w", "0", "h"],
    '-w, --delay: expected a time of more than 0, in seconds or with a unit: ms, s, m, min or h, not "0"'
  )
  refuses(
    ["--drain", "-1", "h"],
    '--drain: expected a time of 0 or more, in seconds or with a unit: ms, s, m, min or h, not "-1"'
  )
  understands(["--workers", "auto", "h"], { workers: "auto" })
  understands(["--workers", "2", "h"], { workers: 2 })
  refuses(["--workers", "x", "h"], '--workers: expected a whole number from 1 to 512, or auto, not "x"')
})

describe("errors", () => {
  it.effect("are told all at once, with the rules between options", () =>
    Effect.map(reasonOf(["-m", "abc", "-s", "0", "-l", "1", "-F", "x", "-w", "1", "-R", "2"]), (reason) =>
      assert.strictEqual(
        reason,
        [
          '-m, --messages: expected a whole number, 1 or more, not "abc"',
          '-s, --sessions: expected a whole number, 1 or more, not "0"',
          "the -l option cannot be used with -F",
          "do not use the -w and -R options at the same time",
          "no target"
        ].join("; ")
      )
    )
  )

  refuses(
    ["-l", "0", "-F", "x", "h"],
    ['-l, --length: expected a whole number, 1 or more, not "0"', "the -l option cannot be used with -F"].join("; ")
  )
  refuses(["-R", "1", "-w", "1", "h"], "do not use the -w and -R options at the same time")
  refuses(["-m", "x", "-m", "5", "h"], '-m, --messages: expected a whole number, 1 or more, not "x"')
  refuses(["--family", "foo", "h"], '--family: expected any, ipv4 or ipv6, not "foo"')
  refuses(["--close", "", "h"], '--close: expected reset or fin, not ""')
  refuses(["-f", "a\nb", "h"], '-f, --from: "a\\nb" holds a line break or a NUL')
  refuses(["-S", "a\u0000b", "h"], '-S, --subject: "a\\u0000b" holds a line break or a NUL')
  refuses(
    ["-M", "-bad-", "h"],
    '-M, --hostname: expected a host name, or an address literal such as [127.0.0.1] or [IPv6:::1], not "-bad-"'
  )
  refuses(["h:25x"], '"h:25x": 25x is no port number')
  refuses(["--completions", "tcsh"], '--completions: expected bash, zsh or fish, not "tcsh"')

  it.effect("name -M where the host's own name will not do (S1.10)", () =>
    Effect.gen(function* () {
      const reason = yield* reasonOf(["h"], {}, "bad host")
      assert.match(
        reason,
        /^-M, --hostname is required: this machine's own name, "bad host", is not a valid host name$/
      )
      const directive = yield* Effect.either(parse(["-M", "good.example", "h"], {}, "bad host"))
      assert.strictEqual(directive._tag, "Right")
    })
  )
})

describe("the environment", () => {
  const env = (name: string, value: string): Environment => ({ [`SMTP_SOURCE_${name}`]: value })

  understands(["h"], { messages: 9 }, env("MESSAGES", "9"))
  understands(["-m", "2", "h"], { messages: 2 }, env("MESSAGES", "9"))
  understands(["-m", "2", "h"], { messages: 2 }, env("MESSAGES", "abc"))
  understands(["h"], { sessions: 1 }, {})
  for (const yes of ["true", "1", "yes", "on", "YES"]) understands(["h"], { reuse: true }, env("REUSE", yes))
  for (const no of ["false", "0", "no", "off", "False"]) understands(["h"], { reuse: false }, env("REUSE", no))
  understands(["--no-reuse", "h"], { reuse: false }, env("REUSE", "yes"))
  understands(["--no-reuse", "-d", "h"], { reuse: true }, env("REUSE", "no"))
  understands(["h"], { verbose: 2 }, env("VERBOSE", "2"))
  understands(["-v", "h"], { verbose: 1 }, env("VERBOSE", "2"))
  understands(["--no-verbose", "h"], { verbose: 0 }, env("VERBOSE", "2"))
  understands(["h"], { family: "ipv6" }, env("FAMILY", "ipv6"))
  understands(["-4", "h"], { family: "ipv4" }, env("FAMILY", "ipv6"))
  understands(["h"], { subject: " a, b " }, env("SUBJECT", " a, b "))
  understands(["h"], { from: "" }, env("FROM", ""))
  // Scripts and containers set a variable that is to say nothing to an empty text. A sender can be one.
  for (const name of ["MESSAGES", "REUSE", "FAMILY", "REPORT", "RATE", "FILE", "TARGET"])
    understands(["h"], {}, env(name, ""))
  understands(["h"], { rate: "5/s" }, { ...env("RATE", "5/s"), ...env("STAGES", ""), ...env("DURATION", "5") })
  refuses([], "no target", env("TARGET", ""))
  understands(["h"], { subject: "\u0001x" }, env("SUBJECT", "\u0001x"))
  understands(["h"], { helloName: "you.example" }, env("HOSTNAME", "you.example"))
  understands([], { target: "there:2525" }, env("TARGET", "there:2525"))
  understands(["here"], { target: "here" }, env("TARGET", "there"))

  refuses(["h"], 'SMTP_SOURCE_REUSE: expected true or false, not "maybe"', env("REUSE", "maybe"))
  refuses(["h"], 'SMTP_SOURCE_REUSE: expected true or false, not "constructor"', env("REUSE", "constructor"))
  refuses(["h"], 'SMTP_SOURCE_VERBOSE: expected a whole number, 0 or more, not "x"', env("VERBOSE", "x"))
  refuses(["h"], 'SMTP_SOURCE_FAMILY: expected any, ipv4 or ipv6, not "7"', env("FAMILY", "7"))
  refuses(["h"], 'SMTP_SOURCE_MESSAGES: expected a whole number, 1 or more, not "10x"', env("MESSAGES", "10x"))
  refuses(
    [],
    'SMTP_SOURCE_TARGET: "h:x": unknown port x: expected a number, or smtp, mail, lmtp, submission, submissions, smtps',
    env("TARGET", "h:x")
  )
  refuses(
    ["--rate", "1", "-m", "1", "h"],
    "-w and -R cannot be used with --rate or --stages (from the environment: SMTP_SOURCE_DELAY)",
    env("DELAY", "3")
  )
  refuses(
    ["-s", "0", "h"],
    [
      'SMTP_SOURCE_MESSAGES: expected a whole number, 1 or more, not "x"',
      '-s, --sessions: expected a whole number, 1 or more, not "0"'
    ].join("; "),
    env("MESSAGES", "x")
  )
})

describe("reports and verdicts", () => {
  understands(["--report", "text", "--report=json=a=b", "h"], { report: ["text", "json=a=b"] })
  understands(["--fail-if", "failed > 0", "--fail-if", "rate < 5", "h"], { failIf: ["failed > 0", "rate < 5"] })
  refuses(
    ["--report", "text", "--report", "xml=x", "h"],
    '--report: expected text, json, csv, hgrm, prometheus, junit, html or ndjson, or one of them with =FILE, not "xml=x"'
  )
  refuses(
    ["--fail-if", "failed > 0", "--fail-if", "p99(transaction) > 250", "h"],
    '--fail-if: "p99(transaction) > 250", column 23: expected a unit: us, ms, s, min or h'
  )
  refuses(
    ["--fail-if", "failed >", "--fail-if", "rate < 5", "--fail-if", "p99", "--abort-if", "not-started > 0", "h"],
    '--fail-if: "failed >", column 9: expected a number; --fail-if: "p99", column 4: expected a step, as in p99(transaction); --abort-if: "not-started > 0" asks for what is known only at the end'
  )
  refuses(["-c", "--report", "json", "h"], "the -c option and --report cannot both have standard output")
  refuses(["--report", "csv", "--report", "json", "h"], "only one --report can have standard output")
  refuses(["--report", "csv=a/x", "--report", "json=./a//x", "h"], "only one --report can have the file a/x")
})

describe("arrivals", () => {
  understands(["--rate", "500/s", "--duration", "10m", "h"], {
    rate: "500/s",
    duration: "10m",
    maxSessions: 1000
  })
  understands(["--stages", "1s:5/s", "-s", "20", "h"], { maxSessions: 20 })
  understands(["--rate", "500/s", "-m", "10", "--max-sessions", "7", "h"], { messages: 10, maxSessions: 7 })
  understands(["--duration", "10m", "-m", "10", "h"], { messages: 10 })
  refuses(["--rate", "500/d", "-m", "9", "h"], '--rate: "500/d", column 5: expected s, m, min or h')
  refuses(["--rate", "500/s", "h"], "--rate needs an end: -m, or --duration; or use --stages")
  refuses(["--rate", "500/s", "-m", "9", "-w", "1", "h"], "-w and -R cannot be used with --rate or --stages")
  refuses(["--rate", "500/s", "--stages", "1s:5/s", "h"], "--rate and --stages exclude each other")
  refuses(
    ["--burst", "5", "--arrivals", "poisson", "h"],
    "--arrivals poisson needs --rate or --stages; --burst needs --rate or --stages"
  )
})

describe("options that exclude each other", () => {
  const env = (name: string, value: string): Environment => ({ [`SMTP_SOURCE_${name}`]: value })
  /** The plan has nothing of these. */
  const leaves = (argv: ReadonlyArray<string>, environment: Environment, absent: ReadonlyArray<keyof Plan.Plan>) =>
    it.effect(`${JSON.stringify(argv)} leaves no ${absent} of ${JSON.stringify(environment)}`, () =>
      Effect.map(planOf(argv, environment), (plan) => {
        for (const field of absent) assert.notProperty(plan, field)
      })
    )

  leaves(["--stages", "1s:5/s", "h"], env("RATE", "5/s"), ["rate"])
  leaves(["--rate", "5/s", "-m", "1", "h"], env("STAGES", "1s:5/s"), ["stages"])
  leaves(["-R", "1", "h"], env("DELAY", "3"), ["delay"])
  leaves(["--think", "1", "h"], { ...env("DELAY", "3"), ...env("RANDOM_DELAY", "3") }, ["delay", "randomDelay"])
  leaves(["-l", "5", "h"], env("FILE", "x"), ["file"])
  leaves(["--sink"], env("TARGET", "h"), ["target"])
  understands(["h"], { sink: false, target: "h" }, env("SINK", "yes"))
  understands(["--calibrate"], { sink: false, calibrate: true }, env("SINK", "yes"))
  understands(["--no-sink"], { sink: false, target: "h" }, env("TARGET", "h"))
  refuses(["--sink", "h"], "--sink and a target exclude each other")
  refuses(["--think", "1", "-w", "1", "h"], "--think cannot be used with -w or -R")
  refuses(["--shape", "1: think 1", "-R", "1", "h"], "--think cannot be used with -w or -R")
  refuses(["--shape", "1: think 1", "--rate", "1", "-m", "1", "h"], "--think cannot be used with --rate or --stages")
  refuses(["--rate", "5/s", "-s", "0", "-m", "1", "h"], '-s, --sessions: expected a whole number, 1 or more, not "0"')
})

describe("times, rates and sizes", () => {
  understands(["--drop-late", "500ms", "--rate", "1", "-m", "1", "h"], { dropLate: 0.5 })
  understands(["--timeout", "2m", "--drain", "0", "h"], { timeout: 120, drain: 0 })
  understands(["--timeout", " 20", "h"], { timeout: 20 })
  understands(["--send-rate", "2k", "--connect-rate", "90/m", "h"], { sendRate: 2000, connectRate: 1.5 })
  understands(["--send-rate", "1.5M", "h"], { sendRate: 1_500_000 })
  understands(["--hold", "5s", "--think", "1..2", "h"], { hold: "5s", think: "1..2" })
  understands(["--seed", "007", "h"], { seed: "007" })
  refuses(
    ["--duration", "0", "h"],
    '--duration: "0", column 1: expected a duration of more than 0, such as 90s, 10m or 1h'
  )
  refuses(["--duration", "10x", "h"], '--duration: "10x", column 3: expected ms, s, m, min or h')
  refuses(["--hold", "5 sec", "h"], '--hold: "5 sec", column 3: expected ms, s, m, min or h')
  refuses(
    ["--send-rate", "2g", "h"],
    '--send-rate: expected a number of bytes of more than 0, such as 500, 2k or 1.5M, not "2g"'
  )
  understands(["-w", "1s", "h"], { delay: 1 })
})

describe("shapes", () => {
  understands(["--shape", "90%: per-connection 1..20, hold 5", "--shape", "10%: send-rate 2k, abandon data", "h"], {
    shapes: [
      { weight: 90, perConnection: "1..20", hold: "5" },
      { weight: 10, sendRate: 2000, abandon: ["data"] }
    ]
  })
  understands(["--abandon", "data 5%", "--abandon", "rcpt close 10%", "h"], { abandon: ["data 5%", "rcpt close 10%"] })
  refuses(
    ["--shape", "90%", "--shape", "10%: hold x", "h"],
    '--shape: "10%: hold x", hold: column 1: expected a time, such as 5, 500ms or 1..2s, or exp(5)'
  )
  refuses(
    ["--shape", "1: hald 5", "h"],
    '--shape: "1: hald 5", column 4: expected per-connection, hold, think, send-rate, tls or abandon'
  )
})

describe("every option of the table", () => {
  const words = [
    "x.example",
    "192.0.2.1",
    "json=run.json",
    "failed > 0",
    "5/s",
    "7s",
    "7s:5/s",
    "1..5",
    "data 5%",
    "1: hold 5",
    "http://h:4318",
    "1.2",
    "80%",
    "words",
    "none",
    "X-One: 1",
    "external",
    `sha256:${"A".repeat(43)}=`,
    "never",
    "1/1",
    "9",
    "+7s",
    "64k",
    "example.com:test",
    "NAME=client.example",
    "::127.0.0.1:2525",
    "rcpt 5% 451",
    "4 x 10ms",
    "60s: 5s",
    "20 connections/client",
    "60s..4h",
    "1s after 10 errors",
    "chunking"
  ]
  /** The options that an option needs beside it. */
  const companyOf = (
    field: string
  ): ReadonlyArray<readonly [argument: string, values: { readonly [field: string]: unknown }]> => {
    if (/^sink./.test(field)) return [["--sink", { sink: true }]]
    if (field === "rate") return [["--duration=5s", { duration: "5s" }]]
    if (["arrivals", "burst", "maxSessions", "dropLate"].includes(field))
      return [["--stages=5s:5/s", { stages: "5s:5/s" }]]
    if (field === "weights") return [["--segment=1/1", { segment: "1/1" }]]
    if (field === "socksLogin") return [["--socks=localhost", { socks: "localhost" }]]
    if (field === "proxy") return [["--client-addresses=192.0.2.1", { clientAddresses: "192.0.2.1" }]]
    if (field === "clients") return [["--proxy=1", { proxy: "1" }]]
    if (field === "clientOrder")
      return [
        ["--proxy=1", { proxy: "1" }],
        ["--clients=c.csv", { clients: "c.csv" }]
      ]
    if (field === "clientAddresses") return [["--proxy=1", { proxy: "1" }]]
    if (field === "mime") return [["--chunking=on", { chunking: "on" }]]
    if (field === "depth") {
      const chunked = [
        ["--chunking=on", { chunking: "on" }],
        ["--pipelining=full", { pipelining: "full" }]
      ] as const
      return [...chunked, ["-d", { reuse: "true" }]]
    }
    if (field === "whenNotOffered") return [["--notify=never", { notify: "never" }]]
    if (["mbox", "order", "rewrite", "unusual", "corpusMemory"].includes(field))
      return [["--corpus=mail", { corpus: "mail" }]]
    const corpus = ["--corpus=mail", { corpus: "mail" }] as const
    if (field === "envelope") return [corpus, ["--to-domain=test.example", { toDomain: "test.example" }]]
    if (field === "toDomain") return [corpus, ["--envelope=headers", { envelope: "headers" }]]
    const dkimKey = ["--dkim-key=k.pem", { dkimKey: "k.pem" }] as const
    const dkim = ["--dkim=example.com:test", { dkim: "example.com:test" }] as const
    if (field === "dkim") return [dkimKey]
    if (field === "dkimKey") return [dkim]
    if (field === "dkimSign") return [dkim, dkimKey]
    const proof = ["--prove=messages", { prove: "messages" }] as const
    if (field === "downstream" || field === "compareClocks") return [proof]
    if (field === "settle" || field === "ignoreHeader")
      return [proof, ["--downstream=localhost:26", { downstream: "localhost:26" }]]
    const using = ["--header=X: {{row.a}}", { headers: "X: {{row.a}}" }] as const
    if (field === "data") return [using]
    if (field === "dataOrder" || field === "once") return [["--data=u.csv", { data: "u.csv" }], using]
    const auto = ["--auth=auto", { auth: "auto" }] as const
    if (field === "user" || field === "accounts") return [auto]
    if (field === "passwordFile") return [auto, ["--user=u", { user: "u" }]]
    if (field === "accountOrder") return [auto, ["--accounts=a.csv", { accounts: "a.csv" }]]
    if (/^auth./.test(field)) return [["--auth=external", { auth: "external" }]]
    if (!/^tls./.test(field) && field !== "requireTls") return []
    const secure = ["--tls=implicit", { tls: "implicit" }] as const
    return field === "tlsKey" ? [secure, ["--tls-cert=c.pem", { tlsCert: "c.pem" }]] : [secure]
  }
  /** A value that is not the default, as text and as the plan has it. */
  const sample = (row: OptionRow): readonly [text: string, value: unknown] => {
    if (row.kind === "flag") return ["true", true]
    if (row.numeric || row.kind === "count") return ["7", 7]
    const also = Object.assign({}, ...companyOf(row.field!).map(([, values]) => values))
    const valueOf = (word: string | undefined) => (row.repeatable ? [word] : word)
    const word = (row.choices.length > 0 ? [row.choices.at(-1)] : words).find((each) =>
      Either.isRight(Plan.decode({ ...also, [row.field!]: valueOf(each) }))
    )
    if (row.field === "shapes") return [word ?? "", [{ weight: 1, hold: "5" }]]
    return [word ?? assert.fail(`no word here is a --${row.long}: add one`), valueOf(word)]
  }
  for (const row of planRows) {
    const { field, kind, long, variable } = row
    it.effect(`--${long}: is ${field} of the plan, and ${variable} stands in for it`, () =>
      Effect.gen(function* () {
        const [text, value] = sample(row)
        const target = [
          ...companyOf(field!).map(([argument]) => argument),
          ...(/^sink/.test(field!) || field === "calibrate" ? [] : ["h"])
        ]
        const given = kind === "value" ? [`--${long}=${text}`] : Array(kind === "count" ? 7 : 1).fill(`--${long}`)
        const typed = yield* planOf([...given, ...target])
        assert.deepInclude(typed, { [field!]: value })
        assert.deepStrictEqual(yield* planOf(target, { [variable!]: text }), typed)
      })
    )
  }
})

/** What the command writes, and its exit status. */
const run = (
  argv: ReadonlyArray<string>,
  terminal: CapturedOutput.Terminal = {},
  files: Partial<FileSystem.FileSystem> = {},
  environment: ReadonlyArray<string> = [],
  keys: ReadonlyArray<string> = []
) =>
  Effect.suspend(() => {
    const { output, written } = CapturedOutput.make({ noColor: false, ...terminal })
    const unused = Effect.dieMessage("not in this test")
    const layer = Layer.mergeAll(
      Layer.succeed(Output, output),
      FileSystem.layerNoop(files),
      Layer.succeed(StopSignal, StopSignal.of({ first: Effect.never, second: Effect.never })),
      Layer.succeed(Connector, Connector.of({ connect: () => unused })),
      Layer.succeed(EmbeddedSink, EmbeddedSink.of({ start: () => unused })),
      Layer.succeed(Workers, Workers.of({ processors: 1, start: () => unused }))
    )
    const main = Cli.main(argv, { version, hostName: "me.example", environment, terminal: Terminals.layer(keys) })
    return Effect.map(within(Effect.provide(main, layer), {}), (status) => ({ status, ...written }))
  })

describe("--wizard", () => {
  it.effect("makes a command line of the answers, and shows it", () =>
    Effect.gen(function* () {
      const inSection = ["down", "down", "down", " ", "enter"]
      const keys = [
        ..."mail.example:25",
        "enter",
        ...inSection,
        // --keep-going, after "Select All" and "Inverse Selection".
        "down",
        "down",
        " ",
        "enter",
        // --timeout is not left out, --drain is.
        "down",
        "enter",
        ..."7",
        "enter",
        "enter",
        "n"
      ]
      const seen = yield* run(["--wizard"], { stdout: true }, {}, [], keys)
      assert.strictEqual(seen.stderr, "")
      assert.strictEqual(seen.stdout, "smtp-source --keep-going --timeout 7 mail.example:25\n")
      assert.strictEqual(seen.status, 0)
    })
  )

  it.effect("is left without a word, and nothing sent", () =>
    Effect.map(run(["--wizard"], { stdout: true }, {}, [], ["h", "ctrl-c"]), (seen) =>
      assert.deepStrictEqual(seen, { status: 0, stdout: "", stderr: "" })
    )
  )

  it.effect("needs a terminal", () =>
    Effect.map(run(["--wizard"]), ({ status, stderr }) => {
      assert.strictEqual(status, 1)
      assert.strictEqual(stderr, "smtp-source: fatal: --wizard needs a terminal on standard output\n")
    })
  )
})

describe("the command", () => {
  it.effect("prints its name and package.json's version with --version", () =>
    Effect.map(run(["--version"]), (seen) =>
      assert.deepStrictEqual(seen, { status: 0, stderr: "", stdout: `smtp-source ${packageJson.version}\n` })
    )
  )

  it.effect("prints its manual with --help, wherever that stands, and needs no target for it", () =>
    Effect.gen(function* () {
      for (const argv of [["--help"], ["-m", "1", "--help"], ["h", "--help"], ["-m", "x", "--help"]]) {
        const { status, stderr, stdout } = yield* run(argv)
        assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" })
        assert.include(stdout, "SYNOPSIS\n")
        assert.notInclude(stdout, "\u001b")
      }
    })
  )

  it.effect("prints headings in bold on a terminal alone, and not with NO_COLOR", () =>
    Effect.gen(function* () {
      assert.include((yield* run(["--help"], { stdout: true })).stdout, "\u001b[1mSYNOPSIS\u001b[22m\n")
      assert.notInclude((yield* run(["--help"], { stdout: true, noColor: true })).stdout, "\u001b")
    })
  )

  it.effect("prints a script with --completions, and the last shell counts", () =>
    Effect.gen(function* () {
      const { status, stdout } = yield* run(["--completions", "bash", "--completions=fish"])
      assert.strictEqual(status, 0)
      assert.match(stdout, /^# fish completion/)
    })
  )

  it.effect("tells what is wrong in one line on standard error, and exits with 1", () =>
    Effect.gen(function* () {
      for (const argv of [["-Z"], ["-m"], [], ["a", "b"], ["-m", "x\ny\u001b[31m", "h"], ["-f", "a\r\nb", "\u009b"]]) {
        const { status, stderr, stdout } = yield* run(argv)
        assert.deepStrictEqual({ status, stdout }, { status: 1, stdout: "" })
        assert.match(stderr, /^smtp-source: fatal: [ -~]+\n$/)
      }
    })
  )

  it.effect("tells of a fault of its own in one line without the stack, and exits with 70", () => {
    const files = { stat: () => Effect.die(new TypeError("a\nb")) }
    return Effect.map(run(["--dry-run", "-F", "x", "h"], {}, files), (seen) =>
      assert.deepStrictEqual(seen, {
        status: 70,
        stderr: "smtp-source: panic: TypeError: a\\x0ab\n",
        stdout: ""
      })
    )
  })
})

describe("--dry-run", () => {
  const dialogue = (argv: ReadonlyArray<string>) =>
    Effect.map(run(["--dry-run", ...argv, "h"]), ({ status, stderr, stdout }) => {
      assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" })
      const [json = "", ...rest] = stdout.split("\n\n")
      return { json, text: rest.join("\n\n") }
    })

  it.effect("prints the plan and the first message's dialogue, and connects to nothing", () =>
    Effect.gen(function* () {
      const { json, text } = yield* dialogue(["-m", "3", "-r", "2", "-N", "-f", "a@b", "-t", "c@d", "-S", "Hi"])
      assert.deepInclude(JSON.parse(json), { messages: 3, recipients: 2, target: "h" })
      const lines = text.split("\n")
      const envelope = ["HELO me.example", "MAIL FROM:<a@b>", "RCPT TO:<1c@d>", "RCPT TO:<2c@d>", "DATA"]
      assert.deepStrictEqual(lines.slice(0, 5), envelope)
      assert.include(lines, "Subject: Hi")
      assert.deepStrictEqual(lines.slice(-2), [".", ""])
    })
  )

  it.effect("says hello as the run would", () =>
    Effect.gen(function* () {
      assert.match((yield* dialogue(["-L"])).text, /^LHLO me\.example\n/)
      assert.match((yield* dialogue(["--pipelining=on"])).text, /^EHLO me\.example\n/)
      assert.match((yield* dialogue(["-o"])).text, /^MAIL FROM/)
    })
  )

  it.effect("shows the beginning of a long body, and nothing that drives a terminal", () =>
    Effect.gen(function* () {
      assert.match((yield* dialogue(["-l", "100000"])).text, /X\n\(\d+ more bytes\)\n$/)
      const { json, text } = yield* dialogue(["-S", "\u009b31m\u202e"])
      assert.notMatch(json + text, /[\u0080-\u009f\u202e]/)
    })
  )
})
