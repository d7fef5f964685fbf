/**
 * What a sink over real sockets does for a proof of delivery.
 *
 * @since 0.1.0
 */
import * as ProofTap from "../load/ProofTap.js"
import * as WallClock from "../load/WallClock.js"
import type { ProofOrder } from "../plan/ProofOrder.js"
import * as ArrivedMessage from "../sink/ArrivedMessage.js"
import type { OpenTap } from "../sink/ContentTap.js"
import * as NodeChecksum from "./NodeChecksum.js"
import * as NodeCorpusStore from "./NodeCorpusStore.js"

const now = (): number => Math.round(WallClock.live())

/**
 * The tap that an order asks for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tap = (order: ProofOrder): OpenTap =>
  ArrivedMessage.tap(NodeChecksum.crc32, ProofTap.make(order, { now, store: NodeCorpusStore.store }))
