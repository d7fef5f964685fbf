/**
 * Checksums by zlib.
 *
 * @since 0.1.0
 */
import * as zlib from "node:zlib"
import * as Layer from "effect/Layer"
import { Checksum, type Crc32, crc32 as ours } from "../smtp/Checksum.js"

/**
 * The checksum of zlib, where this Node has it.
 *
 * @since 0.1.0
 * @category checksums
 */
export const crc32: Crc32 = (zlib as { readonly crc32?: Crc32 }).crc32 ?? ours

/**
 * Provides it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<never> = Layer.succeed(Checksum, crc32)
