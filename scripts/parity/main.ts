/**
 * The parity check: runs Postfix's smtp-source and ours in the same situations, and compares what they do.
 *
 *     npx tsx scripts/parity/main.ts [--only SUBSTRING] [--list] [--original PATH] [--ours PATH] [--at-once N]
 */
import { partition } from "effect/Array"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { parseArgs } from "node:util"
import type { Case } from "./Case.js"
import { cases } from "./cases/all.js"
import { compare } from "./Compare.js"
import { files } from "./Files.js"
import { isExplained, report, type Trial } from "./Report.js"
import { type Program, run, type Workplace } from "./Run.js"

const { values: flags } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    list: { type: "boolean", default: false },
    original: { type: "string", default: "/usr/sbin/smtp-source" },
    ours: { type: "string", default: "dist/bin/smtp-source.js" },
    "at-once": { type: "string", default: "20" }
  }
})

/** A path to a script or to an executable. */
const program = (path: string): Program => (path.endsWith(".js") ? [process.execPath, resolve(path)] : [resolve(path)])

/** A directory that holds the files of -F and the sockets, for as long as it is needed. */
const workplace: Effect.Effect<Workplace, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => {
    const directory = mkdtempSync(join(tmpdir(), "parity-"))
    for (const { bytes, name } of files) writeFileSync(join(directory, name), bytes, "latin1")
    let sockets = 0
    return { directory, socketPath: () => join(directory, `${++sockets}.sock`) }
  }),
  ({ directory }) => Effect.sync(() => rmSync(directory, { recursive: true }))
)

const trial =
  (place: Workplace) =>
  (one: Case): Effect.Effect<Trial> =>
    Effect.map(
      Effect.all([run(program(flags.original), one, place), run(program(flags.ours), one, place)], { concurrency: 2 }),
      ([original, ours]) => ({ one, original, ours, verdict: compare(one, original.observation, ours.observation) })
    )

const title = (one: Case): string => `${one.group}: ${one.name}`

/** The original needs no excuse for being itself: a program that is compared with itself is spared those cases. */
const chosen = cases.filter(
  (one) => title(one).includes(flags.only) && (one.excuse === undefined || flags.ours !== flags.original)
)

const main = Effect.gen(function* () {
  const place = yield* workplace
  // Whether a program was prompt cannot be told while others keep the machine busy.
  const [others, timed] = partition(chosen, (one) => one.excuse?.ours.prompt !== undefined)
  const together = yield* Effect.forEach(others, trial(place), { concurrency: Number(flags["at-once"]) })
  const trials = [...together, ...(yield* Effect.forEach(timed, trial(place)))]
  console.log(report(trials))
  process.exitCode = trials.every(isExplained) ? 0 : 1
})

if (flags.list) console.log(chosen.map(title).join("\n"))
else await Effect.runPromise(Effect.scoped(main))
