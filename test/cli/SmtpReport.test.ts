import { spawnSync } from "node:child_process"
import * as Stream from "effect/Stream"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { SystemError } from "@effect/platform/Error"
import * as Completions from "../../src/cli/Completions.js"
import * as ManualPage from "../../src/cli/ManualPage.js"
import * as NodeImap from "../../src/node/NodeImap.js"
import * as SmtpReport from "../../src/cli/SmtpReport.js"
import * as ArrivalsFile from "../../src/report/ArrivalsFile.js"
import * as HtmlReport from "../../src/report/HtmlReport.js"
import * as Journal from "../../src/report/Journal.js"
import * as JsonReport from "../../src/report/JsonReport.js"
import { Output } from "../../src/report/Output.js"
import * as MergedReport from "../../src/report/MergedReport.js"
import type { RunReport } from "../../src/report/RunReport.js"
import { entryAt, reportOf, type Sample } from "../report/Reports.js"
import * as CapturedOutput from "./CapturedOutput.js"

const samplesOf = (from: number): ReadonlyArray<Sample> =>
  Array.from({ length: 50 }, (_, index) => ({
    of: "transaction",
    ending: "accepted",
    elapsed: from + index / 10,
    code: index === 7 ? 550 : 250
  }))

const one = reportOf(samplesOf(1))
const two = reportOf(samplesOf(30), { later: 500 })
const other = { ...reportOf(samplesOf(30)), plan: { ...two.plan, sessions: 9 } }

const edited = (change: (json: ReturnType<typeof JSON.parse>) => void): string => {
  const json = JSON.parse(JsonReport.render(one))
  change(json)
  return JSON.stringify(json)
}

/** What the segments of a run left behind: one of each file. */
const segment = (index: number, run = "r"): RunReport => {
  const report = reportOf(samplesOf(index))
  return {
    ...report,
    ids: [`${run} ${index}/3`],
    plan: { ...report.plan, segment: `${index}/3` },
    segments: [{ run, index, of: 3, whole: 150, ended: "completed", elapsed: 1000, lost: 0 }]
  }
}

const second = segment(2)

/** A journal of a run that came to its end. */
const whole = [
  Journal.start({ tool: one.tool, ids: one.ids, startedAt: one.startedAt, plan: { messages: 50 }, planned: 50 }),
  ...[1, 2, 3].map(entryAt).map(Journal.intervals()),
  Journal.end(one)
].join("")

