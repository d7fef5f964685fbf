/**
 * What a sink of this package says of its clock: `NOOP X-CLOCK` is answered by
 *
 *     250 2.0.0 t=1795694335873223; s=9f31c0aa19ac3f0e
 *
 * `t` is its time (microseconds since 1970), and `s` the sink, as the file calls it in which it writes down what comes. Any other
 * server takes NOOP with an argument for NOOP (RFC 5321 §4.1.1.9).
 *
 * @since 0.1.0
 */
import type { Reply } from "./Reply.js"

/**
 * What it says.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClockReply {
  /** In microseconds since 1970. */
  readonly time: number
  /** Which sink it is: 16 hexadecimal digits. */
  readonly sink: string
}

/**
 * The question, without its line end.
 *
 * @since 0.1.0
 * @category constants
 */
export const question = "NOOP X-CLOCK"

/**
 * The answer, with its line end.
 *
 * @since 0.1.0
 * @category encoding
 */
export const write = ({ sink, time }: ClockReply): string => `250 2.0.0 t=${time}; s=${sink}\r\n`

/**
 * Reads the answer; nothing where it is none, as all servers but these sinks say.
 *
 * @since 0.1.0
 * @category parsing
 */
export const read = ({ code, text }: Pick<Reply, "code" | "text">): ClockReply | undefined => {
  const [, time, sink] = (code === 250 && /\bt=(\d{1,16}); s=([0-9a-f]{16})$/.exec(text)) || []
  return time === undefined || sink === undefined ? undefined : { time: Number(time), sink }
}
