/**
 * SCRAM (RFC 5802, RFC 7677) from the server's side, without channel binding.
 *
 * @since 0.1.0
 */
import type { HashName } from "../smtp/AuthCrypto.js"
import * as Base64 from "../smtp/Base64.js"
import type { ScramKeys } from "../smtp/ScramKeys.js"
import type { AuthAnswer, SinkLogin } from "./SinkLogin.js"

/** As RFC 7677 §4 wants it. */
const rounds = 4096

/**
 * A name as it was before it was escaped.
 *
 * @since 0.1.0
 * @category destructors
 */
export const nameOf = (escaped: string): string => escaped.replaceAll("=2C", ",").replaceAll("=3D", "=")

/**
 * Begins a login. The salt is the same for a user each time, as a server's is that has stored his keys.
 *
 * @since 0.1.0
 * @category constructors
 */
export const open = (hash: HashName, passwordOf: (user: string) => string | undefined, keys: ScramKeys): SinkLogin => {
  const { crypto } = keys
  let begun:
    | { readonly bare: string; readonly first: string; readonly nonce: string; readonly user: string }
    | undefined
  let proven = false

  const first = (response: string): AuthAnswer => {
    const [, bare, name = "", theirs = ""] = /^n,(?:a=[^,]*)?,(n=([^,]+),r=([!-+\--~]+)(?:,.*)?)$/s.exec(response) ?? []
    if (bare === undefined) return "malformed"
    const user = nameOf(name)
    const nonce = theirs + Base64.encodeBytes(crypto.random(18))
    const challenge = `r=${nonce},s=${Base64.encodeBytes(saltOf(user))},i=${rounds}`
    begun = { bare, first: challenge, nonce, user }
    return { challenge }
  }

  const saltOf = (user: string): Uint8Array => crypto.hash(hash, Buffer.from(`salt ${user}`, "latin1")).slice(0, 16)

  const last = (response: string, { bare, first, nonce, user }: NonNullable<typeof begun>): AuthAnswer => {
    const [, without, theirs, proof = ""] = /^(c=biws,r=([^,]+)),p=([A-Za-z0-9+/]+={0,2})$/.exec(response) ?? []
    const given = Base64.decode(proof)
    if (without === undefined || theirs !== nonce || given === undefined) return "malformed"
    const password = passwordOf(user)
    const secret = password === undefined ? undefined : crypto.prepare(password, "stored")
    if (secret === undefined) return "refused"
    const { server, stored } = keys.of(hash, user, secret, saltOf(user), rounds)
    const said = Buffer.from(`${bare},${first},${without}`, "latin1")
    const signature = crypto.hmac(hash, stored, said)
    if (given.length !== signature.length) return "refused"
    const client = Buffer.from(given, "latin1").map((byte, index) => byte ^ signature[index]!)
    if (!crypto.equal(crypto.hash(hash, client), stored)) return "refused"
    proven = true
    return { challenge: `v=${Base64.encodeBytes(crypto.hmac(hash, server, said))}` }
  }

  const take = (response: string): AuthAnswer => {
    if (proven) return response === "" ? "accepted" : "malformed"
    return begun === undefined ? first(response) : last(response, begun)
  }
  return { begin: (response) => (response === undefined ? { challenge: "" } : take(response)), take }
}
