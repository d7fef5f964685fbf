/**
 * Ignores every field of a plan in turn, in every way in which one could be lost, and tells what no test noticed.
 *
 *     npm run mutants:options -- [--ways engine,command] [--fields reuse,lmtp] [--minutes 60]
 */
import { parseArgs } from "node:util"
import * as OptionTable from "../../src/cli/OptionTable.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Copy from "./Copy.js"

/** Where a field may be lost: a file, a line of it, and what comes after that line. `plan` is what loses it. */
interface Way {
  readonly file: string
  readonly anchor: string
  readonly lose: string
  /** Tests that could notice: by name, and by what they hold besides the field. */
  readonly tests: (test: string, text: string) => boolean
  /** Fields that have no effect there. */
  readonly without: ReadonlyArray<string>
}

/** Tests that go through the fields, in every way to run a plan (`Ways.ts` has them): they are asked first. */
const isQuick = (test: string, text: string): boolean =>
  /^test\/(load\/Every|cli\/Shown)/.test(test) || text.includes('"./Ways.js"')

/** What the command does beside the run, or before it, and what one process of several is told. */
const commandsOwn = [
  "calibrate",
  "counter",
  "otlp",
  "progress",
  "report",
  "sink",
  "summary",
  "verbose",
  "workers",
  "file",
  "failIf",
  "require",
  "abortIf",
  // Files that are read before the run: what they hold is its option `tls`.
  "tlsCa",
  "tlsCert",
  "tlsKey",
  "segment",
  "weights",
  "runId",
  "startAt"
]

