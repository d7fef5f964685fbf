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
import type { LimitRule } from "../plan/SinkRules.js"
import { Quota } from "./Quota.js"
import { type Condition, holds } from "./Condition.js"
import { Greylist, type GreylistOptions } from "./Greylist.js"
import { triggerOf } from "./Trigger.js"
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
  /** The reply to what comes next is given along with this one, before that has come. */
  readonly early?: boolean | undefined
  /** The share is of each recipient's own attempts, at `rcpt`: which they are depends on nothing that others do. */
  readonly byRecipient?: boolean | undefined
  /** What it is called where its strikes are told. */
  readonly label?: string | undefined
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
  readonly limits?: ReadonlyArray<LimitRule & { readonly label?: string | undefined }> | undefined
  /** Each reply takes longer, by this for each error of the session beyond so many: in milliseconds. */
  readonly tarpit?: { readonly delay: number; readonly errors: number } | undefined
  /**
   * Whether the local part of a recipient says what becomes of it: `tempfail@`, `permfail@`, `drop@`, `delay-5s@` (or `delay-20ms@`),
   * and a code, with what else is to be said, as in `450-4.2.0-full@`.
   */
  readonly triggers?: boolean | undefined
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
  readonly connection: (client?: string | undefined) => (event: Omit<ServerEvent, "nth" | "total">) => Answer
  /** A connection is over. */
  readonly closed: (client?: string | undefined) => void
  /** How often each of the faults has struck, in their order. */
  readonly struck: ReadonlyArray<number>
  /** What has a name, and how often each has struck: faults, limits, greylisting, the tarpit, triggers. */
  readonly strikes: () => ReadonlyArray<Strikes>
  /** Whether a condition asks for the headers of contents. */
  readonly wantsHeaders: boolean
}

/**
 * How often something that a behaviour does has struck.
 *
 * @since 0.1.0
 * @category models
 */
