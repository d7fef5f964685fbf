import { assert, describe, it } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { inspect } from "node:util"
import * as fc from "fast-check"
import * as AccountFile from "../../src/plan/AccountFile.js"
import * as AuthFields from "../../src/plan/AuthFields.js"
import * as Plan from "../../src/plan/Plan.js"
import * as AccountTable from "../../src/smtp/AccountTable.js"
import * as AuthMechanism from "../../src/smtp/AuthMechanism.js"
import * as Target from "../../src/smtp/Target.js"
import * as FilesInMemory from "./FilesInMemory.js"

const target = Target.inet("mail.example.com", 587)

const direct = (asked: Target.Target) => ({ asked, goes: asked })

describe("the fields of a login", () => {
  it("off is no login", () => {
    assert.isUndefined(AuthFields.settings(Plan.make({}), direct(target), undefined))
    assert.deepStrictEqual(AuthFields.mechanismsOf(Plan.make({})), [])
  })

  it("names are mechanisms, in their order, in any letters", () => {
    const plan = Plan.make({ auth: "login, Scram-SHA-1", user: "u" })
    assert.deepStrictEqual(AuthFields.mechanismsOf(plan), ["LOGIN", "SCRAM-SHA-1"])
    assert.deepStrictEqual(AuthFields.mechanismsOf({ auth: "auto" }), AuthMechanism.usual)
  })

  it("what is said of logins is in their settings", () => {
    const plan = Plan.make({ auth: "auto", user: "u", authInitialResponse: "never" })
    assert.deepInclude(AuthFields.settings(plan, direct(target), undefined), {
      initialResponse: "never",
      insecure: false,
      host: "mail.example.com",
      port: 587
    })
    const insecure = (input: Partial<Plan.PlanInput>, to: Target.Target) =>
      AuthFields.settings(Plan.make({ auth: "auto", user: "u", ...input }), direct(to), undefined)?.insecure
    assert.isTrue(insecure({ authInsecure: true }, target))
    for (const host of ["localhost", "127.0.0.1", "127.9.9.9", "::1"]) {
      assert.isTrue(insecure({}, Target.inet(host, 25)), host)
    }
    for (const host of ["128.0.0.1", "::2", "localhost.example.com"]) {
      assert.isFalse(insecure({}, Target.inet(host, 25)), host)
    }
    assert.isTrue(insecure({}, Target.unix("/run/smtp")))
  })

  it("what goes elsewhere than to this machine is not safe, whatever name is asked for", () => {
    const plan = Plan.make({ auth: "plain", user: "u", target: "localhost" })
    const elsewhere = { asked: Target.inet("localhost", 25), goes: Target.inet("192.0.2.1", 25) }
    assert.isFalse(AuthFields.settings(plan, elsewhere, undefined)?.insecure)
    const problems = (input: Plan.PlanInput) => Plan.problems({ auth: "plain", user: "u", ...input }).join()
    assert.match(problems({ target: "localhost", connectTo: ["localhost::192.0.2.1:"] }), /show the password/)
    assert.strictEqual(problems({ target: "mail.example", connectTo: ["::127.0.0.1:"] }), "")
    assert.match(problems({ target: "localhost,mail.example" }), /show the password/)
  })

  it.each<readonly [Plan.PlanInput, RegExp]>([
    [{ auth: "plane" }, /auth.*expected off, auto, or one or more of scram-sha-256/],
    [{ auth: "" }, /auth.*expected off, auto/],
    [{ auth: "auto", user: "a\nb" }, /user.*line break/],
    [{ auth: "auto", user: "u", authFailures: 0 }, /authFailures.*1 or more, or off/],
    [{ auth: "auto", user: "u", authInitialResponse: "sometimes" as "auto" }, /authInitialResponse/]
  ])("%j is refused", (input, reason) => {
    assert.match(Plan.problems(input).join("\n"), reason)
  })

  it.each<readonly [Plan.PlanInput, RegExp]>([
    [{ user: "u" }, /add --auth auto/],
    [{ authFailures: 3 }, /add --auth auto/],
    [{ auth: "auto" }, /--auth needs --user or --accounts/],
    [{ auth: "external,plain" }, /--auth needs --user or --accounts/],
    [{ auth: "auto", user: "u", accounts: "f" }, /--user and --accounts exclude each other/],
    [{ auth: "auto", accounts: "f", passwordFile: "p" }, /--password-file needs --user/],
    [{ auth: "auto", user: "u", accountOrder: "round" }, /--account-order needs --accounts/],
    [{ auth: "auto", user: "u", bare: true }, /AUTH needs EHLO/],
    [{ auth: "plain,xoauth2", user: "u", target: "mail.example.com" }, /use --tls, or --auth-insecure/],
    [{ abandon: ["auth"] }, /--abandon auth needs --auth/],
    [{ shapes: ["1: abandon auth close"] }, /--abandon auth needs --auth/]
  ])("%j cannot be", (input, rule) => {
    assert.match(Plan.problems(input).join("\n"), rule)
  })

  it.each<Plan.PlanInput>([
    { auth: "external" },
    { auth: "anonymous", user: "me" },
    { auth: "plain", user: "u", target: "localhost:2525" },
    { auth: "plain", user: "u", target: "mail.example.com", tls: "if-offered" },
    { auth: "plain", user: "u", target: "mail.example.com", authInsecure: true },
    { auth: "auto", user: "u", target: "mail.example.com" },
    { auth: "auto", user: "u", abandon: ["auth 5%"], shapes: ["1: abandon auth"] }
  ])("%j can be", (input) => {
    assert.deepStrictEqual(Plan.problems(input), [])
  })

  it("a copy of a plan is the same plan", () => {
    for (const plan of [Plan.make({}), Plan.make({ auth: "auto", user: "u" })]) {
      assert.deepStrictEqual(Plan.make({ ...plan }), plan)
    }
  })
})

