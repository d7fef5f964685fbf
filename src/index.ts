/**
 * The library: describe a run, run it, look at what happened; or speak SMTP step by step.
 *
 * Each module can also be imported by its path, such as `smtp-source/load/Load`.
 *
 * @since 0.1.0
 */

/** Runs a plan. */
export * as Load from "./load/Load.js"
/** Sessions with a program of your own. */
export * as Scenario from "./load/Scenario.js"
/** Runs a plan over several threads. */
export * as Workers from "./load/Workers.js"
/** The sums of a run, and their laws. */
export * as Accounting from "./measure/Accounting.js"
/** Durations, counted. */
export * as Histogram from "./measure/Histogram.js"
/** What was recorded, by step and ending. */
export * as Recorder from "./measure/Recorder.js"
/** Sockets, files and threads. */
export * as NodeServices from "./node/NodeServices.js"
/** What to do. */
export * as Plan from "./plan/Plan.js"
/** A run in a few lines. */
export * as Summary from "./report/Summary.js"
/** The steps of a dialogue. */
export * as Dialogue from "./smtp/Dialogue.js"
/** How a message ended. */
export * as Outcome from "./smtp/Outcome.js"
/** Replies and their classes. */
export * as Reply from "./smtp/Reply.js"
/** What a transaction is made of. */
export * as Settlement from "./smtp/Settlement.js"
/** What goes wrong. */
export * as SmtpError from "./smtp/SmtpError.js"
/** Where to connect. */
export * as Target from "./smtp/Target.js"
/** The connection. */
export * as Wire from "./smtp/Wire.js"
