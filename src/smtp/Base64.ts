/**
 * Base64 (RFC 4648 §4) of texts that hold one byte in each character. Strict: what is not base64 to its last bit is none.
 *
 * @since 0.1.0
 */

/**
 * Encodes a text.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encode = (text: string): string => Buffer.from(text, "latin1").toString("base64")

/**
 * Encodes bytes.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encodeBytes = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")

/**
 * Decodes; undefined where it is no base64. Nothing decodes to nothing.
 *
 * @since 0.1.0
 * @category encoding
 */
export const decode = (base64: string): string | undefined => {
  const bytes = Buffer.from(base64, "base64")
  // Node skips what does not belong there.
  return bytes.toString("base64") === base64 ? bytes.toString("latin1") : undefined
}
