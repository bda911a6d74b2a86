import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** Stands between a server and those who use it, to cut them off. */
export interface ServerProxy {
  /** `http://127.0.0.1:PORT`, or `https` where the server has that */
  url: string
  /** Connections stay, and nothing goes through. @returns ends that */
  hang(): () => void
  /** Connections are cut, and new ones refused. @returns ends that */
  refuse(): Promise<() => Promise<void>>
  close(): Promise<void>
}

/** @param target the URL of the server */
export async function startServerProxy(target: string): Promise<ServerProxy> {
  const { protocol, hostname, port } = new URL(target)
  const sockets = new Set<Socket>()
  let hangs = false
  const server = createServer((near) => {
    const far = connect(Number(port), hostname)
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from)
      from.on('data', (bytes) => to.write(bytes))
      from.on('error', () => {})
      from.on('close', () => {
        sockets.delete(from)
        to.end()
      })
      if (hangs) from.pause()
    }
  })
  const listen = async (at: number) => void (await once(server.listen(at, '127.0.0.1'), 'listening'))
  const cut = async () => {
    server.close()
    for (const socket of sockets) socket.destroy()
    if (server.listening) await once(server, 'close')
  }
  await listen(0)
  const own = (server.address() as AddressInfo).port
  return {
    url: `${protocol}//127.0.0.1:${own}`,
    hang() {
      hangs = true
      for (const socket of sockets) socket.pause()
      return () => {
        hangs = false
        for (const socket of sockets) socket.resume()
      }
    },
    async refuse() {
      await cut()
      return () => listen(own)
    },
    close: cut,
  }
}