const disk: { readonly [file: string]: string } = {
  "one.json": JsonReport.render(one),
  "two.json": JsonReport.render(two),
  "slow.json": JsonReport.render(reportOf(samplesOf(30.5), { later: 900 })),
  "three.json": JsonReport.render(reportOf(samplesOf(2))),
  "four.json": JsonReport.render(reportOf(samplesOf(3))),
  "hostile.json": JsonReport.render({ ...reportOf(samplesOf(2)), plan: { ...one.plan, target: "\u009b\u202e" } }),
  "empty.json": "",
  "came.json": ArrivalsFile.render({ sink: "00000000000000aa", complete: true, unstamped: 0, runs: [] }),
  "s1.json": JsonReport.render(segment(1)),
  "s2.json": JsonReport.render(second),
  "s3.json": JsonReport.render(segment(3)),
  "s2.ndjson": [
    Journal.start({ tool: one.tool, ids: ["r 2/3"], startedAt: one.startedAt, plan: {}, planned: 50 }),
    Journal.end(second)
  ].join(""),
  "once.json": JsonReport.render({ ...one, elapsed: one.elapsed + 1 }),
  "again.json": JsonReport.render({ ...second, startedAt: "2026-01-01T00:00:09.000Z" }),
  "stranger.json": JsonReport.render(segment(2, "s")),
  "other.json": JsonReport.render(other),
  "killed.ndjson": [
    Journal.start({ tool: one.tool, ids: one.ids, startedAt: one.startedAt, plan: { messages: 10 }, planned: 10 }),
    ...[1, 2, 3].map(entryAt).map(Journal.intervals())
  ]
    .join("")
    .slice(0, -40),
  "torn.ndjson": whole.replace('"interval":{', '"interval":{\u001b'),
  "edited.ndjson": whole.replace('"accepted":49', '"accepted":50'),
  "both.ndjson": whole + whole,
  "spaced.ndjson": `${whole}\n`,
  "longer.ndjson": `${whole}and more\n`,
  "one.html": HtmlReport.render(one),
  "page.html": "<!doctype html><p>",
  "cut.json": JsonReport.render(one).slice(0, 300),
  "list.json": "[]",
  "people.csv": "mail,name\na@b.example,c\n",
  "cut.ndjson": '{"type":"start","ver',
  "hole.json": '{\n  "version": 2 \u0000}\n',
  "spot.json": '{ "version": 2, "plan": x at position 3 }',
  "sink.json": '{ "format": "smtp-sink/1", "version": "0.1.0" }',
  "later.json": edited((json) => (json.version = 3)),
  "former.json": edited((json) => {
    json.version = 1
    delete json.ids
    delete json.messages.abandoned
    delete json.connections.local
    json.generator = { cpu: { user: 1, system: 1 }, utilisation: 0.5, delayMean: 1, delayP99: 1 }
    json.arrivals = { late: 1, dropped: 2 }
    json.series = {
      width: 1000,
      intervals: [entryAt(1).interval].map(({ abandoned, connections: { local, ...connections }, ...interval }) => ({
        ...interval,
        connections
      }))
    }
  }),
  "code.json": edited((json) => (json.replies[0].code = "x\u001b[2J")),
  "sum.json": edited((json) => json.messages.accepted++),
  "count.json": edited((json) => json.durations[0].count++),
  "bucket.json": edited((json) => (json.durations[0].buckets[0][0] = 1e9)),
  "earlier.json": edited((json) => {
    delete json.ids
    delete json.active
  }),
  "deep.json": JsonReport.render(one).replace(
    '"plan": {',
    `"plan": { "deep": ${"[".repeat(100_000)}${"]".repeat(100_000)},`
  ),
  "time.json": edited((json) => (json.startedAt = "yesterday"))
}

/** Runs the command on a disk in memory. */
const command = (...argv: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { output, written: captured } = CapturedOutput.make()
    const written = new Map<string, string>()
    const status = yield* SmtpReport.main(argv, { version: "1.2.3" }).pipe(
      Effect.provide(NodeImap.layer),
      Effect.provideService(Output, output),
      Effect.provide(
        FileSystem.layerNoop({
          stream: (path) => {
            const text = disk[path]
            if (text !== undefined) {
              // In small parts, as a pipe may give it.
              const bytes = new TextEncoder().encode(text)
              const starts = Array.from({ length: Math.ceil(bytes.length / 777) }, (_, index) => index * 777)
              return Stream.fromIterable(starts.map((start) => bytes.subarray(start, start + 777)))
            }
            const description = "no such file or directory"
            return Stream.fail(
              new SystemError({
                module: "FileSystem",
                method: "stream",
                reason: "NotFound",
                description,
                pathOrDescriptor: path
              })
            )
          },
          writeFileString: (path, text) => Effect.sync(() => written.set(path, text))
        })
      )
    )
    return { status, ...captured, written }
  })

