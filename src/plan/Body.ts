/**
 * Generated bodies, and what they are made of: lines of X, words, incompressible lines, and the two strings that filters of
 * mail are tried with.
 *
 * What is in the body of message k is drawn from the seed and k alone. The lines are made once; a body is a piece of them.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as SmtpCommand from "../smtp/SmtpCommand.js"
import type { Content } from "../smtp/Wire.js"
import * as Amount from "./Amount.js"
import { type Cursor, type ParseFailure, whole } from "./Cursor.js"
import * as Draw from "./Draw.js"
import { Ring } from "./Ring.js"
import * as Vocabulary from "./Vocabulary.js"

/**
 * What a body is of.
 *
 * @since 0.1.0
 * @category constants
 */
export const kinds = ["text", "words", "random", "eicar", "gtube"] as const

/**
 * What a body is of: the original's text, words, lines of base64 that cannot be compressed, or words with a test string.
 *
 * @since 0.1.0
 * @category models
 */
export type Kind = (typeof kinds)[number]

/**
 * The body of a message, and the headers that it needs: the content after the other headers.
 *
 * @since 0.1.0
 * @category models
 */
export interface Body {
  /** Whole lines, or nothing. */
  readonly headers: string
  readonly content: Content
}

/**
 * The fields of a plan that bodies come from.
 *
 * @since 0.1.0
 * @category models
 */
export interface BodyPlan {
  readonly body?: string | undefined
  readonly length?: number | string | undefined
}

/**
 * Reads `words`, or `97%: words, 2%: gtube, 1%: eicar`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (
  text: string
): Either.Either<ReadonlyArray<readonly [weight: number, kind: Kind]>, ParseFailure> =>
  whole(text, (cursor) => {
    const alone = kindOf(cursor)
    if (alone !== undefined) return [[1, alone]]
    const parts: Array<readonly [number, Kind]> = []
    do {
      const before = cursor.at
      const weight = Number.parseFloat(cursor.take(/\d{1,9}(?:\.\d{1,9})?\s*%?\s*:/y) ?? "0")
      if (!(weight > 0)) return cursor.fail(`${oneOf}, or a share of each, such as "97%: words, 3%: gtube"`, before)
      const kind = kindOf(cursor)
      if (kind === undefined) return cursor.fail(oneOf)
      parts.push([weight, kind])
    } while (cursor.take(/,/y) !== undefined)
    return parts
  })

const oneOf = `${kinds.slice(0, -1).join(", ")} or ${kinds.at(-1)}`

const kindOf = (cursor: Cursor): Kind | undefined => {
  const before = cursor.at
  const word = cursor.take(/[a-z]+/y)
  const kind = kinds.find((each) => each === word)
  if (kind === undefined) cursor.at = before
  return kind
}

/** The size of a body where none is asked for, in bytes. */
const usualSize = 1000