export interface Strikes {
  readonly rule: string
  readonly times: number
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
  /** Whether replies wait for anything but what goes wrong. */
  private readonly takesTime: boolean
  private readonly quota: Quota | undefined
  readonly wantsHeaders: boolean
  private readonly limited: Array<number>
  private greylisted = 0
  private tarpitted = 0
  private triggered = 0
  /** How often each recipient was tried, by fault. */
  private readonly attempts = new Map<string, number>()

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
    const { limits = [] } = behaviour
    const { capacity, latency, stalls = [] } = behaviour
    this.takesTime = capacity !== undefined || latency !== undefined || stalls.length > 0
    this.quota = limits.length === 0 ? undefined : new Quota(limits)
    this.limited = limits.map(() => 0)
    this.wantsHeaders = faults.some(({ when }) => when?.header !== undefined)
    this.greylist = greylist === undefined ? undefined : new Greylist(greylist)
    this.idle = idle === undefined ? undefined : { after: Duration.toMillis(idle.after), say: idle.say }
    this.reading = reading === undefined ? undefined : { ...reading, every: Duration.toMillis(reading.every) }
    this.connections = { limit: connections?.limit ?? Number.POSITIVE_INFINITY, beyond: connections?.beyond ?? "busy" }
  }

  connection(client?: string | undefined): (event: Omit<ServerEvent, "nth" | "total">) => Answer {
    const counts = new Map<Moment, number>()
    this.quota?.opened(client)
    const session: SessionState = { errors: 0, isAhead: false }
    return (asked) => {
      const nth = count(counts, asked.stage)
      const total = count(this.totals, asked.stage)
      return this.answer({ ...asked, nth, total }, session)
    }
  }

  closed(client?: string | undefined): void {
    this.quota?.closed(client)
  }

  strikes(): ReadonlyArray<Strikes> {
    const { greylist, limits = [], tarpit, triggers } = this.behaviour
    return [
      ...this.faults.flatMap(({ label }, index) =>
        label === undefined ? [] : [{ rule: label, times: this.struck[index]! }]
      ),
      ...limits.flatMap(({ label }, index) =>
        label === undefined ? [] : [{ rule: label, times: this.limited[index]! }]
      ),
      ...(greylist === undefined ? [] : [{ rule: "greylist", times: this.greylisted }]),
      ...(tarpit === undefined ? [] : [{ rule: "tarpit", times: this.tarpitted }]),
      ...(triggers === true ? [{ rule: "triggers", times: this.triggered }] : [])
    ]
  }

  private answer(event: ServerEvent, session: SessionState): Answer {
    const model = this.times()
    const reaction = this.ahead(this.slowed(this.reaction(event), event, session), event, session)
    if (event.stage === "content") return content(reaction, model)
    if (event.stage === "tls") return handshake(reaction, model)
    const { recipientPlace = 1, reply, stage } = event
    const actions: Array<Action> = []
    // Most replies are as usual: nearly all that a server with few faults does is this.
    if (reaction === undefined && !this.takesTime) {
      if (reply !== "") actions.push({ _tag: "Say", bytes: reply, drip: 0 })
      return { said: reply, end: undefined, actions }
    }
    const { after, ...rest } = reaction ?? {}
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

  /** Where errors went before, a reply takes longer. */
  private slowed(reaction: Reaction | undefined, event: ServerEvent, session: SessionState): Reaction | undefined {
    const { tarpit } = this.behaviour
    if (tarpit === undefined || event.stage === "content" || event.stage === "tls") return reaction
    const millis = tarpit.delay * Math.max(0, session.errors - tarpit.errors)
    if (/^[45]/.test(saidBy(reaction ?? {}, event.reply))) session.errors++
    if (millis === 0) return reaction
    this.tarpitted++
    return later(reaction, millis)
  }

  /** A reply that was given too early is not given again. */
  private ahead(
    reaction: Fault | Reaction | undefined,
    event: ServerEvent,
    session: SessionState
  ): Reaction | undefined {
    const next = early.get(event.stage)
    if (session.isAhead && event.stage !== "content") {
      session.isAhead = false
      return { ...reaction, say: "" }
    }
    if (reaction === undefined || !("early" in reaction) || reaction.early !== true || next === undefined)
      return reaction
    session.isAhead = true
    return { ...reaction, say: saidBy(reaction, event.reply) + next }
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
    for (let index = 0; index < this.faults.length; index++) {
      const fault = this.faults[index]!
      if (fault.at !== event.stage || !this.hits(fault, index, event)) continue
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

  /** What is refused by what came before, or as the recipient says. */
  private refusal(event: ServerEvent): Reaction | undefined {
    const beyond = this.quota?.beyond(event, this.now())
    if (beyond !== undefined) {
      this.limited[beyond.index]!++
      return { say: beyond.say }
    }
    if (event.stage !== "rcpt" || !event.reply.startsWith("2")) return undefined
    const { client, recipient = "", sender = "" } = event
    const trigger = this.behaviour.triggers === true ? triggerOf(recipient) : undefined
    if (trigger !== undefined) {
      this.triggered++
      return trigger
    }
    if (this.greylist === undefined || this.greylist.isKnown(sender, recipient, this.now(), client)) return undefined
    this.greylisted++
    return { say: greylisted }
  }

  /** The next duration of a fault's own series. */
  private drawn(index: number, timing: Distribution.DistributionInput): number {
    const place = this.struck[index]!
    return Distribution.make(timing).at(Draw.uniform(Draw.series(this.keys[index]!, 0), place))
  }

  private hits(fault: Fault, index: number, event: ServerEvent): boolean {
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
      (percent >= 100 || this.drawFor(fault, index, event) * 100 < percent)
    )
  }

  private drawFor(fault: Fault, index: number, event: ServerEvent): number {
    const key = this.keys[index]!
    if (fault.byRecipient !== true) return Draw.uniform(key, event.total)
    const address = `${index} ${(event.recipient ?? "").toLowerCase()}`
    const attempt = this.attempts.get(address) ?? 0
    this.attempts.delete(address)
    this.attempts.set(address, attempt + 1)
    // Those tried longest ago begin anew.
    if (this.attempts.size > mostAttempts) this.attempts.delete(this.attempts.keys().next().value!)
    return Draw.uniform(key ^ Draw.keyOf(address), attempt)
  }

  private isDuring({ from, to }: NonNullable<Fault["during"]>): boolean {
    const elapsed = this.now() - this.began
    return elapsed >= Duration.toMillis(from) && elapsed < Duration.toMillis(to)
  }
}

/** What a behaviour knows of a connection. */
interface SessionState {
  errors: number
  /** The reply to what comes next was given already. */
  isAhead: boolean
}

/** The recipients whose attempts are counted. */
const mostAttempts = 100_000

/** The reply to what mostly follows. */
const early: ReadonlyMap<Moment, string> = new Map([
  ["greeting", "250 Ok\r\n"],
  ["hello", "250 2.1.0 Ok\r\n"],
  ["auth", "250 2.1.0 Ok\r\n"],
  ["mail", "250 2.1.5 Ok\r\n"],
  ["rcpt", "354 End data with <CR><LF>.<CR><LF>\r\n"],
  ["data", "250 2.0.0 Ok\r\n"],
  ["chunk", "250 2.0.0 Ok\r\n"],
  ["final", "250 2.1.0 Ok\r\n"],
  ["rset", "250 2.1.0 Ok\r\n"],
  ["quit", "221 2.0.0 Bye\r\n"],
  ["other", "250 2.0.0 Ok\r\n"]
])

/** The command's first word, in capitals; that of a greeting is CONNECT. */
const commandOf = ({ line, stage }: ServerEvent): string =>
  stage === "greeting" ? "CONNECT" : (/^[ \t]*([^ \t]*)/.exec(line)?.[1] ?? "").toUpperCase()

/** A reaction that begins later than it says. */
const later = (reaction: Reaction | undefined, millis: number): Reaction | undefined =>
  millis === 0 ? reaction : { ...reaction, after: millis + Duration.toMillis(reaction?.after ?? 0) }

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
