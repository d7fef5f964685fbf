/**
 * All that a run needs of Node: sockets, files, threads.
 *
 * @since 0.1.0
 */
import type { FileSystem } from "@effect/platform/FileSystem"
import * as Layer from "effect/Layer"
import type { Workers } from "../load/Workers.js"
import type { Connector } from "../smtp/Wire.js"
import * as NodeConnector from "./NodeConnector.js"
import * as NodeFileSystem from "./NodeFileSystem.js"
import * as NodeWorkers from "./NodeWorkers.js"

/**
 * Provides what `Load.run` and `Workers.run` ask for.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Connector | FileSystem | Workers> = Layer.mergeAll(
  NodeConnector.layer,
  NodeFileSystem.layer,
  NodeWorkers.layer
)
