/**
 * How a connection begins: the server's greeting, who we are, and what the server offers (RFC 5321 §3.1, §4.1.1.1, RFC 2033
 * §4.1).
 *
 * It is one script, so that what goes between greeting and mail has one place.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Authentication from "./Authentication.js"
import type * as AuthMechanism from "./AuthMechanism.js"
import * as ClientIdentity from "./ClientIdentity.js"
import * as Capabilities from "./Capabilities.js"
import * as Reply from "./Reply.js"
import * as SmtpCommand from "./SmtpCommand.js"
import {
  ConnectionLost,
  type NotAllowed,
  NotOffered,
  type ReplyMalformed,
  ReplyRejected,
  type Step,
  type WireError
} from "./SmtpError.js"
import * as Steps from "./Steps.js"
import type { TlsUse } from "./Tls.js"
import type { Script, Wire } from "./Wire.js"

/**
 * How we introduce ourselves.
 *
 * @since 0.1.0
 * @category models
 */
export interface Introduction {
  /** Nothing is said where there is none (-o). */
  readonly verb: SmtpCommand.Hello | undefined
  /** The name that we go by. */
  readonly name: string
  /** How TLS comes into it, if it does. */
  readonly tls?: TlsUse | undefined
}

/**
 * What is asked of an introduction.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wanted {
  readonly bare: boolean
  readonly lmtp: boolean
  /** Whether what the server offers is of any use to us. */
  readonly extended: boolean
  readonly tls?: TlsUse | undefined
}

/**
 * The introduction of these wishes. EHLO only where its answer is of use: the old options keep the old wire.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ bare, extended, lmtp, tls }: Wanted, name: string): Introduction => ({
  verb: bare ? undefined : lmtp ? "LHLO" : extended ? "EHLO" : "HELO",
  name,
  tls
})

/**
 * The steps after whose replies an introduction may be ended.
 *
 * @since 0.1.0
 * @category models
 */
export type Welcome = "greeting" | "hello" | "auth"

/**
 * The steps of TLS after which an introduction may be left without QUIT: STARTTLS was answered, and no handshake begins; or
 * TLS stands, and nothing is said over it.
 *
 * @since 0.1.0
 * @category models
 */
export type Leaving = "starttls" | "tls"

/**
 * The step whose reply ends what costs an introduction most: TLS, and a login. Where there is neither, that is the greeting.
 *
 * @since 0.1.0
 * @category destructors
 */
export const lastCostly = ({ tls }: Introduction, login: Authentication.Login | undefined): Welcome =>
  login !== undefined ? "auth" : tls !== undefined && tls.how !== "implicit" ? "hello" : "greeting"

/**
 * What an introduction came to: what the server offers; or the reply that ended it; or what did, where it was no reply. The
 * mechanism is that of a login, where there was one, in vain or not.
 *
 * @since 0.1.0
 * @category models
 */
export type Introduced = { readonly mechanism?: AuthMechanism.Mechanism | undefined } & (
  | {
      readonly _tag: "Introduced"
      readonly capabilities: Capabilities.Capabilities
      /** What was left unsaid, since the server does not offer it. */
      readonly without?: ReadonlyArray<string> | undefined
    }
  | { readonly _tag: "Ended"; readonly step: Welcome | "starttls" | "xclient"; readonly reply: Reply.Reply }
  | { readonly _tag: "Failed"; readonly error: NotAllowed | NotOffered | ReplyMalformed | ConnectionLost }
)

/**
 * Waits for the greeting and introduces us. A server that does not know EHLO gets HELO. `goesOn` is asked after the greeting,
 * after the last reply to EHLO, and after a login that succeeded; false ends it there.
 *
 * After STARTTLS comes EHLO again, and what was offered before is void (RFC 3207 §4.2). Where the server offers it and then
 * refuses, or where it must be offered and is not, nothing is said in plain text: that may not be the server's doing. After
 * XCLIENT it is the same. With `leaving` it fails as abandoned, where it comes to that.
 *
 * @since 0.1.0
 * @category steps
 */
