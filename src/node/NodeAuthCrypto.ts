/**
 * The cryptography of logins by `node:crypto`, and SASLprep by @mongodb-js/saslprep.
 *
 * @since 0.1.0
 */
import { createRequire } from "node:module"
import * as Layer from "effect/Layer"
import { AuthCrypto, type HashName } from "../smtp/AuthCrypto.js"
import * as BuiltIn from "./BuiltIn.js"

/**
 * The service itself, for code without layers, such as a thread of the sink.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (): AuthCrypto["Type"] => ({
  hash: (name, data) => BuiltIn.crypto().createHash(name).update(data).digest(),
  hmac: (name, key, data) => BuiltIn.crypto().createHmac(name, key).update(data).digest(),
  derive: (name, password, salt, rounds) => BuiltIn.crypto().pbkdf2Sync(password, salt, rounds, lengths[name], name),
  random: (bytes) => BuiltIn.crypto().randomBytes(bytes),
  equal: (one, other) => one.length === other.length && BuiltIn.crypto().timingSafeEqual(one, other),
  prepare
})

/**
 * Provides `AuthCrypto`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<AuthCrypto> = Layer.sync(AuthCrypto, make)

const lengths: { readonly [name in HashName]: number } = { md5: 16, sha1: 20, sha256: 32 }

type Saslprep = (text: string, options: { readonly allowUnassigned: boolean }) => string

let saslprep: Saslprep | undefined

/** Printable ASCII is what it becomes. The tables for the rest are loaded when they are needed, which is rare. */
const prepare = (text: string, as: "query" | "stored"): string | undefined => {
  if (/^[ -~]*$/.test(text)) return text
  saslprep ??= createRequire(import.meta.url)("@mongodb-js/saslprep") as Saslprep
  try {
    return saslprep(text, { allowUnassigned: as === "query" })
  } catch {
    return undefined
  }
}
