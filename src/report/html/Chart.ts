/**
 * Charts as SVG, drawn when the report is written: they need no program where they are read.
 *
 * Colours come from the page's style sheet, by class; figures that are too small to be read off are in titles, which a
 * pointer shows and a screen reader reads.
 *
 * @since 0.1.0
 */
import type { Axis } from "./Axis.js"
import { type Content, type Markup, markup } from "./Markup.js"

/**
 * One curve. Where a value is undefined the curve has a gap.
 *
 * @since 0.1.0
 * @category models
 */
export interface Curve {
  readonly name: string
  /** The class that gives it its colour and its stroke. */
  readonly style: string
  readonly points: ReadonlyArray<readonly [x: number, y: number | undefined]>
}

/**
 * A stretch of the horizontal axis with what is to be said of it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Stretch {
  readonly from: number
  readonly to: number
  readonly text: string
}

/**
 * A chart. Curves are named at their right ends; layers, which are drawn below them, are stacked columns.
 *
 * @since 0.1.0
 * @category models
 */
export interface Chart {
  /** Of the element, unique on the page. */
  readonly id: string
  readonly title: string
  /** What it shows, in a sentence with figures, for those who do not see it. */
  readonly description: string
  readonly width: number
  readonly height: number
  readonly x: Axis
  readonly y: Axis
  readonly curves: ReadonlyArray<Curve>
  readonly columns?: ReadonlyArray<Columns> | undefined
  readonly stretches?: ReadonlyArray<Stretch> | undefined
  /** A name for which room is kept at the right end: charts of the same time, one below the other, have axes of one length. */
  readonly roomFor?: string | undefined
}

/**
 * A layer of columns: each from a value to a value.
 *
 * @since 0.1.0
 * @category models
 */
export interface Columns {
  readonly style: string
  readonly columns: ReadonlyArray<{
    readonly from: number
    readonly to: number
    readonly bottom: number
    readonly top: number
  }>
}

const margin = { top: 12, bottom: 26, left: 62 }
/** At most so wide is a letter of a tick, and of a name, which is bold. */
const letter = 6.8
const boldLetter = 7.8
const lineHeight = 14

/**
 * The chart as an SVG element.
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (chart: Chart): Markup => {
  const { columns = [], curves, description, height, id, roomFor = "", stretches = [], title, width, x, y } = chart
  const names = curves.map(({ name }) => shortened(name))
  const right = Math.max(14, ...[...names, roomFor].map((name) => 12 + name.length * boldLetter))
  const plot = {
    left: margin.left,
    top: margin.top,
    width: width - margin.left - right,
    height: height - margin.top - margin.bottom
  }
  const across = (value: number) => plot.left + x.place(value) * plot.width
  const up = (value: number) => plot.top + (1 - y.place(value)) * plot.height
  const bottom = plot.top + plot.height
  const end = plot.left + plot.width
  return markup`<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="${id}-title ${id}-text"><title id="${id}-title">${title}</title><desc id="${id}-text">${description}</desc>
${y.ticks.map(({ label, value }) => markup`<path class="grid" d="M${pixel(plot.left)} ${pixel(up(value))}H${pixel(end)}"/><text class="tick" x="${plot.left - 8}" y="${pixel(up(value) + 4)}" text-anchor="end">${label}</text>`)}
${spaced(x.ticks, across).map(({ label, value }) => markup`<path class="mark" d="M${pixel(across(value))} ${pixel(bottom)}v5"/><text class="tick" x="${pixel(across(value))}" y="${pixel(bottom + 19)}" text-anchor="middle">${label}</text>`)}
${columns.map((layer) => markup`<path class="${layer.style}" d="${layer.columns.map((column) => rectangle(across(column.from), up(column.top), across(column.to), up(column.bottom))).join("")}"/>`)}
<path class="base" d="M${pixel(plot.left)} ${pixel(bottom)}H${pixel(end)}"/>
${curves.map((curve) => markup`<path class="curve ${curve.style}" d="${pathOf(curve, across, up)}"/>`)}
${labels(curves, names, up, { x: end + 8, top: plot.top, bottom })}
${stretches.map(({ from, text, to }) => markup`<rect class="stretch" x="${pixel(across(from))}" y="${plot.top}" width="${pixel(Math.max(1, across(to) - across(from)))}" height="${plot.height}"><title>${text}</title></rect>`)}
</svg>`
}

const pixel = (number: number): string => String(Math.round(number * 10) / 10)

const shortened = (name: string): string => (name.length > 14 ? `${name.slice(0, 13)}…` : name)

/** Nothing where the column has no height. */
const rectangle = (left: number, top: number, right: number, bottom: number): string =>
  bottom - top < 0.05 ? "" : `M${pixel(left)} ${pixel(bottom)}V${pixel(top)}H${pixel(right)}V${pixel(bottom)}Z`

/** Points that share a pixel are drawn as their lowest and highest; a point alone is a dot, by its round ends. */
const pathOf = ({ points }: Curve, across: (x: number) => number, up: (y: number) => number): string => {
  let path = ""
  let pen: { readonly x: number; readonly y: number } | undefined
  points.forEach(([x, y], index) => {
    if (y === undefined) {
      pen = undefined
      return
    }
    const at = { x: across(x), y: up(y) }
    if (pen === undefined) path += `M${pixel(at.x)} ${pixel(at.y)}h0`
    else if (index < points.length - 1 && Math.abs(at.x - pen.x) + Math.abs(at.y - pen.y) < 0.8) return
    else path += `L${pixel(at.x)} ${pixel(at.y)}`
    pen = at
  })
  return path
}

/** Each where its curve ends, moved as far as it takes not to overlap. */
const labels = (
  curves: ReadonlyArray<Curve>,
  names: ReadonlyArray<string>,
  up: (y: number) => number,
  place: { readonly x: number; readonly top: number; readonly bottom: number }
): Content => {
  const wanted = curves
    .map(({ points, style }, index) => ({
      name: names[index] ?? "",
      style,
      at: up(points.findLast(([, y]) => y !== undefined)?.[1] ?? 0)
    }))
    .sort((one, other) => one.at - other.at)
  const at: Array<number> = []
  for (const label of wanted) at.push(Math.max(label.at, (at.at(-1) ?? place.top - lineHeight) + lineHeight))
  // Those that were pushed out below push the others up again.
  let limit = place.bottom + 4
  for (let index = at.length - 1; index >= 0; index--) {
    at[index] = Math.min(at[index] ?? limit, limit)
    limit = (at[index] ?? limit) - lineHeight
  }
  return wanted.map(
    ({ name, style }, index) =>
      markup`<text class="name ${style}" x="${place.x}" y="${pixel((at[index] ?? 0) + 4)}">${name}</text>`
  )
}

/** Without the ticks whose labels would touch the one before. */
const spaced = (ticks: Axis["ticks"], across: (value: number) => number): Axis["ticks"] => {
  let free = Number.NEGATIVE_INFINITY
  return ticks.filter(({ label, value }) => {
    const half = (label.length * letter) / 2
    if (across(value) - half < free + 6) return false
    free = across(value) + half
    return true
  })
}

/**
 * The same chart for wide and for narrow pages; the style sheet shows the one that fits, so that letters keep their size.
 *
 * @since 0.1.0
 * @category rendering
 */
export const figure = (caption: Content, make: (width: number, id: string) => Chart, id: string): Markup =>
  markup`<figure><figcaption>${caption}</figcaption><div class="wide">${render(make(852, `${id}-wide`))}</div><div class="narrow">${render(make(344, `${id}-narrow`))}</div></figure>`
