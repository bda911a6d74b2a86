import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { ownerId } from '../../scripts/lib/owner.ts'
import { makeOnce, type Workplace } from '../../scripts/sandbox/cache-directory.ts'

import { withDirectory } from '../helpers/files.ts'

const fillWith =
  (text: string) =>
  async ({ target, temporary }: Workplace) => {
    writeFileSync(join(temporary, 'scratch'), 'x')
    writeFileSync(join(target, 'file'), text)
  }

test('it is made once', () =>
  withDirectory(async (directory) => {
    const place = join(directory, 'a', 'b')
    await makeOnce(place, fillWith('first'))
    await makeOnce(place, fillWith('second'))
    assert.is(readFileSync(join(place, 'file'), 'utf8'), 'first')
    assert.equal(readdirSync(join(directory, 'a')), ['b'])
  }))

test('nothing stays of a failed one', () =>
  withDirectory(async (directory) => {
    const place = join(directory, 'place')
    const failure = new Error('no')
    const error = await makeOnce(place, async (workplace) => {
      await fillWith('half')(workplace)
      assert.not(existsSync(place))
      // by which a later run sees that this one is dead
      assert.match(basename(join(workplace.target, '..')), ownerId())
      throw failure
    }).catch((error) => error)
    assert.is(error, failure)
    assert.equal(readdirSync(directory), [])
  }))

test('two at once do not break each other', () =>
  withDirectory(async (directory) => {
    const place = join(directory, 'place')
    let arrived = 0
    const { promise: both, resolve } = Promise.withResolvers<void>()
    const fill = (text: string) => async (workplace: Workplace) => {
      await fillWith(text)(workplace)
      if (++arrived === 2) resolve()
      await both
    }
    await Promise.all([makeOnce(place, fill('one')), makeOnce(place, fill('two'))])
    assert.match(readFileSync(join(place, 'file'), 'utf8'), /^(one|two)$/)
    assert.equal(readdirSync(directory), ['place'])
  }))

test('the next one removes what a killed one left, but not what another one is at', () =>
  withDirectory(async (directory) => {
    const nobody = 2 ** 22 + 1
    const alive = `building-${ownerId()}-x`
    for (const name of [alive, `building-${ownerId(nobody)}-x`]) mkdirSync(join(directory, name))
    await makeOnce(join(directory, 'place'), fillWith('x'))
    assert.equal(readdirSync(directory).sort(), [alive, 'place'])
  }))

test.run()
