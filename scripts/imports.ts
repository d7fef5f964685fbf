/**
 * The house's rules on who may use whom, as data, and the check of sources against them.
 *
 * Pure: sources in, violations out. `check-imports.ts` feeds it from disk.
 */

/**
 * What each folder of src may use, besides itself: folders, single modules, or only the types of one (`type smtp`).
 * Modules at the top of src have rows of their own.
 */
export const floors: Readonly<Record<string, ReadonlyArray<string>>> = {
  smtp: [],
  plan: ["smtp"],
  measure: ["smtp"],
  sink: [
    "plan/Cursor",
    "plan/Distribution",
    "plan/Draw",
    "plan/FaultRule",
    "plan/FieldNames",
    "plan/FieldsSchema",
    "plan/PlanIssue",
    "plan/ReportRequest",
    "plan/SinkFields",
    "plan/SinkOffer",
    "plan/SinkRules",
    "plan/PlanField",
    "plan/PlanRule",
    "plan/PlanValue",
    "plan/Stamp",
    "plan/Suggestion",
    "smtp",
    "type plan"
  ],
  load: [
    "report/Judgement",
    "report/Recent",
    "report/RunReport",
    "report/RunningReport",
    "report/WholeSeconds",
    "sink/EmbeddedSink",
    "sink/SinkOffers",
    "type sink",
    "measure",
    "plan",
    "smtp",
    "version"
  ],
  report: ["measure", "plan", "smtp/Printable", "smtp/SmtpError", "smtp/Tls", "type smtp"],
  imap: ["smtp/Base64", "smtp/Printable"],
  telemetry: ["type load", "report", "measure", "plan", "smtp", "version"],
  node: ["load", "imap", "report", "sink", "measure", "plan", "smtp"],
  cli: ["telemetry", "load", "imap", "report", "sink", "measure", "plan", "smtp"],
  version: [],
  start: ["node/CompiledCode"],
  bin: ["command", "program"],
  sinkBin: ["program", "sinkCommand"],
  reportBin: ["program", "reportCommand"],
  program: ["cli", "node", "report", "version"],
  command: ["cli", "node", "load", "report", "sink", "measure", "plan", "smtp", "version"],
  sinkCommand: ["cli", "node", "report", "sink", "version"],
  reportCommand: ["cli", "node", "report", "version"],
  index: ["node", "load", "report", "sink", "measure", "plan", "smtp", "version"],
  testing: ["load", "report", "sink", "measure", "plan", "smtp"]
}

/** Where each package may be used. `*` is everywhere. `node:` stands for all of Node's own modules. */
export const packages: Readonly<Record<string, ReadonlyArray<string>>> = {
  effect: ["*"],
  "@effect/platform": ["*"],
  "@effect/platform-node": ["node", "command"],
  "@effect/cli": ["cli"],
  "@effect/opentelemetry": ["telemetry", "cli"],
  "@effect/printer": ["cli"],
  "@effect/printer-ansi": ["cli"],
  "node:": ["node", "command"],
  koffi: ["node"],
  "@mongodb-js/saslprep": ["node"],
  socks: ["node"],
  yaml: ["cli"],
  esbuild: ["node"]
}

/** Packages whose modules are imported one by one, since their barrel loads all of them. */
export const withoutBarrel: ReadonlyArray<string> = [
  "effect",
  "@effect/platform",
  "@effect/platform-node",
  "@effect/cli",
  "@effect/opentelemetry",
  "@effect/printer",
  "@effect/printer-ansi"
]

/** The programs, and what runs those of users: only they run effects. All other modules describe them. */
export const programs: ReadonlyArray<string> = ["program", "node/loadWorker", "node/sinkWorker", "node/NodeStopSignal"]

/** The modules that re-export others: what users of the library import. Nothing in src imports them. */
export const publicEntries: ReadonlyArray<string> = ["index", "testing", "telemetry"]

