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
import * as Attachment from "./Attachment.js"
import { type Cursor, type ParseFailure, whole } from "./Cursor.js"
import * as Draw from "./Draw.js"
import * as Mix from "./Mix.js"
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
  readonly attach?: ReadonlyArray<string> | undefined
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
    const parts = Mix.read(cursor, (cursor) => kindOf(cursor) ?? cursor.fail(oneOf))
    if (parts !== undefined || cursor.failure !== undefined) return parts
    return cursor.fail(`${oneOf}, or a share of each, such as "97%: words, 3%: gtube"`)
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
 * The bodies that a plan asks for, where they are not all the same text. `files` holds what --attach names, encoded.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  plan: BodyPlan,
  seed: string,
  boundary: string,
  files: ReadonlyArray<Uint8Array | undefined> = []
): ((message: number) => Body) => {
  const mix = Either.getOrThrow(parse(plan.body ?? "text"))
  const total = mix.reduce((sum, [weight]) => sum + weight, 0)
  const sizes = Amount.sizesOf(plan.length ?? usualSize)
  const rings = ringsOf(seed)
  const [kindKey, sizeKey, placeKey] = ["body", "length", "place"].map((of) => Draw.keyOf(`${seed} ${of}`))
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
  const textOf = (message: number, made: Kind, end: string): Content => {
    const place = Draw.uniform(placeKey!, message)
    switch (made) {
      case "text":
        return plan.length === undefined ? { head: plain + end } : rings.text().piece(size(message), 0, end)
      case "random":
        return rings.random().piece(size(message), place, end)
      case "gtube":
        return after(gtube, rings.words().piece(size(message), place, end))
      case "words":
      case "eicar":
        return rings.words().piece(size(message), place, end)
    }
  }
  const attached = Attachment.make(plan.attach ?? [], files, { random: rings.random, seed })
  const [virus] = Attachment.make(["eicar.com"], [Attachment.encoded(Buffer.from(eicar, "latin1"))], {
    random: rings.random,
    seed
  })
  const headers = Attachment.multipart(boundary)
  return (message) => {
    const made = kind(message)
    const parts: Array<(end: string) => Content> = []
    for (const partOf of made === "eicar" ? [...attached, virus!] : attached) {
      const part = partOf(message)
      if (part !== undefined) parts.push(part)
    }
    if (parts.length === 0) return { headers: "", content: textOf(message, made, endOfText) }
    return { headers, content: Attachment.together(boundary, (end) => textOf(message, made, end), parts) }
  }
}

const after = (head: string, content: Content): Content => ({ ...content, head: head + content.head })

const endOfText = `\r\n${SmtpCommand.endOfData}`

/** The lines of clause S8.4, where no size is asked for. */
const plain = [1, 2, 3, 4].map((number) => `La de da de da ${number}.`).join("\r\n")

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

const eicar = ["X5O!P%@AP[4\\PZX", "54(P^)7CC)7}$", "EICAR-STANDARD-", "ANTIVIRUS-", "TEST-FILE!$H+H*"].join("")
