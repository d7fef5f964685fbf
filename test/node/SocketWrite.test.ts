import * as net from "node:net"
import { assert, describe, it } from "@effect/vitest"
import * as SocketWrite from "../../src/node/SocketWrite.js"

/** What a client reads that begins when all was written, and what waited in the server's stream then. */
const heard = async (write: (socket: net.Socket) => void) => {
  const server = net.createServer()
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  const port = typeof address === "object" && address !== null ? address.port : 0
  const accepted = new Promise<net.Socket>((resolve) => server.once("connection", resolve))
  const client = net.connect(port, "127.0.0.1").pause()
  const socket = await accepted
  write(socket)
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
    const { bytes, waited } = await heard((socket) => {
      SocketWrite.bytes(socket, Buffer.from("250 Ok\r\n"))
      SocketWrite.text(socket, "\u00e9\r\n")
    })
    assert.strictEqual(waited, 0)
    assert.strictEqual(bytes.toString("latin1"), "250 Ok\r\n\u00e9\r\n")
  })

  it("is left to the stream where the kernel takes a part or nothing, and what comes after waits behind it", async () => {
    const count = 400
    const { bytes, waited } = await heard((socket) => {
      for (let index = 0; index < count; index++) {
        const piece = Buffer.alloc(50_001, index % 251)
        if (index % 2 === 0) SocketWrite.bytes(socket, piece)
        else SocketWrite.text(socket, piece.toString("latin1"))
      }
    })
    assert.isAbove(waited, 0)
    assert.isTrue(bytes.equals(Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.alloc(50_001, i % 251)))))
  })

  it("to a socket that is closed is no exception", () => {
    const socket = new net.Socket().on("error", () => {})
    socket.destroy()
    SocketWrite.bytes(socket, Buffer.from("x"))
    SocketWrite.text(socket, "x")
  })
})