describe("smtp-report", () => {
  it.effect("merges results of one plan exactly, whatever files they are in", () =>
    Effect.gen(function* () {
      const { status, stdout } = yield* command("--format", "json", "one.html", "two.json")
      assert.strictEqual(status, 0)
      assert.deepStrictEqual(JSON.parse(stdout), JSON.parse(JsonReport.render(MergedReport.merge(one, two))))
      const whole = reportOf([...samplesOf(1), ...samplesOf(30)])
      assert.deepStrictEqual(JSON.parse(stdout).durations, whole.durations)
    })
  )

  it.effect("shows every format, on standard output or in a file", () =>
    Effect.gen(function* () {
      for (const format of ["text", "json", "csv", "hgrm", "prometheus", "junit", "html"]) {
        const shown = yield* command("--format", format, "one.json")
        assert.strictEqual(shown.status, 0, format)
        assert.isAbove(shown.stdout.length, 100, format)
        const { stdout, written } = yield* command("one.json", `--format=${format}`, "-o", "out")
        assert.strictEqual(stdout, "", format)
        assert.isAbove(written.get("out")?.length ?? 0, 100, format)
      }
    })
  )

  it.effect("judges the results together", () =>
    Effect.gen(function* () {
      const verdict = "max(transaction) > 20ms"
      assert.strictEqual((yield* command("--fail-if", verdict, "one.json")).status, 0)
      const { status, stderr } = yield* command("--fail-if", verdict, "one.json", "two.json")
      assert.strictEqual(status, 99)
      assert.match(stderr, /^smtp-report: failed: --fail-if: max\(transaction\) is [\d.]+ ms \(fails above 20 ms\)$/m)
      const required = yield* command("--require", "max(transaction) < 20ms", "one.json", "two.json")
      assert.strictEqual(required.status, 99)
      assert.match(
        required.stderr,
        /^smtp-report: failed: --require: max\(transaction\) is .* \(must be below 20 ms\)$/m
      )
      assert.strictEqual((yield* command("--require", "max(transaction) < 20ms", "one.json")).status, 0)
    })
  )

  it.effect("fails, where it is asked to, if anything is proven to be worse", () =>
    Effect.gen(function* () {
      const worse = ["--compare", "one.json", "--compare", "three.json", "two.json", "slow.json"]
      assert.strictEqual((yield* command(...worse)).status, 0)
      const { status, stderr } = yield* command("--fail-if-worse", ...worse)
      assert.strictEqual(status, 99)
      assert.match(stderr, /^smtp-report: failed: --fail-if-worse: \S/)
      const better = ["--compare", "two.json", "--compare", "slow.json", "one.json", "three.json"]
      assert.strictEqual((yield* command("--fail-if-worse", ...better)).status, 0)
      assert.include((yield* command("--fail-if-worse", "one.json")).stderr, "--fail-if-worse needs --compare")
    })
  )

  it.effect("does not merge results of different plans unless it is told to", () =>
    Effect.gen(function* () {
      const { status, stderr, stdout } = yield* command("one.json", "other.json")
      assert.strictEqual(status, 1)
      assert.strictEqual(stdout, "")
      assert.strictEqual(
        stderr,
        "smtp-report: fatal: one.json and other.json are of different plans: sessions is 1, and 9; --force merges them all the same\n"
      )
      assert.strictEqual((yield* command("--force", "one.json", "other.json")).status, 0)
    })
  )

  it.effect("does not count a run twice unless it is told to, be it from its journal and its report", () =>
    Effect.gen(function* () {
      const twice = yield* command("--format=json", "one.json", "one.html")
      assert.deepStrictEqual(
        [twice.status, twice.stderr],
        [0, "smtp-report: one.html: the same result as one.json: counted once\n"]
      )
      assert.strictEqual(JSON.parse(twice.stdout).messages.planned, 50)
      const differs = yield* command("one.json", "once.json")
      assert.deepStrictEqual(
        [differs.status, differs.stderr],
        [1, "smtp-report: fatal: one.json and once.json hold the same run; --force counts it all the same\n"]
      )
      assert.match((yield* command("--compare", "one.json", "one.json")).stderr, /hold the same run/)
      const forced = yield* command("--force", "--format=json", "one.json", "one.html")
      assert.strictEqual(JSON.parse(forced.stdout).messages.planned, 100)
    })
  )

  it.effect("reads and merges what was saved before reports told of their run's id and of when it was under way", () =>
    Effect.gen(function* () {
      const { status, stdout } = yield* command("--format=json", "earlier.json", "one.json")
      assert.strictEqual(status, 0)
      assert.deepInclude(JSON.parse(stdout), { ids: one.ids, active: [[0, 1000]], rate: 98 })
    })
  )

  it.effect("compares sides, also of different plans, as text and as JSON", () =>
    Effect.gen(function* () {
      const text = yield* command("--compare", "one.json", "other.json")
      assert.strictEqual(text.status, 0)
      assert.include(text.stdout, "1 run before, 1 run after")
      assert.include(text.stdout, "plan: sessions is 1 before and 9 after")
      const json = yield* command(
        ...["--compare=one.json", "--compare=two.json", "--format=json"],
        ...["three.json", "four.json"]
      )
      assert.deepInclude(JSON.parse(json.stdout), { version: 1, method: "runs", runs: [2, 2] })
      const hostile = yield* command("--compare", "one.json", "hostile.json", "--format", "json")
      assert.notMatch(hostile.stdout, /[^\n\x20-\x7e]/)
      assert.include(JSON.parse(hostile.stdout).plan[0].after, "\u009b")
    })
  )

  const refused: ReadonlyArray<readonly [ReadonlyArray<string>, string]> = [
    [["nowhere.json"], "nowhere.json: no such file or directory"],
    [["came.json"], "came.json: written by smtp-sink --prove, and no result of a run: name the run's file, too"],
    [
      ["--compare", "one.json", "--compare", "came.json", "two.json"],
      "--compare: came.json: written by smtp-sink --prove, and no result of a run"
    ],
    [["empty.json"], "empty.json: empty: nothing was saved in it"],
    ...["list.json", "people.csv"].map(
      (file) =>
        [
          [file],
          `${file}: not a result that smtp-source --report json=FILE, html=FILE or ndjson=FILE has saved`
        ] as const
    ),
    [["cut.json"], "cut.json: damaged: it is cut off after 300 characters"],
    [["cut.ndjson"], "cut.ndjson: line 1: no start of a run: cut off, or not written by --report ndjson"],
    [
      ["--imap-login", "x", "one.json"],
      "--imap-login needs --delivered with the URL of a mailbox, such as imaps://mail.example"
    ],
    [["hole.json"], "hole.json: damaged: no JSON from character 18 on (line 2)"],
    [["spot.json"], "spot.json: damaged: no JSON"],
    [["sink.json"], "sink.json: a report of smtp-sink: only those of smtp-source can be read"],
    [["later.json"], "later.json: version 3 of the format, of which this smtp-report reads versions 1 and 2"],
    [["code.json"], 'code.json: replies[0].code: Expected number, actual "x\\u001b[2J"'],
    [["sum.json"], "sum.json: messages: the ends add up to 51, and 50 were planned"],
    [["count.json"], "count.json: durations[0].count: 50, and its buckets hold 49"],
    [["bucket.json"], "bucket.json: durations[0].buckets[0]: not in order, or beyond the last bucket"],
    [["time.json"], 'time.json: startedAt: not a time: "yesterday"'],
    [["page.html"], "page.html: an HTML page that is no report"],
    [[], "no file to read (usage: smtp-report [options] FILE...; --help tells more)"],
    [
      ["--compare", "a.json"],
      "no file to read and to compare with a.json, which is the run before: --compare BEFORE AFTER (usage: smtp-report [options] FILE...; --help tells more)"
    ],
    [["deep.json"], "deep.json: plan.deep: nested too deeply"],
    [["--format", "xml", "one.json"], '--format: expected text, json, csv, hgrm, prometheus, junit or html, not "xml"'],
    [
      ["--fail-if", "p99 > 1ms", "one.json"],
      '--fail-if: "p99 > 1ms", column 5: expected a step, as in p99(transaction)'
    ],
    [
      ["--fail-if", "failed > 0", "--fail-if", "p99", "--fail-if", "rate", "one.json"],
      '--fail-if: "p99", column 4: expected a step, as in p99(transaction); --fail-if: "rate", column 5: expected >=, <=, > or <'
    ],
    [["--compare", "one.json", "--format", "html", "two.json"], "--compare: a comparison is text or json, not html"],
    [["--bogus"], "unrecognized option '--bogus' (usage: smtp-report [options] FILE...; --help tells more)"]
  ]
  for (const [argv, reason] of refused) {
    it.effect(`${argv.join(" ")}: ${reason}`, () =>
      Effect.gen(function* () {
        const { status, stderr, stdout } = yield* command(...argv)
        assert.strictEqual(stderr, `smtp-report: fatal: ${reason}\n`)
        assert.strictEqual(status, 1)
        assert.strictEqual(stdout, "")
      })
    )
  }

  it.effect("reads reports of the version before, in which what was not counted then is none", () =>
    Effect.gen(function* () {
      const { status, stderr, stdout } = yield* command("--format", "json", "former.json", "one.json")
      assert.deepStrictEqual([status, stderr], [0, ""])
      const merged = JSON.parse(stdout)
      assert.strictEqual(merged.version, 2)
      assert.strictEqual(merged.messages.abandoned, 0)
      assert.strictEqual(merged.connections.local, 0)
      assert.strictEqual(merged.series.intervals[0].connections.local, 0)
      assert.deepStrictEqual(merged.arrivals, { late: 1, dropped: 2, behind: 0 })
    })
  )

  it.effect("has a manual with all of its options, a version, and completions", () =>
    Effect.gen(function* () {
      const { stdout } = yield* command("--help")
      for (const { long } of SmtpReport.rows) assert.include(stdout, `--${long}`)
      assert.strictEqual((yield* command("--version")).stdout, "smtp-report 1.2.3\n")
      assert.include((yield* command("--completions", "bash")).stdout, "complete -F _smtp_report smtp-report")
      for (const shell of ["bash", "zsh", "fish"] as const) {
        const script = Completions.render(shell, SmtpReport.rows, { name: "smtp-report", operands: "file" })
        assert.notMatch(script, /smtp[-_]source/)
        const checked = spawnSync(shell, ["-n"], { input: script, encoding: "utf8" })
        if (checked.error === undefined && shell !== "fish") assert.strictEqual(checked.status, 0, checked.stderr)
      }
    })
  )

  it("has a manual page that roff sets without a warning (skipped without groff)", (context) => {
    if (spawnSync("groff", ["--version"]).status !== 0) return context.skip()
    const input = ManualPage.page(SmtpReport.manual(), { version: "1" })
    const { status, stderr } = spawnSync("groff", ["-man", "-Tutf8", "-ww", "-z"], { input, encoding: "utf8" })
    assert.strictEqual(stderr, "")
    assert.strictEqual(status, 0)
  })
})

