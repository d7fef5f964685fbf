import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as TargetList from "../../src/plan/TargetList.js"

const read = (text: string) =>
  Either.map(TargetList.parse(text), (list) =>
    list.map(({ target, weight }) => `${TargetList.format(target)} ${weight}`)
  )

const readsAs = (text: string, ...targets: ReadonlyArray<string>) =>
  assert.deepStrictEqual(Either.getOrThrow(read(text)), targets, text)

const refused = (text: string, reason: string) => assert.strictEqual(Either.getOrThrow(Either.flip(read(text))), reason)

describe("TargetList", () => {
  it("a single target is read as before", () => {
    readsAs("localhost", "localhost:25 1")
    readsAs("[::1]:2525", "[::1]:2525 1")
    readsAs("unix:/run/smtp", "unix:/run/smtp 1")
  })

  it("several targets stand with commas between, each with its weight", () => {
    readsAs("host1:25*3,host2:25", "host1:25 3", "host2:25 1")
    readsAs("[2001:db8::1]*2, 192.0.2.1:2525 ,inet:c", "[2001:db8::1]:25 2", "192.0.2.1:2525 1", "c:25 1")
    readsAs("a,unix:/run/a*2,unix:/run/b", "a:25 1", "unix:/run/a 2", "unix:/run/b 1")
  })

  it("a pathname may hold commas and stars, as it always could", () => {
    readsAs("unix:/run/a,b", "unix:/run/a,b 1")
    readsAs("unix:/run/a*3", "unix:/run/a*3 1")
    readsAs("unix:/run/a,b*3,inet:host", "unix:/run/a,b 3", "host:25 1")
  })

  it("mx: stands before a domain, unless what follows is a port of the host mx", () => {
    readsAs("mx:example.org", "mx:example.org 1")
    readsAs(
      "mx:example.org:2525*2,unix:/run/a,mx:b.example",
      "mx:example.org:2525 2",
      "unix:/run/a 1",
      "mx:b.example 1"
    )
    readsAs("mx:25", "mx:25 1")
    readsAs("mx:smtp", "mx:25 1")
    readsAs("mx:", "mx:25 1")
    refused("mx:192.0.2.1", '"mx:192.0.2.1": a domain is expected after mx:')
    refused("mx:99999", '"mx:99999": port 99999 is not between 1 and 65535')
  })

  it("what is wrong with which target is said", () => {
    refused("a,,b", "a target is missing before or after a comma")
    refused("a,", "a target is missing before or after a comma")
    refused("a*0,b", '"a*0": a weight from 1 to 100 is expected after "*"')
    refused("a*101,b", '"a*101": a weight from 1 to 100 is expected after "*"')
    refused("a*x", '"a*x": a weight from 1 to 100 is expected after "*"')
    refused("a,b:99999", '"b:99999": port 99999 is not between 1 and 65535')
    refused(Array.from({ length: 257 }, () => "a").join(","), "at most 256 targets are expected")
  })

  it("connections take turns by weight, smoothly, and by their numbers alone", () => {
    const turns = TargetList.turns(Either.getOrThrow(TargetList.parse("a*3,b,c*2")))
    const first = Array.from({ length: 12 }, (_, connection) => turns(connection).place)
    assert.deepStrictEqual(first, [0, 2, 0, 1, 2, 0, 0, 2, 0, 1, 2, 0])
    assert.deepStrictEqual(turns(6_000_001), { place: 2, nth: 2_000_000 })
    assert.deepStrictEqual(turns(6_000_004), { place: 2, nth: 2_000_001 })
    assert.deepStrictEqual(turns(6_000_005), { place: 0, nth: 3_000_002 })
  })
})
