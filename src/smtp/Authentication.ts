/**
 * The dialogue of AUTH (RFC 4954): which mechanism is taken, its challenges and answers, and what comes of it.
 *
 * Nothing is tried that the server does not offer: what servers answer to that is anything from 500 to 535. A response is sent
 * after 334 and after nothing else, since a server would take it for a command, and say it aloud.
 *
 * @since 0.1.0
 */
import type { Account } from "./AccountTable.js"
import type { AuthClient, AuthProblem } from "./AuthClient.js"
import type { AuthCrypto } from "./AuthCrypto.js"
import * as AuthMechanism from "./AuthMechanism.js"
import * as Base64 from "./Base64.js"
import type { Capabilities } from "./Capabilities.js"
import * as Reply from "./Reply.js"
import type { ScramKeys } from "./ScramKeys.js"
import { type Secrecy, Secrets } from "./Secrecy.js"
import * as SmtpCommand from "./SmtpCommand.js"
import { NotAllowed, NotOffered, ReplyMalformed } from "./SmtpError.js"
import * as Steps from "./Steps.js"
import type { Exchange, Script } from "./Wire.js"

/**
 * How a run logs in.
 *
 * @since 0.1.0
 * @category models
 */
export interface AuthSettings {
  /** The mechanisms that may be used: the first that the server offers is. */
  readonly mechanisms: ReadonlyArray<AuthMechanism.Mechanism>
  /** Whether a response goes with the command: where the line has 512 bytes at most (`auto`), never, or always. */
  readonly initialResponse: "auto" | "never" | "always"
  /** Whether passwords may go over a connection without TLS in clear text: it does not leave the machine, or that is wanted. */
  readonly insecure: boolean
  /** Where the connection goes to, which OAUTHBEARER says. */
  readonly host: string
  readonly port: number
  readonly crypto?: AuthCrypto["Type"] | undefined
  readonly keys?: ScramKeys | undefined
}

/**
 * What one connection logs in as.
 *
 * @since 0.1.0
 * @category models
 */
export interface Login {
  readonly settings: AuthSettings
  readonly account: Account
}

/**
 * What a login came to: in, or the reply that refuses it, by a mechanism; or what kept it from being tried, or from being
 * believed.
 *
 * @since 0.1.0
 * @category models
 */
export type Authenticated =
  | { readonly _tag: "Authenticated"; readonly mechanism: AuthMechanism.Mechanism; readonly reply: Reply.Reply }
  | { readonly _tag: "Refused"; readonly mechanism: AuthMechanism.Mechanism; readonly reply: Reply.Reply }
  | {
      readonly _tag: "NotTried"
      readonly error: NotAllowed | NotOffered
    }
  | {
      readonly _tag: "NotBelieved"
      readonly mechanism: AuthMechanism.Mechanism
      readonly error: ReplyMalformed
    }

/** RFC 5321 §4.5.3.1.4, the line's end included. */
const longestCommand = 512

/** More challenges than any mechanism has. */
const mostChallenges = 10

/**
 * Logs in over a connection that is greeted and introduced. `isSecure` tells that it has TLS.
 *
 * @since 0.1.0
 * @category steps
 */
