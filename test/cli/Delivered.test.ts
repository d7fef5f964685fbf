import * as FileSystem from "@effect/platform/FileSystem"
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as fc from "fast-check"
import * as NodeImap from "../../src/node/NodeImap.js"
import * as Delivered from "../../src/cli/Delivered.js"
import * as Arrivals from "../../src/load/Arrivals.js"
import { Deliveries } from "../../src/measure/Deliveries.js"
import * as Partition from "../../src/plan/Partition.js"
import * as Stamp from "../../src/plan/Stamp.js"
import * as ArrivalsFile from "../../src/report/ArrivalsFile.js"
import * as Judgement from "../../src/report/Judgement.js"
import * as JsonReport from "../../src/report/JsonReport.js"
import * as MergedReport from "../../src/report/MergedReport.js"
import * as SavedReport from "../../src/report/SavedReport.js"
import { Output } from "../../src/report/Output.js"
import type * as RunReport from "../../src/report/RunReport.js"
import * as TextReport from "../../src/report/TextReport.js"
import * as CapturedOutput from "./CapturedOutput.js"
import { reportOf } from "../report/Reports.js"

/** What came of a message to one of the sinks. */
interface Coming {
  readonly sink: number
  readonly how: "whole" | "changed" | "notice"
}

interface Sent {
  readonly end: "accepted" | "unknown" | "rejected"
  readonly comings: ReadonlyArray<Coming>
}

const run = "r"

/** The results of the segments of a run with stamps. */
const segmentsOf = (sent: ReadonlyArray<Sent>, of: number): ReadonlyArray<RunReport.RunReport> => {
  const base = reportOf([])
  return Array.from({ length: of }, (_, index) => {
    const { at, count } = Partition.of({ index, of })
    const numbers = Array.from({ length: count(sent.length) }, (_, own) => at(own))
    const ended = (end: Sent["end"]) => numbers.filter((number) => sent[number]!.end === end)
    const books = Deliveries.make(1, 0, 1000)
    for (const number of ended("accepted")) books.book(number, 0, "accepted", 0)
    for (const number of ended("unknown")) books.book(number, 0, "open", 0)
    const [accepted, rejected, unknown] = [ended("accepted"), ended("rejected"), ended("unknown")].map(
      ({ length }) => length
    )
    return {
      ...base,
      ids: [`${run} ${index + 1}/${of}`],
      plan: { target: "h", prove: "messages", messages: sent.length },
      messages: {
        ...base.messages,
        planned: numbers.length,
        started: numbers.length,
        accepted: accepted!,
        rejected: rejected!,
        unknown: unknown!
      },
      segments: [{ run, index: index + 1, of, whole: sent.length, ended: "completed", elapsed: 1000, lost: 0 }],
      stamped: { run: Stamp.runOf(run), by: "messages", width: 1, ...books.sent() }
    }
  })
}

/** The file of a sink, when this many arrivals had come to it. */
const fileOf = (
  sent: ReadonlyArray<Sent>,
  sink: number,
  most = Number.POSITIVE_INFINITY,
  /** By how much its clock is ahead, in milliseconds. */
  ahead = 0
): string => {
  const { seen, take } = Arrivals.make({ now: () => 100_000 + ahead * 1000, onFull: () => {} })
  const all = sent.flatMap(({ comings }, message) =>
    comings.flatMap((coming) => (coming.sink === sink ? [{ ...coming, message }] : []))
  )
  for (const { how, message } of all.slice(0, most)) {
    const stamp = { run: Stamp.runOf(run), message, sentAt: 100_000 - message * 1000, checksum: 1, size: 5 }
    take({
      sender: "",
      recipients: [""],
      confirmed: [""],
      isWithheld: false,
      header: "",
      size: 5,
      checksum: how === "changed" ? 2 : 1,
      body: undefined,
      hops: 1,
      ...(how === "notice"
        ? { stamp: undefined, returned: { stamp, recipients: [], isDelayed: false } }
        : { stamp, returned: undefined })
    })
  }
  const complete = most >= all.length
  return ArrivalsFile.render({ ...seen(), sink: sink.toString(16).padStart(16, "0"), complete })
}

