/**
 * What a server gives replies to.
 *
 * @since 0.1.0
 */
import { type Step, steps } from "./SmtpError.js"

/**
 * What a server's reply answers: a step of the dialogue, or `other` for everything else (NOOP, VRFY, XFORWARD, unknown commands).
 * `tls` is the handshake, which can go wrong in its place.
 *
 * @since 0.1.0
 * @category models
 */
export type Stage = Exclude<Step, "connect" | "xforward" | "content" | "idle">

/**
 * The stages, in the order of the dialogue.
 *
 * @since 0.1.0
 * @category models
 */
export const stages: ReadonlyArray<Stage> = steps.filter(
  (step): step is Stage => step !== "connect" && step !== "xforward" && step !== "content" && step !== "idle"
)
