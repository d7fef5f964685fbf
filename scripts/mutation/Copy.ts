/**
 * A copy of the sources that may be damaged, and the tests run on it.
 *
 * The tests run in this process's Vitest, which keeps what it has transformed: a file that is changed is read anew, and
 * nothing else is. `dist/` is built once, of the sources as they were: tests of the built commands see no damage, and are
 * left out.
 */
import { execFileSync } from "node:child_process"
import { createHash } from "node:crypto"
import * as fs from "node:fs"
import * as os from "node:os"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { BaseSequencer, createVitest, type TestSpecification } from "vitest/node"
import build from "../../test/globalSetup.js"
import * as Reach from "./Reach.js"

const top = fileURLToPath(new URL("../..", import.meta.url))

export interface Copy {
  readonly root: string
  /** The text of a file of the copy, as it was. */
  readonly read: (file: string) => string
  /** The test files, relative to the root, but for those that need servers or the built commands. */
  readonly testFiles: ReadonlyArray<string>
  /** The test files that import the source, straight or through others. */
  readonly related: (source: string) => ReadonlyArray<string>
  /** Runs all tests once, to know which come where; what was found is kept for sources and tests that are the same. */
  readonly reach: () => Promise<Reach.Reach>
  /**
   * Changes a file for as long as it runs the tests, one group after the other, each in the order given, and tells the first
   * that failed; undefined where all passed. A file of tests that fails without the change, too, has no say.
   */
  readonly noticedBy: (
    file: string,
    text: string,
    groups: ReadonlyArray<ReadonlyArray<string> | NamedTests>
  ) => Promise<string | undefined>
  /** Changes a file for one run of the tests in a file whose names match, and tells the names of those that failed. */
  readonly failing: (file: string, text: string, tests: NamedTests) => Promise<ReadonlyArray<string>>
  readonly close: () => Promise<void>
}

/** Tests that take long, or that look at what was built and not at the sources. */
const slow = [
  "test/servers/",
  "test/examples/",
  "test/scripts/",
  "test/testing/",
  "test/cli/Live.test.ts",
  "test/cli/Calibrate.test.ts",
  "test/cli/Exporter.test.ts",
  "test/load/matrix.test.ts"
]

const sources = ["src", "test", "scripts", "package.json", "tsconfig.json", "README.md", "CHANGELOG.md", "LICENSE"]

/** Of the files, the tests whose names this matches. */
export interface NamedTests {
  readonly files: ReadonlyArray<string>
  readonly named: RegExp
}

interface Failure {
  readonly file: string
  readonly test: string
  /** The first line of what it says. */
  readonly why: string
}

