/**
 * What a reaction comes to: a list of actions, which whoever owns the connection performs in turn. Pure.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import type { TlsFailure } from "../smtp/Tls.js"
import type { Ending, Reaction, Reading } from "./Reaction.js"
import type { ServiceModel } from "./ServiceModel.js"

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
 * What a moment comes to that is not the usual: the bytes to believe were said, and the actions that say them.
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
 * A reaction that begins later than it says.
 *
 * @since 0.1.0
 * @category combinators
 */
export const later = (reaction: Reaction | undefined, millis: number): Reaction | undefined =>
  millis === 0 ? reaction : { ...reaction, after: millis + Duration.toMillis(reaction?.after ?? 0) }

/**
 * What a reaction comes to before a content: instead of reading it something may be said or ended; otherwise it is read later,
 * or slowly.
 *
 * @since 0.1.0
 * @category constructors
 */
export const content = (reaction: Reaction, model: ServiceModel): Answer => {
  const actions: Array<Action> = []
  const { after = 0, end, next, reading, say } = reaction
  const millis = Duration.toMillis(after)
  actions.push({ _tag: "Wait", until: (now) => model.after(now, millis) })
  if (end === undefined && say === undefined && next === undefined) actions.push({ _tag: "Read", reading })
  else perform({ ...reaction, after: undefined }, "", actions)
  return { said: "", end: endOf(reaction), actions }
}

/**
 * What a reaction comes to before the handshake. What is said then is plain text, and no handshake follows it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const handshake = (reaction: Reaction | undefined, model: ServiceModel): Answer => {
  const { after = 0, end, fail, say } = reaction ?? {}
  const millis = Duration.toMillis(after)
  const actions: Array<Action> = [{ _tag: "Wait", until: (now) => model.after(now, millis) }]
  if (end === undefined && say === undefined) actions.push({ _tag: "Secure", fail })
  else perform({ ...reaction, after: undefined }, "", actions)
  return { said: "", end, actions }
}

/**
 * Adds what says a reply: the usual one, or what the reaction makes of it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const perform = (reaction: Reaction, usual: string, actions: Array<Action>): void => {
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

/**
 * What is said as the answer: what follows later is nobody's.
 *
 * @since 0.1.0
 * @category accessors
 */
export const saidBy = ({ say }: Reaction, usual: string): string =>
  say === undefined ? usual : typeof say === "string" ? say : say.join("")

/**
 * How the connection ends, at once or later.
 *
 * @since 0.1.0
 * @category accessors
 */
export const endOf = ({ end, next }: Reaction): Ending | undefined =>
  end ?? (next === undefined ? undefined : endOf(next))
