/**
 * Planes of bits over the same keys, in memory that threads share: what is known of each of millions of messages, a bit for each
 * thing.
 *
 * The keys are small whole numbers from 0. Memory grows as they do, by a million keys at a time, and a thread that meets a key
 * beyond what it knew sees what the others made of it. To set a bit is atomic. Ten million keys take 1.25 MB a plane.
 *
 * @since 0.1.0
 */

/** Keys in a word. */
const inWord = 32

/** By how many keys the memory grows: 128 kB a plane. */
const chunk = 1_048_576

/**
 * The most keys: 128 MB a plane.
 *
 * @since 0.1.0
 * @category limits
 */
export const mostKeys = 1_073_741_824

/**
 * The planes, which have numbers from 0.
 *
 * @since 0.1.0
 * @category models
 */
export class Planes {
  private words: Int32Array

  private constructor(
    /** How many planes there are. */
    readonly count: number,
    /** What other threads are given, for `shared`. */
    readonly memory: SharedArrayBuffer
  ) {
    this.words = new Int32Array(memory, 0, memory.byteLength / 4)
  }

  /** Planes without a bit. With `keys`, there is room for as many, and for no more. */
  static make(count: number, keys: number = mostKeys): Planes {
    const bytesOf = (keys: number) => Math.ceil(Math.min(keys, mostKeys) / inWord) * 4 * count
    const options = { maxByteLength: bytesOf(keys) }
    return new Planes(count, new SharedArrayBuffer(bytesOf(Math.min(keys, chunk)), options))
  }

  /** The planes that another thread has made. */
  static shared(count: number, memory: SharedArrayBuffer): Planes {
    return new Planes(count, memory)
  }

  /** How many keys there can be. */
  get room(): number {
    return (this.memory.maxByteLength / 4 / this.count) * inWord
  }

  /** Sets a bit, and tells whether it was set before. A key beyond the room is left out. */
  set(plane: number, key: number): boolean {
    const at = this.reach(key)
    if (at < 0) return false
    const bit = 1 << (key & 31)
    return (Atomics.or(this.words, at + plane, bit) & bit) !== 0
  }

  /** Whether a bit is set. No key beyond the room has one. */
  has(plane: number, key: number): boolean {
    const at = Math.floor(key / inWord) * this.count + plane
    this.look(at)
    return key >= 0 && at < this.words.length && (Atomics.load(this.words, at) & (1 << (key & 31))) !== 0
  }

  /** How many keys a rule holds of, which combines a word of each plane to one, bit by bit. */
  countOf(rule: Rule): number {
    let sum = 0
    this.each(rule, (bits) => {
      sum += ones(bits)
    })
    return sum
  }

  /** The first keys that a rule holds of, in order. */
  keysOf(rule: Rule, most: number = Number.POSITIVE_INFINITY): ReadonlyArray<number> {
    const keys: Array<number> = []
    this.each(rule, (bits, first) => {
      for (let bit = 0; bit < inWord && keys.length < most; bit++) if ((bits >>> bit) & 1) keys.push(first + bit)
      return keys.length < most
    })
    return keys
  }

  /**
   * Sets all bits that are set in the other planes, of which there are as many. `twice` sets a bit in the plane `to` for each that
   * both have in the plane `of`.
   */
  add(that: Planes, twice?: { readonly of: number; readonly to: number }): void {
    that.look(Number.POSITIVE_INFINITY)
    for (let at = 0; at < that.words.length; at++) {
      const bits = Atomics.load(that.words, at)
      if (bits === 0) continue
      const place = this.reach(Math.floor(at / this.count) * inWord)
      if (place < 0) continue
      const plane = at % this.count
      const both = Atomics.or(this.words, place + plane, bits) & bits
      if (twice !== undefined && plane === twice.of && both !== 0) Atomics.or(this.words, place + twice.to, both)
    }
  }

