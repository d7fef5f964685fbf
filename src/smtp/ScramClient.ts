/**
 * SCRAM (RFC 5802, RFC 7677) from the client's side, without channel binding.
 *
 * The server proves that it knows the password, too: one that declares a success and has not proven it is not believed.
 *
 * @since 0.1.0
 */
import type { AuthClient, AuthProblem, Credentials } from "./AuthClient.js"
import type { HashName } from "./AuthCrypto.js"
import * as Base64 from "./Base64.js"
import type { ScramKeys } from "./ScramKeys.js"
import * as SmtpCommand from "./SmtpCommand.js"

/**
 * The rounds beyond which a server is not served: each thousand costs a quarter of a millisecond, in which nothing else goes on.
 *
 * @since 0.1.0
 * @category limits
 */
export const mostRounds = 1_000_000

/**
 * A name as SCRAM and OAUTHBEARER write it: commas and equals signs are escaped.
 *
 * @since 0.1.0
 * @category constructors
 */
export const escapeName = (name: string): string => name.replaceAll("=", "=3D").replaceAll(",", "=2C")

/**
 * Begins a login. `nonce` is drawn anew for each, except in tests.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  hash: HashName,
  { password, user }: Credentials,
  keys: ScramKeys,
  nonce: string = Base64.encodeBytes(keys.crypto.random(18))
): AuthClient | AuthProblem => {
  const { crypto } = keys
  const name = crypto.prepare(user, "query")
  const secret = crypto.prepare(password, "stored")
  if (name === undefined) return { problem: "the user's name holds characters that SASLprep forbids (RFC 4013)" }
  if (secret === undefined) return { problem: "the password holds characters that SASLprep forbids (RFC 4013)" }
  const first = `n=${escapeName(SmtpCommand.bytes(name))},r=${nonce}`
  let expected: Uint8Array | undefined
  let proven = false

  const prove = (challenge: string): string | AuthProblem => {
    const read = /^r=([!-+\--~]+),s=([A-Za-z0-9+/]+={0,2}),i=(\d{1,10})(?:,.*)?$/s.exec(challenge)
    if (read === null) return { problem: "a first message that is not SCRAM's" }
    const [, both = "", salt = "", count = ""] = read
    const rounds = Number(count)
    if (!both.startsWith(nonce) || both.length === nonce.length) return { problem: "a nonce that is not made of ours" }
    const salted = Base64.decode(salt)
    if (salted === undefined) return { problem: "a salt that is not base64" }
    if (rounds < 1 || rounds > mostRounds) return { problem: `${count} rounds, of 1 to ${mostRounds}` }
    const { client, server, stored } = keys.of(hash, name, secret, Buffer.from(salted, "latin1"), rounds)
    const last = `c=biws,r=${both}`
    const said = Buffer.from(`${first},${challenge},${last}`, "latin1")
    const signature = crypto.hmac(hash, stored, said)
    expected = crypto.hmac(hash, server, said)
    return `${last},p=${Base64.encodeBytes(client.map((byte, index) => byte ^ signature[index]!))}`
  }

  const check = (challenge: string, signature: Uint8Array): string | AuthProblem => {
    // What went wrong, in the server's words: the reply that follows says so, too.
    if (challenge.startsWith("e=")) return ""
    const [, text = ""] = /^v=([A-Za-z0-9+/]+={0,2})(?:,.*)?$/s.exec(challenge) ?? []
    const given = Base64.decode(text)
    proven = given !== undefined && crypto.equal(Buffer.from(given, "latin1"), signature)
    return proven ? "" : { problem: "the server does not know the password: its signature is wrong" }
  }

  let answers = 0
  return {
    initial: `n,,${first}`,
    respond: (challenge) => {
      answers++
      if (answers > 2) return { problem: "a challenge more than SCRAM has" }
      return expected === undefined ? prove(challenge) : check(challenge, expected)
    },
    unproven: () => (proven ? undefined : "success, and no proof that the server knows the password")
  }
}
