/**
 * How a server behaves: what goes wrong, how often, and how late. One description for every server of this package: the
 * sink on sockets and the server in memory do the same, each in its own time.
 *
 * Pure. A behaviour is data (a script of functions beside it is for tests); what it comes to is a list of actions, which
 * whoever owns the connection performs in turn. Replies keep the order of their commands, so a late one holds back those
 * behind it. All chances are drawn from the seed.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Distribution from "../plan/Distribution.js"
import * as Draw from "../plan/Draw.js"
import type { TlsFailure } from "../smtp/Tls.js"
import { Greylist, type GreylistOptions } from "./Greylist.js"
import * as ServiceModel from "./ServiceModel.js"
import type { SinkEvent, Stage } from "./SinkEvent.js"

/**
 * When a server may misbehave: before a reply, or before it reads a content.
 *
 * @since 0.1.0
 * @category models
 */
export type Moment = Stage | "content"

/**
 * A reply that is about to be given, or a content that is about to be read.
 *
 * @since 0.1.0
 * @category models
 */
export interface ServerEvent extends Omit<SinkEvent, "stage"> {
  readonly stage: Moment
  /** How often this moment has come, this time included: on this connection, and on all. */
  readonly nth: number
  readonly total: number
}

/**
 * How a server ends a connection: with a FIN, with a reset, or by reading and saying nothing more (`stall`).
 *
 * @since 0.1.0
 * @category models
 */
export type Ending = "close" | "reset" | "stall"

/**
 * How fast a server reads: so many bytes at a time, so long apart. What it has read it answers at once, even if the client
 * has not handed over the rest.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reading {
  readonly bytes: number
  readonly every: Duration.DurationInput
}

/**
 * What the server does. All that is left out is as usual.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reaction {
  /** How long it waits first. */
  readonly after?: Duration.DurationInput | undefined
  /** The bytes to say, line ends included, one in each character; a list arrives piece by piece; "" is silence. */
  readonly say?: string | ReadonlyArray<string> | undefined
  /** The time that each byte takes. */
  readonly drip?: Duration.DurationInput | undefined
  /** How the connection ends once that is said. */
  readonly end?: Ending | undefined
  /** What follows, before anything else is done. Where it says nothing there is no usual reply. */
  readonly next?: Reaction | undefined
  /** At `content`: how fast it is read. */
  readonly reading?: Reading | undefined
  /** At `tls`: the handshake fails so, where that can be had: a server over sockets gives an alert. */
  readonly fail?: TlsFailure | undefined
}

/**
 * What has to be so for a fault to strike. All that is left out is of no interest; texts are compared without regard to case.
 *
 * @since 0.1.0
 * @category models
 */
export interface Condition {
  /** The recipient at `rcpt`, and at LMTP's `final`; `*` is any text. */
  readonly to?: string | undefined
  /** The sender, from `mail` on; `*` is any text. */
  readonly from?: string | undefined
  /** The client's address; `*` is any text. */
  readonly client?: string | undefined
  /** At `final`: the content has more bytes than this. */
  readonly sizeOver?: number | undefined
  /** The session's number is higher than this. */
  readonly sessionOver?: number | undefined
  /** At `final`: a header of this name holds the text. */
  readonly header?: { readonly name: string; readonly holds: string } | undefined
}

/**
 * What goes wrong at one moment. Without a condition it goes wrong each time.
 *
 * At `content`, `after` is how long the server waits before it reads; with `say` or `end` it does that instead of reading.
 *
 * @since 0.1.0
 * @category models
 */
export interface Fault extends Reaction {
  readonly at: Moment
  /** How many of a hundred are struck, drawn from the seed. */
  readonly percent?: number | undefined
  /** Only one in so many, counted over all connections. */
  readonly every?: number | undefined
  /** Only the first so many, counted over all connections. */
  readonly first?: number | undefined
  /** Only this message of each connection, from 1; at `mail` and `final`, say. */
  readonly message?: number | undefined
  /** Only from this recipient of its message on, from 1; at `rcpt`, and at LMTP's `final`. */
  readonly fromRecipient?: number | undefined
  /** Gives the usual reply twice. */
  readonly twice?: boolean | undefined
  /** Only where this is the command, in capitals: EHLO and not HELO, NOOP and nothing else that is `other`. */
  readonly command?: string | undefined
  readonly when?: Condition | undefined
  /** Only in this part of the server's time, which begins with its first connection. */
  readonly during?: { readonly from: Duration.DurationInput; readonly to: Duration.DurationInput } | undefined
  /** How long it waits, drawn from the seed, instead of `after`. */
  readonly timing?: Distribution.DistributionInput | undefined
  /** Having waited, goes on to the next fault that strikes, or to the usual reply. */
  readonly goesOn?: boolean | undefined
}

