import { assert, describe, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as fc from "fast-check"
import * as Amount from "../../src/plan/Amount.js"
import * as Draw from "../../src/plan/Draw.js"

const key = Draw.keyOf("seed")

const drawn = (amounts: Amount.Amounts, count: number): ReadonlyArray<number> =>
  Array.from({ length: count }, (_, place) => amounts.at(Draw.uniform(key, place)))

const mean = (numbers: ReadonlyArray<number>) => numbers.reduce((sum, each) => sum + each, 0) / numbers.length

/** How far the counts of the classes are from the shares that they are to have, in all (chi-squared). */
const distance = (
  numbers: ReadonlyArray<number>,
  classes: ReadonlyArray<readonly [share: number, of: number]>
): number => {
  const total = classes.reduce((sum, [share]) => sum + share, 0)
  return classes.reduce((sum, [share, of]) => {
    const expected = (numbers.length * share) / total
    return sum + (numbers.filter((number) => number === of).length - expected) ** 2 / expected
  }, 0)
}

const problem = (parse: typeof Amount.parseSizes, text: string) =>
  Either.match(parse(text), {
    onLeft: ({ column, expected }) => `${column}: ${expected}`,
    onRight: ({ least, most }) => `${least}..${most}`
  })

describe("sizes", () => {
  for (const [text, least, most] of [
    ["4096", 4096, 4096],
    ["4k", 4000, 4000],
    ["4Ki", 4096, 4096],
    ["1.5M", 1_500_000, 1_500_000],
    ["2Mi", 2_097_152, 2_097_152],
    ["2147483647", 2_147_483_647, 2_147_483_647],
    ["1k..100k", 1000, 100_000],
    ["1..100k", 1000, 100_000],
    ["500 .. 1k", 500_000, 1000],
    ["exp(20k)", 1, 100_000_000],
    ["exp(20k, 1M)", 1, 1_000_000],
    ["lognormal(4k, 25k)", 1, 100_000_000],
    ["pareto(64k, 1.2, 10M)", 1, 10_000_000],
    ["70%: 4k, 25%: 50k, 5%: 1M..5M", 4000, 5_000_000],
    ["1:exp(2k,9k),1:isp", 1, 2_675_000],
    ["isp", 1000, 2_675_000],
    ["office", 500, 10_001_000]
  ] as const) {
    it(`are read: ${text}`, () => {
      if (least > most) return assert.isTrue(Either.isLeft(Amount.parseSizes(text)))
      assert.strictEqual(problem(Amount.parseSizes, text), `${least}..${most}`)
    })
  }

  const size = 'a size of 1 byte or more, such as 4096, 4k or 1k..100k, or a mix, such as isp or "70%: 4k, 30%: 50k"'
  for (const [text, expected] of [
    ["", `1: ${size}`],
    ["0", `1: ${size}`],
    ["0.2", `1: ${size}`],
    ["3000M", `1: ${size}`],
    ["4x", `1: ${size}`],
    ["ips", `1: ${size}`],
    ["4k 5k", "4: nothing more"],
    ["100k..1k", "7: a larger number than the first"],
    ["0..5", `1: ${size}`],
    ["1..", "4: another number"],
    ["exp 5k", '5: "("'],
    ["exp(0)", "5: a number of 1 or more"],
    ["exp(5k", '7: ")"'],
    ["exp(5k, 1k)", "9: the largest that there is to be"],
    ["lognormal(4k)", '13: "," and a mean'],
    ["lognormal(4k, 2k)", "15: a mean that is not less than the median"],
    ["pareto(4k, 0)", "12: a shape of more than 0, such as 1.2"],
    ["pareto(4k, 1k)", "12: a shape"],
    ["70%: 4k, 5k", '10: a share of more than 0 and ":", such as 25%:'],
    ["70%:", `5: ${size}`]
  ] as const) {
    it(`say where they are wrong: ${JSON.stringify(text)}`, () =>
      assert.strictEqual(problem(Amount.parseSizes, text), expected))
  }

  it("never make the parser fail in another way, and are never less than 1 or more than said", () => {
    const parts = [
      "isp",
      "exp(",
      "pareto(",
      "lognormal(",
      "1",
      "20",
      "4k",
      "1.5M",
      "..",
      ",",
      ":",
      "%",
      ")",
      " ",
      "0",
      "x",
      "Ki"
    ]
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...parts), { maxLength: 8 }).map((list) => list.join("")),
        fc.double({ min: 0, max: 1 - 2 ** -32, noNaN: true }),
        (text, u) => {
          const amounts = Amount.parseSizes(text)
          if (Either.isLeft(amounts)) return assert.isAtMost(amounts.left.column, text.length + 1)
          const number = amounts.right.at(u)
          assert.isTrue(Number.isInteger(number) && number >= amounts.right.least && number <= amounts.right.most, text)
        }
      ),
      { seed: 1, numRuns: 5_000 }
    )
  })

  it("of a range are each as likely, both ends included", () => {
    const numbers = drawn(Amount.sizesOf("1..10"), 100_000)
    // Nine degrees of freedom: 28 is one in a thousand.
    assert.isBelow(
      distance(
        numbers,
        Array.from({ length: 10 }, (_, index) => [1, index + 1])
      ),
      28
    )
  })

  it("of a table have their shares", () => {
    const numbers = drawn(Amount.sizesOf("70%: 4k, 25%: 50k, 5%: 1M"), 100_000)
    assert.isBelow(
      distance(numbers, [
        [70, 4000],
        [25, 50_000],
        [5, 1_000_000]
      ]),
      13.9
    )
  })

  it("of isp are those of SPECmail2001: 24.5 kB in the mean", () => {
    const numbers = drawn(Amount.sizesOf("isp"), 200_000)
    const classes = [
      [10.2, 1],
      [30.71, 2],
      [20.59, 3],
      [10.78, 4],
      [5.88, 5],
      [3.74, 6],
      [7.44, 10],
      [9.79, 100],
      [0.69, 1000],
      [0.18, 2675]
    ] as const
    assert.isBelow(
      distance(
        numbers,
        classes.map(([share, of]) => [share, of * 1000])
      ),
      28
    )
    assert.closeTo(mean(numbers), 24_532, 1000)
  })

  it("of office are those of Domino's Server.Load: 97 kB in the mean", () => {
    const numbers = drawn(Amount.sizesOf("office"), 200_000)
    const classes = [
      [10, 500],
      [30, 10_000],
      [40, 50_000],
      [10, 100_000],
      [9.5, 150_000],
      [0.5, 10_001_000]
    ] as const
    // Five degrees of freedom.
    assert.isBelow(distance(numbers, classes), 20.5)
    assert.closeTo(mean(numbers), 97_305, 6000)
  })

  it("of a distribution have its mean and its median", () => {
    const exponential = drawn(Amount.sizesOf("exp(20k)"), 200_000)
    assert.closeTo(mean(exponential), 20_000, 200)
    const sorted = [...drawn(Amount.sizesOf("lognormal(4k, 12k)"), 200_000)].sort((a, b) => a - b)
    assert.closeTo(sorted[100_000]!, 4000, 60)
    assert.closeTo(mean(sorted), 12_000, 700)
    const tail = [...drawn(Amount.sizesOf("pareto(64k, 1.2)"), 200_000)].sort((a, b) => a - b)
    assert.isAtLeast(tail[0]!, 64_000)
    assert.closeTo(tail[100_000]!, 64_000 * 2 ** (1 / 1.2), 1500)
    assert.isAtMost(tail.at(-1)!, 100_000_000)
  })
})

describe("numbers of recipients", () => {
  it("are those of SPECmail2001 for isp: 2.00 in the mean, 20 at most", () => {
    const numbers = drawn(Amount.countsOf("isp"), 200_000)
    assert.closeTo(mean(numbers), 2, 0.03)
    const classes = Array.from(
      { length: 20 },
      (_, index) => [index === 0 ? 85.73 : 1.66 * 0.899 ** (index - 1), index + 1] as const
    )
    // Nineteen degrees of freedom.
    assert.isBelow(distance(numbers, classes), 43.9)
  })

  const count = 'a number of recipients, 1 or more, such as 3 or 1..20, or a mix, such as isp or "90%: 1, 10%: 2..20"'
  for (const [text, expected] of [
    ["1..20", "1..20"],
    ["86%: 1, 14%: 2..20", "1..20"],
    ["exp(2, 50)", "1..50"],
    ["exp(2)", '6: "," and the largest number that there is to be'],
    ["4k", `1: ${count}`],
    ["1.5", "2: nothing more"],
    ["office", `1: ${count}`]
  ] as const) {
    it(`are read: ${text}`, () => assert.strictEqual(problem(Amount.parseCounts, text), expected))
  }
})
