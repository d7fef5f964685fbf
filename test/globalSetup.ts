/**
 * The tests that run the command want it built from the sources as they are.
 */
import { execFileSync } from "node:child_process"
import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("..", import.meta.url))

const newest = (folder: string): number =>
  Math.max(
    0,
    ...readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map(
      (path) => statSync(join(root, folder, path)).mtimeMs
    )
  )

const builtAt = (): number => statSync(join(root, "dist/man/smtp-source.1"), { throwIfNoEntry: false })?.mtimeMs ?? 0

export default function setup(): void {
  const changedAt = Math.max(newest("src"), statSync(join(root, "scripts/build.ts")).mtimeMs)
  if (builtAt() < changedAt) execFileSync("npm", ["run", "build"], { cwd: root, stdio: "inherit" })
}
