/**
 * Why a file cannot be read or written, for messages that name it by themselves.
 *
 * @since 0.1.0
 */
import type { PlatformError } from "@effect/platform/Error"

/**
 * The system's words, such as "no such file or directory", without the code, the call and the path that Node puts around them.
 *
 * @since 0.1.0
 * @category formatting
 */
export const fileReason = (error: PlatformError): string => {
  const text = error.description ?? error.message
  if (text.startsWith("EISDIR: ")) return "is a directory"
  return /^E[A-Z0-9]+: (.+?), [a-z]+(?: .*)?$/s.exec(text)?.[1] ?? text
}
