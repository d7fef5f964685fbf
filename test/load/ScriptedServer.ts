/**
 * A server in memory that does what a script says, fault by fault, in virtual time.
 *
 * It says nothing but what the script wants it to say: right or wrong, early, late, in pieces, or not at all.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Load from "../../src/load/Load.js"
import * as Laws from "../../src/measure/Laws.js"
import * as Plan from "../../src/plan/Plan.js"
import { Conversation } from "../../src/smtp/Conversation.js"
import type { Outcome } from "../../src/smtp/Outcome.js"
import { ConnectFailed, type SmtpError } from "../../src/smtp/SmtpError.js"
import * as Target from "../../src/smtp/Target.js"
import { type ConnectOptions, Connector, type Wire } from "../../src/smtp/Wire.js"
import * as VirtualTime from "../../src/testing/Simulation.js"

/** What a client does that a server answers. `writing` is the beginning of a content, `content` its end. */
export type Moment =
  | "connect"
  | "greeting"
  | "hello"
  | "mail"
  | "rcpt"
  | "data"
  | "writing"
  | "content"
  | "rset"
  | "quit"

export interface Turn {
  readonly moment: Moment
  /** The connection, counted from 0. */
  readonly connection: number
  /** How many turns of this kind came before on this connection, and on all. */
  readonly nth: number
  readonly total: number
  /** The command, without its end. */
  readonly line: string
  /** How many recipients of this transaction were accepted. */
  readonly recipients: number
}

export interface Answer {
  /** Milliseconds until it is said. */
  readonly after?: number | undefined
  /** The bytes; what is usual where it is left out, nothing where it is empty. */
  readonly say?: string | undefined
  /** Milliseconds between one byte and the next. */
  readonly drip?: number | undefined
  /** How the connection ends afterwards. */
  readonly end?: "closed" | "reset" | undefined
  /** Why there is no connection (`connect` only); `local` if it is this machine's fault. */
  readonly refuse?: string | undefined
  readonly local?: boolean | undefined
  /** The content is taken in so many pieces, so many milliseconds apart (`writing` only); never, where it is 0. */
  readonly pieces?: readonly [count: number, every: number] | undefined
}

export type Script = (turn: Turn) => Answer | undefined

export interface Event {
  /** Milliseconds. */
  readonly at: number
  readonly connection: number
  readonly what: string
}

export interface ScriptedServer {
  /** Commands in upper case, `.` for a content, `connect`, and `reset` or `fin` where the client closed. */
  readonly events: ReadonlyArray<Event>
  /** The contents that were answered with a 2xx. */
  readonly accepted: ReadonlyArray<string>
  /** Wires that were handed out and not closed by the client. */
  readonly open: () => number
  readonly layer: Layer.Layer<Connector | FileSystem.FileSystem>
  /** When something happened: a command begins with this. */
  readonly times: (what: string) => ReadonlyArray<number>
  readonly count: (what: string) => number
}

export interface ServerOptions {
  readonly lmtp?: boolean | undefined
  /** What EHLO and LHLO offer. */
  readonly offers?: ReadonlyArray<string> | undefined
}

const isYes = (text: string): boolean => /^2\d\d[ \r]/.test(text)

/** What all servers together have done and seen so far. */
let activity = 0

/** A turn of the event loop that lets timers of no length pass too. */
const turn = Effect.async<void>((resume) => {
  setTimeout(() => resume(Effect.void), 0)
})

/** Resumes when nothing happens any more until the clock moves. */
export const settled: Effect.Effect<void> = Effect.gen(function* () {
  for (let quiet = 0, before = activity; quiet < 4; quiet++) {
    yield* turn
    if (activity !== before) quiet = 0
    before = activity
  }
})

