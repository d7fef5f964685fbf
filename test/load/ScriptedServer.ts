/**
 * The server in memory as the tests of runs use it: scripts that count their turns, what happened in the order in which it
 * did, and runs in virtual time whose books are checked.
 */
import { assert } from "@effect/vitest"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Load from "../../src/load/Load.js"
import * as Laws from "../../src/measure/Laws.js"
import * as Plan from "../../src/plan/Plan.js"
import type { Behaviour } from "../../src/sink/Behaviour.js"
import type * as Reacting from "../../src/sink/Reaction.js"
import type { SinkConfig } from "../../src/sink/SinkOptions.js"
import type { Welcome } from "../../src/sink/ServerLog.js"
import * as TestServer from "../../src/sink/TestServer.js"
import type { Outcome } from "../../src/smtp/Outcome.js"
import { ConnectFailed, type SmtpError } from "../../src/smtp/SmtpError.js"
import { Connector } from "../../src/smtp/Wire.js"
import * as VirtualTime from "../../src/testing/Simulation.js"

/** What tests call the stages: `writing` is the beginning of a content, `content` its end. */
const momentOf = (stage: Reacting.Moment) => (stage === "content" ? "writing" : stage === "final" ? "content" : stage)

/** What a client does that a server answers. */
export type Moment = "connect" | ReturnType<typeof momentOf>

export interface Turn {
  readonly moment: Moment
  /** The connection, counted from 0; attempts that were refused count too. */
  readonly connection: number
  /** How many turns of this kind came before on this connection, and on all. */
  readonly nth: number
  readonly total: number
  /** The command, without its end. */
  readonly line: string
  /** How many recipients of this transaction were accepted. */
  readonly recipients: number
}

/** What the server does; at `connect`, whether there is a connection. At LMTP's `content` it answers for all recipients. */
export interface Answer extends Omit<Reacting.Reaction, "after" | "say">, Omit<Welcome, "after"> {
  /** Milliseconds until then. */
  readonly after?: number | undefined
  readonly say?: string | undefined
}

export type Script = (turn: Turn) => Answer | undefined

export interface Event {
  /** Milliseconds. */
  readonly at: number
  readonly connection: number
  readonly what: string
}

export interface ScriptedServer {
  /** Commands as they came, `.` for a content, `connect`, and `reset` or `fin` where the client closed. */
  readonly events: ReadonlyArray<Event>
  /** The contents that were answered with a 2xx. */
  readonly accepted: ReadonlyArray<string>
  /** How many recipients messages were accepted for. */
  readonly delivered: () => number
  /** Wires that were handed out and not closed by the client. */
  readonly open: () => number
  readonly layer: Layer.Layer<Connector>
  /** When something happened: a command begins with this. */
  readonly times: (what: string) => ReadonlyArray<number>
  readonly count: (what: string) => number
}

export interface ServerOptions {
  readonly lmtp?: boolean | undefined
  /** What EHLO and LHLO offer. */
  readonly offers?: ReadonlyArray<string> | undefined
  readonly server?: SinkConfig | undefined
  /** What else the server does. */
  readonly behaviour?: Behaviour | undefined
}

/** What all servers together have been asked so far. */
let activity = 0

/** A turn of the event loop that lets timers of no length pass too. */
const turn = Effect.async<void>((resume) => {
  setTimeout(() => resume(Effect.void), 0)
})

/** Resumes when nothing happens any more until the clock moves. */
export const settled: Effect.Effect<void> = Effect.gen(function* () {
  for (let quiet = 0, before = activity; quiet < 8; quiet++) {
    yield* turn
    if (activity !== before) quiet = 0
    before = activity
  }
})

/** Asks a script in the turns that it counts. */
const turns = (script: Script) => {
  const totals = new Map<string, number>()
  const next = (key: string): number => {
    const before = totals.get(key) ?? 0
    totals.set(key, before + 1)
    return before
  }
  const accepted = new Map<number, number>()
  return (moment: Moment, connection: number, line: string, usual: string): Answer | undefined => {
    activity++
    if (moment === "mail") accepted.set(connection, 0)
    const recipients = accepted.get(connection) ?? 0
    const nth = next(`${moment} ${connection}`)
    const answer = script({ moment, connection, nth, total: next(moment), line, recipients })
    const said = answer?.say ?? usual
    if (moment === "rcpt" && said.slice(0, 1) === "2") accepted.set(connection, recipients + 1)
    return answer
  }
}

