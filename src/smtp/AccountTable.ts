/**
 * Accounts, a million of them if need be, in memory that threads can share: some fifty bytes each, where objects would take
 * some hundreds.
 *
 * It holds passwords, and shows none: as text, as JSON and to an inspector it is the number of its accounts.
 *
 * @since 0.1.0
 */
import * as AuthMechanism from "./AuthMechanism.js"

/**
 * One account.
 *
 * @since 0.1.0
 * @category models
 */
export interface Account {
  readonly user: string
  /** A password; or a token, for XOAUTH2 and OAUTHBEARER. */
  readonly password: string
  /** The one to log in by, whatever others are offered. */
  readonly mechanism?: AuthMechanism.Mechanism | undefined
}

/**
 * What a table is made of, to be taken to another thread.
 *
 * @since 0.1.0
 * @category models
 */
export interface AccountData {
  /** Names and passwords, in UTF-8, one after the other. */
  readonly bytes: Uint8Array
  /** Where each name begins and each password, in turn, and where the last one ends. */
  readonly places: Uint32Array
  /** The place of each account's mechanism in `AuthMechanism.mechanisms`, plus one; 0 for none. */
  readonly mechanisms: Uint8Array
}

/**
 * A table of accounts.
 *
 * @since 0.1.0
 * @category models
 */
export class AccountTable {
  /** How many accounts there are. */
  readonly size: number
  readonly #data: AccountData
  /** The accounts by the hashes of their names: made when one is looked for. */
  #index: Int32Array | undefined

  constructor(data: AccountData) {
    this.#data = data
    this.size = data.mechanisms.length
  }

  /** Account `index`, from 0. */
  at(index: number): Account {
    const { mechanisms, places } = this.#data
    const start = places[2 * index]!
    const middle = places[2 * index + 1]!
    const mechanism = AuthMechanism.mechanisms[mechanisms[index]! - 1]
    return { user: this.text(start, middle), password: this.text(middle, places[2 * index + 2]!), mechanism }
  }

  /** The account of this name; the last of several. */
  find(user: string): Account | undefined {
    this.#index ??= this.indexed()
    const index = this.#index
    const wanted = Buffer.from(user, "utf8")
    for (let slot = hashOf(wanted, 0, wanted.length); ; slot++) {
      const found = index[slot & (index.length - 1)]! - 1
      if (found < 0) return undefined
      const account = this.at(found)
      if (account.user === user) return account
    }
  }

  /** Whether some name has characters beyond ASCII. */
  hasForeignNames(): boolean {
    const { bytes, places } = this.#data
    for (let account = 0; account < this.size; account++) {
      const end = places[2 * account + 1]!
      for (let at = places[2 * account]!; at < end; at++) if (bytes[at]! > 127) return true
    }
    return false
  }

  /** For another thread. It is not copied: the memory is shared. */
  toData(): AccountData {
    return this.#data
  }

  toString(): string {
    return `${this.size} accounts`
  }

  toJSON(): string {
    return this.toString()
  }

  [Symbol.for("nodejs.util.inspect.custom")](): string {
    return this.toString()
  }

  private text(start: number, end: number): string {
    // What is shared cannot be decoded in place by every decoder; a copy of some bytes can.
    return Buffer.from(this.#data.bytes.slice(start, end)).toString("utf8")
  }

  private indexed(): Int32Array {
    const { bytes, places } = this.#data
    const index = new Int32Array(2 ** Math.ceil(Math.log2(2 * this.size + 2)))
    // From the last one on, so that it is found first.
    for (let account = this.size - 1; account >= 0; account--) {
      let slot = hashOf(bytes, places[2 * account]!, places[2 * account + 1]!)
      while (index[slot & (index.length - 1)] !== 0) slot++
      index[slot & (index.length - 1)] = account + 1
    }
    return index
  }
}

/** FNV-1a. */
const hashOf = (bytes: Uint8Array, start: number, end: number): number => {
  let hash = 0x811c9dc5
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193)
  return hash >>> 0
}

/**
 * Puts accounts into a table, one after the other.
 *
 * @since 0.1.0
 * @category models
 */
export class AccountTableBuilder {
  private bytes = new Uint8Array(1024)
  private length = 0
  private places = new Uint32Array(64)
  private mechanisms = new Uint8Array(32)
  private count = 0

  /** Adds an account, its name and its password as UTF-8. */
  add(user: Uint8Array, password: Uint8Array, mechanism: AuthMechanism.Mechanism | undefined): void {
    const { count } = this
    if (count === this.mechanisms.length) {
      this.mechanisms = grown(this.mechanisms, new Uint8Array(2 * count))
      this.places = grown(this.places, new Uint32Array(4 * count))
    }
    const end = this.length + user.length + password.length
    if (end > this.bytes.length) this.bytes = grown(this.bytes, new Uint8Array(Math.max(end, 2 * this.bytes.length)))
    this.places[2 * count] = this.length
    this.places[2 * count + 1] = this.length + user.length
    this.mechanisms[count] = mechanism === undefined ? 0 : AuthMechanism.mechanisms.indexOf(mechanism) + 1
    this.bytes.set(user, this.length)
    this.bytes.set(password, this.length + user.length)
    this.length = end
    this.count++
  }

  /** The table, in memory that threads can share. */
  build(): AccountTable {
    const { bytes, count, length, mechanisms, places } = this
    const shared = {
      bytes: new Uint8Array(new SharedArrayBuffer(length)),
      places: new Uint32Array(new SharedArrayBuffer(4 * (2 * count + 1))),
      mechanisms: new Uint8Array(new SharedArrayBuffer(count))
    }
    shared.bytes.set(bytes.subarray(0, length))
    shared.places.set(places.subarray(0, 2 * count))
    shared.places[2 * count] = length
    shared.mechanisms.set(mechanisms.subarray(0, count))
    bytes.fill(0)
    return new AccountTable(shared)
  }
}

const grown = <Memory extends Uint8Array | Uint32Array>(from: Memory, to: Memory): Memory => {
  to.set(from)
  return to
}

/**
 * A table of these accounts.
 *
 * @since 0.1.0
 * @category constructors
 */
export const of = (accounts: ReadonlyArray<Account>): AccountTable => {
  const builder = new AccountTableBuilder()
  for (const { mechanism, password, user } of accounts) {
    builder.add(Buffer.from(user, "utf8"), Buffer.from(password, "utf8"), mechanism)
  }
  return builder.build()
}
