import * as fs from "node:fs"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as RealServer from "../servers/RealServer.js"
import * as Commands from "./Commands.js"
import * as SinkProcess from "../cli/SinkProcess.js"

// Machines whose clocks are wrong, by libfaketime (Debian: faketime). Their timers go on as they do: it is the time of day that differs.

const faketime = "/usr/bin/faketime"
const missing = RealServer.lacking(faketime)
const lacks = missing.length === 0 ? "" : ` (lacks ${missing.join(", ")})`

/** The environment of a machine whose clock is off by this: `+1h`. The program faketime would stand between us and signals. */
const elsewhere = (off: string | undefined): { readonly [variable: string]: string } =>
  off === undefined
    ? {}
    : { LD_PRELOAD: "/usr/$LIB/faketime/libfaketimeMT.so.1", FAKETIME: off, FAKETIME_DONT_FAKE_MONOTONIC: "1" }

/** Runs each as a segment of one run, on machines whose clocks are off by so much, and puts them together. */
const run = (clocks: ReadonlyArray<string | undefined>, ...words: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const folder = yield* RealServer.directory
    const env = { PATH: Commands.install(folder) }
    const { numbers, target } = yield* Commands.judge
    const segments = yield* Effect.forEach(
      clocks,
      (off, index) => {
        const own = ["--run-id=r", `--segment=${index + 1}/${clocks.length}`, `--report=ndjson=${index + 1}.ndjson`]
        const there = { cwd: folder, env: { ...env, ...elsewhere(off) } }
        return Commands.run(["smtp-source", ...own, ...words, target], there)
      },
      { concurrency: "unbounded" }
    )
    const results = clocks.map((_, index) => `${index + 1}.ndjson`)
    const text = yield* Commands.run(["smtp-report", ...results], { cwd: folder, env })
    const json = yield* Commands.run(["smtp-report", "--format=json", ...results], { cwd: folder, env })
    return { segments, numbers, text: text.stdout.replace(/\s+/g, " "), merged: JSON.parse(json.stdout) }
  })

/** In milliseconds: an hour, give or take what a busy machine takes to start a process. */
const isAnHour = (time: number): boolean => time > 3_400_000 && time < 3_800_000

const soon = (): string => new Date(Date.now() + 1000).toISOString()

