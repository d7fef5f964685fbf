/**
 * Checks what users install: packs the package, unpacks it elsewhere with its declared dependencies and nothing else
 * beside it, and uses it. Then it does what the README says (`check-readme.ts`).
 *
 *     npm run check:package
 */
import { execFileSync, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { checkLines, checkLinks } from "./check-readme.js"
import { check } from "./Checks.js"

interface Manifest {
  readonly version: string
  readonly bin: Readonly<Record<string, string>>
  readonly man: ReadonlyArray<string>
  readonly exports: Readonly<Record<string, null | string | Readonly<Record<string, string>>>>
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies: Readonly<Record<string, string>>
  readonly peerDependencies: Readonly<Record<string, string>>
  readonly peerDependenciesMeta: Readonly<Record<string, { readonly optional?: boolean }>>
}

const root = fileURLToPath(new URL("..", import.meta.url))
const place = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-package-"))
process.once("exit", () => fs.rmSync(place, { recursive: true, force: true }))

const modules = path.join(place, "node_modules")
const installed = path.join(modules, "smtp-source")
const inPackage = (file: string): string => path.join(installed, file)

const tarball = (): string => path.join(place, fs.readdirSync(place).find((file) => file.endsWith(".tgz"))!)

const unpack = (): Manifest => {
  execFileSync("npm", ["pack", "--pack-destination", place], { cwd: root, stdio: "ignore" })
  fs.mkdirSync(installed, { recursive: true })
  execFileSync("tar", ["-xzf", tarball(), "-C", installed, "--strip-components=1"])
  return JSON.parse(fs.readFileSync(inPackage("package.json"), "utf8"))
}

const link = (names: ReadonlyArray<string>): void => {
  for (const name of names) {
    fs.mkdirSync(path.dirname(path.join(modules, name)), { recursive: true })
    fs.symlinkSync(path.join(root, "node_modules", name), path.join(modules, name))
  }
}

/** What a command has to complain of, by its exit status or by a word on standard error. */
const complaints = (command: string, words: ReadonlyArray<string>): string => {
  const { error, status, stderr, stdout } = spawnSync(command, words, { cwd: place, encoding: "utf8" })
  return status === 0 && stderr === "" ? "" : [error?.message, `exit status ${status}`, stdout, stderr].join("\n")
}

const manifest = unpack()

const named = [
  ...Object.values(manifest.bin),
  ...manifest.man,
  ...Object.values(manifest.exports).flatMap((paths) =>
    typeof paths === "string" ? [paths] : Object.values(paths ?? {})
  )
]
const absent = named.filter((file) => !file.includes("*") && !fs.existsSync(inPackage(file)))
check("the files that package.json names are there", absent.join("\n"))

for (const [name, file] of Object.entries(manifest.bin)) {
  const { stderr, stdout } = spawnSync(inPackage(file), ["--version"], { cwd: place, encoding: "utf8" })
  const expected = `${name} ${manifest.version}\n`
  check(`${name} runs without any dependency, and knows its version`, stdout === expected ? "" : stdout + stderr)
}

const scenarios = {
  "scenario.json": `\ufeff${JSON.stringify({ sink: true, messages: 5, reuse: true, failIf: ["accepted < 100%"] })}`,
  "scenario.yaml": "sink: true # a server of our own\nmessages: 5\nreuse: true\nfailIf: [accepted < 100%]\n"
}
for (const [name, text] of Object.entries(scenarios)) {
  fs.writeFileSync(path.join(place, name), text)
  check(`smtp-source runs ${name}`, complaints(inPackage(manifest.bin["smtp-source"]!), ["--scenario", name]))
}

for (const page of manifest.man) {
  const groff = ["groff", ["-man", "-Tutf8", "-ww", "-z", inPackage(page)]] as const
  if (spawnSync("groff", ["-v"]).error === undefined) check(`${page} is set without a warning`, complaints(...groff))
  else console.log(`skipped: ${page} (this machine lacks groff)`)
}

// With Node's types, which everybody has who writes TypeScript for Node.
const peers = Object.keys(manifest.peerDependencies)
const isOptional = (name: string): boolean => manifest.peerDependenciesMeta[name]?.optional === true
link([
  ...peers.filter((name) => !isOptional(name)),
  ...[manifest.dependencies, manifest.optionalDependencies].flatMap(Object.keys),
  "@types/node"
])

/** What users can import. */
const library = ["smtp-source", "smtp-source/testing", "smtp-source/telemetry"]

/** What asks for an optional dependency does so only where it is imported. */
const alone = library.filter((name) => name !== "smtp-source/telemetry")

const use = (names: ReadonlyArray<string>): string => {
  fs.writeFileSync(path.join(place, "use.mjs"), names.map((name) => `import "${name}"\n`).join(""))
  return complaints(process.execPath, ["use.mjs"])
}
check(`${alone.length} of the library's modules can be imported without optional dependencies`, use(alone))
link(peers.filter(isOptional))
check(`each of the library's ${library.length} modules can be imported with them`, use(library))

const hidden = ["cli/Cli", "load/Load", "smtp/Conversation", "telemetry/Telemetry", "dist/lib/load/Load.js"].filter(
  (module) => {
    fs.writeFileSync(path.join(place, "hidden.mjs"), `import "smtp-source/${module}"\n`)
    return !complaints(process.execPath, ["hidden.mjs"]).includes("ERR_PACKAGE_PATH_NOT_EXPORTED")
  }
)
check("no other module can", hidden.join("\n"))

const uses = library.map((name, index) => `import * as module${index} from "${name}"\nvoid module${index}\n`)
fs.writeFileSync(path.join(place, "use.mts"), uses.join(""))
const options = ["--strict", "--noEmit", "--module", "nodenext", "--target", "es2022", "--types", "node"]
const tsc = [path.join(root, "node_modules/typescript/bin/tsc"), ...options, "use.mts"]
check("they have types, of declared dependencies alone", complaints(process.execPath, tsc))

const tool = (name: string): string => path.join(root, "node_modules/.bin", name)
const status = (command: string, words: ReadonlyArray<string>): string => {
  const result = spawnSync(command, words, { cwd: root, encoding: "utf8" })
  return result.status === 0 ? "" : result.stdout + result.stderr
}
check("publint has nothing to say", status(tool("publint"), ["--strict", "--pack", "false", installed]))
check("are-the-types-wrong says that they are right", status(tool("attw"), [tarball(), "--profile", "esm-only"]))

checkLinks(check, installed)
checkLines(check, place, tarball(), installed)
