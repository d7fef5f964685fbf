/**
 * Does what the README says, as somebody who has only the package: runs its lines that install it, and its examples as they
 * are written, on each Node that is supported, in an empty folder, in one that has Effect 3, and in one that has Effect 4.
 *
 * It stands in for the registry in one respect: where a line names the package, its tarball is installed.
 */
import { spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { transformSync } from "esbuild"

/** What takes the result of each check: nothing where there is nothing to complain of. */
export type Check = (what: string, complaints: string) => void

/** The versions of Node that README's lines must work with. */
const nodes = [20, 22, 24]

/** No line that the README gives takes longer, in milliseconds. */
const limit = 240_000

const linksIn = (readme: string): ReadonlyArray<string> =>
  [...readme.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)].map(([, link]) => link!).filter((link) => !/^\w+:/.test(link))

const blocksIn = (readme: string, language: string): ReadonlyArray<string> =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, "gms"))].map(([, block]) => block!)

/** Checks that what the README links to is in the package. */
export const checkLinks = (check: Check, installed: string): void => {
  const readme = fs.readFileSync(path.join(installed, "README.md"), "utf8")
  const dead = linksIn(readme).filter((link) => !fs.existsSync(path.join(installed, link)))
  check("the files that the README links to are there", dead.join("\n"))
}

/** What runs the two examples against a sink of the package's own. */
const driver = `
import * as Effect from "effect/Effect"
import { EmbeddedSink, NodeSink, Target } from "smtp-source"
import { measure } from "./example0.mjs"
import { flood } from "./example1.mjs"

const main = Effect.gen(function* () {
  const sink = yield* Effect.flatMap(EmbeddedSink.EmbeddedSink, (embedded) => embedded.start())
  const target = Target.format(sink.target)
  console.log(yield* measure(target))
  yield* flood(target)
  const { messages, quits } = yield* sink.counts
  console.log("the sink has " + messages + " messages and said good-bye " + quits + " times")
}).pipe(Effect.scoped, Effect.provide(NodeSink.layer()))

Effect.runPromise(main).catch((error) => {
  console.error(error)
  process.exitCode = 1
})
`

/** Runs the README's lines in folders of their own, in `place`. */
export const checkLines = (check: Check, place: string, tarball: string, installed: string): void => {
  const readme = fs.readFileSync(path.join(installed, "README.md"), "utf8")
  const lines = blocksIn(readme, "sh")
    .flatMap((block) => block.split("\n"))
    .map((line) => line.replace(/\s+#.*$/, ""))
    .filter((line) => line.startsWith("npm install smtp-source"))
  const examples = blocksIn(readme, "ts")
  const [alone, whole] = lines
  if (alone !== "npm install smtp-source" || whole === undefined || examples.length !== 2) {
    return check("the README has two lines that install it, and two examples", [...lines, ...examples].join("\n"))
  }
  const compiled = examples.map((example) => transformSync(example, { loader: "ts", format: "esm" }).code)

  /** npm as it runs this script, under the given Node. */
  const npm = (node: string, folder: string, words: ReadonlyArray<string>) =>
    spawnSync(
      node,
      [process.env.npm_execpath!, ...words, "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"],
      {
        cwd: folder,
        encoding: "utf8",
        timeout: limit,
        env: { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env.PATH}` }
      }
    )
  const folder = (name: string, dependencies: Readonly<Record<string, string>> = {}): string => {
    const made = path.join(place, name)
    fs.mkdirSync(made)
    fs.writeFileSync(path.join(made, "package.json"), JSON.stringify({ name, private: true, dependencies }))
    return made
  }
  const told = ({ error, stderr, stdout }: ReturnType<typeof npm>): string =>
    [error?.message, stdout, stderr].filter((text) => text).join("\n")
  const install = (node: string, where: string, line: string) =>
    npm(node, where, line.replace("smtp-source", tarball).split(" ").slice(1))

  /** Node of this version: the one that runs this, or npm's. */
  const nodeOf = (version: number): string => {
    if (process.versions.node.startsWith(`${version}.`)) return process.execPath
    const name = `node-${process.platform}-${process.arch}`
    const where = folder(`node${version}`)
    const result = npm(process.execPath, where, ["install", `${name}@${version}`])
    if (result.status !== 0) check(`Node ${version} can be had`, told(result))
    return path.join(where, "node_modules", name, "bin/node")
  }

  const copies = (where: string): ReadonlyArray<string> =>
    fs
      .readdirSync(path.join(where, "node_modules"), { recursive: true, encoding: "utf8" })
      .filter((file) => /(^|\/)(effect|@effect\/platform)\/package\.json$/.test(file))
      .filter((file) => /node_modules\/(effect|@effect\/platform)\/package\.json$/.test(`node_modules/${file}`))

  const runExamples = (node: string, where: string): string => {
    compiled.forEach((code, index) => {
      fs.writeFileSync(path.join(where, `example${index}.mjs`), code)
    })
    fs.writeFileSync(path.join(where, "main.mjs"), driver)
    const result = spawnSync(node, ["main.mjs"], { cwd: where, encoding: "utf8", timeout: limit })
    const expected = ["1,000 messages: 1,000 accepted", "the sink has 1000 messages and said good-bye 30 times"]
    const missing = expected.filter((text) => !result.stdout.includes(text))
    return missing.length === 0 && result.status === 0 && result.stderr === "" ? "" : told(result)
  }

  for (const version of nodes) {
    const node = nodeOf(version)
    const ways = [
      ["an empty folder", `empty${version}`, {}, whole],
      ["a project of Effect 3", `three${version}`, { effect: "~3.22.4" }, alone]
    ] as const
    for (const [what, name, dependencies, line] of ways) {
      const where = folder(name, dependencies)
      const result = install(node, where, line)
      check(`Node ${version}, ${what}: ${line}`, result.status === 0 ? "" : told(result))
      if (result.status !== 0) continue
      const found = copies(where)
      check(
        `Node ${version}, ${what}: one copy of effect and of @effect/platform`,
        found.length === 2 ? "" : found.join("\n")
      )
      check(`Node ${version}, ${what}: the README's examples run`, runExamples(node, where))
    }
  }

  const four = folder("four", { effect: "^4.0.0" })
  const refused = install(process.execPath, four, alone)
  const why = ["ERESOLVE", 'peer effect@"^3', "effect@4"].filter((words) => !refused.stderr.includes(words))
  check(
    "a project of Effect 4 is told that the package needs Effect 3",
    refused.status !== 0 && why.length === 0 ? "" : told(refused)
  )
}
