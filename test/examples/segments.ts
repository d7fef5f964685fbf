import * as Command from "@effect/platform/Command"
import { FileSystem } from "@effect/platform/FileSystem"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import { MergedReport, Plan, SavedReport, Segment } from "smtp-source"

/**
 * One run, made by four processes: each is given its segment as a plan in a file, and leaves a journal. On four machines it is
 * the same, with ssh before the command. One that dies has left its journal as far as it came, and the report says what is lost.
 */
export const fourProcesses = (target: string, [name, ...args]: readonly [string, ...Array<string>] = ["smtp-source"]) =>
  Effect.gen(function* () {
    const fileSystem = yield* FileSystem
    const folder = yield* fileSystem.makeTempDirectoryScoped()
    const plan = Plan.make({ target, messages: 1000, sessions: 8, reuse: true, keepGoing: true })
    const runId = `example-${yield* Clock.currentTimeMillis}`
    const segments = [1, 2, 3, 4].map((i) => ({
      plan: { ...Segment.of(plan, i, 4, { runId }), report: [`ndjson=${folder}/${i}.ndjson`] },
      file: `${folder}/${i}.json`,
      journal: `${folder}/${i}.ndjson`
    }))
    const one = ({ file, journal, plan }: (typeof segments)[number]) =>
      Effect.gen(function* () {
        yield* fileSystem.writeFileString(file, JSON.stringify(Plan.encode(plan)))
        yield* Command.exitCode(Command.make(name, ...args, "--scenario", file))
        return yield* SavedReport.parse(yield* fileSystem.readFileString(journal))
      })
    return yield* MergedReport.all(yield* Effect.forEach(segments, one, { concurrency: "unbounded" }))
  }).pipe(Effect.scoped)

// NodeRuntime.runMain(fourProcesses("localhost:2525").pipe(Effect.map(TextReport.render), Effect.flatMap(Console.log),
//   Effect.provide(NodeContext.layer)))
