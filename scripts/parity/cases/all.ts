/**
 * All cases, the quick ones of each kind first.
 */
import type { Case } from "../Case.js"
import * as Arguments from "./arguments.js"
import * as Closing from "./closing.js"
import * as Faults from "./faults.js"
import * as Lmtp from "./lmtp.js"
import * as Numbering from "./numbering.js"
import * as Options from "./options.js"
import * as Payload from "./payload.js"
import * as Replies from "./replies.js"
import * as Sessions from "./sessions.js"
import * as Targets from "./targets.js"

export const cases: ReadonlyArray<Case> = [
  ...Options.cases,
  ...Numbering.cases,
  ...Payload.cases,
  ...Faults.cases,
  ...Replies.cases,
  ...Closing.cases,
  ...Lmtp.cases,
  ...Sessions.cases,
  ...Targets.cases,
  ...Arguments.cases
]
