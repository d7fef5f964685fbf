/**
 * The parity check of smtp-sink: starts Postfix's and ours with the same options, says the same to both, and compares what they
 * answer, display and write.
 *
 *     npm run parity:sink -- [--only SUBSTRING] [--original PATH] [--ours PATH]
 */
import { parseArgs } from "node:util"
import { type Case, cases } from "./cases.js"
import { observe } from "./Observation.js"

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    original: { type: "string", default: "/usr/sbin/smtp-sink" },
    ours: { type: "string", default: "dist/bin/smtp-sink.js" }
  }
})

const chosen = cases.filter(({ name }) => name.includes(flags.only))
let same = 0
let explained = 0
const unexplained: Array<string> = []

const compare = async (one: Case): Promise<void> => {
  const [original, ours] = await Promise.all([observe(flags.original, one), observe(flags.ours, one)])
  if (original === ours) {
    if (one.differs === undefined) same++
    else unexplained.push(`${one.name}: is the same, although it should differ: ${one.differs.why}`)
  } else if (one.differs !== undefined && (one.differs.ours?.(ours) ?? original) === original) {
    explained++
    console.log(`differs: ${one.name}: ${one.differs.why}`)
  } else {
    unexplained.push(`${one.name}\n--- original\n${original}\n--- ours\n${ours}`)
  }
}

const waiting = [...chosen]
const work = async (): Promise<void> => {
  for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await compare(one)
}
await Promise.all(Array.from({ length: 5 }, work))

for (const text of unexplained) console.log(`DIFFERS: ${text}`)
console.log(
  `${chosen.length} cases: ${same} the same, ${explained} differ as they should, ${unexplained.length} unexplained`
)
process.exitCode = unexplained.length === 0 ? 0 : 1
