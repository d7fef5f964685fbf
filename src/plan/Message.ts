/**
 * The content of each message: headers, body, and the final dot (RFC 5321 §4.5.2, RFC 5322 §3.6).
 *
 * Pure: what is in message k is a function of the plan, the run's identity and k. What all messages share is made once.
 *
 * It is over 300 lines because it is one list of all that a message can be made of, in the order in which it is asked for.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { crc32 } from "../smtp/Checksum.js"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import type { Content } from "../smtp/Wire.js"
import type { Addresses } from "./Address.js"
import * as Amount from "./Amount.js"
import * as Body from "./Body.js"
import * as Rewrite from "./Rewrite.js"
import type * as Corpus from "./Corpus.js"
import * as CorpusOrder from "./CorpusOrder.js"
import type { CorpusReader } from "./CorpusReader.js"
import * as Dkim from "./Dkim.js"
import * as HeaderDate from "./HeaderDate.js"
import { MadeContent } from "./MadeContent.js"
import * as MessageTemplate from "./MessageTemplate.js"
import type { Plan } from "./PlanTypes.js"
import * as Stamp from "./Stamp.js"
import * as Stuffing from "./Stuffing.js"
import * as Template from "./Template.js"

/**
 * What tells one run's messages from another's.
 *
 * @since 0.1.0
 * @category models
 */
export interface RunIdentity {
  readonly helloName: string
  /** Goes into each Message-Id: unique over runs and hosts. */
  readonly runId: string
  /** The Date: header of all messages. */
  readonly startedAt: Date
}

/**
 * Makes the content of message k, counted from 0.
 *
 * @since 0.1.0
 * @category models
 */
export type ContentOf = (message: number) => Content

/**
 * What messages are made from besides the plan.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sources {
  /** What -F names, as `MessageFile.read` gives it. */
  readonly file?: Uint8Array | undefined
  /** What --template names. */
  readonly template?: string | undefined
  /** What --attach names, encoded (`Attachment.encoded`), at the same places. */
  readonly attachments?: ReadonlyArray<Uint8Array | undefined> | undefined
  /** The messages of --corpus. */
  readonly corpus?: CorpusReader | undefined
  /** What variables have their values from, but for the envelope; without it there are none. */
  readonly values?: Template.Values | undefined
  /** What goes in chunks has no final dot, and no dots before dots. Default: with a dot. */
  readonly goes?: "with a dot" | "in chunks" | undefined
  /** What they are signed with; without it, they are not. */
  readonly signing?: Dkim.Signing | undefined
  /** For the stamps of --prove; without it, they tell of the run's start. */
  readonly stamping?: Omit<Stamp.Stamping, "run"> | undefined
}

/**
 * The content that a plan asks for (clauses S8.1 to S8.7). `seed` is what sizes and bodies are drawn from, or else the run's
 * identity.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  plan: Plan,
  addresses: Addresses,
  identity: RunIdentity & { readonly seed?: string | undefined },
  sources: Sources = {}
): ContentOf => {
  const unsigned = unstamped(plan, addresses, identity, sources)
  const of = sources.signing === undefined ? unsigned : Dkim.onTop(unsigned, sources.signing)
  if (plan.prove === undefined) return of
  const { runId, startedAt } = identity
  const { stamping = { sentAt: () => startedAt.getTime() * 1000, crc32 } } = sources
  return Stamp.onTop(of, { run: Stamp.runOf(runId), ...stamping })
}

const unstamped = (
  plan: Plan,
  addresses: Addresses,
  identity: RunIdentity & { readonly seed?: string | undefined },
  sources: Sources
): ContentOf => {
  if (sources.goes !== "in chunks") return contentOf(plan, addresses, identity, sources)
  // What is the same in all messages has its dots taken out once, but for those of headers, which a value may begin with.
  const isDotted = plan.headers?.some((header) => header.startsWith(".") || header.startsWith("{{")) === true
  const of = contentOf(plan, addresses, identity, isDotted ? { ...sources, goes: "with a dot" } : sources)
  return (message) => {
    const { body, head, unusable } = isDotted ? Stuffing.dotless(of(message)) : of(message)
    return new MadeContent(head, body, true, unusable)
  }
}

const contentOf = (
  plan: Plan,
  addresses: Addresses,
  identity: RunIdentity & { readonly seed?: string | undefined },
  { attachments, corpus, file, goes, template, values }: Sources
): ContentOf => {
  const finished = (dotted: ContentOf): ContentOf =>
    goes === "in chunks" ? (message) => Stuffing.dotless(dotted(message)) : dotted
  const known = values && { ...values, envelope: envelopeOf(addresses) }
  const top = topOf(plan, known)
  const head: HeadOf = (tail, wanted) => headers(plan, addresses, identity, known, top, tail, wanted)
  if (template !== undefined && known !== undefined) {
    const parsed = Either.getOrThrow(MessageTemplate.parse(template, known))
    return finished(MessageTemplate.render(parsed, Template.render(top)))
  }
  if (corpus !== undefined) return finished(stored(plan, seedOf(identity), corpus, head))
  if (file === undefined && varies(plan)) return finished(varying(plan, identity, attachments, head))
  if (file !== undefined && plan.prove !== undefined) {
    const fresh = anew(goes === "in chunks" ? Stuffing.unstuff(file) : file, head)
    if (fresh !== undefined) return fresh
  }
  const stuffed = file ?? generated(plan.length === undefined ? undefined : Amount.sizesOf(plan.length).most)
  const body = goes === "in chunks" ? Stuffing.unstuff(stuffed) : stuffed
  const joined = body.length <= Stuffing.longestText ? latin1(body) : undefined
  if (plan.bare || file !== undefined) {
    const first = Template.render(joined === undefined ? top : Template.joined([...top, joined]))
    if (top.some((part) => typeof part !== "string")) {
      return joined === undefined
        ? (message) => new MadeContent(first(message), body)
        : (message) => new MadeContent(first(message))
    }
    const constant: Content = joined === undefined ? { head: first(0), body } : { head: first(0) }
    return () => constant
  }
  const first = head(`\r\n${joined ?? ""}`)
  return joined === undefined
    ? (message) => new MadeContent(first(message), body)
    : (message) => new MadeContent(first(message))
}

/** The headers of each message, with what follows them; all that there are, or those that are wanted. */
type HeadOf = (tail: string, wanted?: ReadonlyArray<Rewrite.Rewritable>) => (message: number) => string

