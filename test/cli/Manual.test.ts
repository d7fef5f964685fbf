import { spawnSync } from "node:child_process"
import { assert, describe, it } from "@effect/vitest"
import * as Manual from "../../src/cli/Manual.js"
import * as ManualPage from "../../src/cli/ManualPage.js"
import { type OptionRow, planRows, rows } from "../../src/cli/OptionTable.js"
import * as SmtpReport from "../../src/cli/SmtpReport.js"
import * as Plan from "../../src/plan/Plan.js"

const help = Manual.help({ bold: false, columns: 80 })
const page = Manual.page({ version: "1.2.3" })

/** The document, without the ways of setting it. */
const flat = (text: string): string => text.replace(/\s+/g, " ")
const unroff = (text: string): string =>
  text
    .replace(/\\f[BIR]/g, "")
    .replace(/\\\(aq/g, "'")
    .replace(/\\\((ga|ha|ti)/g, (_, name) => ({ ga: "`", ha: "^", ti: "~" })[name as "ga" | "ha" | "ti"])
    .replace(/\\([-&])/g, (_, character) => (character === "-" ? "-" : ""))
    .replace(/\\e/g, "\\")

const spellings = (row: OptionRow): string =>
  [
    ...Object.keys(row.presets).map((name) => (name.length === 1 ? `-${name}` : `--${name}`)),
    ...(row.short === undefined ? [] : [`-${row.short}${row.kind === "value" ? ` ${row.placeholder}` : ""}`]),
    `--${row.long}${row.kind !== "value" ? "" : row.alone === undefined ? `=${row.placeholder}` : `[=${row.placeholder}]`}`
  ].join(", ")

const groff = spawnSync("groff", ["--version"]).status === 0

describe("the manual", () => {
  it("has an option for every field of the plan but the target", () => {
    const fields = Object.keys(Plan.planFields).filter((field) => field !== "target")
    assert.deepStrictEqual(
      planRows.map((row) => row.field),
      fields
    )
  })

  it("shows every option with its spellings, description and default, in both forms", () => {
    for (const row of rows) {
      const text = row.default === undefined ? row.description : `${row.description} Default: ${row.default}.`
      assert.include(help, `\n    ${spellings(row)}\n        `)
      assert.include(flat(help), flat(text))
      assert.include(unroff(page), `.TP\n${spellings(row)}\n${text}`)
    }
  })

  it("says the same in both forms", () => {
    const words = (text: string): ReadonlyArray<string> => text.match(/[A-Za-z0-9]{3,}/g) ?? []
    const inPage = words(unroff(page.replace(/^\.(TH|SH NAME).*$/gm, "").replace(/^\.[A-Z]+$/gm, "")))
    assert.deepStrictEqual(
      words(help).filter((word) => !inPage.includes(word)),
      []
    )
  })

  it("has no variable that does not stand in for an option", () => {
    const others = ["SMTP_SOURCE_TARGET", "SMTP_SOURCE_SCENARIO", "SMTP_SOURCE_TLS_PASSPHRASE", "SMTP_SOURCE_PASSWORD"]
    const known = new Set([...planRows.map((row) => row.variable), ...others])
    for (const [variable] of help.matchAll(/SMTP_SOURCE_\w+/g)) assert.isTrue(known.has(variable), variable)
  })

  it("has the sections that a manual has, and the old letters first, in their order", () => {
    const sections = [...page.matchAll(/^\.SH (.*)$/gm)].map(([, title]) => title)
    assert.deepStrictEqual(sections, [
      "NAME",
      "SYNOPSIS",
      "DESCRIPTION",
      "OPTIONS",
      "ENVIRONMENT",
      "EXIT STATUS",
      "SIGNALS",
      "MANY MACHINES",
      "THE GENERATOR",
      "EXAMPLES",
      "DIFFERENCES FROM POSTFIX",
      "SEE ALSO"
    ])
    const letters = [...help.matchAll(/^ {4}-(\w)\b/gm)].map(([, letter]) => letter)
    assert.strictEqual(letters.slice(0, 21).join(""), "4AcCdfFlLmMNorRsStTvw")
  })
})

describe("--help", () => {
  it("fits the terminal, and is never wider than 100 columns", () => {
    const widest = (columns: number) =>
      Math.max(
        ...Manual.help({ bold: false, columns })
          .split("\n")
          .map((line) => line.length)
      )
    assert.isAtMost(widest(80), 80)
    assert.isAtMost(widest(60), 72)
    assert.isAtMost(widest(500), 100)
  })

  it("of smtp-report does, too, its examples included", () => {
    const lines = ManualPage.help(SmtpReport.manual(), { bold: false, columns: 80 }).split("\n")
    assert.isAbove(lines.length, 40)
    for (const line of lines) assert.isAtMost(line.length, 80)
  })

  it("is plain ASCII, and ends its last line", () => assert.match(help, /^[\n -~]+\n$/))

  it("is the same text with bold headings", () => {
    const bold = Manual.help({ bold: true, columns: 80 })
    assert.include(bold, "\u001b[1mOPTIONS\u001b[22m\n")
    assert.strictEqual(bold.replaceAll(/\u001b\[\d+m/g, ""), help)
  })
})

describe("the page", () => {
  it("sets what is typed in bold, and values in italics", () => {
    assert.include(page, "\n\\fB\\-m\\fR \\fImessage_count\\fR, \\fB\\-\\-messages\\fR=\\fImessage_count\\fR\n")
    assert.include(page, "\n\\fB\\-d\\fR, \\fB\\-\\-reuse\\fR\n")
  })

  it("names the version", () => assert.match(page, /^\.TH SMTP-SOURCE 1 "" "smtp-source 1\.2\.3"\n/))

  it.skipIf(!groff)("is set by groff without a warning (skipped where it is not installed)", () => {
    const set = spawnSync("groff", ["-man", "-ww", "-Tutf8", "-P-c", "-rLL=78n"], { input: page, encoding: "utf8" })
    assert.deepStrictEqual({ status: set.status, stderr: set.stderr }, { status: 0, stderr: "" })
    const text = set.stdout.replaceAll(/.\u0008/g, "")
    for (const { long } of rows) assert.include(text, `--${long}`)
    assert.include(text, "smtp-source -c -d -s 20 -m 10000 -l 4096 localhost:2525\n")
  })
})
