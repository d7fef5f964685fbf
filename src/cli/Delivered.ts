/**
 * Proof of delivery from a store of mail: the messages of a run that are in a Maildir, an mbox, a folder of files or a mailbox on an
 * IMAP server, or that a sink has written down, against what a saved result says was sent.
 *
 * A Maildir says in the names of its files when each came, an IMAP server tells it to the second, and a sink has timed them. Nothing
 * else does.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { ImapTransport } from "../imap/ImapTransport.js"
import * as ImapUrl from "../imap/ImapUrl.js"
import { Deliveries } from "../measure/Deliveries.js"
import * as Came from "../measure/Came.js"
import * as ClockOffset from "../measure/ClockOffset.js"
import type { ComparedClock, Proved, Stamped } from "../measure/Proved.js"
import * as CorpusFiles from "../plan/CorpusFiles.js"
import * as Mbox from "../plan/Mbox.js"
import * as Message from "../plan/Message.js"
import * as PartsFile from "../plan/PartsFile.js"
import * as ArrivalsFile from "../report/ArrivalsFile.js"
import * as Durations from "../report/Durations.js"
import { Output } from "../report/Output.js"
import * as ProofReport from "../report/ProofReport.js"
import type { RunReport } from "../report/RunReport.js"
import * as RunSegments from "../report/RunSegments.js"
import * as StampedReport from "../report/StampedReport.js"
import * as ArrivedMessage from "../sink/ArrivedMessage.js"
import * as ContentTap from "../sink/ContentTap.js"
import { Checksum } from "../smtp/Checksum.js"
import * as Printable from "../smtp/Printable.js"
import * as ImapStore from "./ImapStore.js"
import { Refused } from "./SavedRuns.js"

/**
 * The report with the proof that these stores give. Messages are counted, whoever they are for: a store does not tell which
 * recipient a message came for. A store that cannot be read is reported, and so is the file of a sink that was killed: then it
 * is not known what came there. What is given twice is counted once. Fails where none can be read, and where two files of the same
 * sink say different things.
 *
 * @since 0.1.0
 * @category constructors
 */
export const look = (
  report: RunReport,
  paths: ReadonlyArray<string>,
  imap: ImapStore.ImapOptions = {}
): Effect.Effect<RunReport, Refused, FileSystem | ImapTransport | Output> =>
  Effect.gen(function* () {
    const { stderr } = yield* Output
    const stamped = report.stamped ?? StampedReport.ofCut(report)
    if (stamped === undefined) {
      return yield* new Refused({
        reason: `${paths.map(ImapUrl.withoutPassword).join(", ")}: can be read only with the result of one run of smtp-source --prove`
      })
    }
    const sent = Deliveries.ofSent(stamped.width, Date.parse(report.startedAt) * 1000, stamped)
    if (sent === undefined)
      return yield* new Refused({ reason: "--delivered: what the result says was sent is damaged" })
    const looking: Looking = {
      books: sent.byMessage(),
      stamped,
      crc32: yield* Checksum,
      sinks: new Map(),
      compared: [],
      isUncompared: false,
      unfinished: [],
      warn: (text) => stderr(`smtp-report: ${Printable.escape(text)}\n`)
    }
    const lost: Array<string> = []
    const once = [...new Set(paths)]
    for (const path of once.filter((path) => paths.indexOf(path) < paths.lastIndexOf(path))) {
      looking.warn(`${ImapUrl.withoutPassword(path)}: given twice: counted once`)
    }
    for (const path of once) {
      looking.books.elsewhere()
      const seen = yield* Effect.either(ImapUrl.isOne(path) ? fetch(looking, path, imap) : lookIn(looking, path))
      if (Either.isRight(seen)) continue
      if (seen.left._tag === "Refused") return yield* seen.left
      lost.push(seen.left.reason)
    }
    if (lost.length === once.length) return yield* new Refused({ reason: Printable.escape(`--delivered: ${lost[0]}`) })
    for (const store of lost) looking.warn(`${store}: what came there is not known`)
    const { books, compared, isUncompared, unfinished } = looking
    // No saved result says when each was accepted, and so how many were on their way.
    const tally = { ...books.tally(), depth: { most: 0, second: 0 } }
    const ofLost = books.unsent(RunSegments.isUnended(report))
    const { messageId } = stamped
    const missed = books.missed(10).map(({ message }) => ({
      message,
      sender: "",
      recipient: "",
      messageId: messageId === undefined ? undefined : Message.messageIdOf(messageId, message)
    }))
    const timed = tally.delivery.counts.some((count) => count > 0)
    const proved: Proved = {
      tally,
      by: "messages",
      seconds: [],
      waited: 0,
      missed,
      changes: [],
      // Nobody knows of the clocks of segments that are lost.
      clocks: timed && (isUncompared || ofLost > 0) ? "not compared" : undefined,
      compared,
      exactTo: timed && paths.some(ImapUrl.isOne) ? 1000 : undefined,
      ofLost: ofLost === 0 ? undefined : ofLost,
      stores: lost.length + unfinished.length === 0 ? undefined : { lost, unfinished }
    }
    const others = report.durations.filter(({ of }) => of !== "delivery")
    const delivery = { of: "delivery", ending: "accepted" as const, ...Durations.ofHistogram(tally.delivery) }
    return { ...report, durations: timed ? [...others, delivery] : others, ...ProofReport.of(proved) }
  })

