/**
 * Reads all messages of a mailbox by IMAP (RFC 3501): logs in, looks at the mailbox without changing it, takes one message after
 * another. No more than one message is kept at a time.
 *
 * A password goes over TLS, or to this machine.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Base64 from "../smtp/Base64.js"
import * as Printable from "../smtp/Printable.js"
import type { ImapResponse } from "./ImapParser.js"
import { type ImapConnection, ImapFailed, ImapTransport } from "./ImapTransport.js"
import type { ImapUrl } from "./ImapUrl.js"

/**
 * Who logs in.
 *
 * @since 0.1.0
 * @category models
 */
export interface ImapLogin {
  readonly user: string
  readonly password: Redacted.Redacted<string>
}

/**
 * A message of a mailbox.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredMessage {
  /** When it came, in milliseconds since 1970, to the second: INTERNALDATE. */
  readonly at: number | undefined
  /** With CRLF line ends. */
  readonly content: Buffer
}

/**
 * Gives each message of the mailbox, and how many there were.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = (
  url: ImapUrl,
  login: ImapLogin,
  { ca, onMessage }: { readonly ca?: string | undefined; readonly onMessage: (message: StoredMessage) => void }
): Effect.Effect<number, ImapFailed, ImapTransport> =>
  Effect.scoped(
    Effect.gen(function* () {
      const { connect, isHere } = yield* ImapTransport
      const { host, mailbox, port, tls } = url
      const connection = yield* connect({ host, port, tls, ca })
      const dialogue = new Dialogue(connection)
      const greeting = yield* connection.next
      if (!/^\* (OK|PREAUTH)\b/i.test(greeting.text)) return yield* refused("it does not greet", greeting.text)
      let offered = yield* dialogue.capabilities(greeting)
      if (!tls && offered.has("STARTTLS")) {
        yield* dialogue.command("STARTTLS")
        yield* connection.secure
        offered = yield* dialogue.capabilities()
      } else if (!tls && !isHere(host)) {
        return yield* new ImapFailed({ reason: "it offers no TLS, and the password would go in plain text" })
      }
      if (!/^\* PREAUTH\b/i.test(greeting.text)) yield* dialogue.login(login, offered)
      let exists = 0
      yield* dialogue.command(`EXAMINE ${quoted(utf7(mailbox))}`, {
        onUntagged: ({ text }) => {
          exists = Number(/^\* (\d{1,10}) EXISTS$/i.exec(text)?.[1] ?? exists)
        }
      })
      let taken = 0
      if (exists > 0) {
        // By numbers and not by UIDs: nothing is expunged while these are read.
        yield* dialogue.command("FETCH 1:* (INTERNALDATE BODY.PEEK[])", {
          most: exists + spare,
          onUntagged: (response) => {
            const message = messageIn(response)
            if (message === undefined) return
            taken++
            onMessage(message)
          }
        })
      }
      yield* Effect.ignore(dialogue.command("LOGOUT"))
      return taken
    })
  )

/** What a server may say besides. */
const spare = 10_000

interface CommandOptions {
  readonly onUntagged?: ((response: ImapResponse) => void) | undefined
  /** The most responses. */
  readonly most?: number | undefined
  /** What is said when the server asks to go on. */
  readonly more?: string | undefined
  /** What it is called where it is refused: a command may hold a password. */
  readonly name?: string | undefined
}

class Dialogue {
  private commands = 0

  constructor(private readonly connection: ImapConnection) {}

  /** Fails unless the command is carried out; gives the text of that. */
  command(text: string, options: CommandOptions = {}): Effect.Effect<string, ImapFailed> {
    const { connection } = this
    const tag = `a${++this.commands}`
    const { most = spare, name = text.split(" ")[0]!, onUntagged } = options
    return Effect.gen(function* () {
      yield* connection.send(`${tag} ${text}\r\n`)
      let { more } = options
      for (let responses = 0; responses < most; responses++) {
        const response = yield* connection.next
        const { text } = response
        if (text.startsWith("* ")) {
          if (/^\* BYE\b/i.test(text) && name !== "LOGOUT") return yield* refused("it ends the connection", text)
          onUntagged?.(response)
        } else if (text.startsWith("+")) {
          if (more === undefined) return yield* refused(`it does not answer ${name}`, text)
          yield* connection.send(`${more}\r\n`)
          more = undefined
        } else if (text.startsWith(`${tag} `)) {
          const rest = text.slice(tag.length + 1)
          return /^OK\b/i.test(rest) ? rest : yield* refused(`it refuses ${name}`, rest)
        } else return yield* refused(`it does not answer ${name}`, text)
      }
      return yield* new ImapFailed({ reason: `it says too much instead of answering ${name}` })
    })
  }

