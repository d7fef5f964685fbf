/**
 * The mechanisms of AUTH (RFC 4954) from the client's side, each a machine that answers challenges. Pure: what needs
 * cryptography is given it.
 *
 * Texts hold one byte in each character, before base64.
 *
 * @since 0.1.0
 */
import type { AuthClient, AuthProblem, Credentials } from "./AuthClient.js"
import type { AuthCrypto } from "./AuthCrypto.js"
import * as ScramClient from "./ScramClient.js"
import type { ScramKeys } from "./ScramKeys.js"
import * as SmtpCommand from "./SmtpCommand.js"

/**
 * The mechanisms, the strongest first.
 *
 * @since 0.1.0
 * @category models
 */
export const mechanisms = [
  "SCRAM-SHA-256",
  "SCRAM-SHA-1",
  "CRAM-MD5",
  "PLAIN",
  "LOGIN",
  "XOAUTH2",
  "OAUTHBEARER",
  "EXTERNAL",
  "ANONYMOUS"
] as const

/**
 * One of `mechanisms`.
 *
 * @since 0.1.0
 * @category models
 */
export type Mechanism = (typeof mechanisms)[number]

/**
 * Those that a user's name and password will do for: what is taken, the first that is offered, where nothing is said. The
 * others want something else, and are used only when asked for by name.
 *
 * @since 0.1.0
 * @category constants
 */
export const usual: ReadonlyArray<Mechanism> = ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"]

/**
 * Whether who listens learns the password, or the token that is as good as one.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isClear = (mechanism: Mechanism): boolean =>
  mechanism === "PLAIN" || mechanism === "LOGIN" || mechanism === "XOAUTH2" || mechanism === "OAUTHBEARER"

/**
 * Whether it logs in without a password or a token: by a certificate, or as nobody.
 *
 * @since 0.1.0
 * @category predicates
 */
export const needsNoPassword = (mechanism: Mechanism): boolean => mechanism === "EXTERNAL" || mechanism === "ANONYMOUS"

/**
 * Whether it cannot do without `AuthCrypto`.
 *
 * @since 0.1.0
 * @category predicates
 */
export const needsCrypto = (mechanism: Mechanism): boolean =>
  mechanism === "CRAM-MD5" || mechanism === "SCRAM-SHA-1" || mechanism === "SCRAM-SHA-256"

/**
 * The mechanism of this name, in small letters or capitals.
 *
 * @since 0.1.0
 * @category destructors
 */
export const ofName = (name: string): Mechanism | undefined => {
  const wanted = name.toUpperCase()
  return mechanisms.find((mechanism) => mechanism === wanted)
}

/**
 * Begins a login. Without `crypto`, only what needs none can be begun.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  mechanism: Mechanism,
  credentials: Credentials,
  crypto: AuthCrypto["Type"] | undefined,
  keys: ScramKeys | undefined
): AuthClient | AuthProblem => {
  const user = SmtpCommand.bytes(credentials.user)
  const password = SmtpCommand.bytes(credentials.password)
  switch (mechanism) {
    case "PLAIN":
      return saying(`\0${user}\0${password}`)
    case "LOGIN":
      return saying(undefined, user, password)
    case "XOAUTH2":
      // A refusal comes as a challenge that tells why, and wants an empty answer before it is a reply.
      return saying(`user=${user}\x01auth=Bearer ${password}\x01\x01`, "")
    case "OAUTHBEARER": {
      const { host, port } = credentials
      const where = `host=${SmtpCommand.bytes(host)}\x01${port === 0 ? "" : `port=${port}\x01`}`
      return saying(`n,a=${ScramClient.escapeName(user)},\x01${where}auth=Bearer ${password}\x01\x01`, "\x01")
    }
    case "EXTERNAL":
    case "ANONYMOUS":
      return saying(user)
    case "CRAM-MD5":
      return crypto === undefined ? noCrypto : digesting(user, password, crypto)
    case "SCRAM-SHA-1":
      return keys === undefined ? noCrypto : ScramClient.make("sha1", credentials, keys)
    case "SCRAM-SHA-256":
      return keys === undefined ? noCrypto : ScramClient.make("sha256", credentials, keys)
  }
}

const noCrypto: AuthProblem = { problem: "there is no AuthCrypto" }

const unexpected: AuthProblem = { problem: "a challenge more than the mechanism has" }

const believed = (): undefined => undefined

/** Says one thing after the other, whatever it is asked (RFC 4616, RFC 7628, RFC 4422, RFC 4505). */
const saying = (initial: string | undefined, ...answers: ReadonlyArray<string>): AuthClient => {
  let place = 0
  return { initial, respond: () => answers[place++] ?? unexpected, unproven: believed }
}

/** RFC 2195. */
const digesting = (user: string, password: string, crypto: AuthCrypto["Type"]): AuthClient => {
  let answered = false
  return {
    initial: undefined,
    respond: (challenge) => {
      if (answered) return unexpected
      answered = true
      const digest = crypto.hmac("md5", Buffer.from(password, "latin1"), Buffer.from(challenge, "latin1"))
      return `${user} ${Buffer.from(digest).toString("hex")}`
    },
    unproven: () => (answered ? undefined : "success before there was a challenge")
  }
}
