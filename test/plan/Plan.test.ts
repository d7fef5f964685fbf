import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Plan from "../../src/plan/Plan.js"
import * as PlanField from "../../src/plan/PlanField.js"

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
      messages: 1,
      numberRecipients: false,
      reuse: false,
      sessions: 1,
      verbose: 0
    })
    for (const absent of ["delay", "file", "from", "length", "randomDelay", "recipients", "subject", "to"] as const) {
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
        "10",
        "10x",
        null,
        true
      ]) {
        assert.deepStrictEqual(
          issues({ [name]: value }),
          [`${name}: expected a whole number from 1 to 2147483647`],
          String(value)
        )
      }
    })
  }
})

describe("times", () => {
  for (const name of ["delay", "randomDelay", "timeout"] as const) {
    it(`${name} is a number of seconds, more than 0`, () => {
      for (const value of [1, 0.5, 300, 1e9]) takes({ [name]: value })
      for (const value of [0, -1, Number.NaN, Number.POSITIVE_INFINITY, 1e10, "1"]) {
        assert.deepStrictEqual(issues({ [name]: value }), [`${name}: expected a number of seconds, more than 0`])
      }
    })
  }

  it("drain may be 0", () => {
    for (const value of [0, 0.5, 5]) takes({ drain: value })
    for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY]) {
      assert.deepStrictEqual(issues({ drain: value }), ["drain: expected a number of seconds, 0 or more"])
    }
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
    assert.deepStrictEqual(issues({ target: "host:25x" }), ["target: host:25x: garbage after numerical service"])
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

  it("changes nothing in a plan that is whole", () => {
    const plan = Plan.make({ messages: 5, delay: 1, from: "", file: "x" })
    assert.deepStrictEqual(Plan.make(plan), plan)
    assert.deepStrictEqual(Plan.make(JSON.parse(JSON.stringify(plan))), plan)
  })
})

describe("make", () => {
  it("throws what decode finds", () => {
    assert.throws(() => Plan.make({ messages: 0 }), /expected a whole number from 1 to 2147483647/)
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
