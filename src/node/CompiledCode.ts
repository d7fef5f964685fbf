/**
 * Runs a program with what V8 compiled of it in an earlier run: compiling is a third of what a short run takes.
 *
 * Node 20 keeps no compiled code, and later versions keep less of it than this does.
 *
 * @since 0.1.0
 */
import * as fs from "node:fs"
import * as module from "node:module"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import * as vm from "node:vm"

/**
 * Runs a CommonJS file. What is compiled of it is kept beside it, for this version of Node, by the first run that does some work:
 * whoever can write there can write the program itself. V8 takes back only what it wrote for the same flags and for a source as
 * long as this, so that the file's name must change with its content. Where the folder cannot be written, Node's own cache is used,
 * if there is one (Node 22.8), or none.
 *
 * @since 0.1.0
 * @category running
 */
export const run = (program: URL): void => {
  const file = fileURLToPath(program)
  const place = `${file}.${process.version}-${process.arch}.cache`
  const kept = read(place)
  const require = module.createRequire(file)
  if (kept === undefined && !isWritable(path.dirname(file))) {
    // The types are those of Node 20, which has no such function.
    if ("enableCompileCache" in module && typeof module.enableCompileCache === "function") module.enableCompileCache()
    require(file)
    return
  }
  // The bundler writes ASCII.
  const source = fs.readFileSync(file, "latin1")
  const script = new vm.Script(`(function (exports, require, module, __filename, __dirname) {${source}\n})`, {
    filename: file,
    ...(kept === undefined ? {} : { cachedData: kept })
  })
  if (kept === undefined || script.cachedDataRejected === true) {
    process.once("exit", (status) => {
      if (isTypical(status)) keep(place, script)
    })
  }
  script.runInThisContext()({}, require, {}, file, path.dirname(file))
}

/** What others than its owner can write is not for V8: it would run what they put there. */
const read = (place: string): Buffer | undefined => {
  try {
    return (fs.statSync(place).mode & 0o022) === 0 ? fs.readFileSync(place) : undefined
  } catch {
    return undefined
  }
}

const isWritable = (folder: string): boolean => {
  try {
    fs.accessSync(folder, fs.constants.W_OK)
    return true
  } catch {
    return false
  }
}

/** In seconds. V8 forgets what it compiled and has not needed for long. */
const soon = 20

/**
 * Whether others will need what this run has: not of one that failed or only told of itself, which did next to nothing, nor of one with
 * flags of its own.
 */
const isTypical = (status: number): boolean =>
  (status === 0 || status > 128) &&
  process.uptime() < soon &&
  process.execArgv.length === 0 &&
  (process.env.NODE_OPTIONS ?? "") === "" &&
  !process.argv.some((word) => /^--(?:completions|dry-run|emit|help|version|wizard)\b/.test(word))

/**
 * Others may read or write it meanwhile, and the machine may stop: it is there as a whole, or not at all. V8 looks at its length, and
 * takes its content on trust.
 */
const keep = (place: string, script: vm.Script): void => {
  const made = `${place}.${process.pid}`
  try {
    const file = fs.openSync(made, "wx", 0o644)
    try {
      fs.writeFileSync(file, script.createCachedData())
      fs.fsyncSync(file)
    } finally {
      fs.closeSync(file)
    }
    fs.renameSync(made, place)
  } catch {
    fs.rmSync(made, { force: true })
  }
}
