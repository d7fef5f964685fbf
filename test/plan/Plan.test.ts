import * as fs from "node:fs"
import { assert, describe, expectTypeOf, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import * as PlanTypes from "../../scripts/PlanTypes.js"
import * as RunBounds from "../../src/load/RunBounds.js"
import * as Plan from "../../src/plan/Plan.js"
import * as PlanField from "../../src/plan/PlanField.js"
import type { struct } from "../../src/plan/PlanFields.js"

/** What is wrong with the input: the path and the message of each issue. */
const issues = (input: unknown): ReadonlyArray<string> => {
  const result = Plan.decode(input)
  if (Either.isRight(result)) return []
  return ParseResult.ArrayFormatter.formatErrorSync(result.left).map(
    (issue) => `${issue.path.map(String).join(".")}: ${issue.message}`
  )
}

const takes = (input: Plan.PlanInput): void => assert.deepStrictEqual(issues(input), [], JSON.stringify(input))
const refuses = (input: unknown, about: string): void => {
  const found = issues(input)
  assert.isTrue(
    found.some((issue) => issue.startsWith(`${about}: `)),
    `${JSON.stringify(input)}: ${JSON.stringify(found)}`
  )
}

describe("defaults", () => {
  it("are the original's for its own options (S1.6)", () => {
    const plan = Plan.make({})
    assert.deepInclude(plan, {
      acceptRejection: false,
      bare: false,
      connectAttempts: 1,
      counter: false,
      family: "any",
      lmtp: false,
      numberRecipients: false,
      reuse: false,
      sessions: 1,
      verbose: 0
    })
    for (const absent of [
      "delay",
      "file",
      "from",
      "messages",
      "length",
      "randomDelay",
      "recipients",
      "subject",
      "to"
    ] as const) {
      assert.notProperty(plan, absent)
    }
  })

  it("leave the new powers off, and wait 300 s for a reply", () => {
    assert.deepInclude(Plan.make({}), {
      close: "reset",
      drain: 5,
      keepGoing: false,
      numbering: "prepend",
      pipelining: "off",
      timeout: 300
    })
  })
})

describe("counts", () => {
  const counts = [
    "connectAttempts",
    "length",
    "messages",
    "recipients",
    "sessions",
    "windowSize",
    "connecting"
  ] as const
  // These may be a distribution, too, which is a text.
  const drawn: ReadonlyArray<string> = ["length", "recipients"]

  for (const name of counts) {
    it(`${name} is a whole number that a C int holds, and at least 1 (S1.6)`, () => {
      for (const value of [1, 2, 1_000_000, 2_147_483_647]) takes({ [name]: value })
      for (const value of [
        0,
        -1,
        1.5,
        Number.NaN,
        Number.POSITIVE_INFINITY,
        2_147_483_648,
        1e300,
        ...(drawn.includes(name) ? [] : ["10", "10x", null, true])
      ]) {
        assert.deepStrictEqual(
          issues({ [name]: value }),
          [`${name}: expected a whole number, ${Number(value) > 2_147_483_647 ? "2147483647 or less" : "1 or more"}`],
          String(value)
        )
      }
    })
  }
})

describe("times", () => {
  const units = "in seconds or with a unit: ms, s, m, min or h"

  for (const name of ["delay", "randomDelay"] as const) {
    it(`${name} is a time of more than 0`, () => {
      for (const value of [1, 0.5, 300, 1e9, "1", "500ms"]) takes({ [name]: value })
      for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e10, "x", "0"]) {
        assert.deepStrictEqual(issues({ [name]: value }), [`${name}: expected a time of more than 0, ${units}`])
      }
    })
  }

  it("timeout is a time of more than 0, which text gives in other units", () => {
    for (const [value, seconds] of [
      [300, 300],
      [0.5, 0.5],
      ["10", 10],
      ["500ms", 0.5],
      [" 2 min ", 120]
    ] as const) {
      assert.strictEqual(Plan.make({ timeout: value }).timeout, seconds)
    }
    for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e10, "0", "1d", "", "x", null]) {
      assert.deepStrictEqual(issues({ timeout: value }), [`timeout: expected a time of more than 0, ${units}`])
    }
  })

  it("drain may be 0", () => {
    for (const value of [0, 0.5, 5, "0", "5s"]) takes({ drain: value })
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.deepStrictEqual(issues({ drain: value }), [`drain: expected a time of 0 or more, ${units}`])
    }
  })

  it("hold and think are times, ranges, or exponential with a mean", () => {
    for (const value of [5, "5", "500ms", "1..2", "1s..2m", "exp(1)", "exp(500ms)"])
      takes({ hold: value, think: value })
    for (const value of [0, "0", "2..1", "1..1", "exp(0)", "exp 1", "x", "", true, -1]) refuses({ hold: value }, "hold")
  })
})

