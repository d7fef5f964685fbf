/**
 * Damages the sources at random, one place at a time, and tells what no test noticed.
 *
 *     npm run mutants -- [--count 200] [--seed 1] [--only src/smtp,src/plan] [--most 25] [--minutes 60] [--unmarked]
 *
 * With --most, no more files of tests are asked than that: those named after the source, those of its room, and then the
 * quickest. What they do not notice, the others may. With --unmarked, the run that finds which tests come where is left out:
 * the tests that import the source are asked, straight or through others.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { parseArgs } from "node:util"
import * as Copy from "./Copy.js"
import * as Operators from "./Operators.js"

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "200" },
    seed: { type: "string", default: "1" },
    only: { type: "string", default: "src/" },
    most: { type: "string", default: "1000" },
    minutes: { type: "string", default: "1000" },
    unmarked: { type: "boolean", default: false }
  }
})

/** Lehmer's generator: the same seed, the same mutants. */
const random = (seed: number) => {
  let state = (seed * 48_271) % 2_147_483_647
  return () => {
    state = (state * 48_271) % 2_147_483_647
    return state / 2_147_483_647
  }
}

const copy = await Copy.make()
const only = values.only.split(",")
const sources = fs
  .readdirSync(path.join(copy.root, "src"), { recursive: true, encoding: "utf8" })
  .map((file) => path.join("src", file))
  .filter((file) => file.endsWith(".ts") && only.some((prefix) => file.startsWith(prefix)))
  .sort()

const choices = sources.flatMap((file) => Operators.all(copy.read(file)).map((mutant) => ({ file, mutant })))
const draw = random(Number(values.seed))
const chosen = Array.from({ length: Number(values.count) }, () => choices[Math.floor(draw() * choices.length)]!)
console.log(`${choices.length} places in ${sources.length} files; ${chosen.length} drawn with seed ${values.seed}`)
const reach = values.unmarked ? undefined : await copy.reach()
const took = (test: string) => reach?.took(test) ?? 0
const byTime = (tests: ReadonlyArray<string>) => [...tests].sort((a, b) => took(a) - took(b))
if (reach !== undefined) console.log("it is known which tests come where")
const ends = Date.now() + Number(values.minutes) * 60_000
let noticed = 0
const survivors: Array<string> = []
for (const [index, { file, mutant }] of chosen.entries()) {
  if (Date.now() > ends) {
    console.log(`time is up after ${index}`)
    break
  }
  const { column, line } = mutant
  // The first character may be a blank before an operator, or before a statement.
  const start = column + Math.max(0, mutant.text.split("\n")[line - 1]!.slice(column).search(/\S/))
  const reaching = reach?.of(file, { line, column: start }) ?? byTime(copy.related(file))
  // What is named after the source, then what is in its room, then the rest: quickest first.
  const room = path.dirname(file).replace(/^src/, "test")
  const own = path.join(room, `${path.basename(file, ".ts")}.test.ts`)
  const rank = (test: string) => (test === own ? 0 : path.dirname(test) === room ? 1 : 2)
  const asked = [...reaching].sort((a, b) => rank(a) - rank(b)).slice(0, Number(values.most))
  const since = Date.now()
  const failure = await copy.noticedBy(file, mutant.text, [asked])
  const time = `${Math.round((Date.now() - since) / 1000)} s`
  const what = `${file}:${mutant.line}: ${mutant.before}\n      ${mutant.after}`
  if (failure === undefined) {
    survivors.push(what)
    console.log(`SURVIVED ${time}, ${asked.length} of ${reaching.length} files of tests: ${what}`)
  } else {
    noticed++
    console.log(`noticed ${time} ${file}:${mutant.line} by ${failure}`)
  }
}
console.log(`\n${noticed} noticed, ${survivors.length} survived`)
for (const one of survivors) console.log(`  ${one}`)
await copy.close()
process.exit(0)