/** A disk that has these files. */
const disk = (files: { readonly [name: string]: string }) => {
  const bytes = (path: string) => Buffer.from(files[path] ?? "")
  const below = (path: string) =>
    Object.keys(files).flatMap((name) => (name.startsWith(`${path}/`) ? [name.slice(path.length + 1)] : []))
  return FileSystem.layerNoop({
    exists: (path) => Effect.succeed(path in files),
    stat: (path) =>
      path in files
        ? Effect.succeed({ ...info, size: FileSystem.Size(bytes(path).length) })
        : below(path).length > 0
          ? Effect.succeed({ ...info, type: "Directory" as const })
          : FileSystem.makeNoop({}).stat(path),
    readDirectory: (path) => Effect.succeed(below(path)),
    readFile: (path) => Effect.succeed(new Uint8Array(bytes(path)))
  })
}

const info: FileSystem.File.Info = {
  type: "File",
  mtime: Option.none(),
  atime: Option.none(),
  birthtime: Option.none(),
  dev: 0,
  rdev: Option.none(),
  ino: Option.none(),
  mode: 0,
  nlink: Option.none(),
  uid: Option.none(),
  gid: Option.none(),
  size: FileSystem.Size(0),
  blksize: Option.none(),
  blocks: Option.none()
}

/** Puts the results together, and looks into the files. */
const look = (
  reports: ReadonlyArray<RunReport.RunReport>,
  paths: ReadonlyArray<string>,
  files: { readonly [name: string]: string }
) => {
  const { output, written } = CapturedOutput.make()
  const merged = Either.getOrThrow(MergedReport.all(reports))
  return Effect.map(
    Effect.either(
      Delivered.look(merged, paths).pipe(
        Effect.provideService(Output, output),
        Effect.provide([disk(files), NodeImap.layer])
      )
    ),
    (looked) => ({ looked, stderr: written.stderr })
  )
}

const sent: fc.Arbitrary<ReadonlyArray<Sent>> = fc.array(
  fc
    .record({
      end: fc.constantFrom("accepted" as const, "accepted" as const, "accepted" as const, "unknown" as const),
      comings: fc.array(
        fc.record({
          sink: fc.nat(1),
          how: fc.constantFrom(
            "whole" as const,
            "whole" as const,
            "whole" as const,
            "changed" as const,
            "notice" as const
          )
        }),
        { maxLength: 2 }
      )
    })
    .chain((one) => fc.constantFrom<Sent>(one, one, one, one, { end: "rejected", comings: [] })),
  { minLength: 1, maxLength: 20 }
)

const expressions = [
  "missing > 0",
  "missing > 4",
  "missing >= 30%",
  "delivered < 90%",
  "delivered > 6",
  "returned > 0",
  "duplicated > 0",
  "changed > 1",
  "changed >= 20%",
  "p50(delivery) > 5ms",
  "max(delivery) > 15ms"
]

const judge = (report: RunReport.RunReport, allowMissing = false) =>
  Either.getOrThrow(Judgement.judge(report, { failIf: expressions }, { allowMissing }))

