import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as FileSystem from "@effect/platform/FileSystem"
import { afterAll, assert, describe, it } from "@effect/vitest"
import { Ajv } from "ajv"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Cli from "../../src/cli/Cli.js"
import * as Plan from "../../src/plan/Plan.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

const yaml = `
# A ramp, and a rest.
target: mail.example:2525
stages: 30s:100/s, 2m:100/s..1000/s, 1m:0/s
arrivals: poisson
maxSessions: 200
reuse: true
failIf:
  - p99(transaction) > 250ms
  - failed > 0
`
const written = {
  target: "mail.example:2525",
  stages: "30s:100/s, 2m:100/s..1000/s, 1m:0/s",
  arrivals: "poisson",
  maxSessions: 200,
  reuse: true,
  failIf: ["p99(transaction) > 250ms", "failed > 0"]
} as const

const parse = (
  argv: ReadonlyArray<string>,
  files: { readonly [name: string]: string },
  environment: { readonly [name: string]: string } = {}
) =>
  Cli.parse(argv, { hostName: "client.example" }).pipe(
    Effect.provide(
      FileSystem.layerNoop({
        readFile: (name) =>
          files[name] === undefined
            ? Effect.dieMessage(`no file ${name}`)
            : Effect.succeed(new TextEncoder().encode(files[name]))
      })
    ),
    Effect.withConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment))))
  )

const planOf = (...args: Parameters<typeof parse>) =>
  Effect.flatMap(parse(...args), (directive) =>
    directive._tag === "Run" ? Effect.succeed(directive.plan) : Effect.dieMessage(directive._tag)
  )

const reasonOf = (...args: Parameters<typeof parse>) => Effect.map(Effect.flip(parse(...args)), ({ reason }) => reason)

describe("--scenario", () => {
  it.effect("reads YAML and JSON, by the name's end or by what is in it", () =>
    Effect.gen(function* () {
      const expected = Plan.make({ ...written, helloName: "client.example" })
      const json = JSON.stringify(written)
      const files = { "a.yaml": yaml, "a.yml": yaml, "a.json": json, json: ` ${json}`, yaml: yaml }
      for (const name of Object.keys(files)) {
        assert.deepStrictEqual(yield* planOf(["--scenario", name], files), expected)
      }
    })
  )

  it.effect("is beaten by the environment, and that by the command line; the file beats defaults", () =>
    Effect.gen(function* () {
      const files = {
        "a.yaml": "target: file\nmessages: 2\nsessions: 2\nconnecting: 2\nreuse: true\nhelloName: file.example"
      }
      const environment = { SMTP_SOURCE_MESSAGES: "3", SMTP_SOURCE_SESSIONS: "3", SMTP_SOURCE_TARGET: "environment" }
      const plan = yield* planOf(["--scenario", "a.yaml", "-m", "4", "--no-reuse", "argument"], files, environment)
      assert.deepInclude(plan, {
        target: "argument",
        messages: 4,
        sessions: 3,
        connecting: 2,
        reuse: false,
        helloName: "file.example",
        timeout: 300
      })
      assert.strictEqual((yield* planOf(["--scenario", "a.yaml"], files, environment)).target, "environment")
    })
  )

  it.effect("names the file, each place in it, and what was expected, all in one go", () =>
    Effect.gen(function* () {
      const files = {
        "a.yaml": "target: h\nmessages: many\nstages: 30s:fast\nfailIf: [failed > 0, p99 > 3]\nmesages: 3\nfamily: ipx"
      }
      const reason = yield* reasonOf(["--scenario", "a.yaml"], files)
      assert.strictEqual(
        reason,
        [
          "--scenario: a.yaml: mesages: no plan has such a field",
          'family: expected "any" or "ipv4" or "ipv6", not "ipx"',
          "messages: expected a whole number from 1 to 2147483647",
          "stages: column 5: expected a rate, such as 500/s, 30000/m or 10/h",
          'failIf[1]: column 5: expected "("'
        ].join("; ")
      )
    })
  )

  it.effect("refuses what is no JSON, no YAML or no plan, in one line", () =>
    Effect.gen(function* () {
      const files = { "a.json": "{\n]", "a.yaml": "a: [1\nb: }", "b.yaml": "- a\n- b", "c.yaml": "" }
      for (const name of Object.keys(files)) {
        const reason = yield* reasonOf(["--scenario", name, "h"], files)
        assert.match(reason, new RegExp(`^--scenario: ${name}: [^\\n]+$`))
      }
    })
  )

  it.effect("keeps the rules between fields, wherever these come from", () =>
    Effect.gen(function* () {
      const files = { "a.yaml": "rate: 5/s\ntarget: h", "b.yaml": "burst: 5\ntarget: h" }
      assert.match(yield* reasonOf(["--scenario", "a.yaml"], files), /--rate needs an end/)
      assert.strictEqual((yield* planOf(["--scenario", "a.yaml", "-m", "9"], files)).messages, 9)
      assert.match(yield* reasonOf(["--scenario", "b.yaml"], files), /--burst needs/)
      assert.strictEqual((yield* planOf(["--scenario", "b.yaml", "--rate", "5", "-m", "9"], files)).burst, 5)
    })
  )
})

describe("the command as it is built", () => {
  const folder = mkdtempSync(join(tmpdir(), "smtp-source-scenario-"))
  afterAll(() => rmSync(folder, { recursive: true }))
  const command = (...args: ReadonlyArray<string>) =>
    spawnSync(process.execPath, [join(root, "dist/bin/smtp-source.js"), ...args], { cwd: folder, encoding: "utf8" })

  for (const [name, text] of [
    ["a.json", `\ufeff${JSON.stringify(written)}`],
    ["a.yaml", `\ufeff${yaml}`]
  ] as const) {
    it(`reads ${name} from the disk, also where it begins with a byte order mark`, () => {
      writeFileSync(join(folder, name), text)
      const { status, stderr, stdout } = command("--scenario", name, "--dry-run")
      assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" })
      assert.deepInclude(JSON.parse(stdout.split("\n\n")[0] ?? ""), written)
    })
  }

  it("names the file that is not there, and one that is a folder", () => {
    const missing = command("--scenario", "none.json")
    assert.strictEqual(missing.stderr, "smtp-source: fatal: --scenario: none.json: no such file or directory\n")
    assert.strictEqual(missing.status, 1)
    assert.match(command("--scenario", ".").stderr, /^smtp-source: fatal: --scenario: \.: illegal operation on a dir/)
  })
})

describe("the JSON Schema of the plan in the package", () => {
  const packaged = (): object => JSON.parse(readFileSync(join(root, "dist/schema/plan.schema.json"), "utf8"))

  it("is that of this version", () => {
    assert.deepStrictEqual(packaged(), JSON.parse(JSON.stringify(Plan.jsonSchema())))
  })

  it("is obeyed by plans, and not by what is none", () => {
    // What is inside of allOf has the type of what is around it.
    const validate = new Ajv({ strict: true, strictTypes: false }).compile(packaged())
    for (const plan of [{}, written, Plan.make(written)]) assert.isTrue(validate(plan), JSON.stringify(validate.errors))
    const defects = [
      { messages: 0 },
      { messages: "5" },
      { mesages: 5 },
      { arrivals: "sometimes" },
      { failIf: "failed > 0" }
    ]
    for (const defect of defects) assert.isFalse(validate(defect), JSON.stringify(defect))
  })
})
