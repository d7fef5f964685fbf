/**
 * What the system says of a call that failed, in its own words.
 *
 * @since 0.1.0
 */
import * as util from "node:util"

/**
 * `no space left on device` for ENOSPC. An error that is none of the system's gives its own message.
 *
 * @since 0.1.0
 * @category formatting
 */
export const of = ({ code, errno, message }: NodeJS.ErrnoException): string =>
  (code === "EISDIR" ? "is a directory" : undefined) ??
  (errno === undefined ? undefined : util.getSystemErrorMap().get(errno)?.[1]) ??
  message
