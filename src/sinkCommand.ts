/**
 * What the command `smtp-sink` is made of: its arguments' reader, and what is Node's.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SmtpSinkCli from "./cli/SmtpSinkCli.js"
import * as NodeFileSystem from "./node/NodeFileSystem.js"
import * as NodePrivileges from "./node/NodePrivileges.js"
import * as NodeSink from "./node/NodeSink.js"
import * as NodeStopSignal from "./node/NodeStopSignal.js"
import type { Output } from "./report/Output.js"
import { version } from "./version.js"

const services = Layer.mergeAll(NodeFileSystem.layer, NodeStopSignal.layer, NodePrivileges.layer, NodeSink.layer())

/** Runs `smtp-sink` with these arguments, and gives its exit status. */
export const main = (argv: ReadonlyArray<string>): Effect.Effect<number, never, Output> =>
  Effect.provide(SmtpSinkCli.main(argv, { version, environment: Object.keys(process.env) }), services)
