/**
 * A report that has nowhere to go. It stands by itself, since it is known of before reports are loaded.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import type * as ReportRequest from "../plan/ReportRequest.js"

/**
 * The file of a report cannot be written.
 *
 * @since 0.1.0
 * @category errors
 */
export class ReportUnwritable extends Data.TaggedError("ReportUnwritable")<{
  readonly format: ReportRequest.Kind
  readonly file: string
  readonly reason: string
}> {
  override get message(): string {
    return `--report ${this.format}=${this.file}: ${this.reason}`
  }
}
