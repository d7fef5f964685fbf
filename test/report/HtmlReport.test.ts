import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Schema from "effect/Schema"
import { type Browser, chromium, type Page } from "playwright-core"
import * as Histogram from "../../src/measure/Histogram.js"
import * as Series from "../../src/measure/Series.js"
import { styleSheet } from "../../src/report/html/StyleSheet.js"
import * as HtmlReport from "../../src/report/HtmlReport.js"
import type { Moment } from "../../src/report/html/Timeline.js"
import * as RunReport from "../../src/report/RunReport.js"
import * as Counted from "../measure/Counted.js"
import { entryAt, reportOf, type Sample } from "./Reports.js"

const attack = "</script><script>alert(1)</script><img src=x onerror=alert(2)><!--<script>"

const steps = ["transaction", "mail", "rcpt", "final"] as const
const samples: ReadonlyArray<Sample> = Array.from({ length: 400 }, (_, index) => ({
  of: steps[index % 4]!,
  ending: index % 97 === 0 ? "rejected" : "accepted",
  elapsed: 1 + ((index * 7919) % 101) / 10,
  code: index % 97 === 0 ? 550 : 250
}))

/** A run in which all that came from the server means harm. */
const hostile: RunReport.RunReport = {
  ...reportOf(samples, { elapsed: 60_000 }),
  reason: attack,
  ended: "failed",
  plan: { target: attack, subject: attack },
  generator: { cpu: { user: 10, system: 5 }, utilisation: 0.99, delayMean: 9, delayP99: 20 },
  verdicts: [{ kind: "fail-if", expression: attack, failed: true, measured: attack }],
  replies: [{ step: "rcpt", code: 550, enhanced: "5.7.1", count: 7, first: 1, last: 2, example: attack }],
  errors: [
    { step: "data", kind: "ConnectionLost", detail: attack, local: false, count: 3, first: 1, last: 2, example: attack }
  ]
}

const moments: ReadonlyArray<Moment> = Array.from({ length: 60 }, (_, index) => ({
  at: (index + 1) * 1000,
  length: 1000,
  accepted: index === 30 ? 0 : 5 + (index % 4),
  rejected: index % 5 === 0 ? 1 : 0,
  failed: 0,
  abandoned: 0,
  unknown: 0,
  buckets:
    index === 30
      ? []
      : [
          [Histogram.indexOf(2e6), 4 + (index % 4)],
          [Histogram.indexOf(9e6), 1]
        ]
}))

const html = HtmlReport.render(hostile, moments)

const embedded = (text: string): unknown =>
  JSON.parse(/<script type="application\/json" id="report">(.*?)<\/script>/s.exec(text)?.[1] ?? "")