export const make = async (): Promise<Copy> => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "smtp-source-mutation-"))
  for (const one of sources) {
    if (fs.existsSync(path.join(top, one))) fs.cpSync(path.join(top, one), path.join(root, one), { recursive: true })
  }
  fs.symlinkSync(path.join(top, "node_modules"), path.join(root, "node_modules"))
  build()
  fs.cpSync(path.join(top, "dist"), path.join(root, "dist"), { recursive: true })
  // Vitest's global setup builds anew what is older than the sources: never, here.
  fs.utimesSync(path.join(root, "dist/man/smtp-source.1"), new Date(), new Date(Date.now() + 365 * 86_400_000))
  const reached = path.join(root, "reached")
  fs.appendFileSync(path.join(root, "test/setup.ts"), Reach.setup(reached))
  const marks = Reach.make(root)
  let order: ReadonlyArray<string> = []
  const vitest = await createVitest(
    "test",
    {
      config: path.join(root, "test/vitest.config.ts"),
      root,
      watch: false,
      bail: 1,
      reporters: [{}],
      testTimeout: 60_000,
      // The files of a run share a process, so Effect is loaded once and not for each: a third of the time.
      isolate: false,
      // One process: the next mutant begins when the first test has failed. Two of these scripts can go on side by side.
      poolOptions: { forks: { isolate: false, minForks: 1, maxForks: 1 } },
      sequence: {
        sequencer: class extends BaseSequencer {
          override sort(files: Array<TestSpecification>): Promise<Array<TestSpecification>> {
            const rank = (one: TestSpecification) => order.indexOf(path.relative(root, one.moduleId))
            return Promise.resolve([...files].sort((a, b) => rank(a) - rank(b)))
          }
        }
      }
    },
    { plugins: [marks.plugin] }
  )
  const specifications = await vitest.globTestSpecifications()
  const nameOf = ({ moduleId }: TestSpecification) => path.relative(root, moduleId)
  const usual = specifications.filter((one) => !slow.some((name) => nameOf(one).startsWith(name)))
  const sound = new Set<string>()
  const broken = new Set<string>()
  const write = (file: string, text: string): void => {
    fs.writeFileSync(path.join(root, file), text)
    vitest.invalidateFile(path.join(root, file))
  }
  const firstFailure = async (files: ReadonlyArray<string>): Promise<Failure | undefined> => {
    const chosen = usual.filter((one) => files.includes(nameOf(one)))
    order = files
    let late = false
    const limit = setTimeout(
      () => {
        late = true
        void vitest.cancelCurrentRun("test-failure")
        endWorkers()
      },
      (240 + 12 * chosen.length) * 1000
    )
    const { testModules, unhandledErrors } = await vitest.runTestSpecifications(chosen)
    clearTimeout(limit)
    if (late) return { file: files[0] ?? "", test: "some test", why: "it hangs" }
    const failures: Array<Failure> = []
    for (const module of testModules) {
      // Vitest tells of files of earlier runs, too.
      if (module.state() !== "failed" || !chosen.some(({ moduleId }) => moduleId === module.moduleId)) continue
      const file = path.relative(root, module.moduleId)
      const failed = [...module.children.allTests("failed")]
      for (const test of failed) {
        failures.push({ file, test: test.fullName, why: firstLine(test.result().errors?.[0]?.message) })
      }
      if (failed.length === 0) {
        failures.push({ file, test: "cannot be loaded", why: firstLine(module.errors()[0]?.message) })
      }
    }
    // The first failure interrupts the tests beside it, which have failed then as well.
    const found = failures.find(({ why }) => why !== interrupted) ?? failures[0]
    if (found !== undefined) return found
    const [first] = unhandledErrors
    return first === undefined
      ? undefined
      : { file: files[0] ?? "", test: "an error outside of tests", why: firstLine(JSON.stringify(first)) }
  }
  return {
    root,
    read: (file) => fs.readFileSync(path.join(root, file), "utf8"),
    testFiles: usual.map(nameOf),
    reach: async () => {
      const kept = path.join(top, "node_modules/.cache", `reach-${digest(root)}.json`)
      if (!fs.existsSync(kept)) {
        const { config } = vitest.projects[0]!
        config.bail = 0
        const found = await marks.record(reached, async () => {
          const { testModules, unhandledErrors } = await vitest.runTestSpecifications(usual)
          for (const error of unhandledErrors) console.log(JSON.stringify(error).slice(0, 600))
          const failed = testModules.filter((module) => module.state() === "failed")
          return failed.map(({ moduleId }) => path.relative(root, moduleId))
        })
        config.bail = 1
        fs.mkdirSync(path.dirname(kept), { recursive: true })
        fs.writeFileSync(kept, JSON.stringify(found))
      }
      const found: Reach.Kept = JSON.parse(fs.readFileSync(kept, "utf8"))
      for (const test of Object.keys(found.tests)) if (!found.failed.includes(test)) sound.add(test)
      return Reach.of(found)
    },
    related: (source) => relatedTo(usual, path.join(root, source)).map(nameOf),
    noticedBy: async (file, text, groups) => {
      const original = fs.readFileSync(path.join(root, file), "utf8")
      for (const group of groups) {
        for (;;) {
          const { files, named } = "named" in group ? group : { files: group, named: undefined }
          const asked = files.filter((test) => !broken.has(test))
          if (asked.length === 0) break
          write(file, text)
          if (named !== undefined) vitest.setGlobalTestNamePattern(named)
          const failed = await firstFailure(asked)
          vitest.resetGlobalTestNamePattern()
          write(file, original)
          if (failed === undefined) break
          // On a busy machine a test may be late, and that says nothing of the change.
          if (!sound.has(failed.file) || failed.why.includes("timed out")) {
            const before = await firstFailure([failed.file])
            if (before !== undefined) {
              console.log(`has no say, for it fails by itself: ${before.file}: ${before.test}: ${before.why}`)
              broken.add(failed.file)
              continue
            }
            sound.add(failed.file)
          }
          return `${failed.file}: ${failed.test}: ${failed.why}`
        }
      }
      return undefined
    },
    failing: async (file, text, { files, named }) => {
      const original = fs.readFileSync(path.join(root, file), "utf8")
      const { config } = vitest.projects[0]!
      config.bail = 0
      write(file, text)
      vitest.setGlobalTestNamePattern(named)
      const chosen = usual.filter((one) => files.includes(nameOf(one)))
      const { testModules } = await vitest.runTestSpecifications(chosen)
      vitest.resetGlobalTestNamePattern()
      write(file, original)
      config.bail = 1
      const own = testModules.filter(({ moduleId }) => chosen.some((one) => one.moduleId === moduleId))
      return own.flatMap(({ children }) => [...children.allTests("failed")].map(({ name }) => name))
    },
    close: async () => {
      await vitest.close()
      fs.rmSync(root, { recursive: true, force: true })
    }
  }
}