describe("text that goes into commands and headers", () => {
  for (const name of ["from", "to", "subject"] as const) {
    it(`${name} is any one line, an empty one too (S1.11)`, () => {
      for (const value of ["", "foo@x", "a b", "é", "\t", "<>"]) takes({ [name]: value })
    })

    it(`${name} holds no line break and no NUL (CWE-93)`, () => {
      for (const value of ["a\r\nRCPT TO:<evil@x>", "a\nb", "a\rb", "a\0b", "\n", "a\n"]) {
        assert.deepStrictEqual(issues({ [name]: value }), [`${name}: holds a line break or a NUL`])
      }
    })
  }
})

describe("helloName", () => {
  it("is a host name or an address literal (S1.9)", () => {
    for (const helloName of [
      "localhost",
      "mail.example.com",
      "my_host",
      "1a",
      "[127.0.0.1]",
      "[IPv6:::1]",
      "[ipv6:fe80::1]"
    ]) {
      takes({ helloName })
    }
  })

  it("is refused where the server could take it for something else (S1.9)", () => {
    for (const helloName of [
      "",
      "-bad",
      "bad-",
      "a..b",
      "127.0.0.1",
      "123",
      "::1",
      "[::1]",
      "[127.0.0.1",
      "127.0.0.1]",
      "[127.0.0.1]x",
      "[]",
      "[127.1]",
      "[host]",
      "[IPv6:127.0.0.1]",
      "[IPv6:]",
      "[127.0.0.1]\r\nMAIL",
      "[127.0.0.1]\n",
      "host\r\nMAIL",
      "host\n",
      "a b",
      "x".repeat(64)
    ]) {
      refuses({ helloName }, "helloName")
    }
  })
})

describe("target", () => {
  it("is what Target reads, and its error is what Target says", () => {
    for (const target of ["localhost", "inet:[::1]:2525", "unix:/tmp/x"]) takes({ target })
    assert.deepStrictEqual(issues({ target: "host:25x" }), ['target: "host:25x": 25x is no port number'])
  })
})

describe("choices", () => {
  it("take their words and no others", () => {
    for (const family of ["any", "ipv4", "ipv6"] as const) takes({ family })
    for (const close of ["reset", "fin"] as const) takes({ close })
    for (const numbering of ["prepend", "append"] as const) takes({ numbering })
    for (const pipelining of ["off", "on", "full"] as const) takes({ pipelining })
    for (const [name, value] of [
      ["family", "inet"],
      ["close", "rst"],
      ["numbering", "Prepend"],
      ["pipelining", true]
    ] as const) {
      refuses({ [name]: value }, name)
    }
  })
})

describe("rules between fields", () => {
  it("-F and -l exclude each other (S1.7)", () => {
    assert.deepStrictEqual(issues({ file: "x", length: 1 }), [": the -l option cannot be used with -F"])
  })

  it("-w and -R exclude each other (S1.7)", () => {
    assert.deepStrictEqual(issues({ delay: 1, randomDelay: 1 }), [
      ": do not use the -w and -R options at the same time"
    ])
  })

  it("nothing else is exclusive (S1.7)", () => {
    takes({ file: "x", bare: true, subject: "s", lmtp: true, delay: 1, acceptRejection: true, keepGoing: true })
  })
})