describe.skipIf(missing.length > 0)(`a segment on a machine whose clock is an hour off${lacks}`, () => {
  it.scopedLive("has missed the start that was agreed upon, sends none of its messages, and is named", () =>
    Effect.gen(function* () {
      const words = ["-d", "--rate=40/s", "-m", "60", "--start-at", soon()]
      const { merged, numbers, segments, text } = yield* run([undefined, "+1h", undefined], ...words)
      assert.deepStrictEqual(
        segments.map(({ status }) => status),
        [0, 0, 0]
      )
      assert.match(
        segments[1]?.stderr ?? "",
        /warning: began 3\d{3}\.\d s after the start of \S+: 20 messages were due by then, not started\n$/
      )
      const { accepted, lost, notStarted, planned } = merged.messages
      assert.deepStrictEqual([planned, lost], [60, 0])
      assert.strictEqual(accepted + notStarted, 60)
      // On a busy machine the others may be late, too.
      assert.isAtLeast(notStarted, 20)
      assert.strictEqual(new Set(numbers).size, accepted)
      assert.strictEqual(numbers.length, accepted)
      assert.isTrue(numbers.every((number) => number % 3 !== 1))
      assert.isTrue(isAnHour(merged.segments[1].late))
      assert.strictEqual(new Set(merged.segments.map(({ startedAt }: { startedAt: string }) => startedAt)).size, 1)
      assert.match(text, /segments began [^;]+ apart by their machines' clocks; late: .*2\/3 by \d+ min/)
      assert.include(text, "some had ended before others began: if clocks are wrong, so are rates and charts")
    })
  )

  it.scopedLive(
    "sends all of its messages where no start was agreed upon; the report says how far apart they began",
    () =>
      Effect.gen(function* () {
        const { merged, numbers, segments, text } = yield* run(["+1h", undefined], "-d", "-s", "2", "-m", "40")
        assert.deepStrictEqual(
          segments.map(({ status, stderr }) => [status, stderr]),
          [
            [0, ""],
            [0, ""]
          ]
        )
        assert.deepStrictEqual(
          numbers.toSorted((a, b) => a - b),
          Array.from({ length: 40 }, (_, number) => number)
        )
        assert.deepInclude(merged.messages, { planned: 40, accepted: 40 })
        const [ahead, right] = merged.segments.map(({ startedAt }: { startedAt: string }) => Date.parse(startedAt))
        assert.isTrue(isAnHour(ahead - right))
        assert.isAbove(merged.elapsed, 3_400_000)
        assert.match(text, /segments began \d+ min \d+ s apart by their machines' clocks; some had ended before/)
      })
  )

  it.scopedLive("waits for a start that is long over, until it is stopped: its messages are not started", () =>
    Effect.gen(function* () {
      const folder = yield* RealServer.directory
      const env = { PATH: Commands.install(folder) }
      const own = ["--run-id=r", "--segment=1/2", "--rate=40/s", "-m", "60", "--start-at", soon(), "127.0.0.1:9"]
      /** Stopped after this many seconds: before it listens to signals, it would leave nothing. */
      const stopped = (seconds: number) =>
        Effect.gen(function* () {
          const words = ["-s", "TERM", String(seconds), "smtp-source", ...own, `--report=ndjson=${seconds}.ndjson`]
          const { status } = yield* Commands.run(["timeout", ...words], {
            cwd: folder,
            env: { ...env, ...elsewhere("-1h") }
          })
          assert.strictEqual(status, 124)
          return yield* Commands.run(["smtp-report", "--format=json", `${seconds}.ndjson`], { cwd: folder, env })
        })
      // On a busy machine, commands take their time to start.
      const { status, stdout } = yield* Effect.reduce([1, 3, 10, 20], yield* stopped(0.5), (ended, seconds) =>
        ended.status === 1 ? stopped(seconds) : Effect.succeed(ended)
      )
      assert.strictEqual(status, 3)
      assert.deepInclude(JSON.parse(stdout).messages, { planned: 60, notStarted: 30, accepted: 0, lost: 30 })
    })
  )
})

describe.skipIf(missing.length > 0)(`a sink on a machine whose clock is off${lacks}`, () => {
  for (const [off, told] of [
    [
      "-10s",
      /clocks that of came\.json was (10\.00?|9\.9\d) s behind, give or take [\d.]+ m?s: delivery is without that/
    ],
    [
      "+10s",
      /clocks that of came\.json was (10\.00?|9\.9\d) s ahead, give or take [\d.]+ m?s: delivery is without that/
    ]
  ] as const) {
    it.scopedLive(`tells its time, and the report by how much it is off, and delivery without that: ${off}`, () =>
      Effect.gen(function* () {
        const folder = yield* RealServer.directory
        const there = { cwd: folder, env: { PATH: Commands.install(folder) } }
        const file = path.join(folder, "came.json")
        const { ended, target } = yield* SinkProcess.start([`--prove=${file}`, "-M", "40"], { ...elsewhere(off) })
        const words = ["--prove", "-m", "40", "-s", "2", "--report=json=run.json", `--compare-clocks=${target}`, target]
        // It ends with the last message: then it is not there any more to be asked again.
        const sent = yield* Commands.run(["smtp-source", ...words], there)
        assert.strictEqual(sent.status, 0, sent.stderr)
        assert.match(sent.stderr, /^smtp-source: warning: --compare-clocks: 127\.0\.0\.1:\d+: [^\n]+\n$/)
        yield* ended
        const text = yield* Commands.run(["smtp-report", "run.json", "came.json"], there)
        const report = text.stdout.replace(/\s+/g, " ")
        assert.strictEqual(text.status, 0, text.stderr)
        assert.match(report, told)
        assert.notInclude(report, "before they were sent")
        const json = yield* Commands.run(["smtp-report", "--format=json", "run.json", "came.json"], there)
        const { durations, proof } = JSON.parse(json.stdout)
        assert.isBelow(proof.compared[0].within, 1000)
        assert.notProperty(proof, "clocks")
        const [delivery] = durations.filter(({ of }: { of: string }) => of === "delivery")
        // A busy machine takes its time, but not ten seconds.
        assert.isBelow(delivery.p50, 5000)

        const raw = JSON.parse(fs.readFileSync(path.join(folder, "run.json"), "utf8"))
        const { clocks: _, ...stamped } = raw.stamped
        fs.writeFileSync(path.join(folder, "raw.json"), JSON.stringify({ ...raw, stamped }))
        const without = yield* Commands.run(["smtp-report", "raw.json", "came.json"], there)
        assert.include(without.stdout, "  clocks     not compared")
      })
    )
  }
})
