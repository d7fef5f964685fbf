/**
 * What a run has recorded, when it is over.
 *
 * @since 0.1.0
 */
import * as AuthTally from "./AuthTally.js"
import * as Counts from "./Counts.js"
import * as Histogram from "./Histogram.js"
import { type Durations, durationsOf, type Ending, endings, type Measured, nameAndEnding, places } from "./Measured.js"
import type { Recorded, RecordedJson, RecorderData } from "./Recorded.js"

/** A field for each name that is counted. */
const Counted = class {
  constructor(counts: RecorderData["counts"]) {
    Object.assign(this, counts)
  }
  // Fields that are made from a list have no declaration that could be checked.
} as new (
  counts: RecorderData["counts"]
) => Counts.Counts<typeof Counts.recorded>

/**
 * Plain data, and the ways to read it: nothing is added any more. A structured clone of it has the counts, and all else in `data`.
 *
 * @since 0.1.0
 * @category models
 */
export class RecordedData extends Counted implements Recorded {
  constructor(readonly data: RecorderData) {
    super(data.counts)
  }

  get warmUpEnd() {
    return this.data.warmUpEnd
  }

  get stages(): Recorded["stages"] {
    const { stages } = this.data
    return stages && { toData: () => stages }
  }

  connections() {
    return Counts.pick(Counts.connections, this)
  }

  replies() {
    return this.data.replies
  }

  errors() {
    return this.data.errors
  }

  ends() {
    return this.data.ends
  }

  tls() {
    return this.data.tls
  }

  auth() {
    return this.data.auth
  }

  without() {
    return this.data.without
  }

  targets() {
    return this.data.targets
  }

  *durations(): Generator<Durations> {
    yield* durationsOf((of, ending) => this.histogram(of, ending))
    for (const [key, buckets] of this.data.own) {
      const [of, word] = nameAndEnding(key)
      const ending = endings.find((each) => each === word)
      if (ending !== undefined) yield { of, ending, histogram: Histogram.ofBuckets(buckets) }
    }
  }

  histogram(what: Measured, ending: Ending): Histogram.Histogram | undefined {
    const counts = this.data.histograms[places[what] * endings.length + endings.indexOf(ending)]
    return counts && { counts }
  }

  ownHistogram(name: string, ending: Ending): Histogram.Histogram | undefined {
    const found = this.data.own.find(([key]) => key === `${name} ${ending}`)
    return found && Histogram.ofBuckets(found[1])
  }

  toData(): RecorderData {
    return this.data
  }

  toJSON(): RecordedJson {
    const { auth, histograms: _, own: __, ...counted } = this.data
    const durations = [...this.durations()].map(({ ending, histogram, of }) => ({
      of,
      ending,
      buckets: Histogram.bucketsOf(histogram)
    }))
    return { ...counted, durations, auth: auth && AuthTally.toJson(auth) }
  }
}
