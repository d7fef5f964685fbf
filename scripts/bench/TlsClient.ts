/**
 * The client in C that our TLS is set against, compiled for this run: it needs a compiler and OpenSSL's headers (Debian:
 * gcc, libssl-dev).
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"

let compiled: string | undefined

/** Its path. */
export const command = (): string => {
  if (compiled !== undefined) return compiled
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-bench-"))
  process.once("exit", () => fs.rmSync(folder, { recursive: true }))
  const program = path.join(folder, "tls-client")
  const source = new URL("tls-client.c", import.meta.url).pathname
  execFileSync("cc", ["-O2", "-o", program, source, "-lssl", "-lcrypto"], {
    stdio: "inherit"
  })
  compiled = program
  return program
}