/**
 * The bodies that a plan asks for, where they are not all the same text.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (plan: BodyPlan, seed: string, boundary: string): ((message: number) => Body) => {
  const mix = Either.getOrThrow(parse(plan.body ?? "text"))
  const total = mix.reduce((sum, [weight]) => sum + weight, 0)
  const sizes = Amount.sizesOf(plan.length ?? usualSize)
  const rings = ringsOf(seed)
  const [kindKey, sizeKey, placeKey] = ["body", "length", "place"].map((of) => Draw.keyOf(`${seed} ${of}`))
  const virus = eicar(boundary)
  const size =
    sizes.least === sizes.most ? () => sizes.most : (message: number) => sizes.at(Draw.uniform(sizeKey!, message))
  const kind = (message: number): Kind => {
    if (mix.length === 1) return mix[0]![1]
    let rest = Draw.uniform(kindKey!, message) * total
    const found = mix.find(([weight]) => {
      rest -= weight
      return rest < 0
    })
    return (found ?? mix[0]!)[1]
  }
  return (message) => {
    const length = size(message)
    const place = Draw.uniform(placeKey!, message)
    const made = kind(message)
    switch (made) {
      case "text":
        return { headers: "", content: rings.text().piece(length, 0, endOfText) }
      case "words":
      case "random":
        return { headers: "", content: rings[made]().piece(length, place, endOfText) }
      case "gtube":
        return { headers: "", content: after(gtube, rings.words().piece(length, place, endOfText)) }
      case "eicar":
        return { headers: virus.headers, content: after(virus.before, rings.words().piece(length, place, virus.after)) }
    }
  }
}

const after = (head: string, content: Content): Content => ({ ...content, head: head + content.head })

const endOfText = `\r\n${SmtpCommand.endOfData}`

/**
 * The lines that bodies are cut from, each kind made when it is first asked for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const ringsOf = (seed: string) => {
  const made = new Map<string, Ring>()
  const once = (name: string, make: () => Ring) => () => {
    const ring = made.get(name) ?? make()
    made.set(name, ring)
    return ring
  }
  return {
    text: once("text", text),
    words: once("words", () => words(Draw.keyOf(`${seed} words`))),
    random: once("random", () => random(Draw.keyOf(`${seed} random`)))
  }
}

/** The lines of -l (clause S8.4). */
const text = (): Ring =>
  new Ring(
    Array.from({ length: 100 }, (_, line) => `${(line + 1) % 10}${"X".repeat(77)}\r\n`),
    "X".repeat(200)
  )

/** Lines of up to 72 characters, of sentences. They compress as prose does. */
const words = (key: number): Ring => {
  const lines: Array<string> = []
  let line = ""
  let place = 0
  let left = 0
  while (lines.length < 4000) {
    let word = Vocabulary.word(Draw.uniform(key, place++))
    if (left === 0) {
      word = word[0]!.toUpperCase() + word.slice(1)
      left = 4 + Math.floor(Draw.uniform(key, place++) * 16)
    }
    if (--left === 0) word += "."
    if (line.length + word.length + 1 > 72) {
      lines.push(`${line}\r\n`)
      line = word
    } else line = line === "" ? word : `${line} ${word}`
  }
  return new Ring(lines, "and so on ".repeat(20))
}

/** Lines of 76 characters of base64: no compression makes much of them. */
const random = (key: number): Ring => {
  const bytes = new Uint32Array((lineCount * 57 + 3) / 4)
  for (let index = 0; index < bytes.length; index++) bytes[index] = Draw.uniform(key, index) * 0x1_0000_0000
  const text = Buffer.from(bytes.buffer).toString("base64")
  const lines = Array.from({ length: lineCount }, (_, line) => `${text.slice(line * 76, line * 76 + 76)}\r\n`)
  return new Ring(lines, text.slice(-204, -4))
}

/** Of base64: 1.4 MB. */
const lineCount = 18_000

// In pieces, so that no scanner takes this program, or its package, for what they are to be found in.
const gtube = `${["XJS*C4JDBQADN1", ".NSBN3*2IDNEN*", "GTUBE-STANDARD-", "ANTI-UBE-TEST-EMAIL", "*C.34X"].join("")}\r\n`

const eicarFile = ["X5O!P%@AP[4\\PZX", "54(P^)7CC)7}$", "EICAR-STANDARD-", "ANTIVIRUS-", "TEST-FILE!$H+H*"].join("")

/** A message with a file that every scanner of viruses finds, around its text. */
const eicar = (boundary: string) => ({
  headers: `MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="${boundary}"\r\n`,
  before: `--${boundary}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n`,
  after:
    `\r\n--${boundary}\r\nContent-Type: application/octet-stream; name="eicar.com"\r\n` +
    `Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename="eicar.com"\r\n\r\n` +
    `${Buffer.from(eicarFile, "latin1").toString("base64").replaceAll(/.{76}/g, "$&\r\n")}\r\n--${boundary}--\r\n${SmtpCommand.endOfData}`
})
