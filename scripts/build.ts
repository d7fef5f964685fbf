/**
 * Builds the package into dist/:
 *
 * - `dist/bin`: the commands, each bundled into one file, in which what is rarely needed is run when it is asked for; what starts
 *   them (`src/start.ts`); and the entries of their threads.
 * - `dist/lib`: the library, module by module, with types. The commands' own modules are not part of it: what they are
 *   made of (@effect/cli) is no dependency of the package.
 * - `dist/man`: the manual pages.
 * - `dist/schema`: the JSON Schemas of what is written (`--report json` of smtp-source and of smtp-sink, a line of `--report ndjson`, `--compare` as JSON) and
 *   of what `--scenario` of smtp-source and of smtp-sink reads.
 */
import { execFileSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { type BuildOptions, build } from "esbuild"
import * as Manual from "../src/cli/Manual.js"
import * as ManualPage from "../src/cli/ManualPage.js"
import * as SmtpSinkCli from "../src/cli/SmtpSinkCli.js"
import * as SmtpReport from "../src/cli/SmtpReport.js"
import * as Plan from "../src/plan/Plan.js"
import * as Comparison from "../src/report/Comparison.js"
import * as Journal from "../src/report/Journal.js"
import * as RunReport from "../src/report/RunReport.js"
import * as SinkReport from "../src/sink/SinkReport.js"
import * as SinkPlan from "../src/sink/SinkPlan.js"
import { version } from "../src/version.js"

/** What users run, each with the module that it starts in. */
const commands = { "smtp-source": "src/bin.ts", "smtp-report": "src/reportBin.ts", "smtp-sink": "src/sinkBin.ts" }

/** What threads start in. A module starts the one that lies beside it, so that all of this is in one folder. */
const threads = { loadWorker: "src/node/loadWorker.ts", sinkWorker: "src/node/sinkWorker.ts" }

process.chdir(fileURLToPath(new URL("..", import.meta.url)))

// Made aside and put in place at the end: who runs a command meanwhile has the one from before. Tests do, beside another build.
const made = `node_modules/.cache/dist-${process.pid}`
process.once("exit", () => fs.rmSync(made, { recursive: true, force: true }))

const options: BuildOptions = {
  bundle: true,
  minify: true,
  format: "cjs",
  platform: "node",
  target: "node20.18",
  external: ["koffi", "esbuild"],
  // Its build for browsers is of ES modules, of which only those are bundled that are used.
  alias: { yaml: "./node_modules/yaml/browser/index.js" },
  define: { "import.meta.url": "moduleUrl" },
  banner: { js: 'const moduleUrl = require("node:url").pathToFileURL(__filename).href;' },
  legalComments: "none",
  logLevel: "warning"
}

/** Bundles a module into `dist/bin`, and gives the name of the file. */
const bundle = async (name: string, entry: string, own: BuildOptions = {}): Promise<string> => {
  const { metafile } = await build({
    ...options,
    entryPoints: { [name]: entry },
    outdir: `${made}/bin`,
    metafile: true,
    ...own
  })
  return path.basename(Object.keys(metafile!.outputs)[0]!)
}

// One file each: a start takes as long as the files it loads, and their compiled code is kept in one piece. The name of a program
// changes with its content, as what is kept of it must (`CompiledCode`).
for (const [name, entry] of Object.entries(commands)) {
  const program = await bundle(name, entry, { entryNames: "[name]-[hash]" })
  const start = await bundle(name, "src/start.ts", {
    define: { ...options.define, PROGRAM: JSON.stringify(program) },
    banner: { js: `#!/usr/bin/env node\n${options.banner!.js}` }
  })
  fs.chmodSync(`${made}/bin/${start}`, 0o755)
}
for (const [name, entry] of Object.entries(threads)) await bundle(name, entry)
fs.writeFileSync(`${made}/bin/package.json`, `${JSON.stringify({ type: "commonjs" })}\n`)

const tsc = ["node_modules/typescript/bin/tsc", "-p", "scripts/tsconfig.build.json", "--outDir", `${made}/lib`]
execFileSync(process.execPath, tsc, { stdio: "inherit" })

fs.mkdirSync(`${made}/man`)
fs.writeFileSync(`${made}/man/smtp-source.1`, Manual.page({ version }))
fs.writeFileSync(`${made}/man/smtp-report.1`, ManualPage.page(SmtpReport.manual(), { version }))
fs.writeFileSync(`${made}/man/smtp-sink.1`, ManualPage.page(SmtpSinkCli.manual(), { version }))

fs.mkdirSync(`${made}/schema`)
const schemas = {
  plan: Plan.jsonSchema(),
  sink: SinkPlan.jsonSchema(),
  "sink-report": SinkReport.jsonSchema(),
  report: RunReport.jsonSchema(),
  journal: Journal.jsonSchema(),
  comparison: Comparison.jsonSchema()
}
for (const [name, schema] of Object.entries(schemas)) {
  fs.writeFileSync(`${made}/schema/${name}.schema.json`, `${JSON.stringify(schema, undefined, 2)}\n`)
}

/** Puts a folder in place, file by file, so that no command is missing at any time. */
const place = (from: string, to: string): void => {
  fs.mkdirSync(to, { recursive: true })
  // In the order of their names, a program comes before what starts it.
  const names = fs.readdirSync(from).sort()
  for (const name of names) {
    const [file, target] = [path.join(from, name), path.join(to, name)]
    if (fs.statSync(file).isDirectory()) place(file, target)
    else fs.renameSync(file, target)
  }
  const others = fs.readdirSync(to).filter((name) => !names.includes(name))
  for (const name of others) fs.rmSync(path.join(to, name), { recursive: true, force: true })
}

place(made, "dist")
