/**
 * Adds up many reports, one after another, as `MergedReport.merge` does two: a thousand of them take no more memory than a few.
 *
 * @since 0.1.0
 */
import { SeriesSum } from "../measure/SeriesSum.js"
import * as Coverage from "./Coverage.js"
import * as MergedReport from "./MergedReport.js"
import type { RunReport } from "./RunReport.js"

/**
 * The sum so far.
 *
 * @since 0.1.0
 * @category models
 */
export class ReportSum {
  private merged: RunReport | undefined
  private series: SeriesSum | undefined
  private count = 0
  /** As long as it is the only one. */
  private first: RunReport | undefined

  add(report: RunReport): void {
    this.count++
    this.first = this.count === 1 ? report : undefined
    const { series, ...rest } = Coverage.remove(report)
    this.merged = this.merged === undefined ? rest : MergedReport.merge(this.merged, rest)
    if (series === undefined) return
    this.series ??= new SeriesSum()
    this.series.add(series, Date.parse(report.startedAt))
  }

  /** All of them together; undefined where there were none. One alone is as it was. */
  report(): RunReport | undefined {
    const { merged, series } = this
    if (this.first !== undefined || merged === undefined) return this.first
    return series === undefined ? merged : { ...merged, series: series.series(Date.parse(merged.startedAt)) }
  }
}