export function* script(
  { account, settings }: Login,
  capabilities: Capabilities,
  isSecure: boolean
): Script<Authenticated> {
  const chosen = choose(settings, account, capabilities, isSecure)
  if (typeof chosen !== "string") return { _tag: "NotTried", error: chosen }
  const client = AuthMechanism.make(chosen, { ...account, ...where(settings) }, settings.crypto, settings.keys)
  if ("problem" in client) return notAllowed(client.problem)
  const secrets = new Secrets(SmtpCommand.bytes(account.password))
  const { command, pending } = begin(chosen, client, settings.initialResponse)
  let unsaid = pending
  let reply = (yield exchange(
    command,
    `AUTH ${chosen}${unsaid === undefined && client.initial !== undefined ? " ***" : ""}`,
    secrets,
    false
  ))[0]!
  for (let challenges = 1; reply.code === 334 && reply.defect === undefined; challenges++) {
    const answer = challenges > mostChallenges ? tooMany : answerTo(reply, client, unsaid)
    unsaid = undefined
    if (typeof answer !== "string") {
      yield exchange("*", "*", secrets, true)
      return notBelieved(chosen, answer.problem)
    }
    reply = (yield exchange(Base64.encode(answer), answer === "" ? "" : "***", secrets, true))[0]!
  }
  if (Reply.isPositive(reply)) {
    const unproven = client.unproven()
    return unproven === undefined ? { _tag: "Authenticated", mechanism: chosen, reply } : notBelieved(chosen, unproven)
  }
  if (Reply.isRefusal(reply)) return { _tag: "Refused", mechanism: chosen, reply }
  return notBelieved(chosen, `${reply.code} ${reply.text}`)
}

const where = ({ host, port }: AuthSettings) => ({ host, port })

const notAllowed = (reason: string): Authenticated => ({
  _tag: "NotTried",
  error: new NotAllowed({ step: "auth", reason })
})

const notBelieved = (mechanism: AuthMechanism.Mechanism, reason: string): Authenticated => ({
  _tag: "NotBelieved",
  mechanism,
  error: new ReplyMalformed({ step: "auth", reason, replies: [] })
})

const tooMany: AuthProblem = { problem: `more than ${mostChallenges} challenges` }

/** The mechanism to use, or why there is none. */
const choose = (
  { insecure, keys, mechanisms }: AuthSettings,
  { mechanism }: Account,
  capabilities: Capabilities,
  isSecure: boolean
): AuthMechanism.Mechanism | NotAllowed | NotOffered => {
  const offers = capabilities.get("AUTH")?.toUpperCase().split(" ")
  if (offers === undefined) return new NotOffered({ step: "auth", what: "AUTH" })
  const wanted = mechanism === undefined ? mechanisms : [mechanism]
  const offered = wanted.filter((name) => offers.includes(name))
  const [usable] = offered.filter(
    (name) =>
      (isSecure || insecure || !AuthMechanism.isClear(name)) && (keys !== undefined || !AuthMechanism.needsCrypto(name))
  )
  if (usable !== undefined) return usable
  const clear = offered.find(AuthMechanism.isClear)
  if (clear === undefined) return new NotOffered({ step: "auth", what: `AUTH ${wanted.join(", ")}` })
  const reason = `AUTH ${clear} would show the password to whoever listens: use --tls, or --auth-insecure`
  return new NotAllowed({ step: "auth", reason })
}

/** The command, and what of it has to wait for a challenge. An empty response is written as `=`. */
const begin = (
  mechanism: AuthMechanism.Mechanism,
  { initial }: AuthClient,
  when: AuthSettings["initialResponse"]
): { readonly command: string; readonly pending: string | undefined } => {
  const bare = `AUTH ${mechanism}`
  if (initial === undefined) return { command: bare, pending: undefined }
  const whole = `${bare} ${initial === "" ? "=" : Base64.encode(initial)}`
  const goesAlong = when === "always" || (when === "auto" && whole.length + 2 <= longestCommand)
  return goesAlong ? { command: whole, pending: undefined } : { command: bare, pending: initial }
}

const answerTo = (reply: Reply.Reply, client: AuthClient, unsaid: string | undefined): string | AuthProblem => {
  // Some servers put more than one blank after the code.
  const challenge = Base64.decode(reply.text.trim())
  if (challenge === undefined) return { problem: "a challenge that is not base64" }
  return unsaid ?? client.respond(challenge)
}

const exchange = (line: string, shown: string, secrets: Secrets, continues: boolean): Exchange => {
  secrets.addLine(line.slice(line.lastIndexOf(" ") + 1))
  const secret: Secrecy = { shown: `${shown}\r\n`, mask: secrets.mask, continues }
  return { ...Steps.command("auth", `${line}\r\n`), secret }
}
