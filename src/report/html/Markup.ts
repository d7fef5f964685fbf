/**
 * HTML and SVG as text, in which no value can become markup by accident.
 *
 * @since 0.1.0
 */
import * as Printable from "../../smtp/Printable.js"

/**
 * Text that is markup already.
 *
 * @since 0.1.0
 * @category models
 */
export class Markup {
  constructor(readonly text: string) {}
}

/**
 * What a template takes: markup as it is, lists one after another, nothing for undefined, and all else as escaped text.
 *
 * @since 0.1.0
 * @category models
 */
export type Content = Markup | string | number | undefined | ReadonlyArray<Content>

/**
 * Markup from a template, whose values are text unless they are markup themselves.
 *
 * @since 0.1.0
 * @category constructors
 */
export const markup = (strings: TemplateStringsArray, ...values: ReadonlyArray<Content>): Markup =>
  new Markup(strings.reduce((text, next, index) => text + textOf(values[index - 1]) + next))

const textOf = (content: Content): string => {
  if (content instanceof Markup) return content.text
  if (content === undefined) return ""
  return typeof content === "object" ? content.map(textOf).join("") : escape(String(content))
}

/**
 * A text as it stands in an element or in a quoted attribute. Control characters are made printable.
 *
 * @since 0.1.0
 * @category formatting
 */
export const escape = (text: string): string =>
  Printable.escape(text).replace(/[&<>"'`]/g, (character) => `&#${character.charCodeAt(0)};`)

/**
 * JSON as it stands in a script element of type application/json: nothing in it ends the element, or opens a comment.
 *
 * @since 0.1.0
 * @category formatting
 */
export const embeddedJson = (json: string): Markup =>
  new Markup(json.replace(/[<>&]/g, (character) => `\\u00${character.charCodeAt(0).toString(16)}`))
