/**
 * The fields of a plan that say whose connections they are, and what they come to.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import * as ClientIdentity from "../smtp/ClientIdentity.js"
import * as IpAddress from "../smtp/IpAddress.js"
import type * as Target from "../smtp/Target.js"
import * as AddressRanges from "./AddressRanges.js"
import * as ClientFile from "./ClientFile.js"
import * as Draw from "./Draw.js"
import * as PlanField from "./PlanField.js"
import type * as PlanRule from "./PlanRule.js"
import * as PlanValue from "./PlanValue.js"

const section = "Client identity"

const Ranges = Schema.String.pipe(
  Schema.filter((text) => AddressRanges.areIn(text), {
    message: () => "expected addresses and networks, such as 192.0.2.0/24, with commas between"
  })
)

const Attributes = PlanValue.OneLine.pipe(
  Schema.filter((text) => attributesIn(text).every(([name]) => ClientIdentity.attributes.includes(name)), {
    message: () => `expected attributes such as ADDR=192.0.2.1, of ${ClientIdentity.attributes.join(", ")}`
  })
)

const Forwarded = PlanValue.OneLine.pipe(
  Schema.filter((text) => attributesIn(text).every(([name]) => ClientIdentity.forwarded.includes(name)), {
    message: () => `expected attributes such as ADDR=192.0.2.1, of ${ClientIdentity.forwarded.join(", ")}`
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
      "The clients that --proxy and --xclient tell of: each connection has the next address of this list, such as 192.0.2.0/24,2001:db8::1, with all addresses of a network. The connections themselves still come from this machine."
  }),
  clients: PlanField.optional(Schema.String, {
    section,
    placeholder: "file",
    description:
      "Our clients, for --proxy and --xclient: a CSV file (RFC 4180) whose first line names the columns, which are attributes of XCLIENT: ADDR,NAME,HELO. Each connection has a line; --proxy uses ADDR, and PORT where it is there."
  }),
  clientOrder: PlanField.withDefault(Schema.Literal("round", "session", "random"), "round", {
    section,
    description:
      "Which of the clients of --clients or --client-addresses a connection has: each the next (round); the same for all connections of a session; or one drawn at random."
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
      "Tell the server who the client is (Postfix's XCLIENT), after EHLO and TLS, and introduce ourselves again: with ADDR, NAME, PORT, PROTO, HELO, LOGIN, DESTADDR, DESTPORT, REVERSE_NAME. One without a value has that of the column of --clients, and is left out where the cell is empty; ADDR may come from --client-addresses. {n} in a value is the connection's number, from 1. The server must offer it to us, unless --when-not-offered says otherwise."
  }),
  xforward: PlanField.optional(Forwarded, {
    section,
    placeholder: "attribute[=value],...",
    description:
      "Tell the server before each message who its client was (Postfix's XFORWARD), with NAME, ADDR, PORT, PROTO, HELO, IDENT, SOURCE. As for --xclient, but each message has the next client, whatever connection it goes over, and {n} is the message's number, from 1."
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
  readonly clients?: string | undefined
  readonly clientOrder: "round" | "session" | "random"
  readonly proxy?: "1" | "2" | undefined
  readonly xclient?: string | undefined
  readonly xforward?: string | undefined
  readonly helloPattern?: string | undefined
  readonly whenNotOffered: "fail" | "skip" | "send"
}

/**
 * What clients are made of besides the plan.
 *
 * @since 0.1.0
 * @category models
 */
export interface ClientsOptions {
  /** The file of --clients, as `ClientFile.read` gives it. */
  readonly clients?: Uint8Array | undefined
  readonly seed?: string | undefined
}

/**
 * Whose each connection is, by its number and its session's, from 0, and where it goes; undefined where the plan does not say.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  plan: ClientPlan,
  { clients, seed = "" }: ClientsOptions = {}
): ((connection: number, session: number, target: Target.Target) => ClientIdentity.ClientIdentity) | undefined => {
  const { clientAddresses, clientOrder, helloPattern, proxy, whenNotOffered, xclient } = plan
  if (proxy === undefined && xclient === undefined && helloPattern === undefined) return undefined
  const population = populationIn({ clientAddresses }, clients)
  const key = Draw.keyOf(`${seed} clients`)
  const attributes = xclient === undefined ? undefined : attributesIn(xclient)
  return (connection, session, target) => {
    const numbered = (text: string) => text.replaceAll("{n}", String(connection + 1))
    const count = population?.count ?? 1
    const place =
      clientOrder === "round"
        ? connection % count
        : clientOrder === "session"
          ? session % count
          : Math.floor(Draw.uniform(key, connection) * count)
    const client = population?.at(place)
    const source = client?.("ADDR")
    const address = source === undefined ? undefined : IpAddress.parse(source)
    return {
      helloName: helloPattern === undefined ? undefined : numbered(helloPattern),
      proxy:
        proxy === undefined || address === undefined
          ? undefined
          : ClientIdentity.proxyHeader(
              proxy === "1" ? 1 : 2,
              { address, port: Number(client?.("PORT") ?? 1024 + (connection % 64_512)) },
              endOf(target, address.length)
            ),
      xclient: attributes && valued(attributes, client, connection + 1),
      whenNotOffered
    }
  }
}

const populationIn = (
  { clientAddresses }: Pick<ClientPlan, "clientAddresses">,
  clients: Uint8Array | undefined
): ClientFile.Population | undefined =>
  clients !== undefined
    ? ClientFile.populationOf(clients)
    : clientAddresses === undefined
      ? undefined
      : addressesIn(clientAddresses)

/** The attributes that have a value: their own, or that of the client. */
const valued = (
  attributes: ReturnType<typeof attributesIn>,
  client: ReturnType<ClientFile.Population["at"]> | undefined,
  number: number
): ReadonlyArray<ClientIdentity.Attribute> =>
  attributes.flatMap(([name, given]): ReadonlyArray<ClientIdentity.Attribute> => {
    const value = given === undefined ? client?.(name) : given.replaceAll("{n}", String(number))
    return value === undefined ? [] : [[name, value]]
  })

