/**
 * The keys that SCRAM derives from passwords (RFC 5802 §3), kept: to derive them takes a millisecond and more of CPU, and a
 * run that logs in again and again would measure that.
 *
 * @since 0.1.0
 */
import type { AuthCrypto, HashName } from "./AuthCrypto.js"

/**
 * What both sides know of a password, under one salt and one number of rounds.
 *
 * @since 0.1.0
 * @category models
 */
export interface DerivedKeys {
  readonly client: Uint8Array
  /** The hash of `client`: what a server stores to check it by. */
  readonly stored: Uint8Array
  readonly server: Uint8Array
}

/** A server that gives another salt each time must not fill the memory. */
const mostKept = 65_536

/**
 * The keys of a run, or of a server. One for each thread.
 *
 * @since 0.1.0
 * @category models
 */
export class ScramKeys {
  private readonly kept = new Map<string, DerivedKeys>()

  constructor(readonly crypto: AuthCrypto["Type"]) {}

  /** The keys of a password, which is prepared already. */
  of(hash: HashName, user: string, password: string, salt: Uint8Array, rounds: number): DerivedKeys {
    const name = `${hash} ${rounds} ${Buffer.from(salt).toString("base64")} ${user}\0${password}`
    const known = this.kept.get(name)
    if (known !== undefined) return known
    const { crypto } = this
    const salted = crypto.derive(hash, Buffer.from(password, "utf8"), salt, rounds)
    const client = crypto.hmac(hash, salted, clientKey)
    const keys = { client, stored: crypto.hash(hash, client), server: crypto.hmac(hash, salted, serverKey) }
    if (this.kept.size >= mostKept) {
      for (const oldest of this.kept.keys()) {
        this.kept.delete(oldest)
        break
      }
    }
    this.kept.set(name, keys)
    return keys
  }
}

const clientKey = Buffer.from("Client Key")
const serverKey = Buffer.from("Server Key")
