/**
 * What must not be told: a login's password, in whatever form it was sent. Servers repeat it, in the text of a refusal or
 * when they take a line for a command.
 *
 * @since 0.1.0
 */
import * as Base64 from "./Base64.js"

/**
 * How an exchange is kept from traces and tallies.
 *
 * @since 0.1.0
 * @category models
 */
export interface Secrecy {
  /** What a trace shows in place of what is sent, CRLF included. */
  readonly shown: string
  /** The text of a reply without what is secret. All replies are shown like this from now on. */
  readonly mask: (text: string) => string
  /** Whether it goes on with the exchange before it: their time is one. */
  readonly continues: boolean
}

/**
 * The secrets of one login. Texts hold one byte in each character.
 *
 * @since 0.1.0
 * @category models
 */
export class Secrets {
  /** The longest first: a shorter one may be a part of it. */
  private readonly forms: Array<string> = []

  /** Begins with a password, which may be empty: then nothing is secret yet. */
  constructor(password: string) {
    this.add(password)
    this.addEncoded(Base64.encode(password))
  }

  /** Adds a line that is sent. A short one is no secret by itself: the password is known in all its forms. */
  addLine(line: string): void {
    if (line.length > shortLine) this.addEncoded(line)
  }

  readonly mask = (text: string): string => {
    let masked = text
    for (const form of this.forms) if (masked.includes(form)) masked = masked.replaceAll(form, "***")
    return masked
  }

  /** Who repeats it may leave the padding out. */
  private addEncoded(base64: string): void {
    this.add(base64)
    this.add(base64.replace(/=+$/, ""))
  }

  private add(form: string): void {
    if (form === "" || this.forms.includes(form)) return
    this.forms.push(form)
    this.forms.sort((one, other) => other.length - one.length)
  }
}

const shortLine = 8
