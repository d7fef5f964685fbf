/** Runs the built commands as a shell would. */
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"

const bin = fileURLToPath(new URL("../../dist/bin", import.meta.url))

export const source = `${process.execPath} ${bin}/smtp-source.js`
export const report = `${process.execPath} ${bin}/smtp-report.js`

export interface Said {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a line of bash in a folder of its own, and gives the exit status of the line's first command. */
export const shell = (line: string, environment: NodeJS.ProcessEnv = {}): Effect.Effect<Said> =>
  Effect.acquireUseRelease(
    Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-"))),
    (cwd) =>
      Effect.async<Said>((resume) => {
        const options = { cwd, encoding: "utf8" as const, maxBuffer: 1e8, env: { ...process.env, ...environment } }
        execFile("bash", ["-c", `${line}; exit \${PIPESTATUS[0]}`], options, (error, stdout, stderr) => {
          resume(Effect.succeed({ status: typeof error?.code === "number" ? error.code : 0, stdout, stderr }))
        })
      }),
    (cwd) => Effect.sync(() => fs.rmSync(cwd, { recursive: true }))
  )