export const make = (
  script: Script = () => undefined,
  options: ServerOptions = {}
): Effect.Effect<ScriptedServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const ask = turns(script)
    /** Which attempt each connection comes from. */
    const attempts: Array<number> = []
    let tried = 0
    let opening = 0

    const behave: TestServer.Script = ({ line, recipientPlace = 1, reply, session, stage }) => {
      attempts[session] ??= opening
      // A script answers for all recipients of LMTP at once.
      if (stage === "final" && recipientPlace > 1) return options.lmtp === true ? later.get(session) : undefined
      const answer = ask(momentOf(stage), attempts[session], line, reply)
      if (stage === "final") later.set(session, answer?.say === undefined ? undefined : { say: "" })
      return stage === "quit" ? { end: "close", ...answer } : answer
    }
    const later = new Map<number, Reacting.Reaction | undefined>()

    const built = yield* Layer.build(
      TestServer.layer({
        protocol: options.lmtp === true ? "lmtp" : "smtp",
        offers: options.offers ?? [],
        servesRefused: true,
        script: behave,
        ...options.server,
        ...options.behaviour
      })
    )
    const inner = Context.get(built, Connector)
    const server = Context.get(built, TestServer.TestServer)

    const connector = Connector.of({
      ...inner,
      connect: (target, connectOptions) =>
        Effect.suspend(() => {
          const attempt = tried++
          const { after = 0, local = false, refuse: code } = ask("connect", attempt, "", "") ?? {}
          const open = Effect.suspend(() => {
            activity++
            if (code !== undefined) return new ConnectFailed({ code, reason: code, local })
            opening = attempt
            return inner.connect(target, connectOptions)
          })
          return Effect.zipRight(after > 0 ? Effect.sleep(after) : Effect.yieldNow(), open)
        })
    })

    const happened = (): ReadonlyArray<Event> => {
      const connectionOf = (session: number) => attempts[session] ?? 0
      const connects = server.sessions.map((one) => event(one.openedAt, connectionOf(one.session), "connect"))
      const commands = server.log.map((one) => event(one.time, connectionOf(one.session), one.line))
      const ends = server.sessions.flatMap(({ left, session }) =>
        left === undefined ? [] : [event(left.time, connectionOf(session), left.how === "close" ? "fin" : "reset")]
      )
      return [...connects, ...commands, ...ends].sort((a, b) => a.at - b.at)
    }

    return {
      get accepted() {
        return server.accepted.map(({ content }) => `${content}.\r\n`)
      },
      count: (what) => happened().filter((event) => event.what.startsWith(what)).length,
      delivered: () => server.accepted.reduce((sum, { recipients }) => sum + recipients.length, 0),
      get events() {
        return happened()
      },
      layer: Layer.succeed(Connector, connector),
      open: () => server.sessions.filter(({ left }) => left === undefined).length,
      times: (what) =>
        happened()
          .filter((event) => event.what.startsWith(what))
          .map(({ at }) => at)
    }
  })

const event = (at: number, connection: number, what: string): Event => ({ at, connection, what })

/** Runs an effect to its end in virtual time. What it talks to must be made in it. */
export const drive = <A, E, R>(self: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.catchAll(VirtualTime.run(self), (error) =>
    error instanceof VirtualTime.SimulationStuck
      ? Effect.die(error)
      : Effect.fail(error as Exclude<E, VirtualTime.SimulationStuck>)
  )

export interface Simulation extends Load.RunResult {
  readonly server: ScriptedServer
  readonly outcomes: ReadonlyArray<Outcome>
  /** The end of each message, in a word or two: with its step, and the code of a refusal. */
  readonly ends: ReadonlyArray<string>
  /** What ended the run, likewise; nothing where it came to its end. */
  readonly fatal: string | undefined
}

export interface SimulationOptions extends Load.RunOptions, ServerOptions {
  readonly script?: Script | undefined
}

/**
 * Runs a plan against a scripted server, and checks what holds for every run: the books balance, the observer was told of
 * each message, and no wire is left open.
 */
export const simulate = (input: Plan.PlanInput, options: SimulationOptions = {}): Effect.Effect<Simulation> =>
  Effect.scoped(
    Effect.gen(function* () {
      const plan = Plan.make(input)
      const server = yield* make(options.script, { lmtp: plan.lmtp, ...options })
      const outcomes: Array<Outcome> = []
      const onOutcome: Load.OnOutcome = (message, outcome, times) => {
        outcomes[message] = outcome
        options.onOutcome?.(message, outcome, times)
      }
      const running = Effect.orDie(Load.run(plan, { ...options, onOutcome }))
      const result = yield* Effect.provide(running, server.layer)
      const cutOff = result.stopped || Option.isSome(result.endedBy)
      const warmedUp = plan.warmUp !== undefined
      assert.deepStrictEqual(Laws.violations({ ...result, warmedUp, cutOff, partial: false }), [])
      assert.lengthOf(Object.keys(outcomes), result.accounting.started)
      assert.strictEqual(server.open(), 0, "a wire was left open")
      const fatal = Option.getOrUndefined(Option.map(result.endedBy, told))
      return { ...result, ends: outcomes.map(endOf), fatal, outcomes, server }
    })
  )

const told = (error: SmtpError): string =>
  error._tag === "ReplyRejected" ? `${error._tag} ${error.step} ${error.reply.code}` : `${error._tag} ${error.step}`

const endOf = (outcome: Outcome): string => {
  switch (outcome._tag) {
    case "NotStarted":
      return outcome._tag
    case "Accepted":
      return outcome.lost === undefined ? outcome._tag : `${outcome._tag}, ${told(outcome.lost)}`
    case "Rejected":
      return `${outcome._tag} ${outcome.step} ${outcome.reply.code}${outcome.lost === undefined ? "" : `, ${told(outcome.lost)}`}`
    default:
      return `${outcome._tag}, ${told(outcome.error)}`
  }
}