const seedOf = ({ runId, seed = runId }: RunIdentity & { readonly seed?: string | undefined }): string => seed

/**
 * What variables of the envelope are of each message.
 *
 * @since 0.1.0
 * @category constructors
 */
export const envelopeOf = ({ rcpts, sender, to }: Addresses): NonNullable<Template.Values["envelope"]> => ({
  from: (message) => SmtpCommand.bytes(sender(message)),
  to: (message) => SmtpCommand.bytes(to(message)),
  recipient: (message) => rcpts(message)[0]!.slice(SmtpCommand.rcptBegin.length, -SmtpCommand.rcptEnd.length)
})

/** The headers of --header, ready for DATA. */
const topOf = ({ headers = [] }: Plan, values: Template.Values | undefined): ReadonlyArray<Template.Part> =>
  Template.joined(
    headers.flatMap((header) => {
      const parts =
        values === undefined
          ? [SmtpCommand.bytes(header)]
          : Either.getOrThrow(Template.parse(header, "--header", values)).parts
      const [first] = parts
      if (typeof first === "string") return [first.startsWith(".") ? "." : "", ...parts, "\r\n"]
      // The value decides what the line begins with.
      const line = Template.render(parts)
      return [(message: number) => stuffed(line(message)), "\r\n"]
    })
  )

const stuffed = (line: string): string => (line.startsWith(".") ? `.${line}` : line)

/** Whether the messages differ in more than their headers. */
const varies = ({ attach, body, length }: Plan): boolean => {
  if (attach !== undefined && attach.length > 0) return true
  if (body !== undefined && body !== "text") return true
  if (length === undefined) return false
  const { least, most } = Amount.sizesOf(length)
  return least < most
}

const varying = (
  plan: Plan,
  identity: RunIdentity & { readonly seed?: string | undefined },
  attachments: ReadonlyArray<Uint8Array | undefined> | undefined,
  head: HeadOf
): ContentOf => {
  const bodyOf = Body.make(plan, seedOf(identity), `=_${identity.runId}`, attachments)
  const first = plan.bare ? undefined : head("")
  return (message) => {
    const { content, headers } = bodyOf(message)
    const before = first === undefined ? "" : `${first(message)}${headers}\r\n`
    return new MadeContent(before + content.head, content.body)
  }
}

/**
 * The Message-Ids of a run, `{k}` standing for the message's number; undefined where they are not of the run's making, or where only
 * the messages themselves can tell.
 *
 * @since 0.1.0
 * @category formatting
 */
export const messageIds = (
  { corpus, file, headers = [], rewrite, template }: Plan,
  { helloName, runId }: Pick<RunIdentity, "helloName" | "runId">
): string | undefined => {
  const keepsOwn = corpus !== undefined && rewrite !== undefined && !/message-id/i.test(rewrite)
  const isGiven = headers.some((header) => /^message-id[ \t]*:/i.test(header))
  return keepsOwn || isGiven || file !== undefined || template !== undefined ? undefined : `<${runId}.{k}@${helloName}>`
}

/**
 * The Message-Id of message k, by what `messageIds` has told.
 *
 * @since 0.1.0
 * @category formatting
 */
export const messageIdOf = (messageIds: string, message: number): string => messageIds.replace("{k}", hex(message))

/** The messages of a corpus, with those of their headers that are made anew. */
const stored = (plan: Plan, seed: string, corpus: CorpusReader, head: HeadOf): ContentOf => {
  const itemOf = CorpusOrder.make(plan.order, corpus.groups, `${seed} corpus`)
  const rewritten = head("", Either.getOrThrow(Rewrite.parse(plan.rewrite ?? "message-id")))
  return (message) => corpus.message(itemOf(message), rewritten(message))
}

