/**
 * What messages are made of that is not in the plan itself: a template, attached files and rows of data, read before the run.
 *
 * It is over 300 lines because parts are read together, and checked against each other.
 *
 * @since 0.1.0
 */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type * as Redacted from "effect/Redacted"
import * as Attachment from "./Attachment.js"
import * as Address from "./Address.js"
import * as Amount from "./Amount.js"
import type * as Corpus from "./Corpus.js"
import * as CorpusEnvelope from "./CorpusEnvelope.js"
import * as CorpusOrder from "./CorpusOrder.js"
import * as CorpusFiles from "./CorpusFiles.js"
import * as Extensions from "./Extensions.js"
import type { RunIdentity } from "./Message.js"
import * as DkimFields from "./DkimFields.js"
import * as MessageTemplate from "./MessageTemplate.js"
import * as ItemOrder from "./ItemOrder.js"
import * as PartsFile from "./PartsFile.js"
import { PartsUnusable } from "./PartsFile.js"
import type { Plan } from "./PlanTypes.js"
import * as Rows from "./Rows.js"
import * as Template from "./Template.js"
import type { UserAtHand } from "./UserAtHand.js"

/**
 * What the files hold that a plan's messages are made of: plain data, and memory that threads can share.
 *
 * @since 0.1.0
 * @category models
 */
export interface MessageParts {
  /** What --template names. */
  readonly template?: string | undefined
  /** The files that --attach names, encoded, at the same places. */
  readonly attachments?: ReadonlyArray<Uint8Array | undefined> | undefined
  /** The messages of --corpus. */
  readonly corpus?: Corpus.Corpus | undefined
  /** The key of --dkim-key, in PEM. */
  readonly dkimKey?: Redacted.Redacted<string> | undefined
  /** What --data names. */
  readonly data?: Uint8Array | undefined
  /** How many rows that has. */
  readonly rows?: number | undefined
}

export { PartsUnusable } from "./PartsFile.js"

/**
 * Whether a run of the plan needs what `read` gives.
 *
 * @since 0.1.0
 * @category predicates
 */
export const areNeeded = (plan: Plan): boolean =>
  plan.template !== undefined ||
  plan.data !== undefined ||
  plan.expand ||
  hasFiles(plan) ||
  plan.corpus !== undefined ||
  plan.dkim !== undefined ||
  (plan.headers ?? []).some(Template.isTemplate)

/** The files that are attached, and nothing where they are at random. */
const filesOf = (plan: Plan): ReadonlyArray<string | undefined> =>
  (plan.attach ?? []).map((text) => {
    const { what } = Either.getOrThrow(Attachment.parse(text))
    return "path" in what ? what.path : undefined
  })

/**
 * Whether the plan names files to attach.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasFiles = (plan: Plan): boolean => filesOf(plan).some((path) => path !== undefined)

/**
 * Reads the files that a plan's messages are made of, and checks all variables, in whatever option they stand, and all values that
 * rows have for them. It is `parts` among the options of a run. Undefined where there is nothing to read or to check.
 *
 * @since 0.1.0
 * @category constructors
 */
export const read = (plan: Plan): Effect.Effect<MessageParts | undefined, PartsUnusable, FileSystem.FileSystem> => {
  if (!areNeeded(plan)) return Effect.succeed(undefined)
  return Effect.gen(function* () {
    const template = plan.template === undefined ? undefined : yield* PartsFile.read("--template", plan.template)
    const text = template && (yield* utf8(template, plan.template!))
    const bytes = plan.data === undefined ? undefined : yield* PartsFile.read("--data", plan.data)
    const data = bytes && shared(bytes)
    const attachments = yield* Effect.forEach(filesOf(plan), (path) =>
      path === undefined
        ? Effect.succeed(undefined)
        : Effect.map(PartsFile.read("--attach", path), (bytes) => shared(Attachment.encoded(bytes)))
    )
    const corpus = plan.corpus === undefined ? undefined : yield* CorpusFiles.read(plan, plan.corpus)
    const dkimKey = yield* DkimFields.read(plan)
    return { template: text, dkimKey, attachments, corpus, data, rows: yield* check(plan, text, data) }
  })
}

/** In memory that threads can share. */
const shared = (bytes: Uint8Array): Uint8Array => {
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length))
  copy.set(bytes)
  return copy
}

const utf8 = (bytes: Uint8Array, path: string) =>
  Either.try({
    try: () => new TextDecoder("utf-8", { fatal: true }).decode(bytes),
    catch: () => new PartsUnusable({ option: "--template", reason: `${path}: not UTF-8` })
  })

