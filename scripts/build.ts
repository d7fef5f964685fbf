/**
 * Builds the package into dist/:
 *
 * - `dist/bin`: the command, bundled, with what it needs rarely in chunks beside it, and the entries of its threads. Loading
 *   one file instead of six hundred is what makes it start in a tenth of a second.
 * - `dist/lib`: the library, module by module, with types.
 * - `dist/man`: the manual page.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import { build } from "esbuild"
import * as Manual from "../src/cli/Manual.js"
import { version } from "../src/version.js"

const root = new URL("..", import.meta.url).pathname
process.chdir(root)
fs.rmSync("dist", { recursive: true, force: true })

await build({
  entryPoints: {
    "smtp-source": "src/bin.ts",
    loadWorker: "src/node/loadWorker.ts",
    sinkWorker: "src/node/sinkWorker.ts"
  },
  outdir: "dist/bin",
  bundle: true,
  splitting: true,
  minify: true,
  // Names stay, for who profiles it; they cost a hundredth of the size.
  keepNames: false,
  chunkNames: "[name]-[hash]",
  format: "esm",
  platform: "node",
  target: "node20.18",
  external: ["koffi", "esbuild"],
  legalComments: "none",
  logLevel: "warning"
})
const command = "dist/bin/smtp-source.js"
fs.writeFileSync(command, `#!/usr/bin/env node\n${fs.readFileSync(command, "utf8")}`)
fs.chmodSync(command, 0o755)

execFileSync(process.execPath, ["node_modules/typescript/bin/tsc", "-p", "scripts/tsconfig.build.json"], {
  stdio: "inherit"
})

fs.mkdirSync("dist/man", { recursive: true })
fs.writeFileSync("dist/man/smtp-source.1", Manual.page({ version }))