describe("the segments of a run", () => {
  const verdict = ["--fail-if", "accepted < 90%"]

  it.effect("are the run, in any order", () =>
    Effect.gen(function* () {
      const { status, stderr, stdout } = yield* command("--format", "json", ...verdict, "s3.json", "s1.json", "s2.json")
      assert.deepStrictEqual([status, stderr], [0, ""])
      const report = JSON.parse(stdout)
      assert.deepInclude(report, { runs: 3, ids: ["r 1/3", "r 2/3", "r 3/3"] })
      assert.deepInclude(report.messages, { planned: 150, accepted: 147, rejected: 3, lost: 0 })
      const held = yield* command("s1.json", "s2.json", "s3.json")
      assert.include(held.stdout, "150 messages to mail.example: completed, 3 of 3 segments of run r\n")
    })
  )

  it.effect("that are missing are named, and make the exit status 3", () =>
    Effect.gen(function* () {
      const missing = "smtp-report: segment 2/3 is missing: 50 messages are lost\n"
      const { status, stderr, stdout } = yield* command("s1.json", "s3.json")
      assert.deepStrictEqual([status, stderr], [3, missing])
      assert.include(stdout, "98 accepted (65.3 %), 2 rejected (1.3 %), 50 lost (33.3 %)")
      const open = yield* command(...verdict, "s1.json", "s3.json")
      assert.deepStrictEqual(open.status, 3)
      assert.strictEqual(
        open.stderr,
        `${missing}smtp-report: undecided: --fail-if: accepted is 65.3 % to 98.7 % (fails below 90 %); --allow-missing judges by what is known\n`
      )
      const sure = yield* command("--fail-if", "rejected > 0", "s1.json", "s3.json")
      assert.strictEqual(sure.status, 99)
    })
  )

  it.effect("may be missing where that is allowed", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* command("--allow-missing", ...verdict, "s1.json", "s3.json")).status, 0)
      const failed = yield* command("--allow-missing", "--fail-if", "accepted < 99%", "s1.json", "s3.json")
      assert.strictEqual(failed.status, 99)
      assert.include(failed.stderr, "accepted is 98 % (fails below 99 %)")
    })
  )

  it.effect("that left nothing are told of", () =>
    Effect.gen(function* () {
      const { status, stderr } = yield* command("s1.json", "empty.json", "s3.json")
      assert.strictEqual(status, 3)
      assert.include(stderr, "smtp-report: empty.json: empty: its segment is lost\nsmtp-report: segment 2/3 is missing")
    })
  )

  it.effect("are counted once where two files say the same, such as a report and a journal", () =>
    Effect.gen(function* () {
      const { status, stderr, stdout } = yield* command("--format=json", "s1.json", "s2.json", "s3.json", "s2.ndjson")
      assert.deepStrictEqual(
        [status, stderr],
        [0, "smtp-report: s2.ndjson: the same result as s2.json: counted once\n"]
      )
      assert.strictEqual(JSON.parse(stdout).messages.planned, 150)
    })
  )

  it.effect("are refused by two executions, and of different runs", () =>
    Effect.gen(function* () {
      const refused = (file: string) =>
        Effect.map(command("s1.json", "s2.json", file), ({ status, stderr }) => [status, stderr])
      const twice = (file: string) =>
        `smtp-report: fatal: s2.json and ${file} hold the same segment; --force counts it all the same\n`
      assert.deepStrictEqual(yield* refused("again.json"), [1, twice("again.json")])
      assert.deepStrictEqual(yield* refused("stranger.json"), [
        1,
        "smtp-report: fatal: s1.json and stranger.json: they are segments of different runs, r and s; --force merges them all the same\n"
      ])
      assert.include((yield* refused("one.json")).join(""), "the other a whole run")
    })
  )
})