interface Looking {
  readonly books: Deliveries
  readonly stamped: Stamped
  readonly crc32: Checksum["Type"]
  /** Whose files were read, and what they say. */
  readonly sinks: Map<string, { readonly path: string; readonly text: string }>
  /** The files of sinks that had not come to their end. */
  readonly unfinished: Array<string>
  /** The clocks of sinks that were compared with the generator's, and whether others have timed anything. */
  readonly compared: Array<ComparedClock>
  isUncompared: boolean
  readonly warn: (text: string) => void
}

const fetch = (looking: Looking, url: string, imap: ImapStore.ImapOptions) =>
  ImapStore.read(url, imap, {
    onMailbox: () => looking.books.elsewhere(),
    onMessage: (message, at) => take(looking, message, at)
  })

/** What a store is, is seen in its files. */
const lookIn = (looking: Looking, given: string): Effect.Effect<void, Refused | PartsFile.PartsUnusable, FileSystem> =>
  Effect.gen(function* () {
    const files = yield* CorpusFiles.filesOf(given.replace(/^(?:maildir|mbox|eml):/, ""))
    // The names of files are in no order: Dovecot writes the microseconds without zeros before them.
    const inOrder = [...files].sort((one, other) => (timeIn(one.path) ?? 0) - (timeIn(other.path) ?? 0))
    for (const { path } of inOrder) {
      const bytes = yield* PartsFile.read("--delivered", path)
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
      if (ArrivalsFile.isOne(buffer)) {
        yield* addSink(looking, path, buffer.toString())
        continue
      }
      const at = timeIn(path)
      for (const { end, start } of CorpusFiles.placesIn(Mbox.ofBuffer(buffer), "auto")) {
        take(looking, buffer.subarray(start, end), at)
      }
    }
  })

/** Adds what a sink has written down. */
const addSink = (
  looking: Looking,
  path: string,
  text: string
): Either.Either<void, Refused | PartsFile.PartsUnusable> =>
  Either.gen(function* () {
    const { books, sinks, stamped, unfinished, warn } = looking
    const damaged = (what: string) => new PartsFile.PartsUnusable({ option: "--delivered", reason: `${path}: ${what}` })
    const { complete, runs, sink, unstamped } = yield* Either.mapLeft(ArrivalsFile.parse(text), damaged)
    const before = sinks.get(sink)
    if (before !== undefined) {
      if (before.text === text) return warn(`${path}: the same file as ${before.path}: counted once`)
      const reason = `--delivered: ${before.path} and ${path} are of the same sink: only the later one is needed`
      return yield* Either.left(new Refused({ reason: Printable.escape(reason) }))
    }
    // Of a message to several, each may have a copy.
    const ahead = stamped.clocks?.find((clock) => clock.sink === sink)?.ahead
    const readable = runs.every((each) => {
      if (each.run !== stamped.run) return true
      return books.addCame(ahead === undefined ? each : byOurClock(looking, path, each, ahead), stamped.width === 1)
    })
    const isOfRun = runs.some(({ run }) => run === stamped.run)
    if (isOfRun && ahead === undefined) looking.isUncompared = true
    if (!readable) return yield* Either.left(damaged("its messages are damaged"))
    books.count("foreign", unstamped)
    sinks.set(sink, { path, text })
    if (!isOfRun) {
      const others = runs.length === 0 ? "" : `, but of ${runs.length === 1 ? "another" : `${runs.length} others`}`
      warn(`${path}: has nothing of this run${others}`)
    }
    if (complete) return
    unfinished.push(path)
    warn(`${path}: its sink was killed, or still takes messages: what came last is not known`)
  })

/** What came, by the generator's clock, as far as that is known. */
const byOurClock = ({ compared }: Looking, of: string, came: Came.Came, offset: ClockOffset.ClockOffset): Came.Came => {
  const { ahead, within } = ClockOffset.middle(offset)
  const known = Came.corrected(came, offset)
  compared.push({ of, ahead, within: known?.within ?? within, corrected: known !== undefined })
  return known?.came ?? came
}

/** Looks at one message, whose lines may end in LF: so stores have them. */
const take = (looking: Looking, message: Buffer, at: number | ImapStore.WholeSecond | undefined): void => {
  const { books, crc32, stamped } = looking
  const { run, width } = stamped
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
    const { message, sentAt } = stamp
    const exactly = at === undefined ? undefined : timeOf(at, sentAt)
    if (exactly !== undefined) looking.isUncompared = true
    books.arrive({ message, place: 0, fate: "confirmed", change, sentAt, at: exactly })
  })({ ...ContentTap.nobody, sender })
  tap?.take(whole, 0, whole.length)
  tap?.end(ContentTap.nobody.recipients, "250")
}

/** What came in the second in which it was sent has taken no time, for all that is known. */
const timeOf = (at: number | ImapStore.WholeSecond, sentAt: number): number =>
  typeof at === "number" ? at : sentAt > at.second && sentAt < at.second + 1_000_000 ? sentAt : at.second

/** When a message came to a Maildir, in microseconds: its name begins with that. */
const timeIn = (path: string): number | undefined => {
  const [, seconds, micros] = /(?:^|\/)(\d{9,11})\.(?:[^./,]*?)M(\d{1,6})[^/]*$/.exec(path) ?? []
  return seconds === undefined ? undefined : Number(seconds) * 1_000_000 + Number(micros)
}
