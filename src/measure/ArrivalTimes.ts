/**
 * When each of the last recipients arrived that have, by their keys, in memory that threads share: one writes, others read.
 *
 * @since 0.1.0
 */

/**
 * The most recipients whose times are kept at once: those of 100 MB. What comes later takes the place of what came before.
 *
 * @since 0.1.0
 * @category limits
 */
export const most = 4_194_304

/** The numbers of a place: whose it is, when it came, and when it was sent. */
const inPlace = 3

/**
 * When something was sent, and when it came, in microseconds since 1970.
 *
 * @since 0.1.0
 * @category models
 */
export interface ArrivalTime {
  readonly sentAt: number
  readonly at: number
}

/**
 * The times.
 *
 * @since 0.1.0
 * @category models
 */
export class ArrivalTimes {
  private readonly numbers: Float64Array
  private readonly places: number

  /** Over memory that `memoryFor` has made. */
  constructor(memory: SharedArrayBuffer) {
    this.numbers = new Float64Array(memory)
    this.places = this.numbers.length / inPlace
  }

  /** Memory for this many keys. */
  static memoryFor(keys: number): SharedArrayBuffer {
    return new SharedArrayBuffer(Math.max(1, Math.min(keys, most)) * inPlace * Float64Array.BYTES_PER_ELEMENT)
  }

  set(key: number, { at, sentAt }: ArrivalTime): void {
    const place = (key % this.places) * inPlace
    this.numbers[place] = key + 1
    this.numbers[place + 1] = at
    this.numbers[place + 2] = sentAt
  }

  /** Undefined where it has none any more. */
  get(key: number): ArrivalTime | undefined {
    const place = (key % this.places) * inPlace
    const [at, sentAt] = [this.numbers[place + 1]!, this.numbers[place + 2]!]
    return this.numbers[place] === key + 1 ? { at, sentAt } : undefined
  }
}
