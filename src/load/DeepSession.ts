/**
 * One -s slot of a run whose transactions go several in one write (`--depth`): a fiber that takes this many messages, sends them,
 * and waits for the answers to all of them.
 *
 * Where the server does not offer what that needs, they go one by one.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { Outcome } from "../smtp/Outcome.js"
import * as Delivery from "../smtp/Delivery.js"
import type { SmtpError } from "../smtp/SmtpError.js"
import type { Script, Wire } from "../smtp/Wire.js"
import * as Connection from "./Connection.js"
import * as MessageEnd from "./MessageEnd.js"
import { deliveryOf } from "./Session.js"
import type { Booking, SharedRun } from "./SharedRun.js"

/** A message that was begun and has not ended. */
interface Flight extends MessageEnd.Begun {
  readonly message: number
  /** When its transaction began, if it has. */
  begun: number | undefined
}

/** The messages under way, of which the first `sent` are being sent; the last of those is in the delivery. */
interface UnderWay {
  flights: Array<Flight>
  sent: number
  readonly delivery: Delivery.Delivery
}

/**
 * Runs a session until no message is left. Interruption books the messages under way and closes the connection.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (shared: SharedRun): Effect.Effect<void, MessageEnd.RunEnded> =>
  Effect.suspend(() => {
    const connection = Connection.make(shared)
    const underWay: UnderWay = { flights: [], sent: 0, delivery: deliveryOf(shared.plan) }
    return Effect.ensuring(
      Effect.gen(() => loop(shared, connection, underWay)),
      Effect.sync(() => abandon(shared, connection, underWay))
    )
  })

const abandon = (shared: Booking, connection: Connection.Connection, underWay: UnderWay): void => {
  const { delivery, flights, sent } = underWay
  if (flights.length > 0) {
    const last = connection.interrupted(delivery)
    const outcomes = sent > 1 ? connection.ends() : [last]
    const unsent = Delivery.failed(Delivery.interruption(undefined), Delivery.make(delivery.options))
    flights.forEach(({ begun, message }, index) => {
      shared.onOutcome(message, outcomes[index] ?? unsent, false, connection.route, begun)
    })
  }
  connection.close()
}

function* loop(shared: SharedRun, connection: Connection.Connection, underWay: UnderWay) {
  const { connectOptions, ledger, plan, reuse, tickets } = shared
  const { delivery } = underWay
  const { now } = connectOptions.deadlines
  /** The connection over which a lot was answered before. */
  let proven: Wire | undefined

  const begin = (message: number): void => {
    ledger.start()
    underWay.flights.push({ message, begun: undefined })
  }
  const end = (flight: Flight, outcome: Outcome, ended: number): SmtpError | undefined =>
    MessageEnd.book(shared, connection, flight.message, flight, outcome, ended)

  /** Sends one lot after another, as long as all goes well, and ends with the outcome of the last message of one that did not. */
  function* lots(): Script<Outcome> {
    // The next lot begins with the reply that ends this one: another look at the clock would tell the same.
    let beginning = now()
    while (true) {
      const { flights } = underWay
      const depth = connection.depth()
      while (flights.length < depth) {
        const taken = tickets.take()
        if (taken === undefined) break
        begin(taken)
      }
      const lot = flights.slice(0, depth)
      const prepared = lot.map(({ message }) => connection.prepare(message))
      // A message that does not exist goes by itself, which means not at all.
      const missing = prepared.findIndex(({ content }) => content.unusable !== undefined)
      const size = missing < 0 ? lot.length : Math.max(1, missing)
      const [sent, messages] = [lot.slice(0, size), prepared.slice(0, size)]
      underWay.sent = sent.length
      for (const flight of sent) flight.begun = beginning
      delivery.message = messages.pop()!
      const last = yield* messages.length > 0
        ? connection.together(messages, delivery)
        : connection.script(delivery, undefined)
      const { wire } = connection
      const outcomes = sent.length > 1 ? connection.ends() : [last]
      if (wire?.state() !== "open" || !outcomes.every(MessageEnd.isAccepted)) return last
      proven = wire
      beginning = wire.arrivedAt
      for (const [index, flight] of sent.entries()) end(flight, outcomes[index]!, beginning)
      flights.splice(0, sent.length)
      underWay.sent = 0
      if (connection.isSpent()) {
        return yield* connection.part(last)
      }
      if (flights.length > 0) continue
      const next = tickets.take()
      if (next === undefined) return last
      begin(next)
    }
  }

  let next = tickets.take()
  while (next !== undefined || underWay.flights.length > 0) {
    const first = next
    if (first !== undefined) connection.expect(first)
    const opened = first === undefined ? yield* connection.reopen : yield* connection.open(() => begin(first))
    next = undefined
    // Nothing more begins: the message was taken in vain.
    if (opened?._tag === "Shut") break
    underWay.sent = 0
    Delivery.begin(delivery)
    const outcome = opened ?? (yield* connection.converse(lots, delivery))
    const { flights, sent } = underWay
    // Where nothing was sent, no connection was there to send anything over.
    const outcomes = sent === 0 ? flights.map(() => outcome) : sent > 1 ? connection.ends() : [outcome]
    const wasProven = proven !== undefined && proven === connection.wire
    const ended = now()
    let error: SmtpError | undefined
    underWay.flights = flights.filter((flight, index) => {
      const own = outcomes[index]
      if (own === undefined) return true
      if (plan.keepGoing && wasProven && MessageEnd.isUnread(own)) return true
      const fatal = end(flight, own, ended)
      error ??= fatal
      return false
    })
    underWay.sent = 0
    if (error !== undefined) return yield* new MessageEnd.RunEnded({ error })
    for (const flight of underWay.flights) flight.begun = undefined

    const left = underWay.flights.length
    if (left === 0) next = tickets.take()
    yield* connection.leave(left === 0 && reuse && !connection.isSpent() && next !== undefined)
  }
}
