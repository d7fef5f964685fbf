/**
 * The logins of one connection: the command, the lines that answer challenges, and whether the client is in (RFC 4954 §4).
 *
 * @since 0.1.0
 */
import * as AuthMechanism from "../smtp/AuthMechanism.js"
import * as Base64 from "../smtp/Base64.js"
import type { SinkAuth } from "./SinkAuth.js"
import type { AuthAnswer, SinkLogin } from "./SinkLogin.js"
import { replies, SinkReply } from "./SinkReply.js"

/**
 * The longest line that answers a challenge, in bytes (RFC 4954 §4).
 *
 * @since 0.1.0
 * @category limits
 */
export const longestResponse = 12_288

/**
 * The logins of a connection that has just been opened.
 *
 * @since 0.1.0
 * @category models
 */
export class SinkLogins {
  /** Whether the client is in. */
  isIn = false
  private login: SinkLogin | undefined = undefined

  constructor(
    private readonly auth: SinkAuth,
    private readonly longestCommand: number
  ) {}

  /** The longest that the next line may be, in bytes. */
  get longestLine(): number {
    return this.isUnderWay ? Math.max(this.longestCommand, longestResponse) : this.longestCommand
  }

  /** Whether the next line answers a challenge. */
  get isUnderWay(): boolean {
    return this.login !== undefined
  }

  /** Whether commands that begin a message wait for a login. */
  get isDue(): boolean {
    return this.auth.required && !this.isIn
  }

  /** What AUTH is answered. */
  begin(argument: string, isSecure: boolean, inTransaction: boolean): SinkReply {
    if (this.isIn || inTransaction) return replies.authOutOfPlace
    const [name = "", response, ...rest] = argument.split(" ")
    const mechanism = AuthMechanism.ofName(name)
    if (name === "" || rest.length > 0) return replies.syntaxError
    if (mechanism === undefined || !this.auth.offers(isSecure).includes(mechanism)) return replies.unknownMechanism
    const said = response === undefined ? undefined : response === "=" ? "" : Base64.decode(response)
    if (response !== undefined && said === undefined) return replies.notBase64
    this.login = this.auth.open(mechanism)
    return replyTo(this.login.begin(said))
  }

  /** What the answer to a challenge is answered. */
  take(line: string): SinkReply {
    if (line === "*") return replies.authCancelled
    const said = Base64.decode(line)
    return said === undefined || this.login === undefined ? replies.notBase64 : replyTo(this.login.take(said))
  }

  /** Hears what was said to the client in the end, which a behaviour may have had another idea of. */
  settle(said: string): void {
    if (said.startsWith("334")) this.login ??= anything
    else {
      this.login = undefined
      this.isIn = said.startsWith("2")
    }
  }

  /** What was said before TLS is void. */
  forget(): void {
    this.login = undefined
    this.isIn = false
  }
}

const replyTo = (answer: AuthAnswer): SinkReply => {
  switch (answer) {
    case "accepted":
      return replies.authOk
    case "refused":
      return replies.authRefused
    case "malformed":
      return replies.authMalformed
    default:
      return new SinkReply(`334 ${Base64.encode(answer.challenge)}\r\n`, true)
  }
}

/** After a challenge that is no mechanism's. */
const anything: SinkLogin = { begin: () => "malformed", take: () => "malformed" }