/**
 * What is said of the clients of messages.
 *
 * @since 0.1.0
 * @category models
 */
export interface Forwards {
  /** The attributes that any message has. */
  readonly names: ReadonlyArray<string>
  /** Those of the message of this number, from 0. */
  readonly of: (message: number) => ReadonlyArray<ClientIdentity.Attribute>
}

/**
 * The clients of messages; undefined where the plan does not say.
 *
 * @since 0.1.0
 * @category constructors
 */
export const forwards = (plan: ClientPlan, { clients, seed = "" }: ClientsOptions = {}): Forwards | undefined => {
  const { clientOrder, xforward } = plan
  if (xforward === undefined) return undefined
  const population = populationIn(plan, clients)
  const attributes = attributesIn(xforward)
  const key = Draw.keyOf(`${seed} forwarded clients`)
  return {
    names: attributes.map(([name]) => name),
    of: (message) => {
      const count = population?.count ?? 1
      const place = clientOrder === "random" ? Math.floor(Draw.uniform(key, message) * count) : message % count
      return valued(attributes, population?.at(place), message + 1)
    }
  }
}

/** The server's end, as far as it is known, in the family of the client's. */
const endOf = (target: Target.Target, length: number): ClientIdentity.End => {
  const known = target._tag === "Inet" ? IpAddress.parse(target.host) : undefined
  const loopback = IpAddress.parse(length === 4 ? "127.0.0.1" : "::1")!
  return { address: known?.length === length ? known : loopback, port: target._tag === "Inet" ? target.port : 25 }
}

/** The addresses of one range after another. */
const addressesIn = (text: string): ClientFile.Population => {
  const { at, count } = AddressRanges.of(text)
  return {
    count,
    at: (client) => {
      const address = at(client)
      return (name) => (name === "ADDR" ? address : undefined)
    }
  }
}

const attributesIn = (text: string): ReadonlyArray<readonly [name: string, value: string | undefined]> =>
  text.split(",").map((part) => {
    const at = part.indexOf("=")
    return [(at < 0 ? part : part.slice(0, at)).trim().toUpperCase(), at < 0 ? undefined : part.slice(at + 1).trim()]
  })

/** The attributes that are to have the values of the client's. */
const open = ({ xclient, xforward }: PlanRule.Given["plan"]): ReadonlyArray<string> =>
  [xclient, xforward]
    .flatMap((text) => (typeof text === "string" ? attributesIn(text) : []))
    .flatMap(([name, value]) => (value === undefined ? [name] : []))

/**
 * The rules between the fields.
 *
 * @since 0.1.0
 * @category rules
 */
export const rules: ReadonlyArray<PlanRule.PlanRule> = [
  { asked: ["clientAddresses", "clients"], says: "{clientAddresses} and {clients} exclude each other" },
  { asked: ["proxy"], without: ["clientAddresses", "clients"], says: "{proxy} needs {clientAddresses} or {clients}" },
  {
    without: ["clientAddresses", "clients"],
    when: ({ plan }) => open(plan).includes("ADDR"),
    says: "ADDR without a value needs {clientAddresses} or {clients}",
    fields: ["xclient"]
  },
  {
    without: ["clients"],
    when: ({ plan }) => open(plan).some((name) => name !== "ADDR"),
    says: "the attributes of {xclient} and {xforward} have values, as in NAME=client.example, unless there is {clients}",
    fields: ["xclient"]
  },
  {
    asked: ["clientAddresses"],
    without: ["proxy"],
    when: ({ plan }) => !open(plan).includes("ADDR"),
    says: "{clientAddresses} needs {proxy}, or ADDR without a value in {xclient} or {xforward}"
  },
  {
    asked: ["clients"],
    without: ["proxy"],
    when: ({ plan }) => open(plan).length === 0,
    says: "{clients} needs {proxy}, or attributes without a value in {xclient} or {xforward}"
  },
  {
    asked: ["clientOrder"],
    without: ["clientAddresses", "clients"],
    says: "{clientOrder} needs {clientAddresses} or {clients}"
  },
  {
    asked: ["xforward", ["clientOrder", "session"]],
    says: "{clientOrder} session cannot be used with {xforward}: each message has a client"
  },
  {
    asked: ["xforward", ["pipelining", "full"]],
    says: "{xforward} cannot be used with {pipelining} full: its reply is waited for before each message"
  },
  { asked: ["bare", "xforward"], says: "{xforward} needs EHLO, which {bare} leaves out" },
  { asked: ["bare", "xclient"], says: "{xclient} needs EHLO, which {bare} leaves out" },
  { asked: ["bare", "helloPattern"], says: "{helloPattern} cannot be used with {bare}" }
]
