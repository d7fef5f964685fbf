/** Reports to test with: made from samples, through the books and the recorder, as a run makes them. */
import * as Option from "effect/Option"
import * as Accounting from "../../src/measure/Accounting.js"
import { type Ending, type Measured, Recorder } from "../../src/measure/Recorder.js"
import * as Series from "../../src/measure/Series.js"
import * as Plan from "../../src/plan/Plan.js"
import type { Entry } from "../../src/report/RunningReport.js"
import * as RunReport from "../../src/report/RunReport.js"
import * as Outcome from "../../src/smtp/Outcome.js"
import { ConnectionLost } from "../../src/smtp/SmtpError.js"
import * as Counted from "../measure/Counted.js"

export interface Sample {
  readonly of: Measured
  readonly ending: Ending
  /** In milliseconds. */
  readonly elapsed: number
  readonly code: number
}

let runs = 0

/** A run with one message for each sample, accepted where its code is positive, and rejected elsewhere. */
export const reportOf = (
  samples: ReadonlyArray<Sample>,
  { elapsed = 1000, later = 0 }: { readonly elapsed?: number; readonly later?: number } = {}
): RunReport.RunReport => {
  const recorder = new Recorder()
  const books = Accounting.make(samples.length)
  samples.forEach(({ code, elapsed: took, ending, of }, index) => {
    recorder.record(of, ending, took)
    recorder.onReply("mail", { code, text: "text" }, took, index)
    books.start()
    books.book(
      code < 300
        ? Outcome.acceptedByAll(1)
        : { _tag: "Rejected", step: "mail", reply: { code, text: "text" }, recipients: Outcome.noRecipients }
    )
    if (code === 450) {
      recorder.onOutcome(
        {
          _tag: "Failed",
          error: new ConnectionLost({ step: "rset", how: "closed", replies: [] }),
          recipients: Outcome.noRecipients
        },
        () => index
      )
    }
  })
  const startedAt = new Date(Date.UTC(2026, 0, 1) + later)
  const runId = `${startedAt.getTime()}.${runs++}`
  const finished = { accounting: books, recorder, runId, startedAt, elapsed, stopped: false, endedBy: Option.none() }
  return RunReport.make(Plan.make({ target: "mail.example" }), finished, { version: "1.2.3" })
}

/** A second of a run in which two messages were begun, and one accepted. */
export const entryAt = (second: number): Entry => ({
  interval: {
    ...Series.sum([]),
    at: second * 1000,
    length: 1000,
    started: 2,
    accepted: 1,
    late: 3,
    bytes: { out: 10, in: 5 },
    connections: Counted.connections({ opened: 1 }),
    underWay: second,
    open: second,
    ...Series.statistics([[1234, 1]])
  },
  recipients: { offered: 1, accepted: 1, refused: 0, refusedAfterContent: 0, unknown: 0, abandoned: 0 },
  durations: [{ of: "transaction", ending: "accepted", buckets: [[1234, 1]] }],
  replies: [],
  errors: []
})
