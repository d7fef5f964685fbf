/**
 * The fields of a plan that say whose connections they are, and what they come to.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as ClientIdentity from "../smtp/ClientIdentity.js"
import * as IpAddress from "../smtp/IpAddress.js"
import type * as Target from "../smtp/Target.js"
import * as PlanField from "./PlanField.js"
import * as PlanValue from "./PlanValue.js"

const section = "Client identity"

const Ranges = Schema.String.pipe(
  Schema.filter((text) => text.split(",").every((range) => IpAddress.parseRange(range.trim()) !== undefined), {
    message: () => "expected addresses and networks, such as 192.0.2.0/24, with commas between"
  })
)

const Attributes = PlanValue.OneLine.pipe(
  Schema.filter((text) => attributesIn(text).every(([name]) => ClientIdentity.attributes.includes(name)), {
    message: () => `expected attributes such as ADDR=192.0.2.1, of ${ClientIdentity.attributes.join(", ")}`
  })
)

const Pattern = PlanValue.OneLine.pipe(
  Schema.filter((text) => Schema.is(PlanValue.HelloName)(text.replaceAll("{n}", "1")), {
    message: () => "expected a host name, in which {n} is the connection's number"
  })
)

/**
 * The fields.
 *
 * @since 0.1.0
 * @category schemas
 */
export const fields = {
  clientAddresses: PlanField.optional(Ranges, {
    section,
    placeholder: "range,...",
    description:
      "The addresses of our clients, for --proxy and --xclient: each connection has the next one of 192.0.2.0/24, 2001:db8::1. All of a network count. The connections themselves come from where they come from."
  }),
  proxy: PlanField.optional(Schema.Literal("1", "2"), {
    section,
    description:
      "Begin each connection with the header of the PROXY protocol, of this version, before TLS and everything else, as a load balancer does that passes on a client. The server must expect it."
  }),
  xclient: PlanField.optional(Attributes, {
    section,
    placeholder: "attribute[=value],...",
    description:
      "Tell the server who the client is (Postfix's XCLIENT), after EHLO and TLS, and introduce ourselves again: ADDR alone is the next one of --client-addresses; NAME, PORT, PROTO, HELO, LOGIN, DESTADDR, DESTPORT, REVERSE_NAME have values, in which {n} is the connection's number, from 1. The server must offer it to us, unless --when-not-offered is send."
  }),
  helloPattern: PlanField.optional(Pattern, {
    section,
    long: "hello-name",
    placeholder: "name",
    description:
      "Introduce each connection by this name, in which {n} is its number, from 1: client{n}.example. Only HELO, EHLO and LHLO say it; the rest has that of -M."
  })
}

/** What of a plan says whose connections they are. */
interface ClientPlan {
  readonly clientAddresses?: string | undefined
  readonly proxy?: "1" | "2" | undefined
  readonly xclient?: string | undefined
  readonly helloPattern?: string | undefined
  readonly whenNotOffered: "fail" | "skip" | "send"
}

/**
 * Whose each connection is, by its number from 0, and where it goes; undefined where the plan does not say.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  plan: ClientPlan
): ((connection: number, target: Target.Target) => ClientIdentity.ClientIdentity) | undefined => {
  const { clientAddresses, helloPattern, proxy, whenNotOffered, xclient } = plan
  if (proxy === undefined && xclient === undefined && helloPattern === undefined) return undefined
  const address = clientAddresses === undefined ? undefined : addressesIn(clientAddresses)
  const attributes = xclient === undefined ? undefined : attributesIn(xclient)
  return (connection, target) => {
    const numbered = (text: string) => text.replaceAll("{n}", String(connection + 1))
    const source = address?.(connection)
    return {
      helloName: helloPattern === undefined ? undefined : numbered(helloPattern),
      proxy:
        proxy === undefined || source === undefined
          ? undefined
          : ClientIdentity.proxyHeader(
              proxy === "1" ? 1 : 2,
              { address: source, port: 1024 + (connection % 64_512) },
              endOf(target, source.length)
            ),
      xclient: attributes?.map(([name, value]) => [
        name,
        value === undefined ? (source === undefined ? "" : IpAddress.format(source)) : numbered(value)
      ]),
      insists: whenNotOffered === "send"
    }
  }
}

/** The server's end, as far as it is known, in the family of the client's. */
const endOf = (target: Target.Target, length: number): ClientIdentity.End => {
  const known = target._tag === "Inet" ? IpAddress.parse(target.host) : undefined
  const loopback = IpAddress.parse(length === 4 ? "127.0.0.1" : "::1")!
  return { address: known?.length === length ? known : loopback, port: target._tag === "Inet" ? target.port : 25 }
}

/** The address of each connection: those of one range after another, and then from the beginning. */
const addressesIn = (text: string): ((connection: number) => Uint8Array) => {
  const ranges = text.split(",").flatMap((range) => IpAddress.parseRange(range.trim()) ?? [])
  const total = ranges.reduce((sum, { count }) => sum + count, 0)
  return (connection) => {
    let place = connection % total
    const range = ranges.find(({ count }) => {
      if (place < count) return true
      place -= count
      return false
    })
    return IpAddress.at(range!, place)
  }
}

const attributesIn = (text: string): ReadonlyArray<readonly [name: string, value: string | undefined]> =>
  text.split(",").map((part) => {
    const at = part.indexOf("=")
    return [(at < 0 ? part : part.slice(0, at)).trim().toUpperCase(), at < 0 ? undefined : part.slice(at + 1).trim()]
  })

/**
 * The rules between the fields that are broken; `given` tells which fields are there.
 *
 * @since 0.1.0
 * @category predicates
 */
export const conflicts = (
  plan: { readonly [field: string]: unknown },
  given: (field: string) => boolean
): ReadonlyArray<readonly [broken: boolean, fields: ReadonlyArray<string>, rule: string]> => {
  const attributes = typeof plan.xclient === "string" ? attributesIn(plan.xclient) : []
  const wants = attributes.some(([name, value]) => name === "ADDR" && value === undefined)
  return [
    [given("proxy") && !given("clientAddresses"), ["proxy"], "--proxy needs --client-addresses"],
    [wants && !given("clientAddresses"), ["xclient"], "--xclient ADDR without a value needs --client-addresses"],
    [
      attributes.some(([name, value]) => name !== "ADDR" && value === undefined),
      ["xclient"],
      "the attributes of --xclient have values: NAME=client.example"
    ],
    [
      given("clientAddresses") && !given("proxy") && !wants,
      ["clientAddresses"],
      "--client-addresses needs --proxy, or --xclient ADDR"
    ],
    [plan.bare === true && given("xclient"), ["bare", "xclient"], "--xclient needs EHLO, which -o leaves out"],
    [plan.bare === true && given("helloPattern"), ["bare", "helloPattern"], "--hello-name has no use with -o"],
    [plan.sink === true && given("proxy"), ["sink", "proxy"], "the sink of --sink does not expect --proxy"],
    [
      plan.calibrate === true && given("proxy"),
      ["calibrate", "proxy"],
      "the sink of --calibrate does not expect --proxy"
    ]
  ]
}
