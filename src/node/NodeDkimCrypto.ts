/**
 * The cryptography of DKIM by `node:crypto`.
 *
 * @since 0.1.0
 */
import type * as crypto from "node:crypto"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { DkimCrypto, type SigningKey } from "../plan/Dkim.js"
import * as BuiltIn from "./BuiltIn.js"

/**
 * Provides `DkimCrypto`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<DkimCrypto> = Layer.sync(DkimCrypto, () =>
  DkimCrypto.of({ key: (pem) => Either.flatMap(read(pem), signing), sha256 })
)

const sha256 = (data: Uint8Array): Uint8Array => BuiltIn.crypto().createHash("sha256").update(data).digest()

/** What the library says of a key is of no use to most; that it is one, and is open, is what can be wrong. */
const read = (pem: string): Either.Either<crypto.KeyObject, string> =>
  Either.try({
    try: () => BuiltIn.crypto().createPrivateKey(pem),
    catch: () => "no private key in PEM, or one with a passphrase"
  })

const signing = (key: crypto.KeyObject): Either.Either<SigningKey, string> => {
  switch (key.asymmetricKeyType) {
    case "rsa":
      return Either.right({ algorithm: "rsa-sha256", sign: (data) => BuiltIn.crypto().sign("sha256", data, key) })
    case "ed25519":
      // What is signed is the hash (RFC 8463 §3).
      return Either.right({
        algorithm: "ed25519-sha256",
        sign: (data) => BuiltIn.crypto().sign(null, sha256(data), key)
      })
    default:
      return Either.left(`a key of ${key.asymmetricKeyType}: DKIM knows RSA and Ed25519`)
  }
}
