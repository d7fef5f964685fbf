/**
 * How a server behaves: what goes wrong, how often, and how late. One description for every server of this package: the
 * sink on sockets and the server in memory do the same, each in its own time.
 *
 * Pure. A behaviour is data (a script of functions beside it is for tests); what it comes to is a list of actions, which
 * whoever owns the connection performs in turn. Replies keep the order of their commands, so a late one holds back those
 * behind it. All chances are drawn from the seed.
 *
 * It is over 300 lines because faults, limits and turns of a server strike in one order, and are one state.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type { LimitRule } from "../plan/SinkRules.js"
import { type Action, type Answer, content, endOf, handshake, later, perform, saidBy } from "./Action.js"
import { FaultDraws } from "./FaultDraws.js"
import * as Quota from "./Quota.js"
import { Greylist, type GreylistOptions } from "./Greylist.js"
import { triggerOf } from "./Trigger.js"
import * as ServiceModel from "./ServiceModel.js"
import type { Asked, Fault, Moment, Reaction, Reading, Script } from "./Reaction.js"

/**
 * What a server does to a client that is silent. `say` is said before the close; "" for a close without a reply. Default: 421.
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
  /** Each reply takes longer, by this for each error of the session beyond this many: in milliseconds. */
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
 * A behaviour at work, shared by a server's connections.
 *
 * @since 0.1.0
 * @category models
 */
export interface Behaving {
  readonly idle: { readonly after: number; readonly say: string | undefined } | undefined
  readonly connections: Required<ConnectionLimit>
  readonly reading: { readonly bytes: number; readonly every: number } | undefined
  /**
   * Whether nothing but the usual can come of this moment, on any connection: who knows that need not ask. It may become otherwise
   * while the server is at work.
   */
  readonly isUsual: (moment: Moment) => boolean
  /** What one connection does, moment by moment; undefined where it does the usual, at once, and nothing else. */
  readonly connection: (client?: string | undefined) => (asked: Asked) => Answer | undefined
  /** A connection is over. */
  readonly closed: (client?: string | undefined) => void
  /** How often each of the faults has struck, in their order. */
  readonly struck: ReadonlyArray<number>
  /** What has a name, and how often each has struck: faults, limits, greylisting, the tarpit, triggers. */
  readonly strikes: () => ReadonlyArray<Strikes>
  /**
   * Gives what takes back the answers that follow, which are not given after all: they have not struck, they are no errors, and none
   * goes ahead of the next command. It is told how many errors are given in their stead. No other connection may ask meanwhile.
   */
  readonly mark: () => (errors: number) => void
  readonly wants: Wants
}