export function* script(
  { name: ownName, tls, verb }: Introduction,
  goesOn: (step: Welcome, reply: Reply.Reply) => boolean,
  login?: Authentication.Login | undefined,
  client: ClientIdentity.ClientIdentity = {},
  leaving?: Leaving | undefined
): Script<Introduced> {
  const name = client.helloName ?? ownName
  if (client.proxy !== undefined) yield { steps: [], bytes: client.proxy }
  if (tls?.how === "implicit") {
    yield Steps.implicitTls(tls.settings)
    if (leaving === "tls") return leftBefore("greeting")
  }
  const greeting = (yield Steps.greeting)[0]!
  if (!goesOn("greeting", greeting)) return { _tag: "Ended", step: "greeting", reply: greeting }
  if (verb === undefined) return { _tag: "Introduced", capabilities: Capabilities.none }
  let reply = (yield Steps.hello(verb, name))[0]!
  let offers = verb !== "HELO"
  if (verb === "EHLO" && isUnknown(reply)) {
    reply = (yield Steps.hello("HELO", name))[0]!
    offers = false
  }
  let isSecure = tls === undefined || tls.how === "implicit"
  if (!isSecure && offers && Reply.isOfClass2(reply) && Capabilities.parse(reply).has("STARTTLS")) {
    const begins = leaving !== "starttls"
    const answer = (yield begins ? Steps.startTls(tls!.settings) : Steps.command("starttls", SmtpCommand.startTls))[0]!
    if (!Reply.isPositive(answer)) return { _tag: "Ended", step: "starttls", reply: answer }
    if (leaving !== undefined) return leftBefore(begins ? "hello" : "tls")
    isSecure = true
    reply = (yield Steps.hello(verb, name))[0]!
  }
  const { xclient } = client
  let without: ReadonlyArray<string> = []
  if (xclient !== undefined && Reply.isPositive(reply) && (isSecure || tls?.how !== "starttls")) {
    const { whenNotOffered = "fail" } = client
    without = whenNotOffered === "send" ? [] : missingOf(xclient, offers ? Capabilities.parse(reply) : none)
    if (whenNotOffered === "fail" && without.length > 0)
      return { _tag: "Failed", error: new NotOffered({ step: "xclient", what: without[0]! }) }
    const left = without.includes("XCLIENT") ? [] : xclient.filter(([name]) => !without.includes(`XCLIENT ${name}`))
    if (left.length > 0) {
      const answer = (yield Steps.command("xclient", ClientIdentity.xclient(left)))[0]!
      if (!Reply.isPositive(answer)) return { _tag: "Ended", step: "xclient", reply: answer }
      // The session begins anew, with the client that was named: what was offered before is void.
      reply = (yield Steps.hello(verb, name))[0]!
    }
  }
  if (!goesOn("hello", reply)) return { _tag: "Ended", step: "hello", reply }
  if (!isSecure && tls?.how === "starttls") {
    return { _tag: "Failed", error: new NotOffered({ step: "starttls", what: "STARTTLS" }) }
  }
  // What a refusal says is no offer.
  const capabilities = offers && Reply.isOfClass2(reply) ? Capabilities.parse(reply) : Capabilities.none
  if (login === undefined) return { _tag: "Introduced", capabilities, without }
  const end = yield* Authentication.script(login, capabilities, isSecure && tls !== undefined)
  if (end._tag === "NotTried") return { _tag: "Failed", error: end.error }
  const { mechanism } = end
  if (end._tag === "NotBelieved") return { _tag: "Failed", error: end.error, mechanism }
  const isRefused = end._tag === "Refused" || !goesOn("auth", end.reply)
  if (isRefused) return { _tag: "Ended", step: "auth", reply: end.reply, mechanism }
  return { _tag: "Introduced", capabilities, mechanism, without }
}

const leftBefore = (step: Step): Introduced => ({
  _tag: "Failed",
  error: new ConnectionLost({ step, how: "abandoned", replies: [] })
})

const { none } = Capabilities

/** What of XCLIENT the server does not let us say: all of it, or some attributes. */
const missingOf = (
  attributes: ReadonlyArray<ClientIdentity.Attribute>,
  capabilities: Capabilities.Capabilities
): ReadonlyArray<string> => {
  const offered = capabilities.get("XCLIENT")
  if (offered === undefined) return ["XCLIENT"]
  const names = offered.toUpperCase().split(" ")
  return attributes.flatMap(([name]) => (names.includes(name) ? [] : [`XCLIENT ${name}`]))
}

/** The server does not know the command, or its arguments: 500 to 509. */
const isUnknown = ({ code }: Reply.Reply): boolean => code >= 500 && code < 510

/**
 * Why the server did not welcome us, as an error.
 *
 * @since 0.1.0
 * @category destructors
 */
export const errorOf = (
  end: Exclude<Introduced, { readonly _tag: "Introduced" }>
): NotAllowed | NotOffered | ReplyMalformed | ConnectionLost | ReplyRejected =>
  end._tag === "Failed" ? end.error : new ReplyRejected({ step: end.step, reply: end.reply })

/**
 * Who listens to an introduction, and whom it logs in.
 *
 * @since 0.1.0
 * @category models
 */
export interface IntroductionOptions {
  /** The server has answered one of the steps, whatever it says. */
  readonly onAnswer?: ((step: Welcome, reply: Reply.Reply) => void) | undefined
  /** It is over, in whatever way but by a connection that was lost. */
  readonly onEnd?: ((end: Introduced) => void) | undefined
  readonly login?: Authentication.Login | undefined
}

/**
 * The same as an Effect: it fails where the server does not welcome us, and puts what it offers on the wire.
 *
 * @since 0.1.0
 * @category steps
 */
export const run = (
  wire: Wire,
  introduction: Introduction,
  { login, onAnswer, onEnd }: IntroductionOptions = {}
): Effect.Effect<Capabilities.Capabilities, ReplyRejected | WireError> => {
  const goesOn = (step: Welcome, reply: Reply.Reply) => {
    onAnswer?.(step, reply)
    return Reply.isPositive(reply)
  }
  return wire
    .converse(() => script(introduction, goesOn, login))
    .pipe(
      Effect.onInterrupt(() => Effect.sync(() => wire.close("reset"))),
      Effect.flatMap((end): Effect.Effect<Capabilities.Capabilities, ReplyRejected | WireError> => {
        onEnd?.(end)
        if (end._tag !== "Introduced") return errorOf(end)
        wire.capabilities = end.capabilities
        return Effect.succeed(end.capabilities)
      })
    )
}
