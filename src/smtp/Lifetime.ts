/**
 * How long a connection stands, and who ends it.
 *
 * @since 0.1.0
 */
import type { ConnectOptions } from "./Wire.js"

/**
 * The lifetime of a connection that stands from now on. Its end is booked once, whoever hears of it first.
 *
 * @since 0.1.0
 * @category models
 */
export class Lifetime {
  readonly openedAt: number
  /** Its number among the connections that the observer hears of, from 1. */
  readonly ordinal: number
  private isOver = false

  constructor(private readonly options: ConnectOptions) {
    this.openedAt = options.deadlines.now()
    this.ordinal = ++options.observer.opened
  }

  /** It has ended; `byServer` also where the server had announced it. */
  end(byServer: boolean): void {
    if (this.isOver) return
    this.isOver = true
    const { deadlines, observer } = this.options
    if (byServer) observer.closedByServer++
    else observer.closedByUs++
    const now = deadlines.now()
    observer.onClosed(byServer, now - this.openedAt, now)
  }
}
