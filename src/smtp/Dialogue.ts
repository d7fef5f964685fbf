/**
 * The steps of a dialogue as Effect programs, and the transaction that they make up (RFC 5321 §3.3, RFC 2033 §4).
 *
 * A single step fails with what went wrong, naming itself. A transaction does not fail: its message always has an
 * `Outcome`, and a rejection is data. Each function takes the wire first, or last, as in
 * `Effect.flatMap(Scenario.kept, Dialogue.request("NOOP"))`.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import { AuthCrypto } from "./AuthCrypto.js"
import * as Authentication from "./Authentication.js"
import * as AuthMechanism from "./AuthMechanism.js"
import * as Delivery from "./Delivery.js"
import * as Outcome from "./Outcome.js"
import * as Reply from "./Reply.js"
import { ScramKeys } from "./ScramKeys.js"
import * as SmtpCommand from "./SmtpCommand.js"
import * as Steps from "./Steps.js"
import { ArgumentInvalid, ReplyRejected, type Step, type WireError } from "./SmtpError.js"
import type { TlsSession, TlsSettings } from "./Tls.js"
import * as Transaction from "./Transaction.js"
import type { Content, Exchange, Wire } from "./Wire.js"

/**
 * What a step fails with.
 *
 * @since 0.1.0
 * @category errors
 */
export type StepError = ReplyRejected | WireError

/**
 * Makes an Effect of a step: it resumes with the reply, whatever that says.
 *
 * @since 0.1.0
 * @category steps
 */
export const perform: {
  (exchange: Exchange): (wire: Wire) => Effect.Effect<Reply.Reply, WireError>
  (wire: Wire, exchange: Exchange): Effect.Effect<Reply.Reply, WireError>
} = dual(
  2,
  (wire: Wire, { body, bytes, steps }: Exchange): Effect.Effect<Reply.Reply, WireError> =>
    Effect.map(wire.exchange(steps, bytes, body), (replies) => replies[0]!)
)

/**
 * Sends one command and waits for its reply, whatever it says.
 *
 * @since 0.1.0
 * @category steps
 */
export const ask: {
  (step: Step, command: string): (wire: Wire) => Effect.Effect<Reply.Reply, WireError>
  (wire: Wire, step: Step, command: string): Effect.Effect<Reply.Reply, WireError>
} = dual(
  3,
  (wire: Wire, step: Step, command: string): Effect.Effect<Reply.Reply, WireError> =>
    perform(wire, Steps.command(step, command))
)

const requiring = (
  wire: Wire,
  exchange: Exchange,
  expected: (reply: Reply.Reply) => boolean
): Effect.Effect<Reply.Reply, StepError> =>
  Effect.flatMap(perform(wire, exchange), (reply) =>
    expected(reply) ? Effect.succeed(reply) : new ReplyRejected({ step: exchange.steps[0]!, reply })
  )

/** A step whose argument is one line, and stays one. */
const checked = <E>(
  step: Step,
  argument: string,
  send: () => Effect.Effect<Reply.Reply, E>
): Effect.Effect<Reply.Reply, E | ArgumentInvalid> =>
  SmtpCommand.isOneLine(argument) ? Effect.suspend(send) : new ArgumentInvalid({ step, argument })

/**
 * Waits for the server's greeting, which must be positive.
 *
 * @since 0.1.0
 * @category steps
 */
export const greeting = (wire: Wire): Effect.Effect<Reply.Reply, StepError> =>
  requiring(wire, Steps.greeting, Reply.isPositive)

/**
 * Says who we are.
 *
 * @since 0.1.0
 * @category steps
 */
export const hello: {
  (verb: SmtpCommand.Hello, name: string): (wire: Wire) => Effect.Effect<Reply.Reply, StepError>
  (wire: Wire, verb: SmtpCommand.Hello, name: string): Effect.Effect<Reply.Reply, StepError>
} = dual(
  3,
  (wire: Wire, verb: SmtpCommand.Hello, name: string): Effect.Effect<Reply.Reply, StepError> =>
    checked("hello", name, () => requiring(wire, Steps.hello(verb, name), Reply.isPositive))
)

