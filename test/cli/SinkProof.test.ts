import { spawn } from "node:child_process"
import { once } from "node:events"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import * as SinkProof from "../../src/cli/SinkProof.js"
import { main as source } from "../../src/command.js"
import * as ArrivalsFile from "../../src/report/ArrivalsFile.js"
import { Output } from "../../src/report/Output.js"
import { main as report } from "../../src/reportCommand.js"
import { main as sink } from "../../src/sinkCommand.js"
import * as ContentTap from "../../src/sink/ContentTap.js"
import * as SinkProcess from "./SinkProcess.js"
import * as CapturedOutput from "./CapturedOutput.js"

/** Runs one of the commands in this process. */
const run = (main: typeof source, ...words: ReadonlyArray<string>) =>
  Effect.suspend(() => {
    const { output, written } = CapturedOutput.make()
    return Effect.map(Effect.provideService(main(words), Output, output), (status) => ({ status, ...written }))
  })

/** A sink that ends after its messages: where it listens, and how it ended. */
const listening = (...words: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const { output, written } = CapturedOutput.make()
    const fiber = yield* Effect.forkScoped(Effect.provideService(sink([...words, "127.0.0.1:0"]), Output, output))
    const target = yield* Effect.suspend(() => {
      const [, found] = /listening on (\S+)\n/.exec(written.stderr) ?? []
      return found === undefined ? Effect.fail("not yet") : Effect.succeed(found)
    }).pipe(Effect.retry(Schedule.spaced("5 millis").pipe(Schedule.upTo("10 seconds"))))
    return { target, ended: Fiber.join(fiber) }
  })

const folder = Effect.acquireRelease(
  Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "proof-"))),
  (name) => Effect.sync(() => fs.rmSync(name, { recursive: true }))
)

describe("--downstream", () => {
  it.scopedLive("misbehaves as --sink-fault says", () =>
    Effect.gen(function* () {
      const next = `unix:${path.join(yield* folder, "next")}`
      // The next hop takes what is sent to it at once, too.
      const words = ["--prove", `--downstream=${next}`, "--keep-going", "-m", "4", "--report", "text", next]
      const refused = yield* run(source, "--sink-fault", "final 451 4.3.0 Not now", "--summary", ...words)
      assert.include(refused.stdout + refused.stderr, "\n  struck     4 times: fault final 451 4.3.0 Not now\n")
      assert.include(refused.stdout + refused.stderr, "4 rejected")
      assert.include(refused.stdout + refused.stderr, "4 arrivals refused by the next hop")
      const lost = yield* listening("-M", "4")
      const waits = ["--prove", `--downstream=${next}`, "--settle=2", "-m", "4", "--progress=plain"]
      const missing = yield* run(source, ...waits, lost.target)
      assert.include(missing.stderr, "smtp-source: settling: 0 of 4 arrived, waits 1 s for the next\n")
      const nowhere = yield* run(source, "--prove", "--downstream=unix:/no-such-folder/next", next)
      assert.match(nowhere.stderr, /fatal: --downstream: [^\n]*next: no such file or directory\n$/)
    })
  )
})

describe("--sink --prove", () => {
  it.scopedLive("tells what has become of each message, and how often each rule has struck", () =>
    Effect.gen(function* () {
      const json = path.join(yield* folder, "r.json")
      const words = [
        "--sink",
        "--prove",
        "-m",
        "6",
        "-r",
        "2",
        "-N",
        "--keep-going",
        "--summary",
        `--report=json=${json}`
      ]
      const plain = yield* run(source, ...words)
      assert.strictEqual(plain.status, 0, plain.stderr)
      assert.include(plain.stderr, "smtp-source: delivered: 12 of 12 recipients accepted\n")
      assert.include(plain.stderr, "smtp-source: missing: none\n")
      assert.notProperty(JSON.parse(fs.readFileSync(json, "utf8")), "strikes")
      for (const thread of [["--workers=2"], ["--prove=messages"]]) {
        assert.include((yield* run(source, ...words, ...thread)).stderr, " accepted\nsmtp-source: missing: none\n")
      }

      const faulty = yield* run(source, ...words, "--sink-fault=final 100% close if session > 3")
      assert.include(faulty.stderr, "smtp-source: delivered: 6 of 6 recipients accepted; 6 of 6 unknown")
      assert.include(faulty.stderr, "smtp-source: the sink's fault final 100% close if session > 3: 3 times\n")
      const report = JSON.parse(fs.readFileSync(json, "utf8"))
      assert.deepStrictEqual(report.strikes, [{ rule: "fault final 100% close if session > 3", times: 3 }])
      assert.deepInclude(report.proof, { accepted: 6, deliveredAccepted: 6, open: 6, deliveredOpen: 6, missing: 0 })
    })
  )
})

