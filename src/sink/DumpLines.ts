/**
 * The lines of contents as files have them. Pure: pieces go in and come out, however the content is split.
 *
 * @since 0.1.0
 */

const LF = 10
const CR = 13
const QUOTE = 62
const fromLine = Buffer.from("From ")

/**
 * Where pieces go.
 *
 * @since 0.1.0
 * @category models
 */
export type Emit = (chunk: Uint8Array, start: number, end: number) => void

/**
 * Changes one content, piece by piece.
 *
 * @since 0.1.0
 * @category models
 */
export interface DumpLines {
  readonly take: (chunk: Uint8Array, start: number, end: number, emit: Emit) => void
  /** There is no more. */
  readonly end: (emit: Emit) => void
}

/**
 * As it came.
 *
 * @since 0.1.0
 * @category constructors
 */
export const raw = (): DumpLines => ({ take: (chunk, start, end, emit) => emit(chunk, start, end), end: () => {} })

/**
 * Without any carriage return, as smtp-sink(1) writes them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const withoutReturns = (): DumpLines => noReturns

const noReturns: DumpLines = {
  take: (chunk, start, end, emit) => {
    let piece = start
    // Lines are short: to search for each end with a call into the library would take longer.
    for (let at = start; at < end; at++) {
      if (chunk[at] !== CR) continue
      if (at > piece) emit(chunk, piece, at)
      piece = at + 1
    }
    if (end > piece) emit(chunk, piece, end)
  },
  end: () => {}
}

/**
 * With line ends of LF; a carriage return that is none of a line end stays.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unix = (): DumpLines => {
  let isHeld = false
  const release = (emit: Emit) => emit(carriageReturn, 0, 1)
  return {
    take: (chunk, start, end, emit) => {
      const view = Buffer.from(chunk.buffer, chunk.byteOffset, end)
      if (isHeld && start < end && chunk[start] !== LF) release(emit)
      if (start < end) isHeld = false
      for (let at = start; at < end; ) {
        const found = view.indexOf(CR, at)
        const to = found < 0 ? end : found
        if (to > at) emit(chunk, at, to)
        at = to + 1
        if (found < 0) break
        if (at === end) isHeld = true
        else if (chunk[at] !== LF) release(emit)
      }
    },
    end: (emit) => {
      if (isHeld) release(emit)
    }
  }
}

/**
 * The same, and one more `>` before each line that begins with any number of them and "From ": mboxrd, which can be read back.
 *
 * @since 0.1.0
 * @category constructors
 */
export const mboxrd = (): DumpLines => {
  const lines = unix()
  /** How much of "From " has been seen at the beginning of a line, after its quotation; -1 inside of a line. */
  let matched = 0
  const quote =
    (emit: Emit): Emit =>
    (chunk, start, end) => {
      let piece = start
      for (let at = start; at < end; ) {
        if (matched < 0) {
          const view = Buffer.from(chunk.buffer, chunk.byteOffset, end)
          const feed = view.indexOf(LF, at)
          if (feed < 0) break
          at = feed + 1
          matched = 0
          continue
        }
        const byte = chunk[at]
        if (matched === 0 && byte === QUOTE) {
          at++
          continue
        }
        if (byte === fromLine[matched]) {
          // What may be the word is kept back until it is, or is not.
          if (matched === 0 && at > piece) emit(chunk, piece, at)
          matched++
          piece = ++at
          if (matched < fromLine.length) continue
          emit(quoted, 0, quoted.length)
          matched = -1
          continue
        }
        if (matched > 0) {
          emit(fromLine, 0, matched)
          piece = at
        }
        matched = -1
      }
      if (end > piece) emit(chunk, piece, end)
    }
  return {
    take: (chunk, start, end, emit) => lines.take(chunk, start, end, quote(emit)),
    end: (emit) => {
      lines.end(quote(emit))
      if (matched > 0) emit(fromLine, 0, matched)
    }
  }
}

const carriageReturn = Uint8Array.of(CR)
const quoted = Buffer.from(">From ")