const ways: { readonly [way: string]: Way } = {
  command: {
    file: "src/cli/PlanOptions.ts",
    anchor: "    return yield* Effect.orDie(Plan.decode(input))",
    lose: "delete input[neutral]",
    tests: (test) => /^test\/cli\//.test(test),
    without: []
  },
  engine: {
    file: "src/load/RunPart.ts",
    anchor: "    const identity = yield* identify(plan)",
    lose: "if (plan.rate === undefined && plan.stages === undefined) plan = without(plan)",
    tests: (test) => /^test\/(load|measure|sink|report|smtp)\//.test(test),
    without: [...commandsOwn, "rate", "stages", "arrivals", "burst", "maxSessions", "dropLate"]
  },
  open: {
    file: "src/load/RunPart.ts",
    anchor: "    const identity = yield* identify(plan)",
    lose: "if (plan.rate !== undefined || plan.stages !== undefined) plan = without(plan)",
    tests: (test, text) =>
      isQuick(test, text) || (/^test\/(load|measure|report)\//.test(test) && /\b(rate|stages):/.test(text)),
    without: [...commandsOwn, "sessions", "think", "delay", "randomDelay", "depth"]
  },
  workers: {
    file: "src/load/Workers.ts",
    anchor: "    const identity = yield* RunPart.identify(plan)",
    lose: "plan = without(plan)",
    tests: (test, text) =>
      /^test\/(load|node|cli)\//.test(test) && test !== "test/cli/Cli.test.ts" && /workers/i.test(text),
    without: commandsOwn
  },
  scenario: {
    file: "src/load/scenario/Scenario.ts",
    anchor: "      const identity = yield* RunPart.identify(plan)",
    lose: "plan = without(plan)",
    tests: (test, text) => isQuick(test, text) || /^test\/load\/(scenario\/|shapes)/.test(test),
    without: [
      ...commandsOwn,
      ...["acceptRejection", "keepGoing", "reuse", "connectAttempts", "delay", "randomDelay", "think", "hold"],
      ...["perConnection", "abandon", "shapes", "lmtp", "chunking", "depth"]
    ]
  }
}

const { values } = parseArgs({
  options: {
    ways: { type: "string", default: Object.keys(ways).join() },
    fields: { type: "string", default: Object.keys(Plan.planFields).join() },
    minutes: { type: "string", default: "1000" }
  }
})

const defaults: { readonly [field: string]: unknown } = { ...Plan.make({}) }

const losing = (field: string): string => {
  const usual = defaults[field]
  return usual === undefined ? `delete copied.${field}` : `copied.${field} = ${JSON.stringify(usual)}`
}

const copy = await Copy.make()
const texts = new Map(copy.testFiles.map((test) => [test, copy.read(test)]))
const ends = Date.now() + Number(values.minutes) * 60_000
/** The tests of the command line, one for each option, that it comes into the plan. */
const table = { files: ["test/cli/Cli.test.ts"], named: /--\S+: is \w+ of the plan/ }

/** The fields that the table's tests miss, each with its own field lost: all of them in one run. */
const missedByTable = async ({ anchor, file }: Way): Promise<ReadonlySet<string>> => {
  const own = 'const [, own = ""] = /: is (\\w+) of the plan/.exec(expect.getState().currentTestName ?? "") ?? []'
  const failing = (lost: string) => {
    const text = copy.read(file).replace(anchor, `${own}\ndelete input[${lost}]\n${anchor}`)
    return copy.failing(file, `import { expect } from "vitest"\n${text}`, table)
  }
  // Those that fail with nothing lost have no say.
  const before = await failing('own + "."')
  const failed = (await failing("own")).filter((name) => !before.includes(name))
  return new Set(failed.flatMap((name) => /: is (\w+) of the plan/.exec(name)?.[1] ?? []))
}

let noticed = 0
const unnoticed: Array<string> = []

for (const way of values.ways.split(",")) {
  const { anchor, file, lose, tests, without } = ways[way]!
  // What loses a field puts another plan in its place.
  const original = copy.read(file).replace("const plan = MessageParts.bounded(", "let plan = MessageParts.bounded(")
  if (!original.includes(anchor)) throw new Error(`${file} has no line: ${anchor}`)
  const inTable = way === "command" ? await missedByTable(ways[way]!) : undefined
  for (const field of values.fields.split(",")) {
    if (inTable?.has(field)) {
      noticed++
      console.log(`${field}, ${way}: noticed by the table of options in ${table.files[0]}`)
      continue
    }
    if (without.includes(field) || Date.now() > ends) continue
    const row = OptionTable.planRows.find((each) => each.field === field)
    const names = [`\\b${field}\\b`]
    if (way === "command" && row !== undefined) {
      names.push(`--${row.long}\\b`)
      if (row.short !== undefined) names.push(`"-${row.short}`)
    }
    const named = new RegExp(names.join("|"))
    // The tests of the command line go through the table of options, and name few of them.
    const isTable = (test: string) => way === "command" && test === "test/cli/Cli.test.ts"
    const chosen = [...texts]
      .filter(([test, text]) => tests(test, text) && (isTable(test) || named.test(text)))
      .map(([test]) => test)
    // A test that names the option notices most often that it is lost.
    const groups = [
      { files: chosen.filter(isTable), named },
      chosen.filter((test) => isQuick(test, texts.get(test)!)),
      chosen.filter((test) => !isQuick(test, texts.get(test)!))
    ]
    const lost = `const without = (plan: any) => { const copied = { ...plan }; ${losing(field)}; return copied }\n`
    const damaged = lose.replace("[neutral]", `[${JSON.stringify(field)}]`)
    const text = original.replace(anchor, `${damaged}\n${anchor}`)
    const failure = await copy.noticedBy(file, way === "command" ? text : `${text}\n${lost}`, groups)
    if (failure === undefined) {
      unnoticed.push(`${field}, ${way}`)
      console.log(`UNNOTICED ${field}, ${way} (${chosen.length} files)`)
    } else {
      noticed++
      console.log(`${field}, ${way}: noticed by ${failure}`)
    }
  }
}
console.log(`\n${noticed} noticed, ${unnoticed.length} not: ${unnoticed.join("; ")}`)
await copy.close()
process.exit(0)
