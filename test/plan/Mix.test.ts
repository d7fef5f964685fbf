import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import { whole } from "../../src/plan/Cursor.js"
import * as Mix from "../../src/plan/Mix.js"
import * as Plan from "../../src/plan/Plan.js"

const read = (text: string) => whole(text, (cursor) => Mix.read(cursor, (cursor) => cursor.take(/[a-z]+/y)))

describe("a mix by shares", () => {
  it("is read with its weights", () => {
    for (const [text, expected] of [
      [
        "70%: a, 30%: b",
        [
          [70, "a"],
          [30, "b"]
        ]
      ],
      [
        "7: a, 3.5: b",
        [
          [7, "a"],
          [3.5, "b"]
        ]
      ],
      [
        "33.3%:a,33.3%:b,33.4%:c",
        [
          [33.3, "a"],
          [33.3, "b"],
          [33.4, "c"]
        ]
      ],
      // One in % among plain weights says nothing of the whole.
      [
        "70%: a, 1: b",
        [
          [70, "a"],
          [1, "b"]
        ]
      ]
    ] as const) {
      assert.deepStrictEqual(Either.getOrThrow(read(text)), expected, text)
    }
  })

  it("whose shares in % leave some over, or are more than all, is refused", () => {
    for (const [length, told] of [
      ["70%: 4k, 25%: 50k", "95%"],
      ["80%: 4k, 25%: 50k", "105%"]
    ]) {
      assert.deepStrictEqual(Plan.problems({ target: "h", length }), [
        `length: column 1: expected shares that add up to 100%, not ${told}`
      ])
    }
  })
})

describe("rows of --data that nothing uses", () => {
  const data = { target: "h", data: "u.csv" }

  it("are refused", () => {
    assert.deepStrictEqual(Plan.problems(data), [
      "data: nothing uses --data: put {{row.NAME}} into --template or --header, or with --expand into -f, -t or -S"
    ])
  })

  it("are pointed to --expand where a variable stands without it", () => {
    assert.deepStrictEqual(Plan.problems({ ...data, to: "{{row.mail}}" }), [
      "to, data: -t: {{row.…}} is sent as it is without --expand"
    ])
    assert.deepStrictEqual(Plan.problems({ ...data, to: "{{row.mail}}", expand: true }), [])
  })
})

describe("a subject", () => {
  it("is refused where the message has its own", () => {
    assert.deepStrictEqual(Plan.problems({ target: "h", template: "t", subject: "s" }), [
      "template, subject: --template cannot be used with -S: it has its own Subject"
    ])
    assert.deepStrictEqual(Plan.problems({ target: "h", corpus: ["c"], subject: "s" }), [
      "corpus, subject: -S with --corpus needs --rewrite subject"
    ])
    assert.deepStrictEqual(Plan.problems({ target: "h", corpus: ["c"], subject: "s", rewrite: "subject" }), [])
  })
})
