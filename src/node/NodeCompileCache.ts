/**
 * Compiled code, kept from one start of a command to the next.
 *
 * @since 0.1.0
 */
import * as module from "node:module"

/**
 * Has Node, from version 22.8, keep what it compiles of the modules that are loaded from here on, where it sees fit.
 *
 * @since 0.1.0
 * @category running
 */
export const enable = (): void => {
  // The types are those of Node 20, which has no such function.
  if ("enableCompileCache" in module && typeof module.enableCompileCache === "function") module.enableCompileCache()
}
