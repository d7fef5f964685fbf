/**
 * What goes wrong during a run, each kind of it told once: a server that refuses a million messages must not fill a disk.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import type { Limit } from "../smtp/Capabilities.js"
import * as Printable from "../smtp/Printable.js"
import type { Outcome } from "../smtp/Outcome.js"
import {
  type ConnectFailed,
  type ConnectionLost,
  isSmtpError,
  type ReplyMalformed,
  ReplyRejected,
  type WireError
} from "../smtp/SmtpError.js"

/**
 * Called with the first of each kind of trouble: `kind` tells it from others, `text` is for people, and printable.
 *
 * @since 0.1.0
 * @category models
 */
export type OnTrouble = (kind: string, text: string) => void

/**
 * Tells of outcomes that are no success, and of connections that came to nothing and cost no message.
 *
 * @since 0.1.0
 * @category models
 */
export interface Trouble {
  readonly outcome: (outcome: Outcome) => void
  readonly unused: (error: ConnectFailed | WireError) => void
  /** The server does not offer the PIPELINING that the plan asks for. */
  readonly unpipelined: () => void
  /** The server is sent more than it says that it takes (LIMITS). */
  readonly overLimit: (limit: Limit, most: number) => void
  /** This many logins in a row were refused for good. */
  readonly hopeless: (count: number) => void
  /** The server spoke while nothing was awaited of it. */
  readonly unasked: (error: ConnectionLost | ReplyMalformed) => void
  /** A session's scenario has failed, or died of a defect. */
  readonly session: (cause: Cause.Cause<unknown>) => void
}

/**
 * Passes on the first of each kind.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (onTrouble: OnTrouble): Trouble => {
  const first = firstOfEach(onTrouble)
  return {
    outcome: (outcome) => {
      if (outcome._tag === "Accepted" || outcome._tag === "NotStarted") return
      if (outcome._tag === "Rejected") {
        first(`${outcome.step} ${outcome.reply.code}`, () => new ReplyRejected(outcome).message)
      } else {
        const { error } = outcome
        // What we gave up ourselves is a consequence of something else, or what was wanted.
        if (error._tag === "ConnectionLost" && (error.how === "interrupted" || error.how === "abandoned")) return
        first(`${error._tag} ${error.step}${error._tag === "TlsFailed" ? error.kind : ""}`, () => error.message)
      }
    },
    unused: (error) =>
      first(
        `unused ${error._tag === "ConnectFailed" ? error.code : `${error._tag} ${error.step}`}`,
        () => error.message
      ),
    unpipelined: () => first("pipelining", () => unpipelined),
    overLimit: (limit, most) => first(limit, () => overLimit[limit](most)),
    hopeless: (count) =>
      first("logins", () => `${count} logins in a row were refused, which ends the run (--auth-failures)`),
    unasked: (error) => first(`${error._tag} ${error.step}`, () => error.message),
    session: (cause) => {
      for (const error of [...Cause.failures(cause), ...Cause.defects(cause)]) {
        if (isSmtpError(error)) first(`session ${error._tag} ${error.step}`, () => `a session failed: ${error.message}`)
        else {
          // Of what is not SMTP's, the kind is its name: messages may differ each time.
          const [{ message, name } = noError] = Cause.prettyErrors(Cause.fail(error))
          first(`session ${name}`, () =>
            Printable.escape(`a session failed: ${name === "Error" ? "" : `${name}: `}${message}`)
          )
        }
      }
    }
  }
}

const unpipelined = "the server does not offer PIPELINING: each command waits for its reply"

const counted = (count: number, one: string) => `${count} ${one}${count === 1 ? "" : "s"}`

const overLimit: { readonly [limit in Limit]: (most: number) => string } = {
  RCPTMAX: (most) =>
    `the server says that it takes ${counted(most, "recipient")} with a message (LIMITS RCPTMAX), and is sent more: it may refuse them`,
  MAILMAX: (most) =>
    `the server says that it takes ${counted(most, "message")} over a connection (LIMITS MAILMAX), and a scenario sends more over one: Scenario.kept opens another`
}

const noError = { name: "Error", message: "" }

/**
 * Passes on the first of each kind, and none of those that follow.
 *
 * @since 0.1.0
 * @category constructors
 */
export const firstOfEach = (onTrouble: OnTrouble): ((kind: string, text: () => string) => void) => {
  const told = new Set<string>()
  return (kind, text) => {
    if (told.has(kind)) return
    told.add(kind)
    onTrouble(kind, text())
  }
}
