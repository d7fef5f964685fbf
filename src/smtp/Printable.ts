/**
 * The one way by which bytes from the network, or from a file, reach a terminal or a log.
 *
 * @since 0.1.0
 */

// C0, DEL and C1 drive terminals; the bidirectional controls and separators reorder what a reader sees.
// Lone surrogates have no UTF-8 form.
const unprintable =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202f\u2060-\u2069\ufeff\ufff9-\ufffb]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g

/**
 * Escapes what a terminal could obey or hide: control characters as `\x1b`, invisible and reordering ones as `\u202e`.
 *
 * What stays is printed as it is, so the result of text that is already printable is the text itself.
 *
 * @since 0.1.0
 * @category constructors
 */
export const escape = (text: string): string =>
  text.replace(unprintable, (character) => {
    const code = character.charCodeAt(0)
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`
  })

/**
 * Escapes a string that holds one byte in each character: as `escape`, and bytes beyond ASCII too, as `\xe9`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const escapeBytes = (bytes: string): string =>
  bytes.replace(/[^\x20-\x7e]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16).padStart(2, "0")}`)
