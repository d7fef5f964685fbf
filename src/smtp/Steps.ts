/**
 * The steps of a dialogue, each as the exchange that it is: what is said, and which replies answer it. Scripts yield them, and
 * `Dialogue` makes Effects of them.
 *
 * @since 0.1.0
 */
import * as SmtpCommand from "./SmtpCommand.js"
import { type Step, steps } from "./SmtpError.js"
import type { TlsSettings } from "./Tls.js"
import type { Content, Exchange } from "./Wire.js"

/**
 * The steps of an exchange of one command.
 *
 * @since 0.1.0
 * @category steps
 */
export const only = Object.fromEntries(steps.map((step) => [step, [step]])) as unknown as {
  // Entries have lost which step is whose.
  readonly [step in Step]: readonly [Step]
}

/**
 * One command of a step, CRLF included.
 *
 * @since 0.1.0
 * @category steps
 */
export const command = (step: Step, bytes: string): Exchange => ({ steps: only[step], bytes, body: undefined })

/**
 * The server's greeting, which comes by itself.
 *
 * @since 0.1.0
 * @category steps
 */
export const greeting: Exchange = command("greeting", "")

/**
 * HELO, EHLO or LHLO.
 *
 * @since 0.1.0
 * @category steps
 */
export const hello = (verb: SmtpCommand.Hello, name: string): Exchange =>
  command("hello", SmtpCommand.hello(verb, name))

/**
 * STARTTLS (RFC 3207), and TLS where the server agrees.
 *
 * @since 0.1.0
 * @category steps
 */
export const startTls = (settings: TlsSettings): Exchange => ({
  ...command("starttls", SmtpCommand.startTls),
  secure: settings
})

/**
 * TLS from the first byte (RFC 8314 §3), before the greeting.
 *
 * @since 0.1.0
 * @category steps
 */
export const implicitTls = (settings: TlsSettings): Exchange => ({ steps: [], bytes: "", secure: settings })

/**
 * DATA.
 *
 * @since 0.1.0
 * @category steps
 */
export const data: Exchange = command("data", SmtpCommand.data)

/**
 * A message's content, which holds the final dot and is answered this many times: once, or once for each accepted recipient of
 * LMTP.
 *
 * @since 0.1.0
 * @category steps
 */
export const content = ({ body, head }: Content, answers: number): Exchange => ({
  steps: finals(answers),
  bytes: head,
  body
})

/**
 * The end of a message without content, after a 354 to which none is sent (RFC 2920 §3.1).
 *
 * @since 0.1.0
 * @category steps
 */
export const nothing: Exchange = command("final", SmtpCommand.endOfData)

/**
 * RSET.
 *
 * @since 0.1.0
 * @category steps
 */
export const rset: Exchange = command("rset", SmtpCommand.rset)

/**
 * QUIT.
 *
 * @since 0.1.0
 * @category steps
 */
export const quit: Exchange = command("quit", SmtpCommand.quit)

/**
 * The steps of what is answered this many times: `final`. The same array for the same number.
 *
 * @since 0.1.0
 * @category steps
 */
export const finals = (answers: number): ReadonlyArray<Step> => {
  if (answers === 1) return only.final
  const known = knownFinals[answers]
  if (known !== undefined) return known
  const made: ReadonlyArray<Step> = new Array<Step>(answers).fill("final")
  knownFinals[answers] = made
  return made
}

const knownFinals: Array<ReadonlyArray<Step> | undefined> = []