/** Ends the processes that run tests: a loop without end in one of them cannot be cancelled. */
const endWorkers = (): void => {
  const children = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(process.pid)], { encoding: "utf8" })
  for (const [, pid] of children.matchAll(/^ *(\d+) .*tinypool.*$/gm)) process.kill(Number(pid), "SIGKILL")
}

/** What Effect's tests say of an interruption. */
const interrupted = "An error has occurred"

/** Of sources and tests. */
const digest = (root: string): string => {
  const hash = createHash("sha256")
  for (const folder of ["src", "test"]) {
    for (const name of fs.readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" }).sort()) {
      if (name.endsWith(".ts") && name !== "setup.ts")
        hash.update(name).update(fs.readFileSync(path.join(root, folder, name)))
    }
  }
  return hash.digest("hex").slice(0, 16)
}

const firstLine = (text = ""): string => text.split("\n", 1)[0]!.slice(0, 200)

const relatedTo = (
  specifications: ReadonlyArray<TestSpecification>,
  source: string
): ReadonlyArray<TestSpecification> => specifications.filter(({ moduleId }) => importsOf(moduleId).has(source))

const known = new Map<string, ReadonlyArray<string>>()

/** All that a file imports, straight or through others, of the sources and the tests. */
const importsOf = (file: string): ReadonlySet<string> => {
  const seen = new Set<string>()
  const ahead = [file]
  for (let next = ahead.pop(); next !== undefined; next = ahead.pop()) {
    for (const one of straight(next)) {
      if (seen.has(one)) continue
      seen.add(one)
      ahead.push(one)
    }
  }
  return seen
}

/** Imports of types are left out: what they name cannot change what is run. */
const straight = (file: string): ReadonlyArray<string> => {
  const before = known.get(file)
  if (before !== undefined) return before
  const found: Array<string> = []
  for (const match of fs.readFileSync(file, "utf8").matchAll(/^(?:import|export) (?!type\b)[^"]*?"(\.[^"]+)"/gms)) {
    const imported = path.resolve(path.dirname(file), match[1]!.replace(/\.js$/, ".ts"))
    if (fs.existsSync(imported)) found.push(imported)
  }
  known.set(file, found)
  return found
}