/**
 * What a server does to a client that is silent. `say` is said before the close; "" for a close without a word. Default: 421.
 *
 * @since 0.1.0
 * @category models
 */
export interface IdleLimit {
  readonly after: Duration.DurationInput
  readonly say?: string | undefined
}

/**
 * How many connections the server serves at a time, and what becomes of those beyond: they are told 421 and closed (`busy`,
 * the default), or get their greeting when others have gone, in the order of coming (`wait`).
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectionLimit {
  readonly limit: number
  readonly beyond?: "busy" | "wait" | undefined
}

/**
 * What the server does, and when, for tests: a function, or one reaction for each moment.
 *
 * @since 0.1.0
 * @category models
 */
export type Script =
  | ((event: ServerEvent) => Reaction | undefined)
  | { readonly [moment in Moment]?: Reaction | undefined }

/**
 * How a server behaves. All that is left out is as usual: it answers at once, for as long as the client likes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaviour extends ServiceModel.ServiceOptions {
  /** The first that strikes decides. */
  readonly faults?: ReadonlyArray<Fault> | undefined
  /** Goes before `faults`. What it says of a reply's time goes before `latency` and `capacity`. */
  readonly script?: Script | undefined
  readonly connections?: ConnectionLimit | undefined
  readonly idle?: IdleLimit | undefined
  readonly greylist?: GreylistOptions | undefined
  /** How fast everything is read, commands too. */
  readonly reading?: Reading | undefined
}

/**
 * One thing that a server does, in its turn.
 *
 * - `Wait` until a time of the connection's clock, in milliseconds, which is asked for when it is its turn.
 * - `Say` bytes, one in each character; `drip` is the time of each, in milliseconds.
 * - `Hold` what the client sends, unread; `Read` on, at this speed for what was held.
 * - `Secure`: begin TLS, or fail so.
 * - `End` the connection.
 *
 * @since 0.1.0
 * @category models
 */
export type Action =
  | { readonly _tag: "Wait"; readonly until: (now: number) => number }
  | { readonly _tag: "Say"; readonly bytes: string; readonly drip: number }
  | { readonly _tag: "Hold" }
  | { readonly _tag: "Read"; readonly reading: Reading | undefined }
  | { readonly _tag: "Secure"; readonly fail: TlsFailure | undefined }
  | { readonly _tag: "End"; readonly how: Ending | "quit" }

/**
 * What a moment comes to: the bytes to believe were said, and the actions that say them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Answer {
  readonly said: string
  readonly end: Ending | undefined
  readonly actions: ReadonlyArray<Action>
}

/**
 * A behaviour at work, shared by a server's connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaving {
  readonly idle: { readonly after: number; readonly say: string | undefined } | undefined
  readonly connections: Required<ConnectionLimit>
  readonly reading: { readonly bytes: number; readonly every: number } | undefined
  /** What one connection does, moment by moment. */
  readonly connection: () => (event: Omit<ServerEvent, "nth" | "total">) => Answer
  /** How often each of the faults has struck, in their order. */
  readonly struck: ReadonlyArray<number>
}