describe("--sink", () => {
  it.scopedLive("expects what the plan says of its clients", () =>
    Effect.gen(function* () {
      const clients = ["--client-addresses=192.0.2.0/24", "-m", "4", "-s", "2", "--summary"]
      for (const words of [
        ["--proxy=1"],
        ["--proxy=2", "--tls=implicit"],
        ["--proxy=2", "--sink-latency=1ms"],
        ["--xclient=ADDR", "--xforward=ADDR"]
      ]) {
        const { status, stderr } = yield* run(source, "--sink", ...words, ...clients)
        assert.include(stderr, "smtp-source: the sink counted 4 messages, too\n")
        assert.strictEqual(status, 0)
      }
      const hidden = yield* run(source, "--sink", "--sink-hide=xclient", "--xclient=ADDR", ...clients)
      assert.include(hidden.stderr, "does not offer XCLIENT")
    })
  )
})

describe("smtp-sink --prove", () => {
  it.scopedLive(
    "tells smtp-report what has come to which sink: files add up, and those of other runs are told of",
    () =>
      Effect.gen(function* () {
        const here = yield* folder
        const [a, b, other, result, cut] = ["a", "b", "other", "r.json", "cut"].map((name) => path.join(here, name))
        const sinks = [yield* listening(`--prove=${a}`, "-M", "6"), yield* listening(`--prove=${b}`, "-M", "6")]
        const targets = sinks.map(({ target }) => target).join(",")
        const sent = yield* run(source, "-m", "12", "-l", "2000", "--prove", "--report", `json=${result}`, targets)
        assert.strictEqual(sent.status, 0, sent.stderr)
        for (const { ended } of sinks) assert.strictEqual(yield* ended, 0)

        const delivered = (...files: ReadonlyArray<string>) =>
          run(report, ...files.map((file) => `--delivered=${file}`), result!)
        const whole = yield* delivered(a!, b!)
        assert.strictEqual(whole.status, 0, whole.stderr)
        assert.include(
          whole.stdout,
          "  delivered  12 of 12 messages accepted\n  missing    none\n  clocks     not compared"
        )
        assert.match(whole.stdout, /\n {2}delivery +12 /)
        assert.notInclude(whole.stdout, "copies")

        const half = yield* delivered(a!)
        assert.strictEqual(half.status, 99)
        assert.include(
          half.stdout,
          "  delivered  6 of 12 messages accepted\n  missing    6 accepted and not delivered\n"
        )
        assert.deepInclude(yield* delivered(a!, a!, b!), {
          ...whole,
          stderr: `smtp-report: ${a}: given twice: counted once\n`
        })
        // As a result among the others, it is no other than by its option.
        const gone = path.join(here, "gone")
        const [byOption, asOperand] = [yield* delivered(a!, gone), yield* run(report, result!, a!, gone)]
        assert.deepStrictEqual(asOperand, byOption)
        assert.strictEqual(asOperand.status, 3)
        assert.include(asOperand.stdout, "  missing    not seen: up to 6 accepted\n")
        const nowhere = yield* run(report, result!, gone)
        assert.deepStrictEqual(
          [nowhere.status, nowhere.stderr],
          [1, `smtp-report: fatal: ${gone}: no such file or directory\n`]
        )

        const third = yield* listening(`--prove=${other}`, "-M", "1")
        yield* run(source, "--prove", third.target)
        assert.strictEqual(yield* third.ended, 0)
        const strange = yield* delivered(a!, b!, other!)
        assert.deepStrictEqual(
          [strange.status, strange.stderr],
          [0, `smtp-report: ${other}: has nothing of this run, but of another\n`]
        )

        const unproven = path.join(here, "u.json")
        yield* run(source, "--sink", "--report", `json=${unproven}`)
        const refused = yield* run(report, `--delivered=${a}`, unproven)
        assert.deepStrictEqual(
          [refused.status, refused.stderr],
          [1, `smtp-report: fatal: ${a}: can be read only with the result of one run of smtp-source --prove\n`]
        )

        fs.writeFileSync(cut!, fs.readFileSync(a!).subarray(0, 300))
        const damaged = yield* delivered(cut!)
        assert.deepStrictEqual(
          [damaged.status, damaged.stderr],
          [1, `smtp-report: fatal: --delivered: ${cut}: cut off, or no JSON\n`]
        )
      })
  )

  it.live("does not begin where its file cannot be written", () =>
    Effect.gen(function* () {
      const { status, stderr } = yield* run(sink, "--prove=/nowhere/a", "127.0.0.1:0")
      assert.deepStrictEqual(
        [status, stderr],
        [1, "smtp-sink: fatal: --prove: /nowhere/a: no such file or directory\n"]
      )
    })
  )
})

