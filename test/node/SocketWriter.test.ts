import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { SocketWriter } from "../../src/node/SocketWriter.js"

/** What a client reads that begins when all was written, and what waited in the server's stream then. */
const heard = async (write: (writer: SocketWriter) => void) => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const accepted = new Promise<net.Socket>((resolve) => server.once("connection", resolve))
  const client = net.connect(port, "127.0.0.1").pause()
  const socket = await accepted
  write(new SocketWriter(socket))
  const waited = socket.writableLength
  socket.end()
  const pieces: Array<Buffer> = []
  client.on("data", (piece) => pieces.push(piece)).resume()
  await new Promise((resolve) => client.on("end", resolve))
  await new Promise((resolve) => server.close(resolve))
  return { bytes: Buffer.concat(pieces), waited }
}

describe("a write past the stream", () => {
  it("goes out at once, and nothing waits", async () => {
    const { bytes, waited } = await heard((writer) => {
      writer.bytes(Buffer.from("250 Ok\r\n"))
      writer.text("\u00e9\r\n")
    })
    assert.strictEqual(waited, 0)
    assert.strictEqual(bytes.toString("latin1"), "250 Ok\r\n\u00e9\r\n")
  })

  it("is left to the stream where the kernel takes a part or nothing, and what comes after waits behind it", async () => {
    const count = 400
    const { bytes, waited } = await heard((writer) => {
      for (let index = 0; index < count; index++) {
        const piece = Buffer.alloc(50_001, index % 251)
        if (index % 2 === 0) writer.bytes(piece)
        else writer.text(piece.toString("latin1"))
      }
    })
    assert.isAbove(waited, 0)
    assert.isTrue(bytes.equals(Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.alloc(50_001, i % 251)))))
  })

  it("to a socket that has closed since goes nowhere, whoever has its descriptor by then", async () => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), "writer-"))
    const server = net.createServer((socket) => socket.destroy())
    await new Promise<void>((resolve) => server.listen(path.join(folder, "socket"), resolve))
    const socket = net.connect(path.join(folder, "socket")).on("error", () => {})
    await new Promise((resolve) => socket.once("connect", resolve))
    const writer = new SocketWriter(socket)
    await new Promise((resolve) => socket.destroy().once("close", resolve))
    await new Promise((resolve) => server.close(resolve))
    const files = Array.from({ length: 100 }, (_, index) => path.join(folder, String(index)))
    const descriptors = files.map((file) => fs.openSync(file, "w"))
    writer.bytes(Buffer.from("x"))
    writer.text("x")
    for (const descriptor of descriptors) fs.closeSync(descriptor)
    assert.isTrue(files.every((file) => fs.statSync(file).size === 0))
    fs.rmSync(folder, { recursive: true })
  })

  it("to a socket that is closed is no exception", () => {
    const socket = new net.Socket().on("error", () => {})
    socket.destroy()
    const writer = new SocketWriter(socket)
    writer.bytes(Buffer.from("x"))
    writer.text("x")
  })
})
