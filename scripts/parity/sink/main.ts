/**
 * The parity check of smtp-sink: starts Postfix's and ours with the same options, says the same to both, and compares what they
 * answer, display and write.
 *
 *     npm run parity:sink -- [--only SUBSTRING] [--original PATH] [--ours PATH]
 */
import { existsSync } from "node:fs"
import * as path from "node:path"
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

const isThere = (program: string): boolean =>
  [...(process.env.PATH ?? "").split(":"), ""].some((folder) => existsSync(path.join(folder, program)))

const asked = cases.filter(({ name }) => name.includes(flags.only))
const chosen = asked.filter(({ client }) => client === undefined || isThere(client[0]))
for (const { name } of asked.filter((one) => !chosen.includes(one)))
  console.log(`SKIPPED, as its client is missing: ${name}`)
let same = 0
let explained = 0
const unexplained: Array<string> = []

/** Those that differed. On a busy machine, a client may have been too impatient: they have another chance, alone. */
const again: Array<Case> = []

const compare = async (one: Case, isLast = false): Promise<void> => {
  const [original, ours] = await Promise.all([observe(flags.original, one), observe(flags.ours, one)])
  if (original === ours) {
    if (one.differs === undefined) same++
    else unexplained.push(`${one.name}: is the same, although it should differ: ${one.differs.why}`)
  } else if (one.differs !== undefined && one.differs.ours(ours) === original) {
    explained++
    console.log(`differs: ${one.name}: ${one.differs.why}`)
  } else if (!isLast) {
    again.push(one)
  } else {
    unexplained.push(`${one.name}\n--- original\n${original}\n--- ours\n${ours}`)
  }
}

const waiting = [...chosen]
const work = async (): Promise<void> => {
  for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await compare(one)
}
await Promise.all(Array.from({ length: 10 }, work))
for (const one of again) await compare(one, true)

for (const text of unexplained) console.log(`DIFFERS: ${text}`)
console.log(
  `${chosen.length} cases: ${same} the same, ${explained} differ as they should, ${unexplained.length} unexplained`
)
process.exitCode = unexplained.length === 0 ? 0 : 1