describe("the file of smtp-sink --prove", () => {
  it.effect("says that it is complete, but for when messages come", () =>
    Effect.gen(function* () {
      const written: Array<ArrivalsFile.ArrivalsFile> = []
      const disk = FileSystem.layerNoop({
        writeFileString: (_, text) =>
          Effect.sync(() => {
            written.push(Either.getOrThrow(ArrivalsFile.parse(text)))
          })
      })
      yield* Effect.gen(function* () {
        const { keep, tap, write } = yield* SinkProof.make("file", () => {})
        yield* Effect.forkScoped(keep)
        const come = Effect.sync(() => {
          const one = tap(ContentTap.nobody)
          one?.take(Buffer.from("Subject: x\r\n\r\n"), 0, 14)
          one?.end([""], "250")
        })
        const told = (milliseconds: number) =>
          Effect.map(TestClock.adjust(milliseconds), () =>
            written.splice(0).map(({ complete, unstamped }) => [complete, unstamped])
          )
        yield* write
        assert.deepStrictEqual(yield* told(60_000), [[true, 0]])
        yield* come
        assert.deepStrictEqual(yield* told(1), [[false, 1]])
        yield* come
        assert.deepStrictEqual(yield* told(4999), [[false, 2]])
        assert.deepStrictEqual(yield* told(5000), [[true, 2]])
        assert.deepStrictEqual(yield* told(60_000), [])
        yield* come
        assert.deepStrictEqual(yield* told(1), [[false, 3]])
        // At its end.
        yield* write
        assert.deepStrictEqual(yield* told(0), [[true, 3]])
      }).pipe(Effect.provide(disk), Effect.scoped)
    })
  )
})

const bin = (name: string) => fileURLToPath(new URL(`../../dist/bin/${name}.js`, import.meta.url))

describe("one run of several processes that several sinks have seen", () => {
  it.scopedLive("is one proof: what came of a lost segment, and what a lost sink may have seen, is told", () =>
    Effect.gen(function* () {
      const here = yield* folder
      const [a, b] = [path.join(here, "came-a.json"), path.join(here, "came-b.json")]
      const sinks = yield* Effect.all([SinkProcess.start([`--prove=${a}`]), SinkProcess.start([`--prove=${b}`])], {
        concurrency: 2
      })
      const targets = sinks.map(({ target }) => target).join(",")
      const segment = (index: number) =>
        Effect.promise(async () => {
          const words = ["-m", "40", "-s", "3", "--run-id=r", `--segment=${index}/3`, "--prove"]
          const report = `ndjson=${path.join(here, `${index}.ndjson`)}`
          const child = spawn(process.execPath, [bin("smtp-source"), ...words, "--report", report, targets], {
            stdio: ["ignore", "ignore", "inherit"]
          })
          const [status] = await once(child, "exit")
          return status
        })
      assert.deepStrictEqual(
        yield* Effect.all(
          [1, 2, 3].map((index) => segment(index)),
          { concurrency: 3 }
        ),
        [0, 0, 0]
      )
      for (const { end } of sinks) assert.include(["143,", ",SIGTERM"], String(yield* end))
      const results = [1, 2, 3].map((index) => path.join(here, `${index}.ndjson`))

      const whole = yield* run(report, ...results, a, b)
      assert.deepStrictEqual([whole.status, whole.stderr], [0, ""])
      assert.include(whole.stdout, "3 of 3 segments of run r")
      assert.include(whole.stdout, "  delivered  40 of 40 messages accepted\n  missing    none\n")
      // In any order, and in each way.
      const other = yield* run(report, b, results[2]!, results[0]!, `--delivered=${a}`, results[1]!)
      assert.strictEqual(other.stdout, whole.stdout)

      const half = yield* run(report, ...results, `--delivered=${a}`, `--delivered=${b}.gone`)
      assert.strictEqual(half.status, 3)
      assert.match(
        half.stderr,
        /came-b\.json\.gone: no such file or directory: what came there is not known\n.*undecided: --delivered: 0 to \d+ messages are missing;/s
      )
      // Nothing is missing, whatever came there; that it is lost is told all the same.
      const besides = [...results, a, b, `--delivered=${b}.gone`]
      assert.strictEqual((yield* run(report, ...besides)).status, 3)
      assert.strictEqual((yield* run(report, "--allow-missing", ...besides)).status, 0)

      const lost = yield* run(report, results[0]!, results[2]!, a, b)
      assert.strictEqual(lost.status, 3)
      assert.include(lost.stdout, "  delivered  27 of 27 messages accepted\n  missing    none\n")
      assert.include(lost.stdout, "  others     13 messages of segments that are lost\n")
      // All that it may have sent has come.
      assert.include(lost.stdout, "ok      nothing is missing\n")
    })
  )
})
