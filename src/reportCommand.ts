/**
 * What the command `smtp-report` is made of: its arguments' reader, and what is Node's.
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as SmtpReport from "./cli/SmtpReport.js"
import * as NodeFileSystem from "./node/NodeFileSystem.js"
import * as NodeImap from "./node/NodeImap.js"
import type { Output } from "./report/Output.js"
import { version } from "./version.js"

/** Runs `smtp-report` with these arguments, and gives its exit status. */
export const main = (argv: ReadonlyArray<string>): Effect.Effect<number, never, Output> =>
  Effect.provide(SmtpReport.main(argv, { version }), Layer.merge(NodeFileSystem.layer, NodeImap.layer))
