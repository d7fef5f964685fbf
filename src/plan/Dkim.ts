/**
 * Signatures of messages by a domain (DKIM, RFC 6376), with relaxed canonicalisation of headers and body.
 *
 * A signature covers the headers that it names and the body. One over what all messages share is made once, and is true of each of
 * them, whatever To, Date and Message-Id they have: a server works as hard to verify it as any other.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Either from "effect/Either"
import type { Content } from "../smtp/Wire.js"
import { MadeContent } from "./MadeContent.js"
import * as Stamp from "./Stamp.js"
import * as Stuffing from "./Stuffing.js"

/**
 * A private key that was read.
 *
 * @since 0.1.0
 * @category models
 */
export interface SigningKey {
  readonly algorithm: "rsa-sha256" | "ed25519-sha256"
  /** The signature of these bytes, whatever is hashed for it. */
  readonly sign: (data: Uint8Array) => Uint8Array
}

/**
 * The cryptography of signatures.
 *
 * @since 0.1.0
 * @category services
 */
export class DkimCrypto extends Context.Tag("smtp-source/DkimCrypto")<
  DkimCrypto,
  {
    /** Reads a key in PEM, which is not encrypted; left is why it cannot be used. */
    readonly key: (pem: string) => Either.Either<SigningKey, string>
    readonly sha256: (data: Uint8Array) => Uint8Array
  }
>() {}

/**
 * Who signs.
 *
 * @since 0.1.0
 * @category models
 */
export interface Identity {
  readonly domain: string
  readonly selector: string
}

/**
 * Reads `example.com:selector`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Either.Either<Identity, string> => {
  const [domain = "", selector = "", ...others] = text.split(":")
  return [domain, selector].every((name) => labels.test(name)) && others.length === 0
    ? Either.right({ domain, selector })
    : Either.left("expected a domain and a selector, such as example.com:test")
}

const labels =
  /^(?=.{1,253}$)[A-Za-z0-9_](?:[-A-Za-z0-9_]*[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[-A-Za-z0-9_]*[A-Za-z0-9_])?)*$/

/**
 * What is signed: what messages share, or all of each message.
 *
 * @since 0.1.0
 * @category constants
 */
export const modes = ["once", "each"] as const

/** The headers that are signed, where they are there; From always is. */
const signed = {
  once: ["from", "subject", "mime-version", "content-type"],
  each: ["from", "to", "cc", "reply-to", "subject", "date", "message-id", "mime-version", "content-type"]
} as const

/**
 * What signatures are made with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Signing {
  readonly identity: Identity
  readonly mode: (typeof modes)[number]
  readonly key: SigningKey
  readonly sha256: (data: Uint8Array) => Uint8Array
  /** Since 1970, in milliseconds. */
  readonly time: number
}

/**
 * The same messages, each with its signature on top. One is made again only where what it covers is not that of the message before.
 *
 * @since 0.1.0
 * @category combinators
 */
export const onTop = (contentOf: (message: number) => Content, signing: Signing): ((message: number) => Content) => {
  let lastBody: { readonly rest: string; readonly body: Uint8Array | undefined; readonly hash: string } | undefined
  let last: { readonly covered: string; readonly hash: string; readonly line: string } | undefined
  return (message) => {
    const content = contentOf(message)
    const { body, head, isDotless = false, unusable } = content
    if (unusable !== undefined) return content
    const { bodyBegin, headerEnd } = Stamp.divided(head, body)
    const rest = head.slice(bodyBegin)
    if (lastBody === undefined || lastBody.body !== body || lastBody.rest !== rest) {
      const after = body === undefined ? "" : latin1(body.subarray(Math.max(0, bodyBegin - head.length)))
      const text = isDotless ? rest + after : Stuffing.dotless({ head: rest + after }).head
      lastBody = { rest, body, hash: base64(signing.sha256(Buffer.from(relaxedBody(text), "latin1"))) }
    }
    const headers = headerEnd <= head.length ? head : head + latin1(body!.subarray(0, headerEnd - head.length))
    const fields = coveredBy(signed[signing.mode], headers.slice(0, headerEnd))
    const covered = fields.map(({ canonical }) => canonical).join("\r\n")
    const { hash } = lastBody
    if (last === undefined || last.covered !== covered || last.hash !== hash)
      last = { covered, hash, line: signature(signing, fields, hash) }
    const isBodyAlone = headerEnd === 0 && bodyBegin === 0
    return new MadeContent(`${last.line}${isBodyAlone ? "\r\n" : ""}${head}`, body, content.isDotless)
  }
}

interface Field {
  readonly name: string
  readonly canonical: string
}

/** Of a header that is there several times the last one counts; one that is not there is signed as missing, if it is From. */
const coveredBy = (names: ReadonlyArray<string>, headers: string): ReadonlyArray<Field> => {
  const found = new Map<string, string>()
  for (const field of headers.split(/\r\n(?![ \t])/)) {
    const colon = field.indexOf(":")
    const name = field.slice(0, Math.max(0, colon)).trimEnd().toLowerCase()
    if (names.includes(name)) found.set(name, relaxed(name, field.slice(colon + 1)))
  }
  return names.flatMap((name) => {
    const canonical = found.get(name)
    return canonical === undefined ? [] : [{ name, canonical }]
  })
}

/** RFC 6376 §3.4.2. */
const relaxed = (name: string, value: string): string =>
  `${name}:${value
    .replaceAll("\r\n", "")
    .replaceAll(/[ \t]+/g, " ")
    .trim()}`

/**
 * The body as it is hashed (RFC 6376 §3.4.4).
 *
 * @since 0.1.0
 * @category encoding
 */
export const relaxedBody = (text: string): string => {
  const lines = text.replaceAll(/[ \t]+(?=\r\n|$)/g, "").replaceAll(/[ \t]+/g, " ")
  let end = lines.length
  while (end >= 2 && lines.startsWith("\r\n", end - 2)) end -= 2
  return end === 0 ? "" : `${lines.slice(0, end)}\r\n`
}

/** RFC 6376 §3.5, §3.7. */
const signature = (
  { identity: { domain, selector }, key, time }: Signing,
  fields: ReadonlyArray<Field>,
  bodyHash: string
): string => {
  const names = fields.some(({ name }) => name === "from") ? fields.map(({ name }) => name) : ["from"]
  const tags = [
    `v=1; a=${key.algorithm}; c=relaxed/relaxed; d=${domain}; s=${selector};`,
    `t=${Math.floor(time / 1000)}; h=${names.join(":")};`,
    `bh=${bodyHash};`,
    "b="
  ]
  const value = ` ${tags.join("\r\n\t")}`
  const data = [...fields.map(({ canonical }) => `${canonical}\r\n`), relaxed("dkim-signature", value)].join("")
  const own = base64(key.sign(Buffer.from(data, "latin1"))).replaceAll(/.{72}(?=.)/g, "$&\r\n\t ")
  return `DKIM-Signature:${value}${own}\r\n`
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1")

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")