/**
 * Sets a behaviour to work. `now` is the time, in milliseconds; the server's own time begins with the first question.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (behaviour: Behaviour, now: () => number): Behaving => new Server(behaviour, now)

class Server implements Behaving {
  readonly idle: Behaving["idle"]
  readonly connections: Required<ConnectionLimit>
  readonly reading: Behaving["reading"]
  readonly struck: Array<number>
  private readonly faults: ReadonlyArray<Fault>
  private readonly keys: ReadonlyArray<number>
  private readonly totals = new Map<Moment, number>()
  private readonly greylist: Greylist | undefined
  private model: ServiceModel.ServiceModel | undefined
  private began = 0

  constructor(
    private readonly behaviour: Behaviour,
    private readonly now: () => number
  ) {
    const { connections, faults = [], greylist, idle, reading, seed = "server" } = behaviour
    this.faults = faults
    this.struck = faults.map(() => 0)
    const key = Draw.keyOf(seed)
    // Two series are the service model's.
    this.keys = faults.map((_, index) => Draw.series(key, index + 2))
    this.greylist = greylist === undefined ? undefined : new Greylist(greylist)
    this.idle = idle === undefined ? undefined : { after: Duration.toMillis(idle.after), say: idle.say }
    this.reading = reading === undefined ? undefined : { ...reading, every: Duration.toMillis(reading.every) }
    this.connections = { limit: connections?.limit ?? Number.POSITIVE_INFINITY, beyond: connections?.beyond ?? "busy" }
  }

  connection(): (event: Omit<ServerEvent, "nth" | "total">) => Answer {
    const counts = new Map<Moment, number>()
    return (asked) => {
      const nth = count(counts, asked.stage)
      return this.answer({ ...asked, nth, total: count(this.totals, asked.stage) })
    }
  }

  private answer(event: ServerEvent): Answer {
    const model = this.times()
    const reaction = this.reaction(event)
    if (event.stage === "content") return content(reaction, model)
    if (event.stage === "tls") return handshake(reaction, model)
    const { recipientPlace = 1, reply, stage } = event
    const { after, ...rest } = reaction ?? {}
    const actions: Array<Action> = []
    // A message is served once, however many answers LMTP has for it.
    if (after !== undefined || (stage === "final" && recipientPlace > 1)) {
      const millis = Duration.toMillis(after ?? 0)
      actions.push({ _tag: "Wait", until: (now) => model.after(now, millis) })
    } else {
      actions.push({ _tag: "Wait", until: (now) => model.readyAt(stage, now) })
    }
    perform(rest, reply, actions)
    return { said: saidBy(rest, reply), end: endOf(rest), actions }
  }

  private times(): ServiceModel.ServiceModel {
    if (this.model !== undefined) return this.model
    this.began = this.now()
    this.model = ServiceModel.make(this.behaviour, this.began)
    return this.model
  }

  private reaction(event: ServerEvent): Reaction | undefined {
    const { script } = this.behaviour
    const scripted = typeof script === "function" ? script(event) : script?.[event.stage]
    if (scripted !== undefined) return scripted
    let waits = 0
    for (const [index, fault] of this.faults.entries()) {
      if (!this.strikes(fault, index, event)) continue
      this.struck[index]!++
      const after = fault.timing === undefined ? fault.after : this.drawn(index, fault.timing)
      if (fault.goesOn === true) waits += Duration.toMillis(after ?? 0)
      else
        return later(
          fault.twice === true ? { ...fault, after, say: event.reply + event.reply } : { ...fault, after },
          waits
        )
    }
    return later(this.refusal(event), waits)
  }

  /** What is refused by what came before. */
  private refusal(event: ServerEvent): Reaction | undefined {
    if (event.stage !== "rcpt" || !event.reply.startsWith("2") || this.greylist === undefined) return undefined
    const { recipient = "", sender = "" } = event
    return this.greylist.isKnown(sender, recipient, this.now()) ? undefined : { say: greylisted }
  }

  /** The next duration of a fault's own series. */
  private drawn(index: number, timing: Distribution.DistributionInput): number {
    const place = this.struck[index]!
    return Distribution.make(timing).at(Draw.uniform(Draw.series(this.keys[index]!, 0), place))
  }

  private strikes(fault: Fault, index: number, event: ServerEvent): boolean {
    const { at, every = 1, first = Number.POSITIVE_INFINITY, fromRecipient = 1, message, percent = 100 } = fault
    return (
      at === event.stage &&
      event.total <= first &&
      event.total % every === 0 &&
      (message === undefined || message === event.message) &&
      fromRecipient <= (event.recipientPlace ?? 1) &&
      (fault.command === undefined || fault.command === commandOf(event)) &&
      (fault.when === undefined || holds(fault.when, event)) &&
      (fault.during === undefined || this.isDuring(fault.during)) &&
      (percent >= 100 || Draw.uniform(this.keys[index]!, event.total) * 100 < percent)
    )
  }

  private isDuring({ from, to }: NonNullable<Fault["during"]>): boolean {
    const elapsed = this.now() - this.began
    return elapsed >= Duration.toMillis(from) && elapsed < Duration.toMillis(to)
  }
}

/** The command's first word, in capitals; that of a greeting is CONNECT. */
const commandOf = ({ line, stage }: ServerEvent): string =>
  stage === "greeting" ? "CONNECT" : (/^[ \t]*([^ \t]*)/.exec(line)?.[1] ?? "").toUpperCase()

