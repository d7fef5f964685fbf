/**
 * Proof of delivery from a store of mail: the messages of a run that are in a Maildir, an mbox or a folder of files, or that a sink
 * has written down, against what a saved result says was sent.
 *
 * A Maildir says in the names of its files when each came, and a sink has timed them. Nothing else does.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { Deliveries } from "../measure/Deliveries.js"
import * as CorpusFiles from "../plan/CorpusFiles.js"
import * as Mbox from "../plan/Mbox.js"
import * as PartsFile from "../plan/PartsFile.js"
import * as ArrivalsFile from "../report/ArrivalsFile.js"
import * as Durations from "../report/Durations.js"
import { Output } from "../report/Output.js"
import * as ProofReport from "../report/ProofReport.js"
import type { RunReport } from "../report/RunReport.js"
import * as ArrivedMessage from "../sink/ArrivedMessage.js"
import { Checksum } from "../smtp/Checksum.js"
import * as Printable from "../smtp/Printable.js"
import { Refused } from "./SavedRuns.js"

/**
 * The report with the proof that these stores give. Messages are counted, whoever they are for: a store does not tell which
 * recipient a message came for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const look = (
  report: RunReport,
  paths: ReadonlyArray<string>
): Effect.Effect<RunReport, Refused, FileSystem | Output> =>
  Effect.gen(function* () {
    const { stderr } = yield* Output
    const { stamped } = report
    if (stamped === undefined) {
      return yield* new Refused({ reason: "--delivered: the result is not of one run with --prove" })
    }
    const sent = Deliveries.ofSent(stamped.width, Date.parse(report.startedAt) * 1000, stamped)
    if (sent === undefined)
      return yield* new Refused({ reason: "--delivered: what the result says was sent is damaged" })
    const books = sent.byMessage()
    const crc32 = yield* Checksum
    for (const given of paths) {
      // What a store is, is seen in its files.
      const path = given.replace(/^(?:maildir|mbox|eml):/, "")
      const files = yield* Effect.mapError(CorpusFiles.filesOf(path), refused)
      for (const file of files) {
        const bytes = yield* Effect.mapError(PartsFile.read("--delivered", file.path), refused)
        const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        if (ArrivalsFile.isOne(buffer)) {
          const seen = yield* Either.mapLeft(ArrivalsFile.parse(buffer.toString()), (what) => damaged(file.path, what))
          if (!add(books, stamped, seen)) return yield* damaged(file.path, "its messages are damaged")
          if (!seen.runs.some(({ run }) => run === stamped.run)) {
            stderr(`smtp-report: ${Printable.escape(file.path)}: has nothing of this run${othersIn(seen)}\n`)
          }
          continue
        }
        const at = timeIn(file.path)
        for (const { end, start } of CorpusFiles.placesIn(Mbox.ofBuffer(buffer), "auto")) {
          take(books, stamped, buffer.subarray(start, end), at, crc32)
        }
      }
    }
    const tally = books.tally()
    const missed = books.missed(10).map(({ message }) => ({ message, sender: "", recipient: "" }))
    const timed = tally.delivery.counts.some((count) => count > 0)
    const clocks = timed ? ("not compared" as const) : undefined
    const proved = { tally, by: "messages", seconds: [], waited: 0, missed, changes: [], clocks } as const
    const others = report.durations.filter(({ of }) => of !== "delivery")
    const delivery = { of: "delivery", ending: "accepted" as const, ...Durations.ofHistogram(tally.delivery) }
    return { ...report, durations: timed ? [...others, delivery] : others, ...ProofReport.of(proved) }
  })

const refused = ({ reason }: PartsFile.PartsUnusable) => new Refused({ reason: `--delivered: ${reason}` })

const damaged = (path: string, what: string) =>
  new Refused({ reason: `--delivered: ${Printable.escape(path)}: ${what}` })

const othersIn = ({ runs }: ArrivalsFile.ArrivalsFile): string =>
  runs.length === 0 ? "" : `, but of ${runs.length === 1 ? "another" : `${runs.length} others`}`

/** Adds what a sink has written down; false where it cannot be read. */
const add = (books: Deliveries, { run, width }: Sent, { runs, unstamped }: ArrivalsFile.ArrivalsFile): boolean => {
  books.count("foreign", unstamped)
  for (const each of runs) {
    // Of a message to several, each may have a copy.
    if (each.run === run && !books.addCame(each, width === 1)) return false
  }
  return true
}

type Sent = NonNullable<RunReport["stamped"]>

/** Looks at one message, whose lines may end in LF: so stores have them. */
const take = (
  books: Deliveries,
  { run, width }: Sent,
  message: Buffer,
  at: number | undefined,
  crc32: Checksum["Type"]
): void => {
  const text = message.toString("latin1").replaceAll("\r\n", "\n")
  const whole = Buffer.from(text.replaceAll("\n", "\r\n"), "latin1")
  const sender = /^return-path:[ \t]*<([^>\n]*)>/im.exec(text)?.[1] ?? "unknown"
  const tap = ArrivedMessage.tap(crc32, ({ checksum, returned, size, stamp }) => {
    if (returned?.stamp.run === run) {
      if (returned.isDelayed) books.count("delayed")
      else books.returned(returned.stamp.message, 0)
      return
    }
    if (stamp === undefined || stamp.run !== run) return books.count("foreign")
    // Of a message to several, each may have a copy.
    if (width > 1 && books.hasCome(stamp.message, 0)) return
    const change = stamp.checksum === checksum && stamp.size === size ? undefined : "other"
    books.arrive({ message: stamp.message, place: 0, fate: "confirmed", change, sentAt: stamp.sentAt, at })
  })({ ...nobody, sender })
  tap?.take(whole, 0, whole.length)
  tap?.end(nobody.recipients, "250")
}

const nobody = {
  session: 0,
  message: 0,
  client: undefined,
  protocol: "SMTP",
  helo: undefined,
  sender: "",
  recipients: [""],
  mailArguments: "",
  rcptArguments: []
} as const

/** When a message came to a Maildir, in microseconds: its name begins with that. */
const timeIn = (path: string): number | undefined => {
  const [, seconds, micros] = /(?:^|\/)(\d{9,11})\.(?:[^./,]*?)M(\d{1,6})[^/]*$/.exec(path) ?? []
  return seconds === undefined ? undefined : Number(seconds) * 1_000_000 + Number(micros)
}
