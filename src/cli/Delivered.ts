/**
 * Proof of delivery from a store of mail: the messages of a run that are in a Maildir, an mbox or a folder of files, against what a
 * saved result says was sent.
 *
 * A Maildir says in the names of its files when each came. Nothing else does.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import { Deliveries } from "../measure/Deliveries.js"
import * as CorpusFiles from "../plan/CorpusFiles.js"
import * as Mbox from "../plan/Mbox.js"
import * as PartsFile from "../plan/PartsFile.js"
import * as Durations from "../report/Durations.js"
import * as ProofReport from "../report/ProofReport.js"
import type { RunReport } from "../report/RunReport.js"
import * as ArrivedMessage from "../sink/ArrivedMessage.js"
import { Checksum } from "../smtp/Checksum.js"
import { Refused } from "./SavedRuns.js"

/**
 * The report with the proof that these stores give. Messages are counted, whoever they are for: a store does not tell which
 * recipient a message came for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const look = (report: RunReport, paths: ReadonlyArray<string>): Effect.Effect<RunReport, Refused, FileSystem> =>
  Effect.gen(function* () {
    const { stamped } = report
    if (stamped === undefined) {
      return yield* new Refused({ reason: "--delivered: the result is not of one run with --prove" })
    }
    const sent = Deliveries.ofSent(stamped.width, Date.parse(report.startedAt) * 1000, stamped)
    if (sent === undefined)
      return yield* new Refused({ reason: "--delivered: what the result says was sent is damaged" })
    const books = sent.byMessage()
    const crc32 = yield* Checksum
    for (const path of paths) {
      const files = yield* Effect.mapError(CorpusFiles.filesOf(path), refused)
      for (const file of files) {
        const bytes = yield* Effect.mapError(PartsFile.read("--delivered", file.path), refused)
        const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
        const at = timeIn(file.path)
        for (const { end, start } of CorpusFiles.placesIn(Mbox.ofBuffer(buffer), "auto")) {
          take(books, stamped, buffer.subarray(start, end), at, crc32)
        }
      }
    }
    const tally = books.tally()
    const missed = books.missed(10).map(({ message }) => ({ message, sender: "", recipient: "" }))
    const proved = { tally, by: "messages", seconds: [], waited: 0, missed, changes: [] } as const
    const timed = tally.delivery.counts.some((count) => count > 0)
    const others = report.durations.filter(({ of }) => of !== "delivery")
    const delivery = { of: "delivery", ending: "accepted" as const, ...Durations.ofHistogram(tally.delivery) }
    return { ...report, durations: timed ? [...others, delivery] : others, ...ProofReport.of(proved) }
  })

const refused = ({ reason }: PartsFile.PartsUnusable) => new Refused({ reason: `--delivered: ${reason}` })

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
