/**
 * The values of the fields that say how connections differ: how much one carries, where it is abandoned, and whole shapes.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import * as Tls from "../smtp/Tls.js"
import { describe } from "./Cursor.js"
import * as PlanValue from "./PlanValue.js"
import * as ShapeGrammar from "./ShapeGrammar.js"

const AbandonText = Schema.String.pipe(
  Schema.filter((text) => Either.match(ShapeGrammar.parseAbandon(text), { onLeft: describe, onRight: () => true }))
)

const shareOf = (text: string): number =>
  Either.match(ShapeGrammar.parseAbandon(text), { onLeft: () => 0, onRight: ({ share }) => share })

/**
 * Where connections are abandoned, each for its share of the messages.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Abandonments = PlanValue.texts(AbandonText, 'a step, such as "data 5%"').pipe(
  Schema.filter((list) => list.reduce((sum, text) => sum + shareOf(text), 0) <= 1 + 1e-9, {
    message: () => "expected shares that add up to 100% at most; where none is said, it is all"
  })
)

/**
 * How many messages a connection carries.
 *
 * @since 0.1.0
 * @category schemas
 */
export const PerConnection = PlanValue.parsed(ShapeGrammar.parsePerConnection)

const Weight = PlanValue.amount((text) => Number(/^\s*(\d+(?:\.\d+)?)\s*%?\s*$/.exec(text)?.[1] ?? Number.NaN), {
  least: Schema.Positive,
  expected: "expected a weight of more than 0, such as 3 or 90%"
})

const TlsWay = Schema.Literal(...Tls.ways).annotations({
  message: () => ({ message: "expected off, starttls, if-offered or implicit", override: true })
})

const aShape = { message: () => 'expected a shape, such as "10%: hold 60, abandon greeting"' }

/**
 * The fields of a shape, where it is written as such.
 *
 * @since 0.1.0
 * @category schemas
 */
export const shapeFields = {
  weight: Weight,
  perConnection: Schema.optionalWith(PerConnection, { exact: true }),
  hold: Schema.optionalWith(PlanValue.TimingText, { exact: true }),
  think: Schema.optionalWith(PlanValue.TimingText, { exact: true }),
  sendRate: Schema.optionalWith(PlanValue.BytesPerSecond, { exact: true }),
  tls: Schema.optionalWith(TlsWay, { exact: true }),
  abandon: Schema.optionalWith(Abandonments, { exact: true })
}

const WeightedShape = Schema.Struct(shapeFields)

/** Its parts, or the text that they are written in on the command line. */
const ShapeText = Schema.transformOrFail(
  Schema.Union(Schema.String.annotations(aShape), Schema.encodedSchema(WeightedShape).annotations(aShape)),
  WeightedShape,
  {
    strict: false,
    decode: (input, _, ast) =>
      typeof input === "string"
        ? Either.mapLeft(ShapeGrammar.parse(input), (failure) => new ParseResult.Type(ast, input, describe(failure)))
        : ParseResult.succeed(input),
    encode: (shape) => ParseResult.succeed(shape)
  }
)

/**
 * The shapes of connections, of which each connection has one.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Shapes = Schema.Array(ShapeText).annotations({ message: () => "expected a list of shapes" })
