/**
 * What a sink over real sockets does for a proof of delivery.
 *
 * @since 0.1.0
 */
import { performance } from "node:perf_hooks"
import * as ProofTap from "../load/ProofTap.js"
import type { ProofOrder } from "../plan/ProofOrder.js"
import * as ArrivedMessage from "../sink/ArrivedMessage.js"
import type { OpenTap } from "../sink/ContentTap.js"
import * as NodeChecksum from "./NodeChecksum.js"
import * as NodeCorpusStore from "./NodeCorpusStore.js"

/** The wall clock at the thread's start, and what has passed since: a clock that is set back meanwhile does not matter. */
const now = (): number => Math.round((performance.timeOrigin + performance.now()) * 1000)

/**
 * The tap that an order asks for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const tap = (order: ProofOrder): OpenTap =>
  ArrivedMessage.tap(NodeChecksum.crc32, ProofTap.make(order, { now, store: NodeCorpusStore.store }))
