/**
 * The shells that can complete the command line.
 *
 * @since 0.1.0
 */

/**
 * Their names.
 *
 * @since 0.1.0
 * @category constants
 */
export const shells = ["bash", "zsh", "fish"] as const

/**
 * One of `shells`.
 *
 * @since 0.1.0
 * @category models
 */
export type Shell = (typeof shells)[number]

/**
 * Whether there is a script for the shell of this name.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isShell = (name: string): name is Shell => shells.some((shell) => shell === name)
