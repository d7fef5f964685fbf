/** What the built commands write comes out whole, or they say that it did not. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { report, shell, source } from "./Shell.js"

/** A pipe that nobody reads at first holds 64 KiB. */
const slowly = "(sleep 0.4; cat)"
const load = "--sink -d -s 20 -r 5 -m 1500"

describe.concurrent("a reader that is slow", () => {
  it.live("gets the whole report, and the command waits for it", () =>
    Effect.gen(function* () {
      const { status, stdout } = yield* shell(`${source} ${load} --report html 2>/dev/null | ${slowly}`)
      assert.strictEqual(status, 0)
      assert.isAbove(stdout.length, 65_536)
      assert.match(stdout, /<\/html>\s*$/)
    })
  )

  it.live("gets all of standard error, the dialogue and the summary after it", () =>
    Effect.gen(function* () {
      const { status, stdout } = yield* shell(`${source} ${load} -v --summary 2>&1 >/dev/null | ${slowly}`)
      assert.strictEqual(status, 0)
      assert.isAbove(stdout.length, 65_536)
      assert.match(stdout, /the sink counted 1,500 messages, too\n$/)
    })
  )

  it.live("gets the whole of what smtp-report says", () =>
    Effect.gen(function* () {
      const made = `${source} ${load} --report json=run.json && ${report} --format html run.json`
      const { status, stdout } = yield* shell(`${made} | ${slowly}`)
      assert.strictEqual(status, 0)
      assert.match(stdout, /<\/html>\s*$/)
    })
  )
})

describe("a reader that has gone", () => {
  it.live("is no failure", () =>
    Effect.gen(function* () {
      const { status, stderr } = yield* shell(`(sleep 0.3; exec ${source} --sink --report html) | true`)
      assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" })
    })
  )
})

describe.concurrent("a full disk", () => {
  const full = "standard output: no space left on device\n"
  for (const asked of [
    "--sink --report json",
    "--sink --report ndjson",
    "--sink -c",
    "--help",
    "--dry-run localhost"
  ]) {
    it.live(`is told of, with exit status 1: ${asked}`, () =>
      Effect.gen(function* () {
        const { status, stderr } = yield* shell(`${source} ${asked} >/dev/full`)
        assert.deepStrictEqual({ status, stderr }, { status: 1, stderr: `smtp-source: fatal: ${full}` })
      })
    )
  }

  it.live("of which standard error is a file is an exit status of 1", () =>
    Effect.map(shell(`${source} --sink --summary 2>/dev/full`), ({ status }) => assert.strictEqual(status, 1))
  )

  it.live("under a journal is an exit status of 1, though the run went well", () =>
    Effect.gen(function* () {
      const { status, stderr } = yield* shell(`${source} --sink --report ndjson=/dev/full`)
      const reason = "smtp-source: fatal: --report ndjson=/dev/full: no space left on device\n"
      assert.deepStrictEqual({ status, stderr }, { status: 1, stderr: reason })
    })
  )

  it.live("is told of by smtp-report", () =>
    Effect.gen(function* () {
      const lines = `${source} --sink --report json=run.json; ${report} run.json >/dev/full`
      const { status, stderr } = yield* shell(lines)
      assert.deepStrictEqual({ status, stderr }, { status: 1, stderr: `smtp-report: fatal: ${full}` })
    })
  )

  it.live("that becomes full in the middle of a report is told of, too", () =>
    Effect.gen(function* () {
      // A limit on the size of files looks the same to the command: a part of the text is written, and the rest refused.
      const { status, stderr } = yield* shell(
        `(ulimit -f 8; trap '' XFSZ; exec ${source} ${load} --report html >page.html)`
      )
      assert.strictEqual(status, 1)
      assert.match(stderr, /^smtp-source: fatal: standard output: file too large\n$/)
    })
  )
})