describe("a proof of one run that several segments sent and several sinks saw", () => {
  it("has the verdicts of the whole, or is undecided, where a segment or a sink is lost, or was killed", () => {
    const decided = new Set<string>()
    const undecided = new Set<string>()
    fc.assert(
      fc.property(
        sent,
        fc.integer({ min: 1, max: 3 }),
        fc.record({ segment: fc.nat(3), sink: fc.constantFrom("there", "there", "lost", "killed"), most: fc.nat(9) }),
        fc.boolean(),
        (all, of, without, isReversed) => {
          const reports = segmentsOf(all, of)
          const files = { a: fileOf(all, 0), b: fileOf(all, 1) }
          const whole = Effect.runSync(look(reports, ["a", "b"], files))
          const kept = reports.filter((_, index) => of === 1 || index !== without.segment)
          const left = {
            a: files.a,
            ...(without.sink === "there" ? { b: files.b } : {}),
            ...(without.sink === "killed" ? { b: fileOf(all, 1, without.most) } : {})
          }
          const paths = isReversed ? ["b", "a"] : ["a", "b"]
          const known = Effect.runSync(look(isReversed ? kept.toReversed() : kept, paths, left))
          const truth = judge(Either.getOrThrow(whole.looked))
          assert.isTrue(truth.every((verdict) => verdict.undecided === undefined))
          const told = Either.getOrThrow(known.looked)
          judge(told).forEach((verdict, index) => {
            if (verdict.undecided === true) undecided.add(verdict.expression)
            else {
              assert.strictEqual(verdict.failed, truth[index]?.failed, verdict.expression)
              if (kept.length < of || without.sink !== "there") decided.add(verdict.expression)
            }
          })
          if (kept.length === of && without.sink === "there") {
            assert.deepStrictEqual(told, Either.getOrThrow(whole.looked))
          }
        }
      ),
      { numRuns: 24 }
    )
    assert.includeMembers([...undecided], ["missing > 0", "delivered < 90%", "duplicated > 0", "p50(delivery) > 5ms"])
    assert.includeMembers(
      [...decided],
      ["missing > 0", "missing > 4", "delivered > 6", "returned > 0", "duplicated > 0"]
    )
  })

  const twelve = Array.from(
    { length: 12 },
    (_, message): Sent => ({ end: "accepted", comings: [{ sink: message % 2, how: "whole" }] })
  )
  const three = segmentsOf(twelve, 3)
  const files = { a: fileOf(twelve, 0), b: fileOf(twelve, 1) }

  it.effect("tells what came of a segment that is lost, which may not have been accepted", () =>
    Effect.gen(function* () {
      const { looked } = yield* look(three.slice(1), ["a", "b"], files)
      const report = yield* looked
      const text = TextReport.render(report)
      assert.include(text, "  delivered  8 of 8 messages accepted\n  missing    none\n")
      assert.include(text, "  others     4 messages of segments that are lost\n")
      // All that may have been sent has come.
      const [none, , , share] = judge(report)
      assert.deepInclude(none, { failed: false, measured: "0" })
      assert.deepInclude(share, { undecided: true, measured: "66.7 % to 100 %" })
      const half = yield* (yield* look(three.slice(1), ["a"], files)).looked
      assert.deepInclude(judge(half)[0], { failed: true, measured: "4 to 6" })
    })
  )

  it.effect("says nothing of what was on its way, which no result tells", () =>
    Effect.gen(function* () {
      const several = segmentsOf(twelve, 1).map((report) => {
        const books = Deliveries.make(2, 0, 1000)
        for (let message = 0; message < 12; message++) {
          for (const place of [0, 1]) books.book(message, place, "accepted", 0)
        }
        return { ...report, stamped: { ...report.stamped!, by: "recipients" as const, width: 2, ...books.sent() } }
      })
      const report = yield* (yield* look(several, ["a", "b"], files)).looked
      assert.include(TextReport.render(report), "  delivered  12 of 12 messages accepted\n  missing    none\n")
      assert.notInclude(TextReport.render(report), "queue")
    })
  )

  it.effect("names the file of a sink that is lost or damaged, and is undecided, unless that is allowed", () =>
    Effect.gen(function* () {
      for (const [b, why] of [
        [undefined, "No such file or directory"],
        [files.b.slice(0, 200), "cut off, or no JSON"],
        [files.b.replace(/"came":"[^"]+"/, '"came":"_w=="'), "its messages are damaged"]
      ] as const) {
        const { looked, stderr } = yield* look(three, ["a", "b"], { a: files.a, ...(b === undefined ? {} : { b }) })
        const report = yield* looked
        assert.strictEqual(stderr, `smtp-report: b: ${why}: what came there is not known\n`)
        assert.include(TextReport.render(report), "  missing    not seen: up to 6 accepted\n")
        assert.include(TextReport.render(report), `  not seen   what came to b: ${why}\n`)
        assert.deepInclude(judge(report)[0], { undecided: true, measured: "0 to 6" })
        assert.deepInclude(judge(report, true)[0], { failed: true, measured: "6" })
      }
    })
  )

  it.effect("names a sink that was killed", () =>
    Effect.gen(function* () {
      const { looked, stderr } = yield* look(three, ["a", "b"], { ...files, b: fileOf(twelve, 1, 2) })
      const report = yield* looked
      assert.strictEqual(
        stderr,
        "smtp-report: b: its sink was killed, or still takes messages: what came last is not known\n"
      )
      assert.include(
        TextReport.render(report).replace(/\s+/g, " "),
        "not seen what came last to b: its sink was killed"
      )
      assert.deepInclude(judge(report)[0], { undecided: true, measured: "0 to 4" })
    })
  )

  it.effect("counts a sink once whose file is given twice, or is there twice", () =>
    Effect.gen(function* () {
      const { looked: once } = yield* look(three, ["a", "b"], files)
      for (const [paths, told] of [
        [["a", "b", "a"], "smtp-report: a: given twice: counted once\n"],
        [["a", "b", "copy"], "smtp-report: copy: the same file as a: counted once\n"]
      ] as const) {
        const { looked, stderr } = yield* look(three, paths, { ...files, copy: files.a })
        assert.deepStrictEqual(looked, once)
        assert.strictEqual(stderr, told)
      }
    })
  )

  it.effect("shows no password that stands in the URL of a mailbox", () =>
    Effect.gen(function* () {
      const url = "imaps://me:secret@mail.example"
      const unstamped = three.map(({ stamped: _, ...report }) => report)
      for (const reports of [three, unstamped]) {
        const { looked, stderr } = yield* look(reports, [url, url], files)
        const told = stderr + (yield* Effect.flip(looked)).reason
        assert.include(told, "imaps:...")
        assert.notInclude(told, "secret")
      }
    })
  )

  it.effect("refuses an earlier file of a sink beside a later one, and stores of which none can be read", () =>
    Effect.gen(function* () {
      const refused = (paths: ReadonlyArray<string>, disk: { readonly [name: string]: string }) =>
        Effect.flatMap(look(three, paths, disk), ({ looked }) => Effect.map(Effect.flip(looked), String))
      assert.include(
        yield* refused(["earlier", "b", "a"], { ...files, earlier: fileOf(twelve, 0, 3) }),
        "--delivered: earlier and a are of the same sink: only the later one is needed"
      )
      assert.include(yield* refused(["c", "d"], files), "--delivered: c: No such file or directory")
    })
  )

  it.effect("takes how long by the generator's clock, where that was compared with those of the sinks", () =>
    Effect.gen(function* () {
      const compared = three.map((report, index) => ({
        ...report,
        stamped: {
          ...report.stamped!,
          clocks: [
            { sink: "0".repeat(16), ahead: [-20_002 - index, -19_999] as const },
            { sink: "1".padStart(16, "0"), ahead: [29_999, 30_001] as const }
          ]
        }
      }))
      const elsewhere = { a: fileOf(twelve, 0, undefined, -20_000), b: fileOf(twelve, 1, undefined, 30_000) }
      const report = yield* (yield* look(compared, ["a", "b"], elsewhere)).looked
      assert.deepStrictEqual(
        report.proof?.compared?.map(({ ahead, of, corrected }) => ({ ahead, of, corrected })),
        [
          { of: "a", ahead: -20_001.5, corrected: true },
          { of: "b", ahead: 30_000, corrected: true }
        ]
      )
      const text = TextReport.render(report).replace(/\s+/g, " ")
      assert.include(text, "clocks that of a was 20.0 s behind, ")
      assert.include(text, "clocks that of b was 30.0 s ahead, ")
      assert.notInclude(text, "not compared")
      assert.notInclude(text, "before they were sent")
      // They took from 0 to 11 ms.
      const [delivery] = report.durations.filter(({ of }) => of === "delivery")
      assert.isBelow(delivery!.max, 11 + report.proof!.compared![0]!.within + 1)
      const saved = Either.getOrThrow(SavedReport.parse(JsonReport.render(report)))
      assert.deepStrictEqual(saved.proof?.compared, report.proof?.compared)
      // What has nothing of this run has timed nothing of it.
      const letter = "1700000000.M1P1.host"
      const besides = { ...elsewhere, c: fileOf(twelve, 2), [letter]: "Subject: x\n\nNobody's.\n" }
      const more = yield* (yield* look(compared, ["a", "b", "c", letter], besides)).looked
      assert.strictEqual(more.proof?.foreign, 1)
      assert.notProperty(more.proof, "clocks")
      // Of one of them nothing is known.
      const half = compared.map((each) => ({
        ...each,
        stamped: { ...each.stamped, clocks: each.stamped.clocks.slice(1) }
      }))
      const unknown = yield* (yield* look(half, ["a", "b"], elsewhere)).looked
      const told = TextReport.render(unknown).replace(/\s+/g, " ")
      assert.match(told, /clocks that of b was 30\.0 s ahead, .* clocks others were not compared: /)
      assert.notInclude(told, "clocks not compared")
      // One of the segments has not compared its clock, or is lost.
      const { clocks: _, ...unasked } = compared[0]!.stamped
      const some = yield* (yield* look(
        [{ ...compared[0]!, stamped: unasked }, ...compared.slice(1)],
        ["a", "b"],
        elsewhere
      )).looked
      assert.deepInclude(some.proof, { clocks: "not compared" })
      assert.notProperty(some.proof, "compared")
      assert.include(TextReport.render(some), "clocks     not compared: ")
      const lost = yield* (yield* look(compared.slice(1), ["a", "b"], elsewhere)).looked
      assert.deepInclude(lost.proof, { clocks: "not compared" })
      assert.include(told, "6 came before they were sent: the clocks differ")
    })
  )

  it.effect(
    "tells the order in which messages came to Maildirs by their times, whatever the names of files and folders",
    () =>
      Effect.gen(function* () {
        const mail = (message: number) =>
          `${Stamp.write({ run: Stamp.runOf(run), message, sentAt: 0, checksum: 0, size: 0 }).trimEnd()}\n\n`
        // As Dovecot names them: microseconds without zeros before them.
        const files = {
          "mail/ann/Maildir/new/1795766915.M100000P1.h": mail(2),
          "mail/ann/Maildir/new/1795766915.M9000P1.h": mail(0),
          "mail/bob/Maildir/new/1795766915.M50000P1.h": mail(1),
          "other/new/1795766915.M200000P1.h": mail(1)
        }
        const reports = segmentsOf(
          Array.from({ length: 3 }, () => ({ end: "accepted", comings: [] })),
          1
        )
        const proofOf = (paths: ReadonlyArray<string>, there: { readonly [name: string]: string }) =>
          Effect.map(look(reports, paths, there), ({ looked }) => Either.getOrThrow(looked).proof)
        assert.deepInclude(yield* proofOf(["mail"], files), { first: 3, outOfOrder: 0 })
        const late = {
          ...files,
          "mail/bob/Maildir/new/1795766915.M50000P1.h": "",
          "mail/bob/Maildir/new/1795766916.M1P1.h": mail(1)
        }
        assert.deepInclude(yield* proofOf(["mail"], late), { first: 3, outOfOrder: 1 })
        // Each store has an order of its own.
        const { "mail/bob/Maildir/new/1795766915.M50000P1.h": _, ...two } = files
        assert.deepInclude(yield* proofOf(["mail", "other"], two), { first: 3, outOfOrder: 0 })
      })
  )

  it.effect("is made of a run that was cut: what has come of it", () =>
    Effect.gen(function* () {
      const cut = segmentsOf(twelve, 1).map(({ segments: _, stamped: __, ...report }) => ({
        ...report,
        ids: [run],
        ended: "cut" as const
      }))
      const report = yield* (yield* look(cut, ["a"], files)).looked
      assert.include(TextReport.render(report), "  others     6 messages of segments that are lost\n")
      assert.deepInclude(judge(report)[0], { undecided: true, measured: "0 to 6" })
    })
  )
})
