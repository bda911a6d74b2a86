import { once } from 'node:events'
import { connect } from 'node:net'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { withDirectory } from '../helpers/files.ts'
import { until } from '../helpers/processes.ts'
import { borrow, lend } from './lending.ts'

/** Runs `use` with a socket at which numbers are lent, from 1 on, and those that have ended so far. */
async function withLender(use: (socket: string, ended: readonly number[]) => Promise<void>): Promise<void> {
  await withDirectory(async (directory) => {
    const socket = join(directory, 'socket')
    const ended: number[] = []
    let made = 0
    const endAll = await lend(socket, async () => {
      const told = ++made
      return { told, end: async () => void ended.push(told) }
    })
    try {
      await use(socket, ended)
    } finally {
      await endAll()
    }
    assert.equal(
      ended.toSorted(),
      Array.from({ length: made }, (_, index) => index + 1),
    )
  })
}

const tell = async (number: number) => number

test('what is given back is lent again', () =>
  withLender(async (socket, ended) => {
    for (let times = 3; times > 0; times--) assert.is(await borrow(socket, tell), 1)
    assert.equal(ended, [])
  }))

test('two at once get one each', () =>
  withLender(async (socket) => {
    await borrow(socket, async (first) => {
      assert.is(first, 1)
      assert.is(await borrow(socket, tell), 2)
    })
  }))

test('nobody gets what a test that failed has left', () =>
  withLender(async (socket, ended) => {
    const failed = borrow(socket, async () => {
      throw new Error('it failed')
    })
    assert.is(await failed.catch((error) => error.message), 'it failed')
    await until('it is ended', () => ended.includes(1))
    assert.is(await borrow(socket, tell), 2)
  }))

test('nobody gets what a process that ended has left, even before it was told', () =>
  withLender(async (socket, ended) => {
    for (const wait of [true, false]) {
      const borrower = connect(socket)
      await once(borrower, wait ? 'data' : 'connect')
      borrower.destroy()
    }
    await until('both are ended', () => ended.length === 2)
    assert.is(await borrow(socket, tell), 3)
  }))

test('the borrower is told why there is none, and the next one may get one', () =>
  withDirectory(async (directory) => {
    const socket = join(directory, 'socket')
    let tries = 0
    const endAll = await lend(socket, async () => {
      if (++tries === 1) throw new Error('no disk')
      return { told: tries, end: async () => {} }
    })
    try {
      assert.match(await borrow(socket, tell).catch((error) => error.message), 'no disk')
      assert.is(await borrow(socket, tell), 2)
    } finally {
      await endAll()
    }
  }))

test.run()
