import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Rows from "../../src/plan/Rows.js"

const bytesOf = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, "utf8"))

const all = (text: string) =>
  Either.match(Rows.parse(bytesOf(text)), {
    onLeft: ({ line, reason }) => `line ${line}: ${reason}`,
    onRight: ({ cells, count, line, names }) => ({
      names,
      rows: Array.from({ length: count }, (_, row) => cells(row)),
      lines: Array.from({ length: count }, (_, row) => line(row))
    })
  })

describe("rows", () => {
  it("are read as RFC 4180 has them", () => {
    assert.deepStrictEqual(all('name,mail\r\nAnn,a@x\r\n"B ""o"" b","b,@x"\n\n"two\nlines",\n'), {
      names: ["name", "mail"],
      rows: [
        ["Ann", "a@x"],
        ['B "o" b', "b,@x"],
        ["two\nlines", ""]
      ],
      lines: [2, 3, 5]
    })
  })

  it("may lack the last line's end, have one column, and begin with a byte order mark", () => {
    assert.deepStrictEqual(all("\ufeffname\nAnn\nBob"), { names: ["name"], rows: [["Ann"], ["Bob"]], lines: [2, 3] })
    assert.deepStrictEqual(all('\ufeff"a, b",c\nAnn,1'), { names: ["a, b", "c"], rows: [["Ann", "1"]], lines: [2] })
  })

  it("may begin with empty lines, which are none of them", () => {
    assert.deepStrictEqual(all("\na\n1\n"), { names: ["a"], rows: [["1"]], lines: [3] })
  })

  it("hold the bytes of UTF-8", () => {
    assert.deepStrictEqual(all("é\nü"), { names: ["é"], rows: [["\xc3\xbc"]], lines: [2] })
  })

  for (const [text, reason] of [
    ["", "line 1: no rows below the names of columns"],
    ["a,b\n", "line 1: no rows below the names of columns"],
    ["a,a\n1,2", 'line 1: two columns have the name "a"'],
    ["a,b\n1,2\n1", "line 3: 1 cell, and the first row has 2"],
    ["a,b\n1,2,3", "line 2: 3 cells, and the first row has 2"],
    ['a\n1\n"open\n2', "line 3: a quote is not closed"],
    ['a\n1"2"', "line 2: a quote inside a cell that is not quoted"],
    ['a\n"1"2', "line 2: something follows a quoted cell"]
  ] as const) {
    it(`that are wrong say where: ${JSON.stringify(text)}`, () => assert.strictEqual(all(text), reason))
  }

  it("come back as they were written", () => {
    const cell = fc
      .array(fc.constantFrom("a", ",", '"', "\n", "\r\n", " ", "."), { maxLength: 5 })
      .map((parts) => parts.join(""))
    fc.assert(
      fc.property(
        fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 8 }),
        fc.constantFrom("\n", "\r\n"),
        (rows, end) => {
          const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
          const text = `a,b${end}${rows.map(([a, b]) => `${quoted(a)},${quoted(b)}${end}`).join("")}`
          const read = all(text)
          assert.deepStrictEqual(typeof read === "string" ? read : read.rows, rows)
        }
      ),
      { seed: 1, numRuns: 2_000 }
    )
  })

  it("never fail in another way, whatever is in the file", () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom("a", ",", '"', "\n", "\r", " "), { maxLength: 30, size: "max" }),
        (parts) => {
          const read = Rows.parse(bytesOf(parts.join("")))
          if (Either.isLeft(read)) return
          for (let row = 0; row < read.right.count; row++) {
            assert.lengthOf(read.right.cells(row), read.right.names.length)
          }
        }
      ),
      { seed: 2, numRuns: 5_000 }
    )
  })
})