/**
 * The messages of a file that has a Message-Id, each with another one: those who know a Message-Id drop the second message that
 * has it, and it would be missing. Undefined where the file has none.
 */
const anew = (file: Uint8Array, head: HeadOf): ContentOf | undefined => {
  const begin = latin1(file.subarray(0, 65_536))
  const { headerEnd } = Stamp.divide(begin)
  const kept = begin.slice(0, headerEnd).replace(/^message-id[ \t]*:.*\r\n([ \t].*\r\n)*/im, "")
  if (kept.length === headerEnd) return undefined
  const body = file.subarray(headerEnd)
  const isShort = body.length <= Stuffing.longestText
  const first = head(isShort ? kept + latin1(body) : kept, ["message-id"])
  return isShort ? (message) => new MadeContent(first(message)) : (message) => new MadeContent(first(message), body)
}

/** The headers of message k, and what follows them in all messages: to put it there costs nothing. */
const headers = (
  { expand, subject }: Plan,
  addresses: Addresses,
  { helloName, runId, startedAt }: RunIdentity,
  values: Template.Values | undefined,
  top: ReadonlyArray<Template.Part>,
  tail: string,
  wanted: ReadonlyArray<Rewrite.Rewritable> = Rewrite.rewritable
): ((message: number) => string) => {
  const { bytes } = SmtpCommand
  const subjectParts =
    expand && subject !== undefined && values !== undefined
      ? Either.getOrThrow(Template.parse(subject, "-S", values)).parts
      : [bytes(subject ?? "")]
  const of = (address: (message: number) => string): Template.Part =>
    addresses.areConstant ? bytes(address(0)) : (message) => bytes(address(message))
  const line = (name: Rewrite.Rewritable, ...parts: ReadonlyArray<Template.Part>) =>
    wanted.includes(name) ? parts : []
  const parts = Template.joined([
    ...top,
    ...line("from", "From: <", of(addresses.sender), ">\r\n"),
    ...line("to", "To: <", of(addresses.to), ">\r\n"),
    ...line("date", `Date: ${HeaderDate.format(startedAt)}\r\n`),
    ...line("message-id", bytes(`Message-Id: <${runId}.`), hex, bytes(`@${helloName}>\r\n`)),
    ...(subject === undefined ? [] : line("subject", "Subject: ", ...subjectParts, "\r\n")),
    tail
  ])
  const [before, , rest] = parts
  // Nothing varies but the number of Message-Id: the usual case, on the hot path.
  if (parts.length === 3 && parts[1] === hex && typeof before === "string" && typeof rest === "string") {
    return (message) => before + hex(message) + rest
  }
  return Template.render(parts)
}

/** The number in eight hexadecimal digits or more. Its high digits are the same in one message after another. */
const hex = (message: number): string => {
  const high = Math.floor(message / 256)
  if (high !== lastHigh) {
    lastHigh = high
    highDigits = high.toString(16).padStart(6, "0")
  }
  return highDigits + lowDigits[message % 256]!
}

const lowDigits = Array.from({ length: 256 }, (_, low) => low.toString(16).padStart(2, "0"))
let lastHigh = 0
let highDigits = "000000"

/**
 * Whether bytes beyond ASCII are in the messages of a plan, or can be. Looks at whole files.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isEightBit = (
  plan: Plan,
  { sender, to }: Addresses,
  file: Uint8Array | undefined,
  parts: {
    readonly corpus?: Corpus.Corpus | undefined
    readonly template?: string | undefined
    readonly data?: Uint8Array | undefined
  } = {}
): boolean => {
  if (parts.corpus !== undefined && parts.corpus.counts.eightBit > 0) return true
  const eightBit = /[^\0-\x7f]/
  if (eightBit.test((plan.headers ?? []).join("") + (parts.template ?? ""))) return true
  if (parts.data?.some((byte) => byte > 127) === true) return true
  if (file !== undefined) return file.some((byte) => byte > 127)
  if (plan.bare || parts.template !== undefined) return false
  return eightBit.test(`${sender(0)}${to(0)}${plan.subject ?? ""}`)
}

/**
 * The generated body of clause S8.4, with the final dot: `length` bytes in lines of 80, or four lines of text.
 *
 * @since 0.1.0
 * @category constructors
 */
export const generated = (length: number | undefined): Uint8Array => {
  const encoder = new TextEncoder()
  if (length === undefined) {
    const lines = [1, 2, 3, 4].map((number) => `La de da de da ${number}.\r\n`)
    return encoder.encode(`${lines.join("")}.\r\n`)
  }
  const out = new Uint8Array(length + 2 + end.length).fill(X)
  const full = Math.floor((length - 1) / 80)
  for (let line = 0; line < full; line++) {
    out[line * 80] = ZERO + ((line + 1) % 10)
    out[line * 80 + 78] = CR
    out[line * 80 + 79] = LF
  }
  out[length] = CR
  out[length + 1] = LF
  out.set(end, length + 2)
  return out
}

const LF = 10
const CR = 13
const ZERO = 48
const X = 88
const end = new TextEncoder().encode(SmtpCommand.endOfData)
const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")