/**
 * Sends STARTTLS (RFC 3207), and begins TLS once the server agrees. What it offered before is void: say EHLO again.
 *
 * @since 0.1.0
 * @category steps
 */
export const startTls: {
  (settings: TlsSettings): (wire: Wire) => Effect.Effect<TlsSession, StepError>
  (wire: Wire, settings: TlsSettings): Effect.Effect<TlsSession, StepError>
} = dual(
  2,
  (wire: Wire, settings: TlsSettings): Effect.Effect<TlsSession, StepError> =>
    Effect.zipRight(
      requiring(wire, Steps.command("starttls", SmtpCommand.startTls), Reply.isPositive),
      wire.startTls(settings)
    )
)

/**
 * How a connection logs in.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthOptions {
  readonly user: string
  /** A password; or a token, for XOAUTH2 and OAUTHBEARER. */
  readonly password: Redacted.Redacted<string>
  /** The first that the server offers is used. Default: the usual ones, the strongest first. */
  readonly mechanisms?: ReadonlyArray<AuthMechanism.Mechanism> | undefined
  readonly initialResponse?: Authentication.AuthSettings["initialResponse"] | undefined
  /** Whether a password may go without TLS in a form that shows it. Default false. */
  readonly insecure?: boolean | undefined
  /** Where the connection goes to, which OAUTHBEARER says. */
  readonly host?: string | undefined
  readonly port?: number | undefined
}

/**
 * Logs in (RFC 4954), by a mechanism that the server has offered; CRAM-MD5 and SCRAM need `AuthCrypto` (`NodeAuthCrypto.layer`)
 * and are passed over without it. Fails with `NotOffered` or `NotAllowed` where nothing was tried. From then on, what the server
 * repeats of the password is hidden from all who hear of replies. Interruption closes the connection.
 *
 * @since 0.1.0
 * @category steps
 */
export const authenticate: {
  (options: AuthOptions): (wire: Wire) => Effect.Effect<Reply.Reply, StepError>
  (wire: Wire, options: AuthOptions): Effect.Effect<Reply.Reply, StepError>
} = dual(
  2,
  (wire: Wire, options: AuthOptions): Effect.Effect<Reply.Reply, StepError> =>
    Effect.gen(function* () {
      const crypto = Option.getOrUndefined(yield* Effect.serviceOption(AuthCrypto))
      const { host = "localhost", initialResponse = "auto", insecure = false, mechanisms, port = 0, user } = options
      const settings: Authentication.AuthSettings = {
        mechanisms: mechanisms ?? AuthMechanism.usual,
        initialResponse,
        insecure,
        host,
        port,
        crypto,
        keys: crypto === undefined ? undefined : new ScramKeys(crypto)
      }
      const login = { settings, account: { user, password: Redacted.value(options.password) } }
      const script = () => Authentication.script(login, wire.capabilities, wire.session() !== undefined)
      const end = yield* Effect.onInterrupt(wire.converse(script), () => Effect.sync(() => wire.close("reset")))
      if (end._tag === "Authenticated") return end.reply
      return yield* end._tag === "Refused" ? new ReplyRejected({ step: "auth", reply: end.reply }) : end.error
    })
)

/**
 * Begins a transaction.
 *
 * @since 0.1.0
 * @category steps
 */
export const mail: {
  (sender: string): (wire: Wire) => Effect.Effect<Reply.Reply, StepError>
  (wire: Wire, sender: string): Effect.Effect<Reply.Reply, StepError>
} = dual(
  2,
  (wire: Wire, sender: string): Effect.Effect<Reply.Reply, StepError> =>
    checked("mail", sender, () => requiring(wire, Steps.command("mail", SmtpCommand.mail(sender)), Reply.isPositive))
)

