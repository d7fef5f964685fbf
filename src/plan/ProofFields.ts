/**
 * What the fields of a plan that ask for proof of delivery may be.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as PlanField from "./PlanField.js"

const section = "Proof of delivery"

/**
 * The fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  prove: PlanField.optional(Schema.Literal("messages", "recipients"), {
    section,
    description:
      "Put a stamp on top of each message, a header X-Smtp-Source that holds the run, the message's number, the time, and the size and the checksum of its body: so that whoever receives it can tell what has arrived, and whether it was changed. recipients tells so of each recipient of a message; messages of each message alone, for a server that rewrites addresses."
  })
}

/**
 * The rules between them that are broken.
 *
 * @since 0.1.0
 * @category predicates
 */
export const conflicts = (
  _plan: { readonly [field: string]: unknown },
  given: (field: string) => boolean
): ReadonlyArray<readonly [broken: boolean, fields: ReadonlyArray<string>, rule: string]> => [
  [given("prove") && given("bare"), ["prove", "bare"], "--prove cannot be used with -o, which sends no headers"],
  [given("prove") && given("calibrate"), ["prove", "calibrate"], "--prove cannot be used with --calibrate"]
]
