/**
 * What smtp-sink --prove does: watches for stamps, and writes to a file what has come, every five seconds and at the end.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Arrivals from "../load/Arrivals.js"
import * as ArrivalsFile from "../report/ArrivalsFile.js"
import * as ArrivedMessage from "../sink/ArrivedMessage.js"
import type { OpenTap } from "../sink/ContentTap.js"
import { Checksum } from "../smtp/Checksum.js"
import * as Reports from "./Reports.js"
import type { ReportUnwritable } from "./ReportUnwritable.js"

/**
 * A sink's part in a proof.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkProof {
  readonly tap: OpenTap
  /** Writes the file. */
  readonly write: Effect.Effect<void, ReportUnwritable, FileSystem>
  /** Writes it every five seconds, if anything has come. */
  readonly keep: Effect.Effect<never, ReportUnwritable, FileSystem>
}

/**
 * Begins to watch.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (file: string, warn: (text: string) => void): Effect.Effect<SinkProof> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const crc32 = yield* Checksum
    const { seen, take } = Arrivals.make({
      now: () => Number(clock.unsafeCurrentTimeNanos() / 1000n),
      onFull: () => warn(`--prove: ${file} has ${Arrivals.mostRuns} runs: those that come now are left out`)
    })
    let isNew = false
    const tap = ArrivedMessage.tap(crc32, (arrival) => {
      isNew = true
      take(arrival)
    })
    const write = Effect.suspend(() => {
      isNew = false
      return Reports.replaceFile("json", file, ArrivalsFile.render(seen()))
    })
    const keep = Effect.suspend(() => (isNew ? write : Effect.void)).pipe(Effect.delay("5 seconds"), Effect.forever)
    return { tap, write, keep }
  })
