import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { KeptConnections } from "../../../src/load/scenario/KeptConnections.js"
import type { Wire, WireState } from "../../../src/smtp/Wire.js"

interface Opened {
  readonly wire: Wire
  state: WireState
}

/** Connections that note when they are opened, and how their scope was closed. */
const make = Effect.gen(function* () {
  const scope = yield* Scope.make()
  const notes: Array<string> = []
  const opened: Array<Opened> = []
  const open = Effect.suspend(() => {
    const number = opened.length
    const one: Opened = { state: "open", wire: { state: () => one.state } as unknown as Wire }
    opened.push(one)
    notes.push(`open ${number}`)
    return Effect.as(
      Effect.addFinalizer((exit) =>
        Effect.sync(() => notes.push(`close ${number}${Exit.isSuccess(exit) ? "" : ", failed"}`))
      ),
      one.wire
    )
  })
  return { kept: new KeptConnections(scope), notes, open, opened, scope }
})

describe("KeptConnections", () => {
  it.effect("are opened once for each key, and closed with the session's scope", () =>
    Effect.gen(function* () {
      const { kept, notes, open, scope } = yield* make
      const [a, b] = [{}, {}]
      const first = yield* kept.get(a, open)
      assert.strictEqual(yield* kept.get(a, open), first)
      assert.notStrictEqual(yield* kept.get(b, open), first)
      assert.deepStrictEqual(notes, ["open 0", "open 1"])
      yield* Scope.close(scope, Exit.void)
      assert.deepStrictEqual(notes.slice(2).sort(), ["close 0", "close 1"])
    })
  )

  for (const state of ["closing", "failed", "closed"] as const) {
    it.effect(`are closed and replaced where they are of no more use: ${state}`, () =>
      Effect.gen(function* () {
        const { kept, notes, open, opened } = yield* make
        const key = {}
        yield* kept.get(key, open)
        opened[0]!.state = state
        assert.strictEqual(yield* kept.get(key, open), opened[1]!.wire)
        assert.deepStrictEqual(notes, ["open 0", "close 0", "open 1"])
      })
    )
  }

  it.effect("are not left open where they were not welcome, and are tried again", () =>
    Effect.gen(function* () {
      const { kept, notes, open } = yield* make
      const key = {}
      const unwelcome = Effect.zipRight(open, Effect.fail("554"))
      assert.strictEqual(yield* Effect.flip(kept.get(key, unwelcome)), "554")
      assert.deepStrictEqual(notes, ["open 0", "close 0, failed"])
      yield* kept.get(key, open)
      assert.deepStrictEqual(notes.slice(2), ["open 1"])
    })
  )

  it.effect("are closed where they are interrupted while they are opened", () =>
    Effect.gen(function* () {
      const { kept, notes, open } = yield* make
      const key = {}
      const stands = yield* Deferred.make<void>()
      const slow = open.pipe(Effect.zipLeft(Deferred.succeed(stands, undefined)), Effect.zipLeft(Effect.never))
      const fiber = yield* Effect.fork(kept.get(key, slow))
      yield* Deferred.await(stands)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(notes, ["open 0", "close 0, failed"])
      yield* kept.get(key, open)
      assert.deepStrictEqual(notes.slice(2), ["open 1"])
    })
  )

  it.effect("are all closed on demand, as that ends, and opened anew after it", () =>
    Effect.gen(function* () {
      for (const [exit, told] of [
        [Exit.void, ""],
        [Exit.fail("no"), ", failed"]
      ] as const) {
        const { kept, notes, open } = yield* make
        const [a, b] = [{}, {}]
        yield* kept.get(a, open)
        yield* kept.get(b, open)
        yield* kept.close(exit)
        assert.deepStrictEqual(notes, ["open 0", "open 1", `close 0${told}`, `close 1${told}`])
        yield* kept.get(a, open)
        assert.strictEqual(notes.at(-1), "open 2")
      }
    })
  )
})
