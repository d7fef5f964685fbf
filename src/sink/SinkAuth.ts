/**
 * AUTH (RFC 4954) from the server's side: the mechanisms verify what they are told, against the accounts that there are, or
 * take anybody.
 *
 * Pure: what needs cryptography is given it. Texts hold one byte in each character.
 *
 * @since 0.1.0
 */
import * as AccountTable from "../smtp/AccountTable.js"
import type { AuthCrypto } from "../smtp/AuthCrypto.js"
import * as AuthMechanism from "../smtp/AuthMechanism.js"
import { ScramKeys } from "../smtp/ScramKeys.js"
import type { AuthAnswer, SinkLogin } from "./SinkLogin.js"
import * as SinkScram from "./SinkScram.js"

/**
 * Who is let in, and how. Plain data.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkAuthConfig {
  /**
   * What is offered. Default: all that can be verified. Those that show the password are offered before TLS only where there is
   * no TLS.
   */
  readonly mechanisms?: ReadonlyArray<AuthMechanism.Mechanism> | undefined
  /** Default `any`: whoever says a name and a password is let in, by the mechanisms that tell the server what they are. */
  readonly accounts?: "any" | ReadonlyArray<AccountTable.Account> | AccountTable.AccountData | undefined
  /** Whether nothing is taken before: 530 to MAIL, RCPT and DATA. Default false. */
  readonly required?: boolean | undefined
}

/**
 * The logins of a sink.
 *
 * @since 0.1.0
 * @category models
 */
export interface SinkAuth {
  readonly required: boolean
  /** The mechanisms that are offered over a connection with TLS, or without it. */
  readonly offers: (isSecure: boolean) => ReadonlyArray<AuthMechanism.Mechanism>
  readonly open: (mechanism: AuthMechanism.Mechanism) => SinkLogin
}

/**
 * Makes the logins of a sink. Without `crypto`, mechanisms that need it are not offered. `hasTls` tells that TLS is to be had.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  { accounts = "any", mechanisms, required = false }: SinkAuthConfig,
  hasTls: boolean,
  crypto: AuthCrypto["Type"] | undefined
): SinkAuth => {
  const table = accounts === "any" ? undefined : tableOf(accounts)
  const offered = (mechanisms ?? verified).filter(
    (mechanism) => !AuthMechanism.needsCrypto(mechanism) || (crypto !== undefined && table !== undefined)
  )
  const hidden = offered.filter((mechanism) => !AuthMechanism.isClear(mechanism))
  const keys = crypto === undefined ? undefined : new ScramKeys(crypto)
  const passwordOf = (user: string): string | undefined => table?.find(utf8(user))?.password
  /** Whether a password, or a token, is the user's. */
  const isHis = (user: string, password: string): boolean => {
    if (table === undefined) return user !== ""
    return passwordOf(user) === utf8(password)
  }
  return {
    required,
    offers: (isSecure) => (hasTls && !isSecure ? hidden : offered),
    open: (mechanism) => {
      switch (mechanism) {
        case "PLAIN":
          return stating((response) => {
            const [, , user = "", password] = /^([^\0]*)\0([^\0]+)\0([^\0]+)$/.exec(response) ?? []
            return password === undefined ? "malformed" : verdict(isHis(user, password))
          })
        case "LOGIN":
          return asking(isHis)
        case "XOAUTH2":
          return bearing(/^user=([^\x01]+)\x01auth=Bearer ([^\x01]+)\x01\x01$/, isHis)
        case "OAUTHBEARER":
          return bearing(/^n,a=([^,]+),\x01(?:[a-z]+=[^\x01]*\x01)*?auth=Bearer ([^\x01]+)\x01\x01$/, (name, token) =>
            isHis(SinkScram.nameOf(name), token)
          )
        case "EXTERNAL":
        case "ANONYMOUS":
          return stating(() => "accepted")
        case "CRAM-MD5":
          return digesting(passwordOf, crypto!)
        case "SCRAM-SHA-1":
          return SinkScram.open("sha1", passwordOf, keys!)
        case "SCRAM-SHA-256":
          return SinkScram.open("sha256", passwordOf, keys!)
      }
    }
  }
}

/** Who logs in by name and password, or by a token, can be told from others. */
const verified = AuthMechanism.mechanisms.filter((mechanism) => !AuthMechanism.needsNoPassword(mechanism))

const tableOf = (
  accounts: ReadonlyArray<AccountTable.Account> | AccountTable.AccountData
): AccountTable.AccountTable =>
  "places" in accounts ? new AccountTable.AccountTable(accounts) : AccountTable.of(accounts)

const utf8 = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8")

const verdict = (isRight: boolean): AuthAnswer => (isRight ? "accepted" : "refused")

/** Answers with what `judge` makes of a response, which the client says first (RFC 4616, RFC 4422, RFC 4505). */
const stating = (judge: (response: string) => AuthAnswer): SinkLogin => ({
  begin: (response) => (response === undefined ? { challenge: "" } : judge(response)),
  take: judge
})

const asking = (isHis: (user: string, password: string) => boolean): SinkLogin => {
  let user: string | undefined
  const take = (response: string): AuthAnswer => {
    if (user !== undefined) return verdict(isHis(user, response))
    user = response
    return { challenge: "Password:" }
  }
  return { begin: (response) => (response === undefined ? { challenge: "Username:" } : take(response)), take }
}

/** RFC 7628 §3.2.2: why it is refused is a challenge, and the answer to that is of no interest. */
const bearing = (form: RegExp, isHis: (user: string, token: string) => boolean): SinkLogin => {
  let failed = false
  return stating((response) => {
    if (failed) return "refused"
    const [, user, token] = form.exec(response) ?? []
    if (user === undefined || token === undefined) return "malformed"
    if (isHis(user, token)) return "accepted"
    failed = true
    return { challenge: '{"status":"401","schemes":"bearer"}' }
  })
}

/** RFC 2195. */
const digesting = (passwordOf: (user: string) => string | undefined, crypto: AuthCrypto["Type"]): SinkLogin => {
  const challenge = `<${Buffer.from(crypto.random(12)).toString("hex")}@sink>`
  return {
    begin: (response) => (response === undefined ? { challenge } : "malformed"),
    take: (response) => {
      const [, user, digest = ""] = /^(.+) ([0-9a-f]{32})$/s.exec(response) ?? []
      if (user === undefined) return "malformed"
      const password = passwordOf(user)
      if (password === undefined) return "refused"
      const expected = crypto.hmac("md5", Buffer.from(password, "utf8"), Buffer.from(challenge, "latin1"))
      return verdict(crypto.equal(expected, Buffer.from(digest, "hex")))
    }
  }
}
