/**
 * What a conversation is spoiled by: an error as soon as it is known which step it strikes, and which replies of the same exchange
 * came before.
 *
 * @since 0.1.0
 */
import * as Reply from "./Reply.js"
import { ConnectionLost, ReplyMalformed, ReplyTimeout, type Step, TlsFailed, type WireError } from "./SmtpError.js"
import type { TlsProblem } from "./Tls.js"

/**
 * An error, but for the step.
 *
 * @since 0.1.0
 * @category models
 */
export type Spoiled<E extends WireError = WireError> = (step: Step, replies: ReadonlyArray<Reply.Reply>) => E

/**
 * The connection is gone.
 *
 * @since 0.1.0
 * @category constructors
 */
export const lost =
  (how: ConnectionLost["how"]): Spoiled =>
  (step, replies) =>
    new ConnectionLost({ step, how, replies })

/**
 * The reply did not come in time; `waited` is in milliseconds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const late =
  (waited: number): Spoiled =>
  (step, replies) =>
    new ReplyTimeout({ step, waited, replies })

/**
 * The replies are malformed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const malformed =
  (reason: string): Spoiled =>
  (step, replies) =>
    new ReplyMalformed({ step, reason, replies })

/**
 * The reply was not asked for. A 421 on its own announces a close; any other makes the rest meaningless.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unasked =
  (reply: Reply.Reply): Spoiled<ConnectionLost | ReplyMalformed> =>
  (step, replies) =>
    Reply.isClosing(reply)
      ? new ConnectionLost({ step, how: "closed", reply, replies })
      : new ReplyMalformed({
          step,
          reason: `${reply.code} ${reply.text.slice(0, 200)}, which was not asked for`,
          replies
        })

/**
 * TLS has failed. A server that speaks before a handshake that comes first does not speak TLS there at all.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withoutTls =
  (problem: TlsProblem): Spoiled =>
  (step, replies) =>
    new TlsFailed({ ...problem, step, replies })

/**
 * What the server has said beyond its reply to STARTTLS, whole or in part, was not said under TLS, and must never be taken for it
 * (CVE-2011-0411 and its like).
 *
 * @since 0.1.0
 * @category constants
 */
export const injected: TlsProblem = {
  kind: "injection",
  code: "EINJECTION",
  reason: "the server sent plain text after its reply to STARTTLS, which would have been taken for TLS"
}

/**
 * The server greets in plain text where TLS is to come first.
 *
 * @since 0.1.0
 * @category constants
 */
export const greeted: TlsProblem = {
  kind: "plain",
  code: "EPLAIN",
  reason: "the server does not speak TLS from the first byte: try --tls starttls"
}
