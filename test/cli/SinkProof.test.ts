import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schedule from "effect/Schedule"
import { main as source } from "../../src/command.js"
import { Output } from "../../src/report/Output.js"
import { main as report } from "../../src/reportCommand.js"
import { main as sink } from "../../src/sinkCommand.js"
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
      assert.include(refused.stderr, "smtp-source: the next hop's fault final 451 4.3.0 Not now: 4 times\n")
      assert.include(refused.stdout + refused.stderr, "4 rejected")
      assert.include(refused.stdout + refused.stderr, "4 arrivals refused by the next hop")
      const nowhere = yield* run(source, "--prove", "--downstream=unix:/no-such-folder/next", next)
      assert.match(nowhere.stderr, /fatal: --downstream: [^\n]*next: no such file or directory\n$/)
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
        assert.include(
          (yield* delivered(a!, a!, b!)).stdout,
          "  copies     6 came again after they were confirmed (6 copies)\n"
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
          [1, "smtp-report: fatal: --delivered: the result is not of one run with --prove\n"]
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
