/**
 * The file of --accounts: CSV (RFC 4180), read from its bytes into a table, without an object for each line.
 *
 *     file   = header 1*(line)                      ; lines end in CRLF or LF; the last one may lack its end
 *     header = column *("," column)                 ; user and password, in any order; mechanism, if wanted
 *     line   = field *("," field) / comment / empty ; as many fields as there are columns
 *     field  = '"' *(any / '""') '"' / *(any but '"', "," and line ends)
 *     comment = "#" *any                            ; a name that begins so is put in quotes
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { type AccountTable, AccountTableBuilder } from "../smtp/AccountTable.js"
import * as AuthMechanism from "../smtp/AuthMechanism.js"

/**
 * What is wrong with a file, and in which of its lines, from 1. It holds nothing of what is in the line.
 *
 * @since 0.1.0
 * @category models
 */
export interface AccountFileProblem {
  readonly line: number
  readonly reason: string
}

const LF = 10
const CR = 13
const QUOTE = 34
const HASH = 35
const COMMA = 44

/**
 * Reads a file.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (file: Uint8Array): Either.Either<AccountTable, AccountFileProblem> => {
  const lines = new Lines(file)
  const builder = new AccountTableBuilder()
  let columns: Columns | undefined
  let count = 0
  while (lines.next()) {
    const { fields, line } = lines
    const wrong = (reason: string) => Either.left({ line, reason })
    if (lines.problem !== undefined) return wrong(lines.problem)
    if (columns === undefined) {
      const named = columnsOf(fields.map((field) => text(field).trim().toLowerCase()))
      if (typeof named === "string") return wrong(named)
      columns = named
      continue
    }
    if (fields.length !== columns.count) return wrong(`expected ${columns.count} fields, not ${fields.length}`)
    const user = fields[columns.user]!
    const password = fields[columns.password]!
    if (user.length === 0) return wrong("a user without a name")
    if (isUnfit(user) || isUnfit(password)) return wrong("a line break or NUL in a name or a password")
    const name = columns.mechanism === undefined ? "" : text(fields[columns.mechanism]!).trim()
    const mechanism = AuthMechanism.ofName(name)
    if (name !== "" && mechanism === undefined) return wrong("no mechanism that is known")
    if (password.length === 0 && (mechanism === undefined || !AuthMechanism.needsNoPassword(mechanism))) {
      return wrong("a user without a password")
    }
    builder.add(user, password, mechanism)
    count++
  }
  if (columns === undefined) return Either.left({ line: 1, reason: "expected a line that names the columns" })
  return count === 0 ? Either.left({ line: lines.line, reason: "no account is in it" }) : Either.right(builder.build())
}

interface Columns {
  readonly count: number
  readonly user: number
  readonly password: number
  readonly mechanism: number | undefined
}

const columnsOf = (names: ReadonlyArray<string>): Columns | string => {
  const known = ["user", "password", "mechanism"]
  // What is not known is not shown: a file without a header begins with a password.
  if (names.some((name, index) => !known.includes(name) || names.indexOf(name) !== index))
    return "expected the names of the columns: user, password and, if wanted, mechanism"
  const [user, password, mechanism] = known.map((name) => names.indexOf(name))
  if (user === -1 || password === -1) return "expected the columns user and password"
  return { count: names.length, user: user!, password: password!, mechanism: mechanism === -1 ? undefined : mechanism! }
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString("utf8")

const isUnfit = (bytes: Uint8Array): boolean => bytes.includes(0) || bytes.includes(LF) || bytes.includes(CR)

/** The lines of a file, one after the other. Fields are good until the next line is read, where they were not quoted. */
class Lines {
  /** Of the line that was read last. */
  fields: Array<Uint8Array> = []
  problem: string | undefined = undefined
  line = 0
  private at: number
  private following = 1

  constructor(private readonly file: Uint8Array) {
    // A byte order mark.
    this.at = file[0] === 0xef && file[1] === 0xbb && file[2] === 0xbf ? 3 : 0
  }

  /** Reads the next line that is no comment and not empty; false at the end. */
  next(): boolean {
    const { file } = this
    while (this.at < file.length) {
      const first = file[this.at]
      if (first === HASH) this.skip()
      else if (first === LF || (first === CR && file[this.at + 1] === LF)) this.end()
      else {
        this.read()
        return true
      }
    }
    return false
  }

  private skip(): void {
    const feed = this.file.indexOf(LF, this.at)
    this.at = feed < 0 ? this.file.length : feed + 1
    this.following++
  }

  /** Takes a line end; false where there is none. */
  private end(): boolean {
    const { file } = this
    if (file[this.at] === CR && file[this.at + 1] === LF) this.at++
    if (file[this.at] !== LF) return this.at === file.length
    this.at++
    this.following++
    return true
  }

  private read(): void {
    this.line = this.following
    this.fields = []
    this.problem = undefined
    while (true) {
      const field = this.file[this.at] === QUOTE ? this.quoted() : this.plain()
      if (field === undefined) return
      this.fields.push(field)
      if (this.file[this.at] === COMMA) this.at++
      else if (this.end()) return
      else {
        this.problem = "a quote in the middle of a field"
        return
      }
    }
  }

  private plain(): Uint8Array {
    const { file } = this
    const start = this.at
    let at = start
    while (at < file.length && file[at] !== COMMA && file[at] !== LF && file[at] !== QUOTE) at++
    const end = file[at] === LF && at > start && file[at - 1] === CR ? at - 1 : at
    this.at = end
    return file.subarray(start, end)
  }

  private quoted(): Uint8Array | undefined {
    const { file } = this
    const bytes: Array<number> = []
    for (let at = this.at + 1; at < file.length; at++) {
      if (file[at] === QUOTE) {
        if (file[at + 1] !== QUOTE) {
          this.at = at + 1
          return Uint8Array.from(bytes)
        }
        at++
      } else if (file[at] === LF) this.following++
      bytes.push(file[at]!)
    }
    this.problem = "a quote that has no end"
    this.at = file.length
    return undefined
  }
}