/** A reaction that begins later than it says. */
const later = (reaction: Reaction | undefined, millis: number): Reaction | undefined =>
  millis === 0 ? reaction : { ...reaction, after: millis + Duration.toMillis(reaction?.after ?? 0) }

const holds = (when: Condition, event: ServerEvent): boolean =>
  (when.to === undefined || (event.recipient !== undefined && matches(when.to, event.recipient))) &&
  (when.from === undefined || matches(when.from, event.sender ?? "")) &&
  (when.client === undefined || matches(when.client, event.client ?? "")) &&
  (when.sizeOver === undefined || (event.size ?? 0) > when.sizeOver) &&
  (when.sessionOver === undefined || event.session > when.sessionOver) &&
  (when.header === undefined || hasHeader(when.header, event.headers ?? ""))

/** Whether all of a text is this, where `*` is any text. In time that grows with both, whatever the client says. */
const matches = (pattern: string, text: string): boolean => {
  const [first = "", ...rest] = pattern.toLowerCase().split("*")
  const whole = text.toLowerCase()
  if (rest.length === 0) return whole === first
  const last = rest.pop() ?? ""
  if (!whole.startsWith(first) || whole.length < first.length + last.length || !whole.endsWith(last)) return false
  let at = first.length
  for (const part of rest) {
    const found = whole.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return at <= whole.length - last.length
}

const hasHeader = ({ holds, name }: NonNullable<Condition["header"]>, headers: string): boolean => {
  const wanted = `${name.toLowerCase()}:`
  const text = holds.toLowerCase()
  // A line that begins with a blank belongs to the one before.
  return headers
    .toLowerCase()
    .replace(/\r?\n[ \t]/g, " ")
    .split("\n")
    .some((line) => line.startsWith(wanted) && line.slice(wanted.length).includes(text))
}

const greylisted = "450 4.7.1 Greylisted, try again later\r\n"

const count = (counts: Map<Moment, number>, moment: Moment): number => {
  const next = (counts.get(moment) ?? 0) + 1
  counts.set(moment, next)
  return next
}

/** Instead of reading a content something may be said or ended; otherwise it is read later, or slowly. */
const content = (reaction: Reaction | undefined, model: ServiceModel.ServiceModel): Answer => {
  if (reaction === undefined) return { said: "", end: undefined, actions: [] }
  const actions: Array<Action> = []
  const { after = 0, end, next, reading, say } = reaction
  const millis = Duration.toMillis(after)
  actions.push({ _tag: "Wait", until: (now) => model.after(now, millis) })
  if (end === undefined && say === undefined && next === undefined) actions.push({ _tag: "Read", reading })
  else perform({ ...reaction, after: undefined }, "", actions)
  return { said: "", end: endOf(reaction), actions }
}

/** Before the handshake. What is said then is plain text, and no handshake follows it. */
const handshake = (reaction: Reaction | undefined, model: ServiceModel.ServiceModel): Answer => {
  const { after = 0, end, fail, say } = reaction ?? {}
  const millis = Duration.toMillis(after)
  const actions: Array<Action> = [{ _tag: "Wait", until: (now) => model.after(now, millis) }]
  if (end === undefined && say === undefined) actions.push({ _tag: "Secure", fail })
  else perform({ ...reaction, after: undefined }, "", actions)
  return { said: "", end, actions }
}

const perform = (reaction: Reaction, usual: string, actions: Array<Action>): void => {
  const { after, drip = 0, end, next, say = usual } = reaction
  if (after !== undefined) {
    const millis = Duration.toMillis(after)
    actions.push({ _tag: "Wait", until: (now) => now + millis })
  }
  const perByte = Duration.toMillis(drip)
  for (const bytes of typeof say === "string" ? [say] : say) {
    if (bytes !== "") actions.push({ _tag: "Say", bytes, drip: perByte })
  }
  if (end !== undefined) actions.push({ _tag: "End", how: end })
  else if (next !== undefined) perform(next, "", actions)
}

/** What is said as the answer: what follows later is nobody's. */
const saidBy = ({ say }: Reaction, usual: string): string =>
  say === undefined ? usual : typeof say === "string" ? say : say.join("")

const endOf = ({ end, next }: Reaction): Ending | undefined => end ?? (next === undefined ? undefined : endOf(next))
