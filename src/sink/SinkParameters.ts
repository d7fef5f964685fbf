/**
 * The parameters of MAIL and RCPT, as a sink takes them (RFC 5321 §4.1.2): those of the extensions that it offers, and no others.
 *
 * @since 0.1.0
 */
import { replies, type SinkReply } from "./SinkReply.js"

/**
 * What a sink takes parameters by.
 *
 * @since 0.1.0
 * @category models
 */
export interface Offered {
  /** Keywords, in capital letters. */
  readonly offers: ReadonlySet<string>
  readonly maxMessageSize: number
}

/**
 * What is wrong with MAIL's parameters, if anything is.
 *
 * @since 0.1.0
 * @category reading
 */
export const problemOfMail = (
  parameters: string,
  { maxMessageSize, offers }: Offered,
  isSecure: boolean
): SinkReply | undefined =>
  problem(parameters, (keyword, value) => {
    switch (keyword) {
      case "SIZE":
        if (!offers.has("SIZE")) return replies.unknownParameter
        if (!/^\d{1,20}$/.test(value)) return replies.syntaxError
        return Number(value) > maxMessageSize ? replies.messageTooBig : undefined
      case "BODY": {
        const extension = bodies.get(value.toUpperCase())
        return extension !== undefined && offers.has(extension) ? undefined : replies.unknownParameter
      }
      case "SMTPUTF8":
      case "REQUIRETLS":
        if (!offers.has(keyword) || (keyword === "REQUIRETLS" && !isSecure)) return replies.unknownParameter
        return value === "" ? undefined : replies.syntaxError
      case "BY":
        if (!offers.has("DELIVERBY")) return replies.unknownParameter
        return /^-?\d{1,9};[NR]T?$/i.test(value) ? undefined : replies.syntaxError
      case "MT-PRIORITY":
        if (!offers.has("MT-PRIORITY")) return replies.unknownParameter
        return /^-?\d$/.test(value) ? undefined : replies.syntaxError
      case "RET":
        if (!offers.has("DSN")) return replies.unknownParameter
        return /^(?:FULL|HDRS)$/i.test(value) ? undefined : replies.syntaxError
      case "ENVID":
        if (!offers.has("DSN")) return replies.unknownParameter
        return isXtext(value) ? undefined : replies.syntaxError
      default:
        return replies.unknownParameter
    }
  })

/**
 * Whether MAIL's parameters, with which nothing is wrong, say that the message is binary (RFC 3030 §3).
 *
 * @since 0.1.0
 * @category predicates
 */
export const isBinary = (parameters: string): boolean => /\bBODY=BINARYMIME\b/i.test(parameters)

/**
 * What is wrong with RCPT's parameters, if anything is.
 *
 * @since 0.1.0
 * @category reading
 */
export const problemOfRcpt = (parameters: string, { offers }: Offered): SinkReply | undefined =>
  problem(parameters, (keyword, value) => {
    if (!offers.has("DSN")) return replies.unknownParameter
    switch (keyword) {
      case "NOTIFY":
        return /^(?:NEVER|(?:SUCCESS|FAILURE|DELAY)(?:,(?:SUCCESS|FAILURE|DELAY))*)$/i.test(value)
          ? undefined
          : replies.syntaxError
      case "ORCPT":
        return /^[a-z\d-]+;/i.test(value) && isXtext(value.slice(value.indexOf(";") + 1))
          ? undefined
          : replies.syntaxError
      default:
        return replies.unknownParameter
    }
  })

/** Of the first parameter that there is something wrong with; one that comes twice is wrong. */
const problem = (
  parameters: string,
  of: (keyword: string, value: string) => SinkReply | undefined
): SinkReply | undefined => {
  const seen = new Set<string>()
  for (const parameter of parameters.split(" ")) {
    if (parameter === "") continue
    const [name = "", ...rest] = parameter.split("=")
    const keyword = name.toUpperCase()
    const found = seen.has(keyword) ? replies.syntaxError : of(keyword, rest.join("="))
    if (found !== undefined) return found
    seen.add(keyword)
  }
  return undefined
}

const isXtext = (value: string): boolean => value !== "" && /^(?:[!-*,-<>-~]|\+[\dA-F]{2})*$/.test(value)

/** The extension of each BODY (RFC 6152, RFC 3030). */
const bodies: ReadonlyMap<string, string> = new Map([
  ["7BIT", "8BITMIME"],
  ["8BITMIME", "8BITMIME"],
  ["BINARYMIME", "BINARYMIME"]
])
