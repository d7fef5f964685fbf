/**
 * What tests of load scenarios need: a server in memory, and time that passes as fast as the program computes.
 *
 * @since 0.1.0
 */

/** A server in memory, which answers, refuses, stalls and breaks as it is told. */
export * as TestServer from "./sink/TestServer.js"
/** A server in memory that sends on what it accepts, or does not: for proofs of delivery. */
export * as TestRelay from "./testing/TestRelay.js"
/** Whole programs in virtual time, as fast as they compute. */
export * as Simulation from "./testing/Simulation.js"
