/**
 * All that a run needs of Node: sockets, threads, and files that are read on the way.
 *
 * @since 0.1.0
 */
import * as Layer from "effect/Layer"
import type { Workers } from "../load/Workers.js"
import type { DkimCrypto } from "../plan/Dkim.js"
import type { CorpusStore } from "../plan/CorpusStore.js"
import type { AuthCrypto } from "../smtp/AuthCrypto.js"
import type { Connector } from "../smtp/Wire.js"
import * as NodeAuthCrypto from "./NodeAuthCrypto.js"
import * as NodeChecksum from "./NodeChecksum.js"
import * as NodeDkimCrypto from "./NodeDkimCrypto.js"
import * as NodeCorpusStore from "./NodeCorpusStore.js"
import * as NodeConnector from "./NodeConnector.js"
import * as NodeWorkers from "./NodeWorkers.js"

/**
 * Provides what `Load.run` and `Workers.run` ask for.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Connector | Workers | AuthCrypto | CorpusStore | DkimCrypto> = Layer.mergeAll(
  NodeConnector.layer,
  NodeWorkers.layer,
  NodeAuthCrypto.layer,
  NodeChecksum.layer,
  NodeCorpusStore.layer,
  NodeDkimCrypto.layer
)