describe("numbers and single values", () => {
  it("stand for text and for lists of one, and the plan holds one form", () => {
    const plan = Plan.make({
      rate: 100,
      duration: 30,
      warmUp: 1,
      seed: 42,
      perConnection: 5,
      hold: 2,
      failIf: "failed > 0"
    })
    const { duration, failIf, hold, perConnection, rate, seed, warmUp } = plan
    assert.deepStrictEqual(
      { duration, failIf, hold, perConnection, rate, seed, warmUp },
      { rate: "100", duration: "30", warmUp: "1", seed: "42", perConnection: "5", hold: "2", failIf: ["failed > 0"] }
    )
    assert.strictEqual(Plan.make({ subject: 2026 }).subject, "2026")
    const { abandon, report } = Plan.make({ report: "text", abandon: "data 5%" })
    assert.deepStrictEqual({ abandon, report }, { report: ["text"], abandon: ["data 5%"] })
  })

  it("are not all that there is: the rest is refused in words", () => {
    for (const defect of [
      { rate: true },
      { failIf: [1] },
      { failIf: 5 },
      { seed: null },
      { shapes: 5 },
      { shapes: [5] }
    ]) {
      const [problem = "", ...more] = Plan.problems({ duration: 5, ...defect })
      assert.match(problem, /^\w+(\[0\])?: expected [a-z"0-9%:>, ]+, not \S+$/, JSON.stringify(defect))
      assert.lengthOf(more, 0)
    }
  })
})

describe("shapes", () => {
  it("are text or fields, and come to the same", () => {
    const { shapes } = Plan.make({
      shapes: [
        "10%: send-rate 2k, abandon data 5%, abandon rcpt, think exp(1)".replace("rcpt", "rcpt 5%"),
        { weight: "9%" }
      ]
    })
    const written = { weight: 10, sendRate: 2000, abandon: ["data 5%", "rcpt 5%"], think: "exp(1)" }
    assert.deepStrictEqual(shapes, [written, { weight: 9 }])
    assert.deepStrictEqual(Plan.make({ shapes: shapes! }).shapes, shapes)
  })

  it("have weights, or shares that are all together, and no number that stands alone", () => {
    const problems = (...shapes: ReadonlyArray<string | { readonly weight: number | string }>) =>
      Plan.problems({ target: "h", shapes }).join("; ")
    for (const right of [
      ["1: hold 5"],
      ["100%"],
      ["3: hold 5", "1"],
      ["70%: hold 5", "30 %"],
      ["99.9%", "0.1%: hold 1"]
    ])
      assert.strictEqual(problems(...right), "", right.join())
    assert.strictEqual(problems({ weight: 70 }), "")
    assert.strictEqual(problems({ weight: "90%" }, { weight: "10%" }), "")
    assert.include(
      problems("70: tls starttls"),
      "--shape: 70 is the weight of the only shape, which all connections would have: write 70%, and another shape for the rest"
    )
    assert.include(
      problems("70%: tls starttls"),
      '--shape: shares in percent must add up to 100%, not 70%: those that are left are a shape, too, such as "30%"'
    )
    assert.include(problems("70%: hold 5", "40%"), "must add up to 100%, not 110%")
    assert.include(
      problems({ weight: "90%" }, { weight: "5%" }),
      'not 95%: those that are left are a shape, too, such as "5%"'
    )
  })

  it("are refused at the place that is wrong, and there alone", () => {
    for (const [shape, problem] of [
      [{ weight: 1, hold: "x" }, /^shapes\[0\]\.hold: column 1: expected a time, /],
      [{ weight: 0 }, /^shapes\[0\]\.weight: expected a weight of more than 0/],
      [{ weight: 1, holdd: 5 }, /^shapes\[0\]: unknown field "holdd" \(did you mean "hold"\?\)$/],
      [{ weight: 1, abandon: ["data", "rcpt 5%"] }, /^shapes\[0\]\.abandon: expected shares that add up/],
      ["100%: hold x", /^shapes\[0\]\.hold: column 1: expected a time, /],
      ["1: hold", /^shapes\[0\]: column 8: expected what hold is to be$/],
      ["1: hold 1, hold 2", /^shapes\[0\]: column 12: expected hold once$/],
      ["x", /^shapes\[0\]: column 1: expected a share such as 90%/]
    ] as const) {
      const found = Plan.problems({ shapes: [shape] })
      assert.lengthOf(found, 1, JSON.stringify(found))
      assert.match(found[0]!, problem)
    }
  })
})

describe("decode", () => {
  it("tells everything that is wrong at once", () => {
    const found = issues({ messages: 0, sessions: -1, from: "\n", target: ":25" })
    assert.lengthOf(found, 4)
    assert.deepStrictEqual(found.map((issue) => issue.split(":")[0]).sort(), ["from", "messages", "sessions", "target"])
  })

  it("refuses fields that it does not know: a typing error is not a default", () => {
    refuses({ message: 5 }, "message")
  })

  it("refuses what is no object", () => {
    for (const input of [undefined, null, 1, "x", [1]]) assert.isAbove(issues(input).length, 0, String(input))
  })

  it("gives what the schema gives, to the order of the fields, and fails as it does", () => {
    const options = { errors: "all", onExcessProperty: "error" } as const
    const some = {
      target: fc.constantFrom("localhost:25", "a:25*3,b", "mx:example.org", "a b", 5),
      messages: fc.constantFrom(1, 1000, 0, "1"),
      sessions: fc.constantFrom(1, 20, -1),
      reuse: fc.boolean(),
      lmtp: fc.constantFrom(true, false, "yes"),
      file: fc.constantFrom("message", ""),
      length: fc.constantFrom(10, "1k..2k", "x"),
      timeout: fc.constantFrom(1, "500ms", Duration.seconds(2), 0),
      rate: fc.constantFrom("10/s", 5, "fast"),
      stages: fc.constantFrom("1s:5", "1:"),
      duration: fc.constantFrom(3, "1m", Duration.minutes(1)),
      workers: fc.constantFrom("auto", 2, 0),
      report: fc.constantFrom("text", ["json=a", "csv=b"], ["json=a", "hgrm=a"], "nope"),
      shapes: fc.constantFrom("90%: hold 1", [{ weight: 1, think: "exp(2)" }], [{ weigth: 1 }]),
      tls: fc.constantFrom("off", "starttls", "maybe"),
      tlsPins: fc.constantFrom(`sha256:${"A".repeat(43)}=`, "sha256:"),
      sink: fc.boolean(),
      mesages: fc.constant(5)
    }
    fc.assert(
      fc.property(fc.record(some, { requiredKeys: [] }), (input) => {
        const told = Either.match({ onLeft: ParseResult.ArrayFormatter.formatErrorSync, onRight: JSON.stringify })
        const [ours, whole] = [Plan.decode(input), Schema.decodeUnknownEither(Plan.schema)(input, options)]
        assert.deepStrictEqual(told(ours), told(whole))
      })
    )
  })

  it("changes nothing in a plan that is whole", () => {
    const plan = Plan.make({ messages: 5, delay: 1, from: "", file: "x" })
    assert.deepStrictEqual(Plan.make(plan), plan)
    assert.deepStrictEqual(Plan.make(JSON.parse(JSON.stringify(plan))), plan)
  })
})

describe("make", () => {
  it("refuses a rate without an end, as the command line does", () => {
    assert.throws(() => Plan.make({ rate: "5/s" }), /^rate: --rate needs an end: -m, or --duration; or use --stages$/)
    assert.strictEqual(Plan.make({ rate: "5/s", messages: 1 }).messages, 1)
  })

  it("throws a line for each field, and for each rule with its fields", () => {
    const make = () => Plan.make({ messages: 0, sessions: -1, rate: "5/s", stages: "1s:5/s", family: "x" } as object)
    assert.throws(make, Plan.InvalidPlan)
    try {
      make()
    } catch (error) {
      assert.deepStrictEqual((error as Plan.InvalidPlan).message.split("\n"), [
        'family: expected "any" or "ipv4" or "ipv6", not "x"',
        "messages: expected a whole number, 1 or more, not 0",
        "sessions: expected a whole number, 1 or more, not -1",
        "rate, stages: --rate and --stages exclude each other"
      ])
    }
    assert.deepStrictEqual(Plan.problems(5), ["expected the fields of a plan"])
  })

  it("throws what decode finds", () => {
    assert.throws(() => Plan.make({ messages: 0 }), /expected a whole number, 1 or more/)
  })
})

describe("planFields", () => {
  const annotated = Object.entries(Plan.planFields).flatMap(([name, schema]) => {
    const ast = schema.ast
    const field = ast._tag === "PropertySignatureTransformation" ? PlanField.get(ast.to) : undefined
    const declared = ast._tag === "PropertySignatureDeclaration" ? PlanField.get(ast) : undefined
    return [[name, field ?? declared] as const]
  })

  it("give every letter of the manual to one field (S1.3)", () => {
    const letters = annotated
      .flatMap(([, field]) => [
        ...(field?.short === undefined ? [] : [field.short]),
        ...Object.keys(field?.presets ?? {})
      ])
      .filter((name) => name.length === 1)
    assert.deepStrictEqual([...letters].sort(), [..."46ACFLMNRSTcdflmorstvw"].sort())
  })

  it("describe every field but the target, in a sentence", () => {
    for (const [name, field] of annotated) {
      if (name === "target") continue
      if (field === undefined) assert.fail(`${name} has no description`)
      assert.match(field.description, /^[A-Z].*\.$/s, name)
    }
  })

  it("use no long name twice", () => {
    const kebab = (name: string) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    const names = annotated.map(([name, field]) => field?.long ?? kebab(name))
    assert.strictEqual(new Set(names).size, names.length)
  })
})

describe("a copy of a plan", () => {
  const inputs: ReadonlyArray<Plan.PlanInput> = [
    {},
    { messages: 1 },
    { duration: "2s" },
    { rate: "500/s", messages: 10 },
    { stages: "1s:10/s..20/s", sessions: 3, abandon: "data 5%" },
    { shapes: ["90%", "10%: hold 5, abandon greeting"], failIf: "failed > 0", timeout: "2m" }
  ]
  const copies: ReadonlyArray<readonly [string, (plan: Plan.Plan) => Plan.Plan]> = [
    ["spread", (plan) => ({ ...plan })],
    ["structuredClone", (plan) => structuredClone(plan)],
    ["JSON and back", (plan) => Plan.make(JSON.parse(JSON.stringify(plan)))],
    ["encoded and decoded", (plan) => Either.getOrThrow(Plan.decode(Plan.encode(plan)))],
    ["Schema.decode", (plan) => Schema.decodeUnknownSync(Plan.schema)(Plan.encode(plan))]
  ]

  for (const [name, copy] of copies) {
    it(`is the same plan: ${name}`, () => {
      for (const input of inputs) {
        const plan = Plan.make(input)
        assert.deepStrictEqual(copy(plan), plan)
        assert.strictEqual(Plan.saysMessages(copy(plan)), Plan.saysMessages(plan))
        assert.strictEqual(RunBounds.sessionsOf(copy(plan)), RunBounds.sessionsOf(plan))
      }
    })
  }

  it("says whether it has a number of messages, or an end in time", () => {
    assert.deepStrictEqual(
      inputs.map((input) => Plan.saysMessages(Plan.make(input))),
      [false, true, true, true, true, false]
    )
  })
})

describe("the schema of plans", () => {
  it("has the rules between fields, and the defaults that depend on others", () => {
    const decode = Schema.decodeUnknownEither(Plan.schema)
    assert.isTrue(Either.isLeft(decode({ file: "a", length: 1 })))
    assert.isTrue(Either.isLeft(decode({ rate: "5/s" })))
    assert.strictEqual(Either.getOrThrow(decode({ rate: "5/s", messages: 5 })).maxSessions, 1000)
    const { rate, ...broken } = Plan.make({ rate: "5/s", messages: 5 })
    assert.isTrue(rate !== undefined && Either.isLeft(Schema.validateEither(Plan.schema)(broken)))
  })

  it("has types that are up to date, with the fields' descriptions (npm run generate)", () => {
    const squeezed = (text: string) => text.replaceAll(/\s+/g, " ").replaceAll(" * ", " ")
    const file = new URL("../../src/plan/PlanTypes.ts", import.meta.url)
    assert.strictEqual(squeezed(fs.readFileSync(file, "utf8")), squeezed(PlanTypes.render()))
    expectTypeOf<Plan.Plan>().toEqualTypeOf<typeof struct.Type>()
    expectTypeOf<Plan.PlanInput>().toEqualTypeOf<typeof struct.Encoded>()
  })
})

describe("a plan that is not known before the program runs", () => {
  it.effect("is made of input, or all that is wrong with it is told", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* Plan.fromInput({ messages: 5 }), Plan.make({ messages: 5 }))
      const error = yield* Effect.flip(Plan.fromInput({ messages: "x", timeout: -1, nonsense: 1 }))
      assert.strictEqual(error._tag, "InvalidPlan")
      assert.deepStrictEqual(
        error.problems.map((problem) => problem.split(/: | "/)[0]),
        ["unknown field", "messages", "timeout"]
      )
      assert.lengthOf((yield* Effect.flip(Plan.fromInput({ file: "a", length: 1 }))).problems, 1)
      assert.lengthOf((yield* Effect.flip(Plan.fromInput(undefined))).problems, 1)
    })
  )

  it.effect("fails, and neither throws nor takes it for an empty plan, where the input is no record", () =>
    Effect.gen(function* () {
      const endless: Record<string, unknown> = {}
      endless.shapes = endless
      const inputs: ReadonlyArray<readonly [unknown, RegExp]> = [
        [[], /^expected the fields of a plan$/],
        [new Date(0), /^expected the fields of a plan$/],
        [new Map(), /^expected the fields of a plan$/],
        [() => 1, /^expected the fields of a plan$/],
        [{ messages: 5n }, /^messages: expected .*, not 5$/],
        [{ target: Symbol("here") }, /^target: expected text, not Symbol\(here\)$/],
        [{ messages: () => 1 }, /^messages: expected .*, not \(\) => 1$/],
        [endless, /^shapes: expected .*, not an object that JSON cannot hold$/],
        [JSON.parse('{"__proto__":1}'), /^unknown field "__proto__"$/]
      ]
      for (const [input, problem] of inputs) {
        const made = Effect.suspend(() => Plan.fromInput(input))
        assert.match((yield* Effect.flip(made)).problems.join("\n"), problem)
      }
      // A plan that was put together by hand is read again when it is run.
      const byHand = { ...Plan.make({}), messages: 5n }
      const problems = yield* Effect.flip(Effect.suspend(() => Plan.check(byHand as unknown as Plan.Plan)))
      assert.match(problems.message, /^messages: expected .*, not 5$/)
      const single = { ...Plan.make({}), failIf: "failed > 0" }
      assert.strictEqual(
        (yield* Effect.flip(Plan.check(single as unknown as Plan.Plan))).message,
        'failIf: expected a list, not "failed > 0"'
      )
    })
  )

  it.effect("comes from a program's configuration", () =>
    Effect.gen(function* () {
      const from = (text: string) =>
        Effect.withConfigProvider(Plan.config("LOAD"), ConfigProvider.fromMap(new Map([["LOAD", text]])))
      assert.deepStrictEqual(yield* from('{"messages":5,"reuse":true}'), Plan.make({ messages: 5, reuse: true }))
      const messageOf = (text: string) => Effect.map(Effect.flip(from(text)), String)
      assert.include(yield* messageOf('{"messages":0}'), "messages: expected a whole number")
      assert.strictEqual(yield* messageOf("messages: 5"), '(Invalid data at LOAD: "expected JSON")')
    })
  )
})
