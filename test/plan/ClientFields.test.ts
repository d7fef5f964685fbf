import { assert, describe, it } from "@effect/vitest"
import * as ClientFields from "../../src/plan/ClientFields.js"
import * as Plan from "../../src/plan/Plan.js"
import * as Target from "../../src/smtp/Target.js"

const of = (input: Plan.PlanInput, target = Target.inet("mail.example", 2525)) => {
  const make = ClientFields.make(Plan.make(input))
  return make && ((connection: number, session = 0) => make(connection, session, target))
}

describe("the fields of client identity", () => {
  it("without them nobody else is named", () => {
    assert.isUndefined(of({}))
  })

  it("each connection has the next address, and after the last one the first", () => {
    const client = of({ proxy: "1", clientAddresses: "192.0.2.0/31, 198.51.100.9" })!
    assert.deepStrictEqual(
      [0, 1, 2, 3].map((connection) => client(connection).proxy),
      [
        "PROXY TCP4 192.0.2.0 127.0.0.1 1024 2525\r\n",
        "PROXY TCP4 192.0.2.1 127.0.0.1 1025 2525\r\n",
        "PROXY TCP4 198.51.100.9 127.0.0.1 1026 2525\r\n",
        "PROXY TCP4 192.0.2.0 127.0.0.1 1027 2525\r\n"
      ]
    )
    const known = of({ proxy: "1", clientAddresses: "192.0.2.1" }, Target.inet("203.0.113.5", 25))!
    assert.strictEqual(known(0).proxy, "PROXY TCP4 192.0.2.1 203.0.113.5 1024 25\r\n")
    const six = of({ proxy: "1", clientAddresses: "2001:db8::1" }, Target.inet("203.0.113.5", 25))!
    assert.match(six(0).proxy!, /^PROXY TCP6 2001:db8::1 ::1 /)
    assert.match(of({ proxy: "2", clientAddresses: "192.0.2.1" })!(0).proxy!, /^\r\n\r\n/)
  })

  it("attributes have the connection's number, and ADDR its address", () => {
    const client = of({ xclient: "NAME=c{n}.example,addr,PORT={n}", clientAddresses: "192.0.2.0/24" })!
    assert.deepStrictEqual(client(4).xclient, [
      ["NAME", "c5.example"],
      ["ADDR", "192.0.2.4"],
      ["PORT", "5"]
    ])
    assert.strictEqual(client(0).whenNotOffered, "fail")
    assert.strictEqual(of({ xclient: "ADDR=192.0.2.1", whenNotOffered: "send" })!(0).whenNotOffered, "send")
  })

  it("clients of a file have their columns, in the order that is asked for", () => {
    const clients = Buffer.from("addr,Name,PORT\n192.0.2.1,one.example,\n2001:db8::2,,4711\n192.0.2.3,drei.example,3\n")
    const target = Target.inet("mail.example", 25)
    const from = (input: Plan.PlanInput) => {
      const make = ClientFields.make(Plan.make({ clients: "file", ...input }), {
        clients,
        seed: "s"
      })!
      return (connection: number, session = 0) => make(connection, session, target)
    }
    const xclient = "NAME,ADDR,PORT=25"
    const round = from({ xclient })
    assert.deepStrictEqual(round(0).xclient, [
      ["NAME", "one.example"],
      ["ADDR", "192.0.2.1"],
      ["PORT", "25"]
    ])
    assert.deepStrictEqual(round(4).xclient, [
      ["ADDR", "2001:db8::2"],
      ["PORT", "25"]
    ])
    const proxied = from({ proxy: "1" })
    assert.match(proxied(1).proxy!, /^PROXY TCP6 2001:db8::2 ::1 4711 25\r\n/)
    assert.match(proxied(0).proxy!, /^PROXY TCP4 192.0.2.1 127.0.0.1 1024 25\r\n/)
    const names = (client: ReturnType<typeof from>, session: (connection: number) => number) =>
      Array.from({ length: 30 }, (_, connection) => client(connection, session(connection)).xclient?.[0]?.[1])
    const bySession = names(from({ xclient, clientOrder: "session" }), (connection) => (connection % 2) * 2)
    assert.deepStrictEqual([...new Set(bySession)], ["one.example", "drei.example"])
    const random = names(from({ xclient, clientOrder: "random" }), () => 0)
    assert.lengthOf([...new Set(random)], 3)
    assert.deepStrictEqual(
      names(from({ xclient, clientOrder: "random" }), () => 5),
      random
    )
    assert.notDeepEqual(
      random,
      names(round, () => 0)
    )
  })

  it("a name has the connection's number", () => {
    assert.strictEqual(of({ helloPattern: "client{n}.example" })!(6).helloName, "client7.example")
  })

  it.each<readonly [Plan.PlanInput, RegExp]>([
    [{ clientAddresses: "192.0.2.1/24", proxy: "1" }, /clientAddresses.*expected addresses/],
    [{ xclient: "COLOUR=red" }, /xclient.*expected attributes/],
    [{ helloPattern: "a b" }, /helloPattern.*expected a host name/],
    [{ proxy: "1" }, /--proxy needs --client-addresses/],
    [{ xclient: "ADDR" }, /ADDR without a value needs/],
    [{ xclient: "NAME" }, /the attributes of --xclient and --xforward have values/],
    [{ clientAddresses: "192.0.2.1" }, /--client-addresses needs --proxy/],
    [{ bare: true, xclient: "ADDR=192.0.2.1" }, /--xclient needs EHLO/],
    [{ xforward: "COLOUR=red" }, /xforward.*expected attributes/],
    [{ xforward: "NAME=a", pipelining: "full" }, /--xforward cannot be used with --pipelining full/],
    [{ xforward: "NAME", clients: "c", clientOrder: "session" }, /--client-order session cannot be used/],
    [{ bare: true, xforward: "NAME=a" }, /--xforward needs EHLO/],
    [{ bare: true, helloPattern: "a" }, /--hello-name cannot be used with -o/]
  ])("%j is refused", (input, reason) => {
    assert.match(Plan.problems(input).join("\n"), reason)
  })
})
