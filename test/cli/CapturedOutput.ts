/**
 * What a command writes, kept for a test to look at.
 */
import * as Effect from "effect/Effect"
import { Output } from "../../src/report/Output.js"

export interface Terminal {
  readonly stdout?: boolean
  readonly stderr?: boolean
  readonly noColor?: boolean
  readonly columns?: number
}

/** An output without a terminal, unless it is told otherwise. `written` grows. */
export const make = ({ columns = 80, noColor = true, stderr = false, stdout = false }: Terminal = {}) => {
  const written = { stdout: "", stderr: "" }
  const output = Output.of({
    stdout: (text) => {
      written.stdout += text
    },
    stderr: (text) => {
      written.stderr += text
    },
    flush: Effect.void,
    isTerminal: { stdout, stderr },
    noColor,
    columns: () => columns
  })
  return { output, written }
}