describe("the HTML report as text", () => {
  it("asks for nothing from outside, and has no program", () => {
    assert.notMatch(html, /\b(?:src|href)="(?!data:,")/)
    assert.notMatch(html, /https?:|@import|url\(/)
    assert.lengthOf(html.match(/<script/g) ?? [], 1)
    assert.include(html, "default-src 'none'")
  })

  it("writes what a server sent as text, everywhere", () => {
    assert.notInclude(html, attack)
    assert.notMatch(html, /<img|alert\(2\)>|<!--/)
    assert.include(html, "&#60;img src=x onerror=alert(2)&#62;")
  })

  it("holds the whole report, which comes back as it was", () => {
    assert.deepStrictEqual(Schema.decodeUnknownSync(RunReport.schema)(embedded(html)), hostile)
  })

  it("of an hour is a page that opens, with the sums and the maxima of every second", () => {
    const usual = Array.from({ length: 200 }, (_, place) => [(2000 + place * 8) | 7, 5] as const)
    const slowest = Histogram.indexOf(9e9)
    const intervals = Array.from({ length: 3600 }, (_, second) => {
      const buckets = second === 1234 ? [...usual, [slowest, 1] as const] : usual
      const accepted = second === 1234 ? 1001 : 1000
      return {
        ...entryAt(second + 1).interval,
        accepted,
        underWay: 3,
        open: second === 2345 ? 4321 : 5,
        ...Series.statistics(buckets)
      }
    })
    const report = { ...reportOf(samples, { elapsed: 3_600_000 }), series: { width: 1000, intervals } }
    assert.isAbove(JSON.stringify(report).length, 6_000_000)
    const page = HtmlReport.render(report)
    assert.isBelow(page.length, 2_000_000)
    const { series, ...others } = Schema.decodeUnknownSync(RunReport.schema)(embedded(page))
    const { series: _series, ...same } = report
    assert.deepStrictEqual(others, same)
    const held = series?.intervals ?? []
    assert.isAbove(held.length, 100)
    assert.strictEqual(
      held.reduce((sum, { accepted }) => sum + accepted, 0),
      3_600_001
    )
    assert.closeTo(Math.max(...held.map(({ max = 0 }) => max)), 9000, 10)
    assert.include(page, "--report json has each second")
    const drawn = [...page.matchAll(/<svg.*?<\/svg>/gs)].map(([svg]) => svg)
    assert.isAtLeast(drawn.filter((svg) => /max 9(\.00)? s/.test(svg)).length, 2)
    assert.isAtLeast(drawn.filter((svg) => svg.includes("4,321 open")).length, 2)
    for (const svg of drawn) assert.isBelow(svg.length, 100_000)
  })

  it("draws the connections that were open and the messages under way, where it knows of them", () => {
    const busy = moments.map((moment, index) => ({ ...moment, open: index === 20 ? 40 : 10, underWay: 5 }))
    const chart = /<svg[^>]*aria-labelledby="connections-wide-title.*?<\/svg>/s.exec(
      HtmlReport.render(hostile, busy)
    )?.[0]
    assert.include(chart, "Up to 40 connections were open.")
    assert.include(chart, "21 s: 40 open, 5 messages under way")
    const [, open = ""] = /<path class="curve c3" d="([^"]*)"/.exec(chart ?? "") ?? []
    const [, underWay = ""] = /<path class="curve c1 dashed" d="([^"]*)"/.exec(chart ?? "") ?? []
    // Upwards is less. The most of all is at the top, half of the usual at half its height.
    const heights = [open, underWay].map((path) => [...path.matchAll(/[ML][\d.]+ ([\d.]+)/g)].map(([, y]) => Number(y)))
    assert.deepStrictEqual(
      heights.map((each) => each.length),
      [60, 60]
    )
    assert.strictEqual(heights[0]?.indexOf(Math.min(...(heights[0] ?? []))), 20)
    assert.isBelow(heights[0]?.[5] ?? 0, heights[1]?.[5] ?? 0)
    assert.strictEqual(new Set(heights[1]).size, 1)
    assert.notInclude(HtmlReport.render(hostile, moments), "connections-wide")
  })

  it("says first that the generator was the bottleneck, where it was", () => {
    assert.isBelow(html.indexOf("The generator was the bottleneck"), html.indexOf("<h1>"))
    assert.notInclude(HtmlReport.render(reportOf(samples)), "was the bottleneck")
  })

  it("tells of an open run what it was to do, and whether it did", () => {
    const open = { ...reportOf(samples), arrivals: Counted.arrivals({ late: 1234, dropped: 56, behind: 78 }) }
    const text = HtmlReport.render({
      ...open,
      plan: { ...open.plan, rate: "500/s", warmUp: "10s" },
      measured: { accepted: 1, active: [] }
    })
    for (const words of [
      "<h2>Arrivals</h2>",
      "500/s",
      "1,234 messages that waited for a session when they were due",
      "78 messages that began over 10 ms late with a session free, because the generator was behind",
      "56 messages that waited for too long",
      "the first 10s",
      "Nothing was measured: the run was over before its warm-up of 10s.",
      "transaction: from when the message was due"
    ]) {
      assert.include(text, words)
    }
    assert.notInclude(HtmlReport.render(reportOf(samples)), "<h2>Arrivals")
  })

  it("tells of refusals, too, among what went wrong, most often first, and of an abort as such", () => {
    const page = HtmlReport.render({ ...hostile, ended: "stopped", reason: "rejected is 6 %" })
    const wrong = /<h2>What went wrong<\/h2>.*?<\/section>/s.exec(page)?.[0] ?? ""
    assert.include(wrong, "550 5.7.1")
    assert.isBelow(wrong.indexOf("550 5.7.1"), wrong.indexOf("connection lost"))
    assert.match(page, /<p class="soft">Aborted after /)
    const { reason: _reason, ...stopped } = hostile
    assert.match(HtmlReport.render({ ...stopped, ended: "stopped" }), /<p class="soft">Stopped on request after /)
  })

  it("has the rate that was intended as a line, a row for each stage, and what repeats the run", () => {
    const { afterwards: _afterwards, ...report } = reportOf(samples)
    const stage = { to: 30_000, runs: 1, accepted: 100, late: 7, buckets: [] } as const
    const stages = [
      { ...stage, from: 0, rate: [5, 5], due: 150, started: 150, accepted: 150 },
      { ...stage, from: 30_000, to: 60_000, rate: [5, 15], due: 300, started: 200 }
    ] as const
    const plan = { ...report.plan, stages: "30s:5/s, 30s:5/s..15/s", keepGoing: true }
    const page = HtmlReport.render({ ...report, plan, stages, arrivals: Counted.arrivals({ late: 7 }) }, moments)
    const throughput = /<svg[^>]*aria-labelledby="throughput-wide-title.*?<\/svg>/s.exec(page)?.[0] ?? ""
    assert.include(throughput, ">intended</text>")
    assert.include(page, '<td class="number">10/s</td><td class="number failed">6.67/s</td>')
    assert.include(page, "smtp-source --keep-going --stages=&#39;30s:5/s, 30s:5/s..15/s&#39; mail.example")
  })

  it("draws each value from where the one before ends to where its own share does", () => {
    const [transaction] = reportOf(samples).durations
    const buckets = [
      [Histogram.indexOf(2e6), 60],
      [Histogram.indexOf(9e6), 40]
    ] as const
    const page = HtmlReport.render({ ...reportOf(samples), durations: [{ ...transaction!, count: 100, buckets }] })
    const chart = /<svg[^>]*aria-labelledby="percentiles-wide-title.*?<\/svg>/s.exec(page)?.[0] ?? ""
    const [, curve = ""] = /<path class="curve[^>]* d="M([^"]*)"/.exec(chart) ?? []
    const points = curve.split(/h0L|L/).map((point) => point.split(" ").map(Number))
    // The axis is logarithmic in what is left: 60 % lie at 40 % of the way to 90 %, which is half of the way to 99 %.
    const [from, at, to] = [62, 62 + 373.4 * Math.log10(1 / 0.4), 808.8]
    for (const [place, x] of [from, at, at, to].entries()) assert.closeTo(points[place]?.[0] ?? 0, x, 0.1)
    const heights = points.map(([, y]) => y)
    assert.deepStrictEqual([heights[0], heights[2]], [heights[1], heights[3]])
  })

  it("draws the transaction and the three steps that took most of the time, and no more", () => {
    const [transaction] = reportOf(samples).durations
    const durations = ["transaction", "mail", "rcpt", "data", "final", "content"].map((of, index) => ({
      ...transaction!,
      of,
      mean: of === "transaction" ? 100 : index
    }))
    const page = HtmlReport.render({ ...reportOf(samples), durations })
    const chart = /<svg[^>]*aria-labelledby="percentiles-wide-title.*?<\/svg>/s.exec(page)?.[0] ?? ""
    const names = [...chart.matchAll(/class="name [^>]*>([a-z]+)</g)].map(([, name]) => name)
    assert.sameMembers(names, ["transaction", "content", "final", "data"])
  })

  it("has charts over time whose axes are of one length, and no column for a scrap of a second", () => {
    const page = HtmlReport.render(reportOf(samples), [
      ...moments,
      { ...moments[0]!, at: 60_010, length: 10, accepted: 9 }
    ])
    const [throughput = "", latency = ""] = ["throughput", "latency"].map(
      (id) => new RegExp(`<svg[^>]*aria-labelledby="${id}-wide-title.*?</svg>`, "s").exec(page)?.[0] ?? ""
    )

    const end = (svg: string) => /class="base" d="[^"]*H([^"]*)"/.exec(svg)?.[1]
    assert.isString(end(throughput))
    assert.strictEqual(end(throughput), end(latency))
    assert.notInclude(throughput, "900 accepted")
    assert.include(throughput, "59 s to 1:00 min")
    assert.include(page, "from MAIL to the reply")
    const open = { ...reportOf(samples), arrivals: Counted.arrivals({}) }
    assert.include(HtmlReport.render(open, moments), "from when due to the reply")
  })

  it("tells what became of connections, and that messages have no limit where they have none", () => {
    const connections = Counted.connections({
      opened: 289,
      failed: 3,
      unpipelined: 12,
      closedByUs: 1,
      closedByServer: 288
    })
    const text = HtmlReport.render({ ...reportOf(samples), connections, plan: { messages: 2_147_483_647 } })
    assert.include(
      text,
      "289 opened, 3 failed, 12 without PIPELINING, which was asked for, 1 closed by us, 288 closed by the server"
    )
    assert.include(text, "no limit")
    assert.notInclude(text.slice(0, text.indexOf("<script")), "2147483647")
  })

  it("is whole where nothing happened", () => {
    const text = HtmlReport.render(reportOf([], { elapsed: 0 }))
    assert.notMatch(text, /NaN|Infinity|undefined/)
    assert.notMatch(text, /<svg/)
  })

  it("has no figure that is none, in charts of any run", () => {
    for (const elapsed of [0, 1e-6, 1, 3_600_000]) {
      const one = { of: "transaction", ending: "accepted", elapsed, code: 250 } as const
      assert.notMatch(HtmlReport.render(reportOf([one]), moments.slice(29, 32)), /NaN|Infinity|undefined/)
    }
  })
})

/** The contrast of two colours (WCAG 2.2). */
const contrast = (one: string, other: string): number => {
  const [light, dark] = [one, other].map(luminance).sort((a, b) => b - a) as [number, number]
  return (light + 0.05) / (dark + 0.05)
}

const luminance = (colour: string): number => {
  const long = colour.length === 4 ? colour.replace(/[^#]/g, "$&$&") : colour
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const part = Number.parseInt(long.slice(at, at + 2), 16) / 255
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue
}

describe("the colours of the HTML report", () => {
  const themes = [...styleSheet.matchAll(/:root\{(--[^}]*)\}/g)].map(
    ([, theme = ""]) =>
      new Map([...theme.matchAll(/--([\w-]+):(#\w+)/g)].map(([, name, colour]) => [name, colour ?? ""]))
  )
  it("have the contrast that text and charts need, on light and dark paper", () => {
    assert.lengthOf(themes, 2)
    for (const theme of themes) {
      const paper = theme.get("paper") ?? ""
      for (const name of ["ink", "soft", "good", "bad", "c1", "c2", "c3", "c4", "c5", "c6"]) {
        assert.isAtLeast(contrast(theme.get(name) ?? "", paper), 4.5, `${name} on ${paper}`)
      }
      for (const name of ["accepted", "rejected", "failed", "unknown"]) {
        assert.isAtLeast(contrast(theme.get(name) ?? "", paper), 3, `${name} on ${paper}`)
      }
    }
  })
})

/** An element, of which no types are loaded here. */
interface Box {
  readonly getBoundingClientRect: () => { readonly height: number; readonly right: number }
  readonly getBBox: () => { readonly width: number }
}

const executablePath = "/usr/bin/chromium"

describe.skipIf(!existsSync(executablePath))("the HTML report in Chromium (skipped where it is not installed)", () => {
  const place = mkdtempSync(join(tmpdir(), "smtp-source-html-"))
  const file = join(place, "report.html")
  let browser: Browser
  beforeAll(async () => {
    writeFileSync(file, html)
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox"] })
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(place, { recursive: true, force: true })
  })

  const open = async (options: { readonly width: number; readonly colorScheme?: "light" | "dark" }) => {
    const page = await browser.newPage({
      viewport: { width: options.width, height: 900 },
      colorScheme: options.colorScheme ?? "light"
    })
    const heard: Array<string> = []
    page.on("console", (message) => heard.push(message.text()))
    page.on("pageerror", (error) => heard.push(error.message))
    page.on("dialog", (dialog) => {
      heard.push(`dialog: ${dialog.message()}`)
      void dialog.dismiss()
    })
    page.on("request", (request) => {
      if (request.url() !== pathToFileURL(file).href) heard.push(`request: ${request.url()}`)
    })
    await page.goto(pathToFileURL(file).href)
    return { page, heard }
  }

  /** The share of the pixels of the element that are coloured, which neither paper nor letters are. */
  const ink = async (page: Page, selector: string): Promise<number> => {
    const png = await page.locator(selector).first().screenshot()
    // Decoded by the browser itself, in a page without the policy.
    const canvas = await browser.newPage()
    const share = await canvas.evaluate<number>(`(async () => {
      const image = new Image()
      image.src = "data:image/png;base64,${png.toString("base64")}"
      await image.decode()
      const context = new OffscreenCanvas(image.width, image.height).getContext("2d")
      context.drawImage(image, 0, 0)
      const { data } = context.getImageData(0, 0, image.width, image.height)
      let coloured = 0
      for (let at = 0; at < data.length; at += 4) {
        const colours = [data[at], data[at + 1], data[at + 2]]
        if (Math.max(...colours) - Math.min(...colours) > 60) coloured++
      }
      return coloured / (data.length / 4)
    })()`)
    await canvas.close()
    return share
  }

  it("has nothing to say on the console, asks for nothing, and runs nothing that a server sent", async () => {
    const { heard, page } = await open({ width: 1100 })
    assert.deepStrictEqual(heard, [])
    assert.strictEqual(await page.locator("img").count(), 0)
    assert.include((await page.locator("main").textContent()) ?? "", attack)
    await page.close()
  })

  it("has charts with ink in their curves and columns, and the words around them", async () => {
    const { page } = await open({ width: 1100 })
    for (const id of ["throughput", "latency", "percentiles"]) {
      assert.isAbove(await ink(page, `svg:has(> #${id}-wide-title)`), 0.002, id)
    }
    const boxes = await page
      .locator(".wide .curve, .wide [class^=area-]")
      .evaluateAll((paths) => paths.map((path) => (path as unknown as Box).getBBox().width))
    assert.isAtLeast(boxes.length, 8)
    // Of the columns of what never happened nothing is drawn; all else spans the chart.
    for (const width of boxes) assert.isAbove(width, 300)
    const text = (await page.locator("body").textContent()) ?? ""
    for (const word of ["Over time", "Latency by step", "550 5.7.1", "connection lost", "The plan", "bottleneck"]) {
      assert.include(text, word)
    }
    await page.close()
  })

  it("is light on light screens, dark on dark ones, and light on paper", async () => {
    const paper = (page: Page) => page.evaluate<string>("getComputedStyle(document.documentElement).backgroundColor")
    const light = await open({ width: 1100, colorScheme: "light" })
    const dark = await open({ width: 1100, colorScheme: "dark" })
    assert.strictEqual(await paper(light.page), "rgb(255, 255, 255)")
    assert.notStrictEqual(await paper(dark.page), await paper(light.page))
    await dark.page.emulateMedia({ media: "print" })
    assert.strictEqual(await paper(dark.page), "rgb(255, 255, 255)")
    await light.page.close()
    await dark.page.close()
  })

  it("does not scroll sideways at 400 pixels, and keeps the letters of its charts readable", async () => {
    const { page } = await open({ width: 400 })
    assert.strictEqual(await page.evaluate("document.documentElement.scrollWidth"), 400)
    const heights = await page
      .locator(".narrow .tick")
      .evaluateAll((texts) => texts.map((text) => (text as unknown as Box).getBoundingClientRect().height))
    assert.isAtLeast(Math.min(...heights), 11)
    const outside = await page
      .locator(".narrow svg text")
      .evaluateAll(
        (texts) => texts.filter((text) => (text as unknown as Box).getBoundingClientRect().right > 400).length
      )
    assert.strictEqual(outside, 0)
    await page.close()
  })
})
