/**
 * What logins need of cryptography, and of Unicode: whoever opens connections of a kind provides it.
 *
 * Plain functions: a login is a script, which only computes between two replies.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"

/**
 * The hashes that mechanisms are made of.
 *
 * @since 0.1.0
 * @category models
 */
export type HashName = "md5" | "sha1" | "sha256"

/**
 * Hashes, and what is built on them.
 *
 * @since 0.1.0
 * @category services
 */
export class AuthCrypto extends Context.Tag("smtp-source/AuthCrypto")<
  AuthCrypto,
  {
    readonly hash: (name: HashName, data: Uint8Array) => Uint8Array
    /** RFC 2104. */
    readonly hmac: (name: HashName, key: Uint8Array, data: Uint8Array) => Uint8Array
    /** PBKDF2 (RFC 8018), as long as the hash: a millisecond for 4,096 rounds. */
    readonly derive: (name: HashName, password: Uint8Array, salt: Uint8Array, rounds: number) => Uint8Array
    readonly random: (bytes: number) => Uint8Array
    /** Whether both are the same, in a time that does not tell where they differ. */
    readonly equal: (one: Uint8Array, other: Uint8Array) => boolean
    /**
     * A name or a password by SASLprep (RFC 4013); undefined where it holds what must not be in one. What is asked for, which
     * names are, may have characters that Unicode had not assigned when SASLprep was made; what is stored, which passwords
     * are, may not (RFC 5802 §2.2, §5.1).
     */
    readonly prepare: (text: string, as: "query" | "stored") => string | undefined
  }
>() {}