/** A line that breaks a rule. */
export interface Violation {
  readonly file: string
  readonly line: number
  readonly problem: string
}

/** One line, in the form that editors and terminals link to the place. */
export const format = ({ file, line, problem }: Violation): string => `${file}:${line}: ${problem}`

/**
 * The violations in the sources, which are keyed by their paths under src (`smtp/Reply.ts`).
 * `taken` are the names that no module here may have: those of Effect's own modules.
 */
export const violations = (
  sources: Readonly<Record<string, string>>,
  taken: ReadonlyArray<string> = []
): ReadonlyArray<Violation> => {
  const modules = Object.entries(sources).map(([path, source]) => parse(path, source))
  const names = new Set(modules.map(({ name }) => name))
  return [
    ...modules.flatMap((module) => importsOf(module, names)),
    ...modules.flatMap(runsOf),
    ...modules.flatMap(barrelOf),
    ...namesOf(modules, taken),
    ...circlesOf(modules)
  ].sort((a, b) => (a.file === b.file ? a.line - b.line : a.file < b.file ? -1 : 1))
}

interface Import {
  readonly line: number
  readonly specifier: string
  readonly typeOnly: boolean
  /** `export * from` and `export * as X from`. */
  readonly everything: boolean
  /** The module of src that the specifier names, if it names one. */
  readonly module: string | undefined
}

interface Module {
  readonly file: string
  /** The path without its extension, such as `smtp/Reply`. */
  readonly name: string
  /** The row of the tables: a folder, or the name of a module at the top. */
  readonly place: string
  readonly imports: ReadonlyArray<Import>
  /** Where an effect is run. */
  readonly runs: ReadonlyArray<{ readonly line: number; readonly call: string }>
}

const importsOf = (module: Module, names: ReadonlySet<string>): ReadonlyArray<Violation> => {
  const { file, place } = module
  const row = floors[place]
  if (row === undefined) return [{ file, line: 1, problem: `${place} has no row in the table of floors` }]
  return module.imports.flatMap((one) => {
    const problem =
      one.module === undefined ? packageProblem(place, one.specifier) : floorProblem(place, row, names, one, one.module)
    return problem === undefined ? [] : [{ file, line: one.line, problem }]
  })
}

const floorProblem = (
  place: string,
  row: ReadonlyArray<string>,
  names: ReadonlySet<string>,
  { specifier, typeOnly }: Import,
  used: string
): string | undefined => {
  const folder = placeOf(used)
  if (!names.has(used)) return `${specifier} is not a module of src`
  if (publicEntries.includes(used)) return `${used} is for users of the library: import the module itself`
  if (folder === place || row.includes(folder) || row.includes(used)) return undefined
  if (!row.includes(`type ${folder}`)) return `${place} may not use ${used}`
  return typeOnly ? undefined : `${place} may use only types of ${folder}: import type`
}

const packageProblem = (place: string, specifier: string): string | undefined => {
  const name = packageOf(specifier)
  const allowed = packages[name]
  if (allowed === undefined) return `${name} has no row in the table of packages`
  if (!allowed.includes("*") && !allowed.includes(place)) {
    return `${specifier} belongs in ${allowed.join(" or ")}, not in ${place}`
  }
  return specifier === name && withoutBarrel.includes(name)
    ? `${name} is a barrel: import the module, such as ${name}/Effect`
    : undefined
}

const packageOf = (specifier: string): string => {
  if (specifier.startsWith("node:")) return "node:"
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")
}

const runsOf = ({ file, name, runs }: Module): ReadonlyArray<Violation> =>
  programs.includes(name)
    ? []
    : runs.map(({ call, line }) => ({ file, line, problem: `${call}: only ${programs.join(", ")} run effects` }))

const barrelOf = ({ file, imports, name }: Module): ReadonlyArray<Violation> => {
  if (publicEntries.includes(name)) return []
  const nested = name.endsWith("/index") ? [{ file, line: 1, problem: "a folder has no index" }] : []
  const everything = imports.filter((one) => one.everything)
  return [
    ...nested,
    ...everything.map(({ line }) => ({ file, line, problem: `export *: only ${publicEntries.join(", ")} re-export` }))
  ]
}