const read = (input: Plan.PlanInput, contents: FilesInMemory.Files = {}, password?: string) =>
  AuthFields.read(Plan.make({ auth: "auto", ...input })).pipe(
    Effect.provide(FilesInMemory.layer(contents)),
    Effect.provide(
      Layer.setConfigProvider(
        ConfigProvider.fromMap(new Map(password === undefined ? [] : [["SMTP_SOURCE_PASSWORD", password]]))
      )
    )
  )

describe("the password", () => {
  it.effect("is the one line of its file, or the variable's, which the file goes before", () =>
    Effect.gen(function* () {
      const contents = { lf: "one\n", crlf: "two\r\n", none: "three", "/dev/stdin": "four\n" }
      for (const [passwordFile, password] of [
        ["lf", "one"],
        ["crlf", "two"],
        ["none", "three"],
        ["-", "four"]
      ] as const) {
        const table = yield* read({ user: "u", passwordFile }, contents, "other")
        assert.deepInclude(table!.at(0), { user: "u", password })
      }
      assert.deepInclude((yield* read({ user: "ü" }, {}, "grün"))!.at(0), { user: "ü", password: "grün" })
    })
  )

  it.effect("that is not to be had, or is none, is told of without a word of it", () =>
    Effect.gen(function* () {
      const contents = { empty: "\n", two: "MARK\nMARK\n", nul: "MARK\0\n", bytes: Buffer.from("MARK\xff\n", "latin1") }
      for (const [input, message] of [
        [{}, "--user: a password is required: give --password-file, or set SMTP_SOURCE_PASSWORD"],
        [{ passwordFile: "x" }, "--password-file: x: no such file or directory"],
        [{ passwordFile: "empty" }, "--password-file: empty: the password is empty"],
        [{ passwordFile: "two" }, "--password-file: two: a password has one line, and no NUL in it"],
        [{ passwordFile: "nul" }, "--password-file: nul: a password has one line, and no NUL in it"],
        [{ passwordFile: "bytes" }, "--password-file: bytes: the password is not UTF-8"],
        [{ passwordFile: "-" }, "--password-file: /dev/stdin: no such file or directory"]
      ] as const) {
        assert.strictEqual((yield* Effect.flip(read({ user: "u", ...input }, contents))).message, message)
      }
    })
  )

  it.effect("is not asked for by who needs none, nor where there is no login", () =>
    Effect.gen(function* () {
      assert.deepInclude((yield* read({ auth: "external", user: "me" }))!.at(0), { user: "me", password: "" })
      assert.isUndefined(yield* read({ auth: "off" }))
    })
  )
})