/**
 * Adds a recipient.
 *
 * @since 0.1.0
 * @category steps
 */
export const rcpt: {
  (recipient: string): (wire: Wire) => Effect.Effect<Reply.Reply, StepError>
  (wire: Wire, recipient: string): Effect.Effect<Reply.Reply, StepError>
} = dual(
  2,
  (wire: Wire, recipient: string): Effect.Effect<Reply.Reply, StepError> =>
    checked("rcpt", recipient, () =>
      requiring(wire, Steps.command("rcpt", SmtpCommand.rcpt(recipient)), Reply.isPositive)
    )
)

/**
 * Asks to send the message; the server must answer 354.
 *
 * @since 0.1.0
 * @category steps
 */
export const data = (wire: Wire): Effect.Effect<Reply.Reply, StepError> => requiring(wire, Steps.data, Reply.isGoAhead)

/**
 * Sends the content, which holds the final dot, and waits for the reply to it.
 *
 * @since 0.1.0
 * @category steps
 */
export const content: {
  (content: Content): (wire: Wire) => Effect.Effect<Reply.Reply, StepError>
  (wire: Wire, content: Content): Effect.Effect<Reply.Reply, StepError>
} = dual(
  2,
  (wire: Wire, content: Content): Effect.Effect<Reply.Reply, StepError> =>
    requiring(wire, Steps.content(content, 1), Reply.isPositive)
)

/**
 * Ends the transaction without a message.
 *
 * @since 0.1.0
 * @category steps
 */
export const rset = (wire: Wire): Effect.Effect<Reply.Reply, StepError> => requiring(wire, Steps.rset, Reply.isPositive)

/**
 * Sends QUIT. Any reply is accepted, and so is none: it changes nothing (clause S7.6).
 *
 * @since 0.1.0
 * @category steps
 */
export const quit = (wire: Wire): Effect.Effect<void> => Effect.ignore(perform(wire, Steps.quit))

/**
 * Sends a command that has no step of its own, such as `NOOP` or `VRFY root`, and waits for its reply, whatever it says.
 *
 * @since 0.1.0
 * @category steps
 */
export const request: {
  (line: string): (wire: Wire) => Effect.Effect<Reply.Reply, WireError>
  (wire: Wire, line: string): Effect.Effect<Reply.Reply, WireError>
} = dual(
  2,
  (wire: Wire, line: string): Effect.Effect<Reply.Reply, WireError> =>
    checked("other", line, () => ask(wire, "other", `${SmtpCommand.bytes(line)}\r\n`))
)

/**
 * Sends one message, command by command, and gives its outcome; it never fails. Afterwards the wire's state says whether it
 * can be used again. Where a command of the message is not one line, nothing is sent, and the outcome is `Failed` with
 * `ArgumentInvalid`.
 *
 * Without `stop`, refused recipients do not keep the message from the others, and a transaction that is refused as a whole is
 * ended with RSET. `Transaction` has the same in groups of commands, and where it may be interrupted.
 *
 * @since 0.1.0
 * @category steps
 */
export const transaction: {
  (message: Delivery.Message, options: Delivery.TransactionOptions): (wire: Wire) => Effect.Effect<Outcome.Outcome>
  (wire: Wire, message: Delivery.Message, options: Delivery.TransactionOptions): Effect.Effect<Outcome.Outcome>
} = dual(
  3,
  (wire: Wire, message: Delivery.Message, options: Delivery.TransactionOptions): Effect.Effect<Outcome.Outcome> =>
    Effect.suspend((): Effect.Effect<Outcome.Outcome> => {
      const error = Delivery.unusable(message)
      return error === undefined
        ? Transaction.run(Transaction.make(wire, "each"), Delivery.make(options, message))
        : Effect.succeed({ _tag: "Failed", error, recipients: Outcome.noRecipients })
    })
)
