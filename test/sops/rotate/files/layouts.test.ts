import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { rekeyFiles } from '../../../../scripts/sops/rotate/files/rekey.ts'
import { shareFiles } from '../../../../scripts/sops/rotate/files/share.ts'
import { takeOutRecipient } from '../../../../scripts/sops/rotate/files/take-out.ts'
import { makeKey } from '../../../helpers/keys.ts'
import { layoutsFor } from '../../../helpers/sops/layouts.ts'
import {
  afterwards,
  plaintextOf,
  refusedBySops,
  removedLines,
  shapeOf,
} from '../../../helpers/sops/rotating.ts'

const [old, next, friend, pq] = [makeKey(), makeKey(), makeKey(), makeKey('-pq')]
const repository = { root: process.cwd(), env: process.env }
const friends = layoutsFor([friend, old]).filter(({ title }) => !/^(several|values)/.test(title))
const layouts = [...layoutsFor([old]), ...friends.map((one) => ({ ...one, file: `friend-${one.file}` }))]

for (const [name, to] of Object.entries({ 'another key': next, 'a post-quantum key': pq })) {
  test(`a rotation to ${name} changes no more than it must, in every layout`, async () => {
    const some = to === pq ? layouts.slice(0, 45) : layouts
    const files = some.filter(({ title }) => !/flow style/.test(title) || to === next)
    assert.ok(files.length >= 40)
    assert.equal(await refusedBySops(files, [old]), [], 'sops decrypts what the test has laid out')

    const rotation = { old: old.recipient, next: to.recipient }
    const shared = await shareFiles(files, rotation, [old], repository)
    assert.equal(shared.troubles, [])
    assert.equal(
      shared.edits.map(({ file }) => file),
      files.map(({ file }) => file),
    )
    for (const { file, before, after } of shared.edits) {
      const isOneLine = /on-a-line|flow-style/.test(file)
      if (!isOneLine) assert.equal(removedLines(before, after), [], file)
    }
    const both = afterwards(shared)
    assert.equal(await refusedBySops(both, [to]), [])
    for (const [index, { file, text }] of files.entries()) {
      const plain = await plaintextOf({ file, text }, [old]).catch(() => 'only sops')
      assert.ok(plain, file)
      for (const key of [old, to])
        assert.equal(await plaintextOf(both[index]!, [key]).catch(() => 'only sops'), plain, file)
    }

    const back = await takeOutRecipient(both, to.recipient)
    assert.equal(
      afterwards(back),
      files.map(({ file, text }) => ({ file, text })),
    )

    const rekeyed = await rekeyFiles(both, { takeOut: old.recipient, identities: [to], repository })
    assert.equal(rekeyed.troubles, [])
    assert.equal(
      rekeyed.edits.filter(({ isRewritten }) => isRewritten).map(({ file }) => file),
      [],
    )
    const cut = await takeOutRecipient(both, old.recipient)
    for (const [index, { file, after }] of rekeyed.edits.entries())
      assert.is(shapeOf(after), shapeOf(cut.edits[index]!.after), file)
    const done = afterwards(rekeyed)
    assert.equal(await refusedBySops(done, [to]), [])
    for (const [index, { file, text }] of done.entries()) {
      assert.not(text.includes(old.recipient), file)
      assert.is(await plaintextOf({ file, text }, [old]).catch(() => undefined), undefined, file)
      const plain = await plaintextOf(both[index]!, [to]).catch(() => 'only sops')
      assert.equal(await plaintextOf({ file, text }, [to]).catch(() => 'only sops'), plain, file)
      const tokens = new Set(both[index]!.text.match(/ENC\[[^\]]*\]/g))
      assert.equal(
        text.match(/ENC\[[^\]]*\]/g)?.filter((token) => tokens.has(token)),
        [],
        file,
      )
    }
  })
}

test.run()
