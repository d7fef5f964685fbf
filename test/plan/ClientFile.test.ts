import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as ClientFile from "../../src/plan/ClientFile.js"

const read = (text: string, plan: { readonly proxy?: string } = {}) =>
  ClientFile.read({ clients: "clients.csv", ...plan }).pipe(
    Effect.provide(FileSystem.layerNoop({ readFile: () => Effect.succeed(Buffer.from(text)) }))
  )

describe("a file of clients", () => {
  it.effect("has attributes as columns, in any order and letters; what is empty is not there", () =>
    Effect.gen(function* () {
      const file = yield* read('Helo,ADDR\n"a, b",192.0.2.1\n,2001:db8::1\n')
      assert.instanceOf(file!.buffer, SharedArrayBuffer)
      const { at, count } = ClientFile.populationOf(file!)
      assert.strictEqual(count, 2)
      assert.deepStrictEqual(["HELO", "ADDR", "NAME"].map(at(0)), ["a, b", "192.0.2.1", undefined])
      assert.deepStrictEqual(["HELO", "ADDR"].map(at(1)), [undefined, "2001:db8::1"])
    })
  )

  it.effect.each<readonly [text: string, problem: string, proxy?: string]>([
    ["", "line 1: no rows below the names of columns"],
    ["ADDR\n", "line 1: no rows below the names of columns"],
    ["ADDR,COLOUR\n192.0.2.1,red\n", 'and not "COLOUR"'],
    ["ADDR,NAME\n192.0.2.1\n", "line 2: 1 cell, and the first row has 2"],
    ["ADDR\n192.0.2.1\n192.0.2\n", "line 3: an address of IPv4 or IPv6 is expected"],
    ["ADDR,NAME\n,x\n", "line 2: an address of IPv4 or IPv6 is expected", "1"],
    ["ADDR\n[UNAVAILABLE]\n", "line 2: --proxy needs an address", "2"],
    ["PORT\n70000\n", "line 2: PORT is no port"],
    ['NAME\n"a\nb"\n', "line 2: a line break or a NUL in a cell"]
  ])("%j is refused", ([text, problem, proxy]) =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(read(text, proxy === undefined ? {} : { proxy }))
      assert.match(message, /^--clients: clients\.csv, line /)
      assert.include(message, problem)
    })
  )

  it.effect("what XCLIENT says of the unknown is an address for it", () => read("ADDR\n[UNAVAILABLE]\n"))
})
