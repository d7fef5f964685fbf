/**
 * Modules of Node's own that most runs do without: each is loaded when it is first asked for, which takes some milliseconds.
 *
 * @since 0.1.0
 */
import type * as NodeCrypto from "node:crypto"
import type * as NodeTls from "node:tls"

let knownCrypto: typeof NodeCrypto | undefined
let knownTls: typeof NodeTls | undefined

/**
 * `node:crypto`.
 *
 * @since 0.1.0
 * @category getters
 */
export const crypto = (): typeof NodeCrypto => (knownCrypto ??= process.getBuiltinModule("node:crypto"))

/**
 * `node:tls`.
 *
 * @since 0.1.0
 * @category getters
 */
export const tls = (): typeof NodeTls => (knownTls ??= process.getBuiltinModule("node:tls"))
