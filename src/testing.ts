/**
 * What tests of load scenarios need: a server in memory, and time that passes as fast as the program computes.
 *
 * @since 0.1.0
 */

/** A server in memory, which answers, refuses, stalls and breaks as it is told. */
export * as TestServer from "./sink/TestServer.js"
/** Whole programs in virtual time, as fast as they compute. */
export * as Simulation from "./testing/Simulation.js"
