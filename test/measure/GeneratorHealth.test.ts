import { assert, describe, it } from "@effect/vitest"
import * as GeneratorHealth from "../../src/measure/GeneratorHealth.js"

describe("a generator", () => {
  it("that has time to spare, and is in time, is no bottleneck", () => {
    const healthy = { utilisation: 0.95, watched: 10_000, waited: 0, delayMean: 10 }
    assert.isFalse(GeneratorHealth.isBottleneck(healthy))
    assert.isTrue(GeneratorHealth.isBottleneck({ ...healthy, utilisation: 0.951 }))
    assert.isTrue(GeneratorHealth.isBottleneck({ ...healthy, waited: 10 }))
    assert.isTrue(GeneratorHealth.isBottleneck({ ...healthy, delayMean: 10.1 }))
    assert.isFalse(GeneratorHealth.isBottleneck({ utilisation: 0.95, delayMean: 0 }))
  })

  it("works, or waits for a processor, for no more than all of the time", () => {
    assert.strictEqual(GeneratorHealth.saturationOf({ utilisation: 0.5, waited: 250, watched: 1000 }), 0.75)
    assert.strictEqual(GeneratorHealth.saturationOf({ utilisation: 0.9, waited: 250, watched: 1000 }), 1)
    assert.strictEqual(GeneratorHealth.saturationOf({ utilisation: 0.5, waited: 250, watched: 0 }), 0.5)
    assert.strictEqual(GeneratorHealth.saturationOf({ utilisation: 0.5 }), 0.5)
  })

  it("is behind when more than one message in a hundred began late", () => {
    assert.isFalse(GeneratorHealth.isBehind(0, 0))
    assert.isFalse(GeneratorHealth.isBehind(0, 1000))
    assert.isFalse(GeneratorHealth.isBehind(10, 1000))
    assert.isTrue(GeneratorHealth.isBehind(11, 1000))
  })
})
