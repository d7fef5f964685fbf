/**
 * Recipients that say what becomes of them: the local part is the order. Pure.
 *
 * @since 0.1.0
 */

/**
 * What a recipient asks for, of what a server can do.
 *
 * @since 0.1.0
 * @category models
 */
export interface Triggered {
  readonly say?: string
  readonly end?: "close"
  /** In milliseconds. */
  readonly after?: number
}

/**
 * Reads `tempfail@`, `permfail@`, `drop@`, `delay-5s@`, `450-4.2.0-full@`; undefined where the recipient asks for nothing.
 *
 * @since 0.1.0
 * @category parsing
 */
export const triggerOf = (recipient: string): Triggered | undefined => {
  const local = recipient.slice(0, Math.max(0, recipient.lastIndexOf("@")))
  if (/^tempfail$/i.test(local)) return { say: "450 4.3.0 Error: as the recipient asks\r\n" }
  if (/^permfail$/i.test(local)) return { say: "550 5.1.1 Error: as the recipient asks\r\n" }
  if (/^drop$/i.test(local)) return { say: "", end: "close" }
  const [, number = "", unit] = /^delay-(\d{1,5})(ms|s)$/i.exec(local) ?? []
  if (unit !== undefined) return { after: Number(number) * (unit.toLowerCase() === "s" ? 1000 : 1) }
  const [, code, words = ""] = /^([245]\d\d)((?:-[\w.+]+)*)$/.exec(local) ?? []
  return code === undefined
    ? undefined
    : { say: `${code}${words.replaceAll("-", " ") || " as the recipient asks"}\r\n` }
}
