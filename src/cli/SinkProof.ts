/**
 * What smtp-sink --prove does: watches for stamps, and writes to a file what has come, every five seconds and at the end.
 *
 * The file says whether it is complete: as soon as a message comes it says no, and yes again when none has come for five
 * seconds, or at the end. So whoever reads it knows of a sink that was killed.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import * as WallClock from "../load/WallClock.js"
import * as Arrivals from "../load/Arrivals.js"
import * as ArrivalsFile from "../report/ArrivalsFile.js"
import * as ArrivedMessage from "../sink/ArrivedMessage.js"
import type { OpenTap } from "../sink/ContentTap.js"
import type { SinkOptions } from "../sink/SinkOptions.js"
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
  /** The clock by which it times what comes. */
  readonly clock: NonNullable<SinkOptions["clock"]>
  /** Writes the file, when nothing comes any more, or yet. */
  readonly write: Effect.Effect<void, ReportUnwritable, FileSystem>
  /** Writes it when messages begin to come, then every five seconds, and when none come any more. */
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
    const sink = `${yield* eightDigits}${yield* eightDigits}`
    const wall = WallClock.microseconds(clock)
    const now = () => Math.floor(wall())
    const { seen, take } = Arrivals.make({
      now,
      onFull: () => warn(`--prove: ${file} has ${Arrivals.mostRuns} runs: those that come now are left out`)
    })
    let isNew = false
    const coming = yield* Effect.makeLatch(false)
    const tap = ArrivedMessage.tap(crc32, (arrival) => {
      isNew = true
      coming.unsafeOpen()
      take(arrival)
    })
    const write = (complete: boolean) =>
      Effect.suspend(() => {
        isNew = false
        return Reports.replaceFile("json", file, ArrivalsFile.render({ ...seen(), sink, complete }))
        // What is half done would get in the way of the last one.
      }).pipe(Effect.uninterruptible)
    const keep = Effect.gen(function* () {
      yield* coming.await
      do {
        yield* write(false)
        yield* Effect.sleep("5 seconds")
      } while (isNew)
      // What comes from now on opens it again.
      coming.unsafeClose()
      yield* write(true)
    }).pipe(Effect.forever)
    return { tap, clock: { now, sink }, write: write(true), keep }
  })

const eightDigits = Effect.map(Random.nextIntBetween(0, 2 ** 32), (number) => number.toString(16).padStart(8, "0"))
