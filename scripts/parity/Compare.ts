/**
 * What is the same in two runs of one case, and what is not. Pure.
 */
import type { Case, Order } from "./Case.js"
import { hang, type Observation } from "./Observation.js"

/** A facet in which ours is not what it must be. */
export interface Discrepancy {
  readonly facet: keyof Observation
  readonly expected: string
  readonly found: string
}

/** How a case went. */
export type Verdict =
  | { readonly _tag: "Same" }
  | { readonly _tag: "OnPurpose" }
  /** The excuse is not needed: ours does what the original does. */
  | { readonly _tag: "NeedlessExcuse" }
  | { readonly _tag: "Unexplained"; readonly discrepancies: ReadonlyArray<Discrepancy> }

/** Compares two runs, by the excuse of the case if it has one. */
export const compare = (one: Case, original: Observation, ours: Observation): Verdict => {
  const expected = { ...original, ...one.excuse?.ours }
  const discrepancies = difference(expected, ours, one)
  if (discrepancies.length > 0) return { _tag: "Unexplained", discrepancies }
  if (one.excuse === undefined) return { _tag: "Same" }
  // On a busy machine the original's second of sleep may go unseen.
  const isOfTime = one.excuse.ours.prompt !== undefined
  return isOfTime || difference(original, ours, one).length > 0 ? { _tag: "OnPurpose" } : { _tag: "NeedlessExcuse" }
}

const difference = (expected: Observation, found: Observation, one: Case): ReadonlyArray<Discrepancy> => {
  const facets = Object.keys(found) as ReadonlyArray<keyof Observation>
  return facets.flatMap((facet) => {
    if (facet === "prompt" && one.excuse?.ours.prompt === undefined) return []
    if (isBeyondComparison(facet, expected, found)) return []
    const [left, right] = [show(expected, facet, one.order), show(found, facet, one.order)]
    return left === right ? [] : [{ facet, expected: left, found: right }]
  })
}

/** Ours may be quieter than the original, and what ends a connection of a program that is killed is the kill. */
const isBeyondComparison = (facet: keyof Observation, expected: Observation, found: Observation): boolean =>
  (facet === "quiet" && !expected.quiet) || (facet === "endings" && (expected.exit === hang || found.exit === hang))

/** A facet as a text that is the same for runs that are the same. */
const show = (observation: Observation, facet: keyof Observation, order: Order): string => {
  const value = observation[facet]
  if (typeof value !== "object") return String(value)
  if (facet === "endings") return [...value].sort().join("\n")
  return inOrder(value, order)
    .map((said, index) => `connection ${index + 1}:\n${said}`)
    .join("\n")
}

const inOrder = (wire: ReadonlyArray<string>, order: Order): ReadonlyArray<string> => {
  switch (order) {
    case "all":
      return wire
    case "lines":
      return [...wire].sort()
    case "none":
      return [`${wire.length} in all\n`, ...wire.flatMap((said) => said.split(/(?<=\n)/)).sort()]
  }
}