describe("a journal", () => {
  it.effect("of a run that was killed is shown as far as it goes, and it is told where that is", () =>
    Effect.gen(function* () {
      const { status, stderr, stdout } = yield* command("killed.ndjson")
      assert.strictEqual(status, 0)
      assert.strictEqual(
        stderr,
        "smtp-report: killed.ndjson: the run was cut; what is known of it ends after 2.00 s, and 2 messages count as unknown, 6 as lost\n"
      )
      assert.match(stdout, /^10 messages: cut short$/m)
      assert.match(stdout, /2 accepted .*2 unknown .*6 lost/)
    })
  )

  it.effect("with a line that makes no sense is named with it, and tells its result by its end", () =>
    Effect.gen(function* () {
      const expected = JSON.parse(JsonReport.render(one))
      const { status, stderr, stdout } = yield* command("--format=json", "torn.ndjson")
      assert.strictEqual(status, 0)
      assert.match(
        stderr,
        /^smtp-report: torn\.ndjson: line 2: [^\n\u001b]+; its last line tells the result all the same\n$/
      )
      assert.deepStrictEqual(JSON.parse(stdout), expected)
      const longer = yield* command("--format=json", "longer.ndjson")
      assert.include(longer.stderr, "longer.ndjson: line 6: it comes after the end; its last line")
      assert.deepStrictEqual(JSON.parse(longer.stdout), expected)
      assert.deepInclude(yield* command("spaced.ndjson"), { status: 0, stderr: "" })
    })
  )

  it.effect("whose end makes no sense is read up to there", () =>
    Effect.gen(function* () {
      const { stderr, stdout } = yield* command("edited.ndjson")
      assert.match(
        stderr,
        /^smtp-report: edited\.ndjson: the run was cut; .* \(journal, line 5: report: messages: the ends add up to 51, and 50 were planned\)/
      )
      assert.match(stdout, /^50 messages: cut short/m)
    })
  )

  it.effect("is one in a file", () =>
    Effect.gen(function* () {
      assert.deepInclude(yield* command("both.ndjson"), {
        status: 1,
        stderr:
          "smtp-report: fatal: both.ndjson: line 6: another journal begins here: give each one in a file of its own\n"
      })
    })
  )
})