/**
 * What somebody looks at, of what it costs something to know. The rest may be left out of what is asked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wants {
  /** The addresses of clients. */
  readonly clients: boolean
  /** Commands as they came, and not by their stage alone. */
  readonly lines: boolean
  readonly senders: boolean
  readonly recipients: boolean
  /** The headers of contents. */
  readonly headers: boolean
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
  readonly struck: ReadonlyArray<number>
  private readonly faults: FaultDraws
  private readonly totals = new Map<Moment, number>()
  private readonly greylist: Greylist | undefined
  private model: ServiceModel.ServiceModel | undefined
  private began = 0
  /** Whether replies wait for anything but what goes wrong. */
  private readonly takesTime: boolean
  private readonly quota: Quota.Quota | undefined
  readonly wants: Wants
  /** The moments that something may come of; undefined for all. */
  private readonly moments: ReadonlySet<Moment> | undefined
  private readonly limited: Array<number>
  private greylisted = 0
  private tarpitted = 0
  private triggered = 0
  /** The session that has asked since there was a mark, and its errors before. */
  private asking: { readonly session: SessionState; readonly errors: number } | undefined = undefined

  constructor(
    private readonly behaviour: Behaviour,
    private readonly now: () => number
  ) {
    const { connections, faults = [], greylist, idle, reading, seed = "server" } = behaviour
    this.faults = new FaultDraws(
      faults,
      seed,
      () => this.now() - this.began,
      (event) => this.refusal(event)
    )
    this.struck = this.faults.struck
    const { limits = [] } = behaviour
    const { capacity, latency, stalls = [] } = behaviour
    this.takesTime = capacity !== undefined || latency !== undefined || stalls.length > 0
    this.quota = limits.length === 0 ? undefined : new Quota.Quota(limits)
    this.limited = limits.map(() => 0)
    this.wants = wantsOf(behaviour)
    this.moments = this.takesTime ? undefined : momentsOf(behaviour)
    this.greylist = greylist === undefined ? undefined : new Greylist(greylist)
    this.idle = idle === undefined ? undefined : { after: Duration.toMillis(idle.after), say: idle.say }
    this.reading = reading === undefined ? undefined : { ...reading, every: Duration.toMillis(reading.every) }
    this.connections = { limit: connections?.limit ?? Number.POSITIVE_INFINITY, beyond: connections?.beyond ?? "busy" }
  }

  isUsual(moment: Moment): boolean {
    return this.moments !== undefined && !this.moments.has(moment)
  }

  connection(client?: string | undefined): (asked: Asked) => Answer | undefined {
    this.quota?.opened(client)
    this.times()
    // Nobody but a script asks how often a moment has come on this connection.
    const counts = this.behaviour.script === undefined ? undefined : new Map<Moment, number>()
    const session: SessionState = { errors: 0, ahead: undefined }
    return (asked) => {
      const total = count(this.totals, asked.stage)
      this.asking ??= { session, errors: session.errors }
      const scripted = counts === undefined ? undefined : this.scripted(asked, count(counts, asked.stage), total)
      return this.answer(asked, scripted ?? this.faults.reaction(asked, total), session)
    }
  }

  closed(client?: string | undefined): void {
    this.quota?.closed(client)
  }

  strikes(): ReadonlyArray<Strikes> {
    const { faults = [], greylist, limits = [], tarpit, triggers } = this.behaviour
    return [
      ...faults.flatMap(({ label }, index) =>
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

  mark(): (errors: number) => void {
    const { greylisted, tarpitted, triggered } = this
    const struck = this.faults.struck.slice()
    const limited = this.limited.slice()
    this.asking = undefined
    return (errors) => {
      Object.assign(this.faults.struck, struck)
      Object.assign(this.limited, limited)
      Object.assign(this, { greylisted, tarpitted, triggered })
      const { asking } = this
      if (asking === undefined) return
      asking.session.ahead = undefined
      asking.session.errors = asking.errors + errors
    }
  }

  private answer(asked: Asked, drawn: Reaction | undefined, session: SessionState): Answer | undefined {
    const { recipientPlace = 1, reply, stage } = asked
    const model = this.times()
    const { ahead } = session
    const reaction = this.ahead(this.slowed(drawn, asked, session), asked, session)
    if (stage === "tls") return handshake(reaction, model)
    if (stage === "content") return reaction === undefined ? undefined : content(reaction, model)
    // Nearly all that a server with few faults does is this.
    if (reaction === undefined && !this.takesTime) return undefined
    const actions: Array<Action> = []
    const { after, ...rest } = reaction ?? {}
    // A message is served once, however many answers LMTP has for it.
    if (after !== undefined || (stage === "final" && recipientPlace > 1)) {
      const millis = Duration.toMillis(after ?? 0)
      actions.push({ _tag: "Wait", until: (now) => model.after(now, millis) })
    } else {
      actions.push({ _tag: "Wait", until: (now) => model.readyAt(stage, now) })
    }
    perform(rest, reply, actions)
    return { said: ahead ?? saidBy(rest, reply), end: endOf(rest), actions }
  }

  /** Where errors went before, a reply takes longer. */
  private slowed(reaction: Reaction | undefined, event: Asked, session: SessionState): Reaction | undefined {
    const { tarpit } = this.behaviour
    if (tarpit === undefined || event.stage === "content" || event.stage === "tls") return reaction
    const millis = tarpit.delay * Math.max(0, session.errors - tarpit.errors)
    if (/^[45]/.test(saidBy(reaction ?? {}, event.reply))) session.errors++
    if (millis === 0) return reaction
    this.tarpitted++
    return later(reaction, millis)
  }

  /** A reply that was given too early is not given again. */
  private ahead(reaction: Fault | Reaction | undefined, event: Asked, session: SessionState): Reaction | undefined {
    const next = early.get(event.stage)
    if (session.ahead !== undefined && event.stage !== "content") {
      session.ahead = undefined
      return { ...reaction, say: "" }
    }
    if (reaction === undefined || !("early" in reaction) || reaction.early !== true || next === undefined)
      return reaction
    session.ahead = next
    return { ...reaction, say: saidBy(reaction, event.reply) + next }
  }

  private times(): ServiceModel.ServiceModel {
    if (this.model !== undefined) return this.model
    this.began = this.now()
    this.model = ServiceModel.make(this.behaviour, this.began)
    return this.model
  }

  private scripted(asked: Asked, nth: number, total: number): Reaction | undefined {
    const { script } = this.behaviour
    return typeof script === "function" ? script({ ...asked, nth, total }) : script?.[asked.stage]
  }

  /** What is refused by what came before, or as the recipient says. */
  private refusal(event: Asked): Reaction | undefined {
    const beyond = this.quota?.beyond(event, this.now)
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
}

/** The moments that something may come of, where replies take no time; undefined for all of them. */
const momentsOf = ({
  faults = [],
  greylist,
  limits = [],
  script,
  tarpit,
  triggers
}: Behaviour): ReadonlySet<Moment> | undefined => {
  if (script !== undefined || tarpit !== undefined || faults.some(({ early }) => early === true)) return undefined
  return new Set<Moment>([
    // Who is asked about it begins the handshake.
    "tls",
    ...faults.map(({ at }) => at),
    ...limits.map(Quota.momentOf),
    ...(greylist !== undefined || triggers === true ? ["rcpt" as const] : [])
  ])
}

/** A script may look at everything but what only conditions know how to ask for. */
const wantsOf = ({ faults = [], greylist, limits = [], script, triggers = false }: Behaviour): Wants => {
  const isScripted = script !== undefined
  const isGrey = greylist !== undefined
  const isLimited = (by: string) => limits.some((rule) => "by" in rule && rule.by === by)
  return {
    clients: isScripted || isGrey || isLimited("client") || faults.some(({ when }) => when?.client !== undefined),
    lines: isScripted || faults.some(({ command }) => command !== undefined),
    senders: isScripted || isGrey || faults.some(({ when }) => when?.from !== undefined),
    recipients:
      isScripted ||
      isGrey ||
      triggers ||
      isLimited("domain") ||
      faults.some(({ byRecipient, when }) => byRecipient === true || when?.to !== undefined),
    headers: faults.some(({ when }) => when?.header !== undefined)
  }
}

/** What a behaviour knows of a connection. */
interface SessionState {
  errors: number
  /** What was said already of what comes next: the client takes it for the reply to that, and so does the server. */
  ahead: string | undefined
}

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

const greylisted = "450 4.7.1 Greylisted, try again later\r\n"

const count = (counts: Map<Moment, number>, moment: Moment): number => {
  const next = (counts.get(moment) ?? 0) + 1
  counts.set(moment, next)
  return next
}