const parsed = (text: string) => {
  const table = Either.getOrThrowWith(AccountFile.parse(Buffer.from(text, "latin1")), ({ line, reason }) =>
    assert.fail(`line ${line}: ${reason}`)
  )
  return Array.from({ length: table.size }, (_, index) => table.at(index))
}

const wrong = (text: string): string =>
  Either.match(AccountFile.parse(Buffer.from(text, "latin1")), {
    onLeft: ({ line, reason }) => `${line}: ${reason}`,
    onRight: () => "nothing"
  })

describe("the file of accounts", () => {
  it("is CSV with a header, comments and quotes", () => {
    const accounts = parsed(
      [
        "\xef\xbb\xbfmechanism,User,password",
        "# a comment, with one",
        ",a,secret",
        "",
        'plain,"b,c","say ""hi"""',
        '"","#d",x y',
        "EXTERNAL,e,"
      ].join("\r\n")
    )
    assert.deepStrictEqual(accounts, [
      { user: "a", password: "secret", mechanism: undefined },
      { user: "b,c", password: 'say "hi"', mechanism: "PLAIN" },
      { user: "#d", password: "x y", mechanism: undefined },
      { user: "e", password: "", mechanism: "EXTERNAL" }
    ])
    assert.lengthOf(parsed("user,password\na,b\n"), 1)
    assert.lengthOf(parsed("password,user\nb,a"), 1)
  })

  it.each([
    ["", "1: expected a line that names the columns"],
    ["alice,MARK\n", "1: expected the names of the columns: user, password and, if wanted, mechanism"],
    ["user,user\n", "1: expected the names of the columns: user, password and, if wanted, mechanism"],
    ["user\n", "1: expected the columns user and password"],
    ["user,password\n# none\n", "1: no account is in it"],
    ["user,password\na,b\nc\n", "3: expected 2 fields, not 1"],
    ["user,password\n\n#\na,b,c\n", "4: expected 2 fields, not 3"],
    ["user,password\n,MARK\n", "2: a user without a name"],
    ["user,password\nMARK,\n", "2: a user without a password"],
    ["user,password,mechanism\na,MARK,nope\n", "2: no mechanism that is known"],
    ['user,password\n"a\nb",MARK\nc,d\n', "2: a line break or NUL in a name or a password"],
    ['user,password\na,"MARK\n', "2: a quote that has no end"],
    ['user,password\na,"MARK"x\n', "2: a quote in the middle of a field"],
    ['user,password\na,MA"RK\n', "2: a quote in the middle of a field"]
  ])("%j is told by its line, and not shown", (text, reason) => {
    assert.strictEqual(wrong(text), reason)
  })

  it("gives back whatever fields it was written with", () => {
    const field = fc
      .string({ minLength: 1, unit: "binary" })
      .filter((text) => !/[\r\n\0]/.test(text) && !/[\ud800-\udfff]/.test(text))
    const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`
    fc.assert(
      fc.property(fc.array(fc.tuple(field, field), { minLength: 1, maxLength: 50 }), fc.boolean(), (rows, crlf) => {
        const lines = ["user,password", ...rows.map((row) => row.map(quoted).join(","))]
        const table = AccountFile.parse(Buffer.from(lines.join(crlf ? "\r\n" : "\n"), "utf8"))
        const got = Either.getOrThrow(table)
        assert.strictEqual(got.size, rows.length)
        for (const [index, [user, password]] of rows.entries()) assert.deepInclude(got.at(index), { user, password })
        for (const [user] of rows) assert.strictEqual(got.find(user)?.user, user)
        assert.isUndefined(got.find(`${rows[0]![0]}, another`))
      })
    )
  })

  it("of several accounts of a name, the last is found", () => {
    const table = AccountTable.of([
      { user: "a", password: "1" },
      { user: "b", password: "2" },
      { user: "a", password: "3" }
    ])
    assert.strictEqual(table.find("a")?.password, "3")
    assert.isUndefined(AccountTable.of([]).find("a"))
  })

  it("shows nothing of what is in it", () => {
    const table = AccountTable.of([{ user: "load", password: "MARK" }])
    for (const text of [String(table), JSON.stringify({ table }), inspect(table, { depth: 9, showHidden: true })]) {
      assert.notMatch(text, /MARK|load/)
    }
  })
})
