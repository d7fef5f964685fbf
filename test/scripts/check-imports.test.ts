import { assert, describe, it } from "@effect/vitest"
import * as Imports from "../../scripts/imports.js"

/** What is found in sources of which all others are in order. */
const found = (sources: Readonly<Record<string, string>>, taken?: ReadonlyArray<string>) =>
  Imports.violations({ "smtp/Reply.ts": "", "smtp/Wire.ts": "", "plan/Plan.ts": "", ...sources }, taken).map(
    Imports.format
  )

describe("check-imports", () => {
  it("accepts a room that uses its own folder, floors below and allowed packages", () => {
    const source = `import * as Effect from "effect/Effect"
import type * as FileSystem from "@effect/platform/FileSystem"
import { Wire } from "../smtp/Wire.js"
import {
  type Plan,
  make
} from "./Plan.js"
export { Reply } from "../smtp/Reply.js"
`
    assert.deepStrictEqual(found({ "plan/Address.ts": source }), [])
  })

  const cases: ReadonlyArray<readonly [kind: string, path: string, source: string, violation: string]> = [
    [
      "a floor above",
      "smtp/Target.ts",
      `\n\nimport { Plan } from "../plan/Plan.js"`,
      "src/smtp/Target.ts:3: smtp may not use plan/Plan"
    ],
    [
      "a type of a floor above",
      "smtp/Target.ts",
      `import type { Plan } from "../plan/Plan.js"`,
      "src/smtp/Target.ts:1: smtp may not use plan/Plan"
    ],
    [
      "a floor above, re-exported",
      "smtp/Target.ts",
      `export { Plan } from "../plan/Plan.js"`,
      "src/smtp/Target.ts:1: smtp may not use plan/Plan"
    ],
    [
      "a floor above, loaded when needed",
      "smtp/Target.ts",
      `export const f = () =>\n  import("../plan/Plan.js")`,
      "src/smtp/Target.ts:2: smtp may not use plan/Plan"
    ],
    [
      "an import over several lines",
      "smtp/Target.ts",
      `const a = 1\nimport {\n  a,\n  b\n} from "../plan/Plan.js"`,
      "src/smtp/Target.ts:2: smtp may not use plan/Plan"
    ],
    [
      "a value where only types are allowed",
      "report/Summary.ts",
      `import { parse } from "../smtp/Reply.js"`,
      "src/report/Summary.ts:1: report may use only types of smtp: import type"
    ],
    [
      "Node's modules",
      "plan/Message.ts",
      `import * as fs from "node:fs"`,
      "src/plan/Message.ts:1: node:fs belongs in node or command, not in plan"
    ],
    [
      "@effect/platform-node",
      "cli/Cli.ts",
      `import * as NodeRuntime from "@effect/platform-node/NodeRuntime"`,
      "src/cli/Cli.ts:1: @effect/platform-node/NodeRuntime belongs in node or command, not in cli"
    ],
    [
      "@effect/cli",
      "node/NodeCli.ts",
      `import * as Options from "@effect/cli/Options"`,
      "src/node/NodeCli.ts:1: @effect/cli/Options belongs in cli, not in node"
    ],
    [
      "a package without a row",
      "plan/Message.ts",
      `import "left-pad/x"`,
      "src/plan/Message.ts:1: left-pad has no row in the table of packages"
    ],
    [
      "a package's barrel",
      "plan/Message.ts",
      `import { Effect } from "effect"`,
      "src/plan/Message.ts:1: effect is a barrel: import the module, such as effect/Effect"
    ],
    [
      "a module that is not there",
      "plan/Message.ts",
      `import { Reply } from "../smtp/Replies.js"`,
      "src/plan/Message.ts:1: ../smtp/Replies.js is not a module of src"
    ],
    [
      "a folder's index",
      "smtp/index.ts",
      `export { Wire } from "./Wire.js"`,
      "src/smtp/index.ts:1: a folder has no index"
    ],
    [
      "a module that re-exports another",
      "plan/Message.ts",
      `export * as Wire from "../smtp/Wire.js"`,
      "src/plan/Message.ts:1: export *: only index, testing, telemetry re-export"
    ],
    ["an unknown folder", "utils/Text.ts", "", "src/utils/Text.ts:1: utils has no row in the table of floors"],
    [
      "an effect that is run",
      "load/Load.ts",
      `import * as Effect from "effect/Effect"\nEffect.runFork(Effect.void)`,
      "src/load/Load.ts:2: runFork: only program, node/loadWorker, node/sinkWorker, node/NodeStopSignal run effects"
    ],
    [
      "an effect that is run by a name of its own",
      "node/NodeSink.ts",
      `import { runPromise } from "effect/Effect"`,
      "src/node/NodeSink.ts:1: runPromise: only program, node/loadWorker, node/sinkWorker, node/NodeStopSignal run effects"
    ],
    [
      "a name that another has",
      "load/Plan.ts",
      "",
      "src/load/Plan.ts:1: the name Plan is that of src/plan/Plan.ts, too"
    ],
    [
      "a module that is its own circle",
      "plan/Message.ts",
      `import "./Message.js"`,
      "src/plan/Message.ts:1: circle: plan/Message → plan/Message"
    ]
  ]

  for (const [kind, path, source, violation] of cases) {
    it(`catches ${kind}`, () => {
      assert.deepStrictEqual(found({ [path]: source }), [violation])
    })
  }

  it("catches an import of the library's public module", () => {
    assert.deepStrictEqual(found({ "index.ts": "", "plan/Message.ts": `import "../index.js"` }), [
      "src/plan/Message.ts:1: index is for users of the library: import the module itself"
    ])
  })

  it("catches a circle once, with the way round", () => {
    const circle = {
      "plan/A.ts": `import "./B.js"`,
      "plan/B.ts": `import type { C } from "./C.js"`,
      "plan/C.ts": `import "../smtp/Wire.js"\nimport "./A.js"`
    }
    assert.deepStrictEqual(found(circle), ["src/plan/C.ts:2: circle: plan/A → plan/B → plan/C → plan/A"])
  })

  it("catches a name that a module of Effect has", () => {
    assert.deepStrictEqual(found({ "index.ts": "" }, ["index", "Wire"]), [
      "src/smtp/Wire.ts:1: the name Wire is that of a module of Effect"
    ])
  })

  it("lets programs run effects", () => {
    assert.deepStrictEqual(
      found({ "program.ts": "Effect.runFork(main)", "node/loadWorker.ts": "Effect.runFork(main)" }),
      []
    )
  })

  it("ignores what comments, strings and patterns hold", () => {
    const source = `/**
 * import { Plan } from "../plan/Plan.js"
 * Effect.runSync
 */
const text = "Effect.runSync" // import "node:fs"
const pattern = [/["'\`]/, /runSync/]
const template = \`
import * as fs from "node:fs"
\`
`
    assert.deepStrictEqual(found({ "smtp/Target.ts": source }), [])
  })
})
