/**
 * What a session says, and what becomes of its connection then: the usual replies, or what the behaviour makes of them.
 *
 * @since 0.1.0
 */
import type { Action, Answer } from "./Action.js"
import type { Asked } from "./Reaction.js"
import { Outbox } from "./Outbox.js"
import type { SharedSink } from "./SharedSink.js"
import * as SinkCounts from "./SinkCounts.js"
import { type Stage, stages } from "../smtp/Stage.js"
import { isClosing, type SinkReply } from "./SinkReply.js"
import type { Verdict } from "./SinkSession.js"

/**
 * Where a voice stood: among what is to be done, and among the replies; how many contents were refused; and how the answers of the
 * behaviour since then are taken back.
 *
 * @since 0.1.0
 * @category models
 */
export interface VoiceMark {
  readonly place: number
  readonly waiting: number
  readonly refused: number
  readonly unanswer: ((errors: number) => void) | undefined
}

const refusedFinal = SinkCounts.Counter.refused + stages.indexOf("final")

/**
 * The voice of one session.
 *
 * @since 0.1.0
 * @category models
 */
export class SinkVoice {
  verdict: Verdict = "open"
  readonly out = new Outbox()
  readonly behaves: boolean
  /** The session's number, and that of the message under way or the next one, from 1. */
  readonly number: number
  message = 1
  sender = ""
  /** How large the content under way is, once its end has come. */
  size: number | undefined = undefined
  headers: string | undefined = undefined
  /** What was said last, by a behaviour. */
  said = ""
  private todo: Array<Action> = []
  private errors = 0
  private readonly behave: ((asked: Asked) => Answer | undefined) | undefined
  private readonly counters: Float64Array

  constructor(
    private readonly sink: SharedSink,
    private readonly client: string | undefined
  ) {
    this.counters = sink.counters
    this.number = ++this.counters[SinkCounts.Counter.sessions]!
    this.behave = sink.behaviour?.connection(client)
    this.behaves = this.behave !== undefined
  }

  /** What is to be done, since it was last asked. */
  actions(): ReadonlyArray<Action> {
    const { todo } = this
    if (todo.length > 0) this.todo = []
    return todo
  }

  /** TLS is about to begin. */
  handshake(): void {
    const answer = this.behave?.(this.event("tls", "", ""))
    for (const action of answer?.actions ?? []) this.todo.push(action)
    this.verdict = answer?.end ?? "secure"
  }

  /** Where what is said next will stand among what is to be done. */
  get place(): number {
    return this.todo.length
  }

  /** Where things stand before the replies to a content, for `takeBack`. */
  mark(): VoiceMark {
    const refused = this.counters[refusedFinal]!
    return { place: this.place, waiting: this.out.size, refused, unanswer: this.sink.behaviour?.mark() }
  }

  /**
   * Takes back what was said since then, what was counted for it, and what was to become of the connection; this many refusals are given
   * in its stead.
   */
  takeBack({ place, refused, unanswer, waiting }: VoiceMark, refusals: number): void {
    this.todo.length = place
    this.out.cut(waiting)
    this.verdict = "open"
    this.counters[refusedFinal] = refused
    unanswer?.(refusals)
  }

  /** What the behaviour does before it reads the content. The client may send that as soon as it is told to go ahead. */
  beforeContent(place: number): void {
    if (this.behave === undefined || this.verdict !== "open" || this.sink.behaviour?.isUsual("content") === true) return
    const answer = this.behave(this.event("content", "", ""))
    if (answer === undefined) return
    this.todo.splice(place, 0, { _tag: "Hold" })
    for (const action of answer.actions) this.todo.push(action)
    this.verdict = answer.end ?? this.verdict
  }

  /** Gives a reply, unless the behaviour has another idea; tells whether it was positive. */
  answer(
    stage: Stage,
    reply: SinkReply,
    line: string,
    recipient?: string | undefined,
    recipientPlace?: number | undefined
  ): boolean {
    if (this.verdict !== "open") return false
    const { behave } = this
    if (behave === undefined || this.sink.behaviour?.isUsual(stage) === true) return this.give(stage, reply, 1)
    const { client, headers, message, number: session, sender, size } = this
    const answer = behave({
      stage,
      session,
      message,
      line,
      sender,
      reply: reply.text,
      client,
      recipient,
      recipientPlace,
      size,
      headers
    })
    if (answer === undefined) return this.give(stage, reply, 1)
    const { actions, end, said } = answer
    for (const action of actions) this.todo.push(action)
    this.said = said
    const positive = said === reply.text ? reply.positive : said.startsWith(stage === "data" ? "354" : "2")
    if (!positive && said !== "") this.counters[SinkCounts.Counter.refused + stages.indexOf(stage)]!++
    if (end !== undefined) this.verdict = end
    else if (isClosing(said)) this.end("close")
    return positive
  }

  /** A command out of place, or none at all: too many of them end the session. */
  error(stage: Stage, reply: SinkReply, text: string): boolean {
    return this.answer(stage, ++this.errors < this.sink.maxErrors ? reply : this.sink.own.tooManyErrors, text)
  }

  /** What was out of place before a message is forgiven. */
  forgive(): void {
    this.errors = 0
  }

  /** Gives a reply this many times, whatever the behaviour: at once, or after what is still to be done. */
  give(stage: Stage, reply: SinkReply, times: number): boolean {
    this.said = reply.text
    if (this.todo.length > 0) this.todo.push({ _tag: "Say", bytes: reply.text.repeat(times), drip: 0 })
    else this.out.add(times === 1 ? reply.bytes : Buffer.alloc(times * reply.bytes.length, reply.bytes))
    if (!reply.positive) this.counters[SinkCounts.Counter.refused + stages.indexOf(stage)]! += times
    if (reply.closing) this.end("close")
    return reply.positive
  }

  /** The connection is over. */
  closed(): void {
    this.sink.behaviour?.closed(this.client)
  }

  /** Ends the session, after what is still to be done. */
  end(how: "quit" | "close"): void {
    this.verdict = how
    if (this.behaves) this.todo.push({ _tag: "End", how })
  }

  private event(stage: Stage | "content", line: string, reply: string): Asked {
    const { client, message, number: session, sender } = this
    return { stage, session, message, line, sender, reply, client }
  }
}
