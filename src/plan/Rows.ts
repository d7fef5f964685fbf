/**
 * The rows of a CSV file (RFC 4180), of which each message gets one.
 *
 * The file stays as it is, in memory that threads can share; only where each row begins is kept beside it. A row is read when a
 * message asks for it.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"

/**
 * What is wrong with a file of rows, and where.
 *
 * @since 0.1.0
 * @category models
 */
export interface RowsFailure {
  /** From 1. */
  readonly line: number
  readonly reason: string
}

/**
 * Rows with named cells. Text holds one byte in each character.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rows {
  readonly names: ReadonlyArray<string>
  readonly count: number
  /** The cells of a row, from 0. */
  readonly cells: (row: number) => ReadonlyArray<string>
  /** The line of the file on which a row begins, from 1. */
  readonly line: (row: number) => number
}

/**
 * Finds the rows of a file whose first row names the columns. Empty lines are none.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (file: Uint8Array): Either.Either<Rows, RowsFailure> => {
  const bytes = Buffer.from(file.buffer, file.byteOffset, file.byteLength)
  const starts: Array<number> = []
  let line = 1
  let at = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
  let names: ReadonlyArray<string> | undefined
  while (at < bytes.length) {
    const end = endOf(bytes, at)
    if (end === undefined) return Either.left({ line, reason: "a quote is not closed" })
    const cells = read(bytes, at, end)
    if (typeof cells === "string") return Either.left({ line, reason: cells })
    if (end > at && !(end === at + 1 && bytes[at] === CR)) {
      if (names === undefined) {
        names = cells.map((name) => Buffer.from(name, "latin1").toString("utf8").trim())
        const twice = names.find((name, index) => names!.indexOf(name) !== index)
        if (twice !== undefined)
          return Either.left({ line, reason: `two columns have the name ${JSON.stringify(twice)}` })
      } else if (cells.length !== names.length) {
        const found = `${cells.length} ${cells.length === 1 ? "cell" : "cells"}`
        return Either.left({ line, reason: `${found}, and the first row has ${names.length}` })
      } else starts.push(at, line)
    }
    for (let feed = bytes.indexOf(LF, at); feed >= 0 && feed <= end; feed = bytes.indexOf(LF, feed + 1)) line++
    at = end + 1
  }
  if (names === undefined || starts.length === 0)
    return Either.left({ line: 1, reason: "no rows below the names of columns" })
  const places = Float64Array.from(starts)
  return Either.right({
    names,
    count: places.length / 2,
    cells: (row) => {
      const start = places[row * 2]!
      // What was read once is in order.
      return read(bytes, start, endOf(bytes, start)!) as ReadonlyArray<string>
    },
    line: (row) => places[row * 2 + 1]!
  })
}

const LF = 10
const CR = 13
const QUOTE = 34
const COMMA = 44

/** Where the row that begins here ends: at a line feed that no quotes are around, or at the end. */
const endOf = (bytes: Buffer, start: number): number | undefined => {
  let from = start
  while (true) {
    const feed = bytes.indexOf(LF, from)
    const end = feed < 0 ? bytes.length : feed
    let quote = bytes.indexOf(QUOTE, from)
    if (quote < 0 || quote >= end) return end
    // A quote within a quoted cell is two of them, so that it closes and opens again.
    quote = bytes.indexOf(QUOTE, quote + 1)
    if (quote < 0) return undefined
    from = quote + 1
  }
}

/** The cells from here to there, or what is wrong with them. */
const read = (bytes: Buffer, start: number, end: number): ReadonlyArray<string> | string => {
  const last = end > start && bytes[end - 1] === CR ? end - 1 : end
  const cells: Array<string> = []
  let at = start
  while (true) {
    if (bytes[at] === QUOTE && at < last) {
      let cell = ""
      let from = at + 1
      while (true) {
        const quote = bytes.indexOf(QUOTE, from)
        if (quote < 0 || quote >= last) return "a quote is not closed"
        cell += bytes.toString("latin1", from, quote)
        at = quote + 1
        if (bytes[at] !== QUOTE || at >= last) break
        cell += '"'
        from = at + 1
      }
      if (at < last && bytes[at] !== COMMA) return "something follows a quoted cell"
      cells.push(cell)
    } else {
      const comma = bytes.indexOf(COMMA, at)
      const to = comma < 0 || comma > last ? last : comma
      const cell = bytes.toString("latin1", at, to)
      if (cell.includes('"')) return "a quote inside a cell that is not quoted"
      cells.push(cell)
      at = to
    }
    if (at >= last) return cells
    at++
  }
}
