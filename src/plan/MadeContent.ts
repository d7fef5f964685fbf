/**
 * The content of one message, made for it.
 *
 * A class, and not a literal, since it is made for every message. Of each literal in a program V8 keeps count of how many of
 * its objects outlive a young collection; once it was most of them, it makes the next ones among the old objects at once,
 * where each keeps its message's text until the next full collection. In a run of the library that came early, while little
 * was made and most of it in use. Objects of classes are always young first.
 *
 * @since 0.1.0
 */
import type { Content } from "../smtp/Wire.js"

/**
 * The content of one message.
 *
 * @since 0.1.0
 * @category models
 */
export class MadeContent implements Content {
  constructor(
    readonly head: string,
    readonly body?: Uint8Array | undefined,
    readonly isDotless?: boolean | undefined,
    readonly unusable?: string | undefined
  ) {}
}
