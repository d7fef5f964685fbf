/**
 * The loop that makes lines ready for DATA, in WebAssembly: sixteen bytes at a time are looked at and copied, where JavaScript
 * goes byte by byte, or makes a string of each line. It is a third of the CPU, and leaves no garbage.
 *
 * This is what it does, from `from` to `end`, where a byte that is not a line feed follows:
 *
 *     while from < end
 *       copy 16 bytes, and go on to the first CR or LF among them, or behind them
 *       at CR: if no LF follows, return ~(place after it); otherwise go on to that
 *       at LF: put CR LF; and where a dot follows, put a dot
 *     return the place after what was put
 *
 * @since 0.1.0
 */

/**
 * What it takes at a time, in bytes.
 *
 * @since 0.1.0
 * @category constants
 */
export const most = 65_536

/**
 * The loop, and the memory that it works in.
 *
 * @since 0.1.0
 * @category models
 */
export interface StuffingCode {
  /**
   * Makes ready what lies between two places of these bytes, no more than `most`, and gives where it ends in `memory`, or, where a
   * carriage return is followed by no line feed, the complement of its place, from `from` on. A dot at the very beginning is left
   * alone.
   */
  readonly run: (bytes: Uint8Array, from: number, to: number) => number
  /** What was made ready last begins at `start`. */
  readonly memory: Buffer
}

/** Behind what is taken: a vector may reach beyond its end. */
const padding = 64

/**
 * Where what was made ready begins.
 *
 * @since 0.1.0
 * @category constants
 */
export const start = most + padding

/** Each byte may become two. */
const pages = Math.ceil((start + most * 2 + padding) / 65_536)

let loaded: StuffingCode | undefined | "none"

/**
 * The loop; undefined where there is no WebAssembly, or none with vectors.
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (): StuffingCode | undefined => {
  loaded ??= made() ?? "none"
  return loaded === "none" ? undefined : loaded
}

/** Of WebAssembly, which the types of Node do not know as a value, what is used here. */
interface Engine {
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (
    module: object
  ) => {
    readonly exports: {
      readonly memory: { readonly buffer: ArrayBuffer }
      readonly stuff: (from: number, end: number, out: number) => number
    }
  }
}

const made = (): StuffingCode | undefined => {
  // `node --jitless` has none.
  const { WebAssembly: engine } = globalThis as unknown as { readonly WebAssembly?: Engine }
  if (engine === undefined) return undefined
  try {
    const { memory: own, stuff } = new engine.Instance(new engine.Module(code())).exports
    const memory = Buffer.from(own.buffer)
    return {
      memory,
      run: (bytes, from, to) => {
        const size = to - from
        memory.set(size === bytes.length ? bytes : bytes.subarray(from, to), 0)
        memory[size] = 0
        return stuff(0, size, start)
      }
    }
  } catch {
    return undefined
  }
}

/** The module, in the binary format of WebAssembly: its one function, `stuff`, and its memory. */
const code = (): Uint8Array => {
  const body = [...locals, ...loop]
  return Uint8Array.from([
    ...[0, ...ascii("asm"), 1, 0, 0, 0],
    ...section(1, [1, 0x60, 3, i32Type, i32Type, i32Type, 1, i32Type]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, pages]),
    ...section(7, [2, 6, ...ascii("memory"), 2, 0, 5, ...ascii("stuff"), 0, 0]),
    ...section(10, [1, ...unsigned(body.length), ...body])
  ])
}

const ascii = (text: string): ReadonlyArray<number> => [...Buffer.from(text)]

const section = (id: number, content: ReadonlyArray<number>) => [id, ...unsigned(content.length), ...content]

/** LEB128. */
const unsigned = (value: number): ReadonlyArray<number> =>
  value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]

const signed = (value: number): ReadonlyArray<number> =>
  value >= -64 && value < 64 ? [value & 127] : [(value & 127) | 128, ...signed(value >> 7)]

const i32Type = 0x7f
const v128Type = 0x7b

// The parameters, and the locals: how far it is to the next CR or LF, and sixteen bytes.
const [from, end, out, next, vector] = [0, 1, 2, 3, 4] as const
const locals = [2, 1, i32Type, 1, v128Type]

const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]
const tee = (local: number) => [0x22, local]
const number = (value: number) => [0x41, ...signed(value)]
const advance = (local: number, ...by: ReadonlyArray<number>) => [...get(local), ...by, 0x6a, ...set(local)]
/** Those bytes of the vector that are this one. */
const equals = (byte: number) => [...get(vector), ...number(byte), 0xfd, 15, 0xfd, 35]
const loadByte = [0x2d, 0, 0]

const op = {
  block: [0x02, 0x40],
  loop: [0x03, 0x40],
  if: [0x04, 0x40],
  end: [0x0b],
  again: [0x0c, 0],
  againIf: [0x0d, 0],
  leaveIf: [0x0d, 1],
  return: [0x0f],
  equal: [0x46],
  differ: [0x47],
  greater: [0x4b],
  notLess: [0x4f],
  countZeros: [0x68],
  subtract: [0x6b],
  or: [0x72],
  xor: [0x73],
  storeByte: [0x3a, 0, 0],
  storeTwo: [0x3b, 0, 0],
  loadVector: [0xfd, 0, 0, 0],
  storeVector: [0xfd, 11, 0, 0],
  vectorOr: [0xfd, 80],
  bitmask: [0xfd, 100]
}

const loop: ReadonlyArray<number> = [
  ...[...op.block, ...op.loop],
  ...[...get(from), ...get(end), ...op.notLess, ...op.leaveIf],
  ...[...get(out), ...get(from), ...op.loadVector, ...tee(vector), ...op.storeVector],
  ...[...equals(10), ...equals(13), ...op.vectorOr, ...op.bitmask],
  // Sixteen where there is none.
  ...[...number(0x10000), ...op.or, ...op.countZeros, ...set(next)],
  ...[...get(next), ...get(end), ...get(from), ...op.subtract, ...op.greater],
  ...[...op.if, ...get(end), ...get(from), ...op.subtract, ...set(next), ...op.end],
  ...[...advance(from, ...get(next)), ...advance(out, ...get(next))],
  ...[...get(from), ...get(end), ...op.notLess, ...op.leaveIf],
  ...[...get(next), ...number(16), ...op.equal, ...op.againIf],
  ...[...get(from), ...loadByte, ...number(13), ...op.equal, ...op.if],
  ...[...advance(from, ...number(1)), ...get(from), ...loadByte, ...number(10), ...op.differ],
  ...[...op.if, ...get(from), ...number(-1), ...op.xor, ...op.return, ...op.end],
  ...op.end,
  ...[...get(out), ...number(0x0a0d), ...op.storeTwo, ...advance(out, ...number(2))],
  ...[...advance(from, ...number(1)), ...get(from), ...loadByte, ...number(46), ...op.equal],
  ...[...op.if, ...get(out), ...number(46), ...op.storeByte, ...advance(out, ...number(1)), ...op.end],
  ...op.again,
  ...[...op.end, ...op.end],
  ...[...get(out), ...op.end]
]
