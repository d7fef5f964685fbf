/**
 * Damages the sources at random, one place at a time, and tells what no test noticed.
 *
 *     npm run mutants -- [--count 200] [--seed 1] [--only src/smtp,src/plan] [--minutes 60]
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
    minutes: { type: "string", default: "1000" }
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
const ends = Date.now() + Number(values.minutes) * 60_000

console.log(`${choices.length} places in ${sources.length} files; ${chosen.length} drawn with seed ${values.seed}`)
let noticed = 0
const survivors: Array<string> = []
for (const [index, { file, mutant }] of chosen.entries()) {
  if (Date.now() > ends) {
    console.log(`time is up after ${index}`)
    break
  }
  const related = copy.related(file)
  // What is named after the source, then what is in its room, then the rest.
  const room = path.dirname(file).replace(/^src/, "test")
  const own = path.join(room, `${path.basename(file, ".ts")}.test.ts`)
  const groups = [
    related.filter((test) => test === own),
    related.filter((test) => test !== own && path.dirname(test) === room),
    related.filter((test) => path.dirname(test) !== room)
  ]
  const failure = await copy.noticedBy(file, mutant.text, groups)
  const what = `${file}:${mutant.line}: ${mutant.before}\n      ${mutant.after}`
  if (failure === undefined) {
    survivors.push(what)
    console.log(`SURVIVED ${what}`)
  } else {
    noticed++
    console.log(`noticed ${file}:${mutant.line} by ${failure}`)
  }
}
console.log(`\n${noticed} noticed, ${survivors.length} survived`)
for (const one of survivors) console.log(`  ${one}`)
await copy.close()
process.exit(0)