  /** A plane as text: runs of equal words, and words as they are, in base64. */
  encode(plane: number): string {
    this.look(Number.POSITIVE_INFINITY)
    const length = this.words.length / this.count
    const word = (index: number) => Atomics.load(this.words, index * this.count + plane)
    let end = length
    while (end > 0 && word(end - 1) === 0) end--
    const bytes = new Growing()
    for (let at = 0; at < end; ) {
      let same = at + 1
      while (same < end && word(same) === word(at)) same++
      if (same - at > 1) {
        bytes.number((same - at) * 2 + 1)
        bytes.word(word(at))
        at = same
        continue
      }
      let other = at + 1
      while (other < end && (other + 1 === end || word(other) !== word(other + 1))) other++
      bytes.number((other - at) * 2)
      for (; at < other; at++) bytes.word(word(at))
    }
    return bytes.base64()
  }

  /** Sets the bits that `encode` has told; false where the text is none of its, or goes beyond the room. */
  decode(plane: number, text: string): boolean {
    const bytes = Buffer.from(text, "base64")
    let at = 0
    let index = 0
    while (at < bytes.length) {
      let head = 0
      for (let shift = 1; ; shift *= 128) {
        const byte = bytes[at++]
        if (byte === undefined || shift > 2 ** 42) return false
        head += (byte & 127) * shift
        if (byte < 128) break
      }
      const length = Math.floor(head / 2)
      const isRun = head % 2 === 1
      if (length === 0 || (index + length) * inWord > this.room || at + (isRun ? 4 : length * 4) > bytes.length)
        return false
      for (let word = 0; word < length; word++, index++) {
        const bits = bytes.readInt32LE(isRun ? at : at + word * 4)
        const place = this.reach(index * inWord) + plane
        if (bits !== 0) Atomics.or(this.words, place, bits)
      }
      at += isRun ? 4 : length * 4
    }
    return true
  }

  private each(rule: Rule, see: (bits: number, first: number) => unknown): void {
    this.look(Number.POSITIVE_INFINITY)
    const { count, words } = this
    let at = 0
    const word = (plane: number) => Atomics.load(words, at + plane)
    for (; at < words.length; at += count) {
      const bits = rule(word)
      if (bits !== 0 && see(bits, (at / count) * inWord) === false) return
    }
  }

  /** Where the words of a key are, or -1 where there is no room for it; makes room as far as there may be. */
  private reach(key: number): number {
    const at = Math.floor(key / inWord) * this.count
    if (at + this.count <= this.words.length) return at
    const { memory } = this
    if (key < 0 || (at + this.count) * 4 > memory.maxByteLength) return -1
    const wanted = Math.min(memory.maxByteLength, Math.ceil((key + 1) / chunk) * (chunk / inWord) * 4 * this.count)
    try {
      if (memory.byteLength < wanted) memory.grow(wanted)
    } catch (error) {
      // Another thread was faster, and went further.
      if (memory.byteLength < wanted) throw error
    }
    this.look(Number.POSITIVE_INFINITY)
    return at
  }

  /** Sees what others have added, where what is wanted may be there. */
  private look(at: number): void {
    if (at < this.words.length || this.memory.byteLength === this.words.byteLength) return
    // A view that grows by itself takes twice as long for each bit.
    this.words = new Int32Array(this.memory, 0, this.memory.byteLength / 4)
  }
}

/**
 * Combines words of the planes, bit by bit: `(word) => word(0) & ~word(1)` is what is in the first and not in the second.
 *
 * @since 0.1.0
 * @category models
 */
export type Rule = (word: (plane: number) => number) => number

const ones = (bits: number): number => {
  let sum = bits - ((bits >>> 1) & 0x5555_5555)
  sum = (sum & 0x3333_3333) + ((sum >>> 2) & 0x3333_3333)
  return Math.imul((sum + (sum >>> 4)) & 0x0f0f_0f0f, 0x0101_0101) >>> 24
}

/** Bytes that grow. */
class Growing {
  private bytes = Buffer.alloc(1024)
  private length = 0

  number(value: number): void {
    this.grow(8)
    let rest = value
    for (; rest > 127; rest = Math.floor(rest / 128)) this.bytes[this.length++] = (rest % 128) + 128
    this.bytes[this.length++] = rest
  }

  word(bits: number): void {
    this.grow(4)
    this.length = this.bytes.writeInt32LE(bits, this.length)
  }

  base64(): string {
    return this.bytes.toString("base64", 0, this.length)
  }

  private grow(by: number): void {
    if (this.length + by > this.bytes.length) this.bytes = Buffer.concat([this.bytes, Buffer.alloc(this.bytes.length)])
  }
}
