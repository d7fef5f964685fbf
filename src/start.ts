/**
 * What each command starts in: it runs the program that the build has put beside it.
 */
import * as CompiledCode from "./node/CompiledCode.js"

/** The name of the program's file, which the build fills in. */
declare const PROGRAM: string

CompiledCode.run(new URL(PROGRAM, import.meta.url))