/** The number of rows, once everything is known to be in order. */
const check = (
  plan: Plan,
  template: string | undefined,
  data: Uint8Array | undefined
): Either.Either<number | undefined, PartsUnusable> =>
  Either.gen(function* () {
    const rows =
      data === undefined
        ? undefined
        : yield* Either.mapLeft(
            Rows.parse(data),
            ({ line, reason }) =>
              new PartsUnusable({ option: "--data", reason: `${plan.data}: line ${line}: ${reason}` })
          )
    const values = valuesOf(plan, sample, rows, undefined)
    const known: Template.Values = { ...values, envelope: { from: String, to: String, recipient: String } }
    const columns = new Map<number, Set<Place>>()
    const take = (read: Template.Template, placeOf: (at: number) => Place) => {
      for (const { index, place } of read.columns) {
        const places = columns.get(index) ?? new Set()
        columns.set(index, places.add(placeOf(place)))
      }
    }
    for (const [option, text, own, where] of [
      ...(plan.expand
        ? ([
            ["-f", plan.from, values, "address"],
            ["-t", plan.to, values, "address"],
            ["-S", plan.subject, known, "line"],
            ...Extensions.parametersOf(plan).map(([option, text]) => [option, text, known, "parameter"] as const)
          ] as const)
        : []),
      ...(plan.headers ?? []).map((header) => ["--header", header, known, "line"] as const)
    ]) {
      if (text === undefined) continue
      const made = yield* Either.mapLeft(
        Template.parse(text, option, own),
        ({ column, reason }) =>
          new PartsUnusable({ option, reason: `${JSON.stringify(text)}, column ${column}: ${reason}` })
      )
      take(made, () => where)
    }
    if (template !== undefined) {
      const path = plan.template!
      const made = yield* Either.mapLeft(
        MessageTemplate.parse(template, known),
        ({ column, line, reason }) =>
          new PartsUnusable({ option: "--template", reason: `${path}: line ${line}, column ${column}: ${reason}` })
      )
      take(made.template, (at) => (at < made.headEnd ? "line" : "lines"))
    }
    if (rows !== undefined) yield* checkCells(rows, columns, plan.data!)
    return rows?.count
  })

/** Where a cell goes: into the text of a message, a header, an address, or a parameter of a command. */
type Place = "lines" | "line" | "address" | "parameter"

/**
 * A line break in a header or a command would begin another one (CWE-93), and what follows ">" in an address, or a blank in a
 * parameter, would be parameters of its command; a bare carriage return is nothing anywhere.
 */
const checkCells = (
  rows: Rows.Rows,
  columns: ReadonlyMap<number, ReadonlySet<Place>>,
  path: string
): Either.Either<void, PartsUnusable> => {
  if (columns.size === 0) return Either.void
  for (let row = 0; row < rows.count; row++) {
    const cells = rows.cells(row)
    for (const [index, places] of columns) {
      for (const place of places) {
        const problem = problemOf(cells[index]!, place)
        if (problem === undefined) continue
        const where = `line ${rows.line(row)}, column ${JSON.stringify(rows.names[index])}`
        return Either.left(new PartsUnusable({ option: "--data", reason: `${path}: ${where}: ${problem}` }))
      }
    }
  }
  return Either.void
}

const problemOf = (cell: string, place: Place): string | undefined => {
  if (place === "lines") return /\r(?!\n)/.test(cell) ? "holds a carriage return that no line feed follows" : undefined
  if (/[\0\r\n]/.test(cell)) return "holds a line break or a NUL, which cannot be in a header or an address"
  if (place === "address" && /[<>]/.test(cell))
    return 'holds "<" or ">", between which an address is put: give the address alone'
  return place === "parameter" && /[^!-~]/.test(cell)
    ? "holds a blank, or what is not of printable ASCII, which cannot be in a parameter"
    : undefined
}

const sample: RunIdentity & { readonly seed: string } = {
  helloName: "localhost",
  runId: "0",
  startedAt: new Date(0),
  seed: ""
}

/**
 * The plan, with no more messages than there are rows, or messages of a corpus, where each is to be used once.
 *
 * @since 0.1.0
 * @category combinators
 */
export const bounded = (plan: Plan, parts: MessageParts | undefined): Plan => {
  if (!plan.once || parts === undefined) return plan
  const { corpus, rows = Number.POSITIVE_INFINITY } = parts
  const most = corpus === undefined ? Number.POSITIVE_INFINITY : CorpusOrder.once(corpus.groups)
  const items = Math.min(rows, most)
  return items === Number.POSITIVE_INFINITY ? plan : { ...plan, messages: Math.min(plan.messages ?? items, items) }
}

/**
 * The addresses of a run: those of the plan, or of the headers of a corpus. The plan's sender may be `user`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const addresses = (
  plan: Plan,
  helloName: string,
  seed: string,
  values: Template.Values | undefined,
  parts: MessageParts | undefined,
  user?: UserAtHand | undefined
): Address.Addresses => {
  const { envelopes, groups } = parts?.corpus ?? {}
  return envelopes === undefined || groups === undefined
    ? Address.make(plan, helloName, seed, values, user)
    : CorpusEnvelope.addresses(envelopes, CorpusOrder.make(plan.order, groups, `${seed} corpus`))
}

/**
 * How many recipients a message has at most.
 *
 * @since 0.1.0
 * @category destructors
 */
export const mostRecipients = (plan: Plan, parts: MessageParts | undefined): number =>
  parts?.corpus?.envelopes?.most ?? Amount.countsOf(plan.recipients ?? 1).most

/**
 * What the variables of a run have their values from, but for the envelope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const values = (
  plan: Plan,
  identity: RunIdentity & { readonly seed: string },
  parts: MessageParts | undefined
): Template.Values => {
  const rows = parts?.data === undefined ? undefined : Either.getOrThrow(Rows.parse(parts.data))
  return valuesOf(plan, identity, rows, rows && ItemOrder.make(plan.dataOrder, rows.count, `${identity.seed} data`))
}

const valuesOf = (
  _plan: Plan,
  { helloName, runId, seed, startedAt }: RunIdentity & { readonly seed: string },
  rows: Rows.Rows | undefined,
  rowOf: ((message: number) => number) | undefined
): Template.Values => {
  if (rows === undefined) return { seed, runId, helloName, startedAt }
  let last = -1
  let cells: ReadonlyArray<string> = []
  return {
    seed,
    runId,
    helloName,
    startedAt,
    rows: {
      names: rows.names,
      // Several variables, in several places, ask for the row of one message.
      cells: (message) => {
        if (message !== last) {
          cells = rows.cells(rowOf?.(message) ?? 0)
          last = message
        }
        return cells
      }
    }
  }
}
