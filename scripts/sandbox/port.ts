import { createServer } from 'node:net'

/**
 * Calls `listen` with a port of 127.0.0.1 that was free a moment ago, and again with another one where somebody else
 * took it in the meantime.
 * @returns what `listen` returned
 * @throws what `listen` threw; an error whose message holds `address already in use` means that the port was taken
 */
export async function withFreePort<T>(listen: (port: number) => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await listen(await freePort())
    } catch (error) {
      if (tries === 5 || !/address already in use/.test((error as Error).message)) throw error
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
}
