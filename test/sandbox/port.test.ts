import { createServer } from 'node:net'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withFreePort } from '../../scripts/sandbox/port.ts'

const listenOn = (port: number) =>
  new Promise<() => void>((done, fail) => {
    const server = createServer().once('error', fail)
    server.listen(port, '127.0.0.1', () => done(() => server.close()))
  })

test('a port that is free', async () => {
  const close = await withFreePort(listenOn)
  close()
})

test('another one where it was taken in the meantime', async () => {
  const ports: number[] = []
  const close = await withFreePort(async (port) => {
    ports.push(port)
    const taken = ports.length < 3 ? await listenOn(port) : undefined
    try {
      return await listenOn(port)
    } catch {
      throw new Error(`listen tcp 127.0.0.1:${port}: bind: address already in use`)
    } finally {
      taken?.()
    }
  })
  close()
  assert.is(ports.length, 3)
})

test('other errors, and always the same one, are passed on', async () => {
  const failing = async (message: string) => {
    let tries = 0
    const listen = async () => {
      tries++
      throw new Error(message)
    }
    const error = await withFreePort(listen).catch((error) => error)
    return [error.message, tries]
  }
  assert.equal(await failing('no'), ['no', 1])
  assert.equal(await failing('address already in use'), ['address already in use', 5])
})

test.run()
