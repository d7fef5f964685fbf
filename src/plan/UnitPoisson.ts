/**
 * Events that each come on their own, one in each unit of time in the mean.
 *
 * They come in blocks. How long a block lasts is drawn as a whole, from the distribution that this many gaps have in sum; so is, in
 * proportion to each other, how long the quarters of a block last, and theirs, down to the gaps themselves. The proportions do
 * not depend on the sum: together they are as random as gaps that are drawn one by one. So a number that is far away costs a
 * draw for each block before it, and a few for its quarters, and not one for each event: whoever sends one message in a
 * thousand draws little more than who sends them all. The sums are the same for whoever asks, in whatever order.
 *
 * @since 0.1.0
 */
import * as Draw from "./Draw.js"

/**
 * The times of the events, drawn from a key.
 *
 * @since 0.1.0
 * @category models
 */
export class UnitPoisson {
  private readonly starts: Array<number> = [0]
  /** Of each level, whose quarters were drawn last, and between what times they lie. */
  private readonly parents = [-1, -1, -1]
  private readonly edges = this.parents.map(() => new Float64Array(quarters + 1))
  private readonly keys: ReadonlyArray<number>
  private readonly times = new Float64Array(leafSize)
  private leaf = -1

  constructor(private readonly key: number) {
    // Blocks have the series from 1.
    const own = Draw.series(key, 0)
    this.keys = this.parents.map((_, level) => Draw.series(own, level))
  }

  /** The time of an event, from 0. */
  at(index: number): number {
    const leaf = Math.floor(index / leafSize)
    if (leaf !== this.leaf) this.fill(leaf)
    return this.times[index % leafSize]!
  }

  /** How many events there are, of `most` at most, up to the first whose time does not do. All after it do not do either. */
  countWhile(does: (time: number) => boolean, most: number): number {
    let block = 0
    while ((block + 1) * blockSize <= most && does(this.start(block + 1))) block++
    let index = block * blockSize
    while (index < most && does(this.at(index))) index++
    return index
  }

  /** The time of the last event before the block. */
  private start(block: number): number {
    const { key, starts } = this
    for (let known = starts.length; known <= block; known++) {
      starts.push(starts[known - 1]! + Draw.gamma(Draw.series(key, known), blockSize))
    }
    return starts[block]!
  }

  /** The times between which the quarters of `parent` lie, which is a block, or a quarter of the level above. */
  private quartersOf(level: number, parent: number): Float64Array {
    const edges = this.edges[level]!
    if (this.parents[level] === parent) return edges
    const above = level === 0 ? undefined : this.quartersOf(level - 1, Math.floor(parent / quarters))
    const place = parent % quarters
    const [start, end] =
      above === undefined ? [this.start(parent), this.start(parent + 1)] : [above[place]!, above[place + 1]!]
    const size = blockSize / quarters ** (level + 1)
    let sum = 0
    for (let quarter = 0; quarter < quarters; quarter++) {
      sum += Draw.gamma(Draw.series(this.keys[level]!, parent * quarters + quarter), size)
      edges[quarter + 1] = sum
    }
    for (let quarter = 1; quarter < quarters; quarter++)
      edges[quarter] = start + (end - start) * (edges[quarter]! / sum)
    edges[0] = start
    edges[quarters] = end
    this.parents[level] = parent
    return edges
  }

  private fill(leaf: number): void {
    const { key, parents, times } = this
    let sum = 0
    for (let index = 0; index < leafSize; index++) {
      sum -= Math.log1p(-Draw.uniform(key, leaf * leafSize + index))
      times[index] = sum
    }
    const edges = this.quartersOf(parents.length - 1, Math.floor(leaf / quarters))
    const [start, end] = [edges[leaf % quarters]!, edges[(leaf % quarters) + 1]!]
    for (let index = 0; index < leafSize; index++) times[index] = start + (end - start) * (times[index]! / sum)
    this.leaf = leaf
  }
}

const blockSize = 1024
const quarters = 4
/** Quarters of quarters of quarters. */
const leafSize = 16
