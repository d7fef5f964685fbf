/**
 * Checks comments, messages and pages against the list of turns that are not used.
 *
 *     npm run check:english
 */
import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as English from "./english.js"

const root = fileURLToPath(new URL("..", import.meta.url))
const read = (path: string): string => readFileSync(join(root, path), "utf8")

const list = "scripts/README.md"
const paths = [
  ...["src", "scripts", "test/examples"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => /\.(?:ts|md)$/.test(path))
      .map((path) => `${folder}/${path}`)
  ),
  "README.md"
].filter((path) => path !== list && path !== "scripts/english.ts")

const found = English.violations(Object.fromEntries(paths.map((path) => [path, read(path)]))).map(English.format)
const known = new Set(English.turns.map(({ but, not }) => `${not}: ${but}`))
const listed = new Set(English.listed(read(list)).map(({ but, not }) => `${not}: ${but}`))
const differing = [
  ...[...known].filter((row) => !listed.has(row)).map((row) => `${list}: not in the list: ${row}`),
  ...[...listed].filter((row) => !known.has(row)).map((row) => `scripts/english.ts: no pattern: ${row}`)
]
for (const line of [...found, ...differing]) console.error(line)
console.log(`${paths.length} texts, ${found.length + differing.length} violations`)
if (found.length + differing.length > 0) process.exitCode = 1
