import { execFileSync, spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import * as Completions from "../../src/cli/Completions.js"
import { rows } from "../../src/cli/OptionTable.js"

const root = fileURLToPath(new URL("../..", import.meta.url))

const installed = (shell: string): boolean => spawnSync(shell, ["-c", ":"]).status === 0

/** Asks bash as readline does; `=` and `:` split words there. */
const complete = (...words: ReadonlyArray<string>): ReadonlyArray<string> => {
  const ask = `
words=("$@")
COMP_WORDS=(smtp-source "$@")
COMP_CWORD=$#
word=\${words[-1]}
[[ $word == = ]] && word=
COMPREPLY=()
_smtp_source smtp-source "$word" "\${COMP_WORDS[COMP_CWORD-1]}"
printf '%s\\n' "\${COMPREPLY[@]}"`
  const script = Completions.render("bash", rows) + ask
  const out = execFileSync("bash", ["--norc", "-c", script, "bash", ...words], { cwd: root, encoding: "utf8" })
  return out.split("\n").filter((line) => line !== "")
}

describe.skipIf(!installed("bash"))("bash (skipped where it is not installed)", () => {
  it("completes every spelling of every option, and none that are not ours", () => {
    const spellings = rows.flatMap((row) => [
      `--${row.long}`,
      ...(row.short === undefined ? [] : [`-${row.short}`]),
      ...Object.keys(row.presets).map((name) => (name.length === 1 ? `-${name}` : `--${name}`)),
      ...(row.negatable ? [`--no-${row.long}`] : [])
    ])
    assert.deepStrictEqual([...complete("-")].sort(), spellings.sort())
    assert.deepStrictEqual(complete("--wiz"), ["--wizard"])
    assert.deepStrictEqual(complete("--log-l"), [])
    assert.deepStrictEqual(complete("-d", "--mess"), ["--messages"])
    assert.deepStrictEqual(complete("h", "--mess"), ["--messages"])
  })

  it("offers the words that an option takes one by one", () => {
    assert.deepStrictEqual(complete("--close", ""), ["reset", "fin"])
    assert.deepStrictEqual(complete("--close", "r"), ["reset"])
    assert.deepStrictEqual(complete("--workers", ""), ["auto"])
    assert.deepStrictEqual(complete("--report", "j"), ["json", "junit"])
    assert.deepStrictEqual(complete("--otlp", ""), ["auto"])
    const steps = ["greeting", "hello", "starttls", "tls", "auth", "mail", "rcpt", "data"]
    assert.deepStrictEqual(complete("--abandon", ""), steps)
  })

  it("offers them after = as well", () => {
    assert.deepStrictEqual(complete("--close", "="), ["reset", "fin"])
    assert.deepStrictEqual(complete("--close", "=", "f"), ["fin"])
  })

  it("offers those of an option that may stand alone after = only", () => {
    assert.deepStrictEqual(complete("--prove", "="), ["messages", "recipients"])
    assert.deepStrictEqual(complete("--prove", "=", "m"), ["messages"])
    assert.notInclude(complete("--prove", "m"), "messages")
  })

  it("offers files for -F alone", () => {
    assert.deepStrictEqual(complete("-F", "package.j"), ["package.json"])
    assert.deepStrictEqual(complete("--file", "=", "package.j"), ["package.json"])
    assert.deepStrictEqual(complete("-m", "package.j"), [])
  })

  it("offers no options as the value of one", () => assert.deepStrictEqual(complete("-S", "-"), []))
})

describe("menus", () => {
  it("show the first sentence of a description, whole", () => {
    const script = Completions.render("fish", rows)
    assert.include(script, "-l bare -d 'Old mode: don\\'t send HELO, and don\\'t send message headers'")
    assert.notMatch(script, /-d 'With a rate'/)
    assert.include(script, "-l no-reuse -d 'undo --reuse'")
  })
})

for (const shell of ["zsh", "fish"] as const) {
  describe(shell, () => {
    const script = Completions.render(shell, rows)

    it.skipIf(!installed(shell))("finds no fault in the script (skipped where it is not installed)", () => {
      const { status, stderr } = spawnSync(shell, ["-n", "-c", script], { encoding: "utf8" })
      assert.deepStrictEqual({ status, stderr }, { status: 0, stderr: "" })
    })

    it("knows every option", () => {
      for (const { long } of rows) {
        assert.match(script, new RegExp(shell === "zsh" ? `--${long}(=-?)?\\[` : ` -l ${long} `), long)
      }
      assert.notInclude(script, "log-level")
      // An empty list of words would be offered as a word.
      assert.notInclude(script, ":()")
    })
  })
}