const namesOf = (modules: ReadonlyArray<Module>, taken: ReadonlyArray<string>): ReadonlyArray<Violation> => {
  const first = new Map<string, string>()
  return modules.flatMap(({ file, name }) => {
    const short = name.slice(name.lastIndexOf("/") + 1)
    const other = first.get(short)
    if (other !== undefined) return [{ file, line: 1, problem: `the name ${short} is that of ${other}, too` }]
    first.set(short, file)
    return taken.includes(short) && !publicEntries.includes(name)
      ? [{ file, line: 1, problem: `the name ${short} is that of a module of Effect` }]
      : []
  })
}

/** Each import that closes a circle, once, with the way round. */
const circlesOf = (modules: ReadonlyArray<Module>): ReadonlyArray<Violation> => {
  const byName = new Map(modules.map((module) => [module.name, module]))
  const found: Array<Violation> = []
  const done = new Set<string>()
  const visit = (module: Module, way: ReadonlyArray<string>): void => {
    if (done.has(module.name)) return
    for (const { line, module: used } of module.imports) {
      const next = used === undefined ? undefined : byName.get(used)
      if (next === undefined) continue
      const here = [...way, module.name]
      const start = here.indexOf(next.name)
      if (start < 0) visit(next, here)
      else found.push({ file: module.file, line, problem: `circle: ${[...here.slice(start), next.name].join(" → ")}` })
    }
    done.add(module.name)
  }
  for (const module of modules) visit(module, [])
  return found
}

const placeOf = (name: string): string => name.split("/")[0]!

const importPattern = /^(import|export)\s+(type\s+)?(?:([^"'=();]*?)from\s+)?["']( *)["']|\bimport\(\s*["']( *)["']/gm

const runPattern = /\brun(?:PromiseExit|Promise|SyncExit|Sync|Fork|Callback|Main)\b/g

const parse = (path: string, source: string): Module => {
  const name = path.replace(/\.ts$/, "")
  const code = blank(source)
  const imports = Array.from(code.matchAll(importPattern), (match): Import => {
    const end = match.index + match[0].length - 1
    const specifier = source.slice(end - (match[4] ?? match[5] ?? "").length, end)
    return {
      line: lineAt(source, match.index),
      specifier,
      typeOnly: match[2] !== undefined,
      everything: match[1] === "export" && match[3]?.startsWith("*") === true,
      module: specifier.startsWith(".") ? resolve(name, specifier) : undefined
    }
  })
  const runs = Array.from(code.matchAll(runPattern), (match) => ({
    line: lineAt(source, match.index),
    call: match[0]
  }))
  return { file: `src/${path}`, name, place: placeOf(name), imports, runs }
}

const lineAt = (source: string, index: number): number => source.slice(0, index).split("\n").length

/** `smtp/Reply` and `./Wire.js` make `smtp/Wire`. */
const resolve = (from: string, specifier: string): string =>
  new URL(specifier, `file:///${from}`).pathname.slice(1).replace(/\.js$/, "")

/** Comments, strings and templates, and patterns where an operand may stand. */
const tokens =
  /(\/\/[^\n]*|\/\*[\s\S]*?\*\/)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\[\s\S]|[^`\\])*`)|(?<=(?:[=(,:?!&|[{};>]|\breturn)\s*)\/(?![/*])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\//g

/** The source with spaces for its comments and for what its strings and patterns hold, so that only code is left. */
const blank = (source: string): string =>
  source.replace(tokens, (token, comment: string | undefined, text: string | undefined) => {
    const spaces = token.replace(/[^\n]/g, " ")
    return comment === undefined && text !== undefined ? text[0] + spaces.slice(1, -1) + text[0] : spaces
  })