  /** What the server can do: it may have said so in its greeting. */
  capabilities(greeting?: ImapResponse): Effect.Effect<ReadonlySet<string>, ImapFailed> {
    const told = /\[CAPABILITY ([^\]]*)\]/i.exec(greeting?.text ?? "")?.[1]
    if (told !== undefined) return Effect.succeed(words(told))
    let offered: ReadonlySet<string> = new Set()
    const onUntagged = ({ text }: ImapResponse) => {
      const list = /^\* CAPABILITY (.*)$/i.exec(text)?.[1]
      if (list !== undefined) offered = words(list)
    }
    return Effect.map(this.command("CAPABILITY", { onUntagged }), () => offered)
  }

  login({ password, user }: ImapLogin, offered: ReadonlySet<string>): Effect.Effect<unknown, ImapFailed> {
    const secret = Redacted.value(password)
    if (offered.has("AUTH=PLAIN")) {
      const name = "AUTHENTICATE PLAIN"
      const response = Base64.encodeBytes(Buffer.from(`\0${user}\0${secret}`))
      return offered.has("SASL-IR")
        ? this.command(`${name} ${response}`, { name })
        : this.command(name, { name, more: response })
    }
    if (offered.has("LOGINDISABLED")) return refused("it lets nobody log in like this", "")
    if (!isPlain(user) || !isPlain(secret)) return refused("it takes no user or password beyond ASCII", "")
    return this.command(`LOGIN ${quoted(user)} ${quoted(secret)}`, { name: "LOGIN" })
  }
}

const refused = (what: string, text: string): ImapFailed =>
  new ImapFailed({ reason: text === "" ? what : `${what}: ${Printable.escapeBytes(text.slice(0, 200))}` })

const words = (list: string): ReadonlySet<string> => new Set(list.toUpperCase().split(" "))

const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text)

const quoted = (text: string): string => `"${text.replace(/["\\]/g, "\\$&")}"`

/**
 * The name of a mailbox as IMAP has it (RFC 3501 §5.1.3): what is not printable ASCII in UTF-16 and a Base64 of its own.
 *
 * @since 0.1.0
 * @category encoding
 */
export const utf7 = (name: string): string =>
  name.replaceAll("&", "&-").replace(/[^\x20-\x7e]+/g, (text) => {
    const base64 = Buffer.from(text, "utf16le").swap16().toString("base64")
    return `&${base64.replaceAll("/", ",").replace(/=+$/, "")}-`
  })

/** A FETCH response up to the content, which is a literal, nothing, or a string. What a string holds is none of the response. */
const upToBody = /^\* \d+ FETCH \((?:[^"]|"(?:[^"\\]|\\.)*")*?(?<=[ (])BODY\[\] (?:\{\d+\}|NIL|"((?:[^"\\]|\\.)*)")/i

const strings = /"(?:[^"\\]|\\.)*"/g

/** A message in a FETCH response, where it is one. */
const messageIn = ({ literals, text }: ImapResponse): StoredMessage | undefined => {
  const body = upToBody.exec(text)
  if (body === null) return undefined
  const [whole, short = ""] = body
  const literal = (whole.replace(strings, "").match(/\{\d+\}/g)?.length ?? 0) - 1
  const content = whole.endsWith("}") ? literals[literal] : Buffer.from(short.replace(/\\(.)/g, "$1"), "latin1")
  return content === undefined ? undefined : { at: dateIn(text), content }
}

const months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

/** ` 7-Jul-1996 02:44:25 -0700`, in milliseconds since 1970. */
const dateIn = (text: string): number | undefined => {
  const [, day, month = "", year, hour, minute, second, sign, hours, minutes] =
    /INTERNALDATE "([ \d]\d)-([a-z]{3})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)"/i.exec(text) ?? []
  const place = months.indexOf(month.toLowerCase())
  if (place < 0) return undefined
  const utc = Date.UTC(Number(year), place, Number(day), Number(hour), Number(minute), Number(second))
  return utc - (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000
}