export const make = (
  script: Script = () => undefined,
  options: ServerOptions = {}
): Effect.Effect<ScriptedServer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* FiberSet.makeRuntime<never>()
    const events: Array<Event> = []
    const accepted: Array<string> = []
    const totals = new Map<Moment, number>()
    let connections = 0
    let open = 0

    const connect = (connectOptions: ConnectOptions): Effect.Effect<Wire, ConnectFailed> =>
      Effect.suspend(() => {
        const connection = connections++
        const { now } = connectOptions.deadlines
        const note = (what: string) => {
          activity++
          events.push({ at: now(), connection, what })
        }
        const counts = new Map<Moment, number>()
        let sender = false
        let recipients = 0
        const ask = (moment: Moment, line = ""): Answer => {
          const nth = counts.get(moment) ?? 0
          const total = totals.get(moment) ?? 0
          counts.set(moment, nth + 1)
          totals.set(moment, total + 1)
          return script({ moment, connection, nth, total, line, recipients }) ?? {}
        }

        let input = ""
        let inContent = false
        let taking = true
        let ended = false
        let busy = false
        let held = false
        let wire: Conversation | undefined

        const end = (how: "closed" | "reset") => {
          activity++
          ended = true
          wire?.ended(how)
        }
        const say = (text: string) => {
          activity++
          if (!ended) wire?.receive(Buffer.from(text, "latin1"), 0, text.length)
        }
        /** Says what the script wants, and learns from it first: the client may go on while it listens. */
        const give = (answer: Answer, usual: string, learn: (text: string) => void = () => {}) =>
          Effect.gen(function* () {
            if (answer.after !== undefined) yield* Effect.sleep(answer.after)
            const text = answer.say ?? usual
            learn(text)
            if (answer.drip === undefined) {
              if (text !== "") say(text)
            } else {
              for (const byte of text) {
                say(byte)
                yield* Effect.sleep(answer.drip)
              }
            }
            // What was said last is read before the end is seen.
            yield* Effect.repeatN(Effect.yieldNow(), 3)
            if (answer.end !== undefined) end(answer.end)
          })

        const command = (line: string) =>
          Effect.gen(function* () {
            note(line)
            const verb = line.slice(0, 4).toUpperCase()
            const extensions = [options.lmtp === true ? "LMTP" : "ESMTP", ...(options.offers ?? [])]
            const offered = extensions.map(
              (offer, index) => `250${index === extensions.length - 1 ? " " : "-"}${offer}\r\n`
            )
            switch (verb) {
              case "HELO":
                return yield* give(ask("hello", line), "250 hello\r\n")
              case "EHLO":
              case "LHLO":
                return yield* give(ask("hello", line), offered.join(""))
              case "MAIL":
                recipients = 0
                sender = false
                return yield* give(ask("mail", line), "250 2.1.0 Ok\r\n", (text) => {
                  sender = isYes(text)
                })
              case "RCPT":
                return yield* give(ask("rcpt", line), sender ? "250 2.1.5 Ok\r\n" : "503 no sender\r\n", (text) => {
                  if (isYes(text)) recipients++
                })
              case "DATA":
                return yield* give(
                  ask("data", line),
                  recipients > 0 ? "354 go\r\n" : "503 no recipients\r\n",
                  (text) => {
                    inContent = text.startsWith("354")
                  }
                )
              case "RSET":
                return yield* give(ask("rset", line), "250 2.0.0 Ok\r\n")
              case "QUIT":
                return yield* give({ end: "closed", ...ask("quit", line) }, "221 bye\r\n")
              default:
                return yield* give({}, "500 what\r\n")
            }
          })

        const content = (text: string) =>
          Effect.gen(function* () {
            note(".")
            inContent = false
            const answers = options.lmtp === true ? recipients : 1
            const usual = recipients > 0 ? "250 2.0.0 Ok\r\n".repeat(answers) : "554 no recipients\r\n"
            yield* give(ask("content", text), usual, (said) => {
              if (isYes(said)) accepted.push(text)
            })
          })

        const pump = Effect.gen(function* () {
          busy = true
          yield* Effect.yieldNow()
          while (!ended) {
            const mark = inContent ? (input.startsWith(".\r\n") ? 0 : input.indexOf("\r\n.\r\n") + 2) : -1
            const stop = inContent ? (mark === 0 || mark > 1 ? mark + 3 : -1) : input.indexOf("\r\n") + 2
            if (stop < 2) break
            const unit = input.slice(0, stop)
            input = input.slice(stop)
            yield* inContent ? content(unit) : command(unit.slice(0, -2))
          }
          busy = false
        })

        const take = (text: string) => {
          input += text
          if (!busy && !ended) run(pump)
        }

        const transport = {
          write: (bytes: string, body: Uint8Array | undefined): boolean => {
            activity++
            const text = bytes + (body === undefined ? "" : Buffer.from(body).toString("latin1"))
            if (!inContent) {
              take(text)
              return true
            }
            const answer = ask("writing")
            if (answer.pieces === undefined && answer.say === undefined && answer.end === undefined) {
              take(text)
              return true
            }
            taking = answer.pieces !== undefined && answer.pieces[0] > 0
            run(
              Effect.gen(function* () {
                yield* Effect.yieldNow()
                const [pieces, every] = answer.pieces ?? [0, 0]
                for (let piece = 0; piece < pieces; piece++) {
                  yield* Effect.sleep(every)
                  activity++
                  wire?.progressed()
                }
                if (answer.say !== undefined || answer.end !== undefined) yield* give(answer, "")
                if (!taking || ended) return
                wire?.flushed()
                take(text)
              })
            )
            return false
          },
          close: (how: "reset" | "fin") => {
            if (!held) return
            held = false
            open--
            ended = true
            note(how)
          }
        }

        const answer = ask("connect")
        return Effect.async<Wire, ConnectFailed>((resume) => {
          let abandoned = false
          run(
            Effect.gen(function* () {
              yield* Effect.yieldNow()
              if (answer.after !== undefined) yield* Effect.sleep(answer.after)
              activity++
              if (abandoned) return
              if (answer.refuse !== undefined) {
                const { local = false, refuse: code } = answer
                return resume(Exit.fail(new ConnectFailed({ code, reason: code, local })))
              }
              note("connect")
              open++
              held = true
              wire = new Conversation(transport, connectOptions)
              resume(Exit.succeed(wire))
              yield* Effect.repeatN(Effect.yieldNow(), 10)
              busy = true
              yield* give(ask("greeting"), "220 hi\r\n")
              yield* pump
            })
          )
          return Effect.sync(() => {
            abandoned = true
          })
        })
      })

    return {
      accepted,
      count: (what) => events.filter((event) => event.what.startsWith(what)).length,
      events,
      layer: Layer.merge(
        Layer.succeed(
          Connector,
          Connector.of({ connect: (_, connectOptions) => connect(connectOptions), target: Target.unix("scripted") })
        ),
        FileSystem.layerNoop({})
      ),
      open: () => open,
      times: (what) => events.filter((event) => event.what.startsWith(what)).map(({ at }) => at)
    }
  })

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
