import { createServer } from 'node:net'

/** Where a repository really comes from: it takes connections and answers nothing. */
export interface RealRemote {
  port: number
  /** What was sent to it first by each that has connected. */
  heard: string[]
}

/** Runs `use` with a port of 127.0.0.1 that records who comes. */
export async function withRealRemote<T>(use: (remote: RealRemote) => Promise<T>): Promise<T> {
  const heard: string[] = []
  const server = createServer((socket) => {
    const index = heard.push('') - 1
    socket.once('data', (chunk) => {
      heard[index] = `${chunk}`
      socket.destroy()
    })
    socket.on('error', () => {})
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  try {
    return await use({ port, heard })
  } finally {
    await new Promise((done) => server.close(done))
  }
}
