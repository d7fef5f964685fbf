/**
 * A segment is started once: whoever starts it again, such as an engine that replaces a process which died, is refused. Its
 * messages would be sent twice, and nobody could tell by whom.
 *
 * @since 0.1.0
 */
import { FileSystem } from "@effect/platform/FileSystem"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import { fileReason } from "../plan/FileReason.js"
import type { Plan } from "../plan/Plan.js"
import * as Segment from "../plan/Segment.js"
import * as EngineSegment from "./EngineSegment.js"
import { ReportUnwritable } from "./ReportUnwritable.js"

/**
 * The segment was started before.
 *
 * @since 0.1.0
 * @category errors
 */
export class SegmentTaken extends Data.TaggedError("SegmentTaken")<{
  readonly segment: string
  readonly runId: string
  readonly file: string
}> {
  override get message(): string {
    return `segment ${this.segment} of run ${this.runId} was started before, since ${this.file} exists: a segment runs once`
  }
}

/**
 * Takes the plan's segment, by creating the file of its result, which must not be there. The whole of a run is free to be run
 * again.
 *
 * @since 0.1.0
 * @category running
 */
export const take = (plan: Plan): Effect.Effect<void, SegmentTaken | ReportUnwritable, FileSystem> =>
  Effect.gen(function* () {
    const { file, format } = EngineSegment.resultOf(plan) ?? {}
    const segment = Segment.ofPlan(plan)
    if (segment.of === 1 || file === undefined || format === undefined) return
    const fileSystem = yield* FileSystem
    const taken = new SegmentTaken({ segment: Segment.print(segment), runId: plan.runId ?? "", file })
    yield* Effect.mapError(fileSystem.writeFileString(file, "", { flag: "wx" }), (error) =>
      error._tag === "SystemError" && error.reason === "AlreadyExists"
        ? taken
        : new ReportUnwritable({ format, file, reason: fileReason(error) })
    )
  })
