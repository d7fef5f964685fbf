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
          '--scenario: a.yaml:5: unknown field "mesages" (did you mean "messages"?)',
          '6: family: expected "any" or "ipv4" or "ipv6", not "ipx"',
          '2: messages: expected a whole number, 1 or more, not "many"',
          "3: stages: column 5: expected a rate, such as 500/s, 30000/m or 10/h",
          "4: failIf[1]: column 5: expected a step, as in p99(transaction)"
        ].join("; ")
      )
    })
  )

  it.effect("refuses what is no JSON, no YAML or no plan, in one line", () =>
    Effect.gen(function* () {
      const files = { "a.json": "{\n]", "a.yaml": "a: [1\nb: }", "b.yaml": "- a\n- b", "c.yaml": "" }
      for (const name of Object.keys(files)) {
        const reason = yield* reasonOf(["--scenario", name, "h"], files)
        assert.match(reason, new RegExp(`^--scenario: ${name}(:\\d+)?: [^\\n]+$`))
        if (name === "a.json") assert.match(reason, /a\.json:2: invalid JSON: [a-z]/)
        if (name === "b.yaml") assert.match(reason, /not a plan: expected fields, such as target: localhost:2525$/)
      }
    })
  )

  it.effect("refuses a key that is given twice, in both languages, and names its line", () =>
    Effect.gen(function* () {
      const files = {
        "a.json": '{\n\t"target": "h",\n\t"messages": 5,\n\t"messages": 6\n}',
        "b.json": '{"target": "h", "shapes": [{"weight": 1, "hold": 1,\n"hold": 2}]}',
        "a.yaml": "target: h\nmessages: 5\nmessages: 6\n"
      }
      const said = yield* Effect.forEach(Object.keys(files), (name) => reasonOf(["--scenario", name], files))
      assert.deepStrictEqual(said, [
        '--scenario: a.json:4: "messages" is given twice',
        '--scenario: b.json:2: "hold" is given twice',
        '--scenario: a.yaml:3: "messages" is given twice'
      ])
    })
  )

  it.effect("names the field that was meant, by whatever name its option goes", () =>
    Effect.gen(function* () {
      const meant = {
        mesages: '"messages"',
        "max-sessions": '"maxSessions"',
        ipv4: "family: ipv4",
        m: '"messages"',
        hostname: '"helloName"',
        shape: '"shapes"',
        WARM_UP: '"warmUp"'
      }
      for (const [name, field] of Object.entries(meant)) {
        const files = { "a.json": `{"target": "h",\n"${name}": 1}` }
        const reason = `--scenario: a.json:2: unknown field "${name}" (did you mean ${field}?)`
        assert.strictEqual(yield* reasonOf(["--scenario", "a.json"], files), reason)
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

describe("a scenario file", () => {
  const files = {
    "rate.yaml": "target: h\nrate: 100\nduration: 30\nseed: 42\nfailIf: failed > 0\n",
    "sink.yaml": "sink: true\nmessages: 3\n",
    "pause.yaml": "target: h\ndelay: 1\n",
    "both.yaml": "target: h\ndelay: 1\nrandomDelay: 2\n",
    "many.yaml": "target: h\n---\ntarget: i\n",
    "schema.json": JSON.stringify({ $schema: "./plan.schema.json", target: "h" }),
    "shapes.yaml": "target: h\nshapes:\n  - weight: 90%\n    hold: 5s\n  - weight: 10%\n    abandon: data\n"
  }

  it.effect("may have numbers and single values where the command line has text and lists", () =>
    Effect.gen(function* () {
      const plan = yield* planOf(["--scenario", "rate.yaml"], files)
      assert.deepInclude(plan, { rate: "100", duration: "30", seed: "42", failIf: ["failed > 0"] })
    })
  )

  it.effect("loses to what takes its place on the command line or in the environment", () =>
    Effect.gen(function* () {
      const staged = yield* planOf(["--scenario", "rate.yaml", "--stages", "1s:5/s"], files)
      assert.strictEqual(staged.stages, "1s:5/s")
      assert.notProperty(staged, "rate")
      const aimed = yield* planOf(["--scenario", "sink.yaml", "h"], files)
      assert.deepInclude(aimed, { target: "h", sink: false, messages: 3 })
      const named = yield* planOf(["--scenario", "sink.yaml"], files, { SMTP_SOURCE_TARGET: "i" })
      assert.deepInclude(named, { target: "i", sink: false })
      assert.notProperty(yield* planOf(["--scenario", "pause.yaml", "-R", "1"], files), "delay")
      const calibrated = yield* planOf(["--scenario", "rate.yaml", "--calibrate"], files)
      assert.notProperty(calibrated, "target")
    })
  )

  it.effect("is named with its fields where they break a rule, alone or with others", () =>
    Effect.gen(function* () {
      assert.strictEqual(
        yield* reasonOf(["--scenario", "both.yaml"], files),
        "do not use the -w and -R options at the same time (from both.yaml: delay, randomDelay)"
      )
      assert.strictEqual(
        yield* reasonOf(["--scenario", "pause.yaml"], files, { SMTP_SOURCE_RATE: "5/s", SMTP_SOURCE_MESSAGES: "9" }),
        "-w and -R cannot be used with --rate or --stages (from pause.yaml: delay; from the environment: SMTP_SOURCE_RATE)"
      )
    })
  )

  it.effect("is told off for sessions that it gives, and not for what would follow from them", () =>
    Effect.map(reasonOf(["--scenario", "s.yaml"], { "s.yaml": "stages: 1s:5/s\nsessions: -1\ntarget: h" }), (reason) =>
      assert.strictEqual(reason, "--scenario: s.yaml:2: sessions: expected a whole number, 1 or more, not -1")
    )
  )

  it.effect("holds one document", () =>
    Effect.map(reasonOf(["--scenario", "many.yaml"], files), (reason) =>
      assert.strictEqual(reason, "--scenario: many.yaml: expected one document, and there is another one after ---")
    )
  )

  it.effect("may name its schema", () =>
    Effect.map(planOf(["--scenario", "schema.json"], files), (plan) => {
      assert.strictEqual(plan.target, "h")
      assert.notProperty(plan, "$schema")
    })
  )

  it.effect("has shapes as lists of fields", () =>
    Effect.map(planOf(["--scenario", "shapes.yaml"], files), ({ shapes }) =>
      assert.deepStrictEqual(shapes, [
        { weight: 90, hold: "5s" },
        { weight: 10, abandon: ["data"] }
      ])
    )
  )

  it.effect("is named by the environment, too, where the command line names none", () =>
    Effect.gen(function* () {
      const environment = { SMTP_SOURCE_SCENARIO: "sink.yaml", SMTP_SOURCE_MESSAGES: "4" }
      assert.deepInclude(yield* planOf([], files, environment), { sink: true, messages: 4 })
      assert.deepInclude(yield* planOf(["--scenario", "rate.yaml"], files, environment), { target: "h", messages: 4 })
      assert.strictEqual((yield* planOf(["h"], files, { SMTP_SOURCE_SCENARIO: "" })).target, "h")
      assert.strictEqual(
        yield* reasonOf(["h"], { "x.yaml": "a: 1" }, { SMTP_SOURCE_SCENARIO: "x.yaml" }),
        'SMTP_SOURCE_SCENARIO: x.yaml:1: unknown field "a"'
      )
    })
  )
})

describe("the README's scenario", () => {
  it.effect("is a plan", () =>
    Effect.gen(function* () {
      const readme = readFileSync(join(root, "README.md"), "utf8")
      const sample = /```yaml\n(.*?)```/s.exec(readme)?.[1] ?? assert.fail("the README has no YAML")
      const plan = yield* planOf(["--scenario", "readme.yaml"], { "readme.yaml": sample })
      assert.deepInclude(plan, { target: "localhost:2525", arrivals: "poisson" })
      assert.lengthOf(plan.shapes ?? [], 2)
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
    assert.match(command("--scenario", ".").stderr, /^smtp-source: fatal: --scenario: \.: is a dir/)
  })
})

describe("the JSON Schema of the plan in the package", () => {
  const packaged = (): object => JSON.parse(readFileSync(join(root, "dist/schema/plan.schema.json"), "utf8"))

  it("is that of this version", () => {
    assert.deepStrictEqual(packaged(), JSON.parse(JSON.stringify(Plan.jsonSchema())))
  })

  it("describes every field, and tells the defaults", () => {
    const { properties } = packaged() as {
      properties: { [field: string]: { description?: string; default?: unknown } }
    }
    for (const [field, { description }] of Object.entries(properties)) assert.match(description ?? "", /^[A-Z]/, field)
    assert.match(properties.rate?.description ?? "", /^Start this many messages/)
    assert.deepInclude(properties.timeout, { default: 300 })
    assert.notProperty(properties.rate, "default")
  })

  it("is obeyed by plans, and not by what is none", () => {
    // What is inside of allOf has the type of what is around it.
    const validate = new Ajv({ strict: true, strictTypes: false }).compile(packaged())
    const single = { $schema: "plan.schema.json", rate: 5, duration: 30, seed: 42, failIf: "failed > 0" }
    const shaped = { shapes: ["90%: hold 5", { weight: 1, hold: "exp(5)", abandon: "data" }], dropLate: "5s" }
    for (const plan of [{}, written, Plan.make(written), single, shaped])
      assert.isTrue(validate(plan), JSON.stringify(validate.errors))
    const defects = [
      { messages: 0 },
      { messages: "5" },
      { mesages: 5 },
      { arrivals: "sometimes" },
      { failIf: [5] },
      { shapes: [{ weight: 1, holdd: 5 }] }
    ]
    for (const defect of defects) assert.isFalse(validate(defect), JSON.stringify(defect))
  })
})
