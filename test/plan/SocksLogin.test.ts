import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Plan from "../../src/plan/Plan.js"
import * as SocksLogin from "../../src/plan/SocksLogin.js"

const read = (text: string) =>
  SocksLogin.read({ socksLogin: "login" }).pipe(
    Effect.provide(FileSystem.layerNoop({ readFileString: () => Effect.succeed(text) }))
  )

describe("the login at a proxy", () => {
  it.effect("is a line with a user, a colon and a password, which may hold colons", () =>
    Effect.gen(function* () {
      for (const end of ["", "\n", "\r\n"]) {
        const known = yield* read(`me:a:b c${end}`)
        assert.deepStrictEqual(Redacted.value(known!), { user: "me", password: "a:b c" })
        assert.notInclude(JSON.stringify(known), "a:b")
      }
    })
  )

  it.effect.each(["", "me", "me:", ":MARK", "me:MARK\nand more", `me:${"MARK".repeat(64)}`])(
    "%j is refused, without a word of it",
    (text) =>
      Effect.gen(function* () {
        const { message } = yield* Effect.flip(read(text))
        assert.match(message, /^--socks-login: login: one line is expected/)
        assert.notInclude(message, "MARK")
      })
  )

  it.each<readonly [Plan.PlanInput, string]>([
    [{ target: "a", socksLogin: "f" }, "--socks-login needs --socks"],
    [{ target: "a,unix:/run/smtp", socks: "b" }, "--socks cannot be used with unix: targets"],
    [{ sink: true, socks: "b" }, "--socks cannot be used with --sink"],
    [{ sink: true, connectTo: ["::b:25"] }, "--connect-to cannot be used with --sink"],
    [{ calibrate: true, spread: true }, "--spread cannot be used with --calibrate"],
    [{ target: "a", socks: "b:c" }, "unknown port c"],
    [{ target: "localhost", socks: "localhost", auth: "plain", user: "u" }, "show the password"]
  ])("%j is refused", (input, reason) => {
    assert.include(Plan.problems(input).join("\n"), reason)
  })
})
