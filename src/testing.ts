/**
 * What tests of load scenarios need: a server in memory, under the test's own clock.
 *
 * @since 0.1.0
 */

/** A server in memory, which answers, refuses, stalls and breaks as it is told. */
export * as TestServer from "./sink/TestServer.js"
