import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { worded } from '../../../../scripts/findings/finding.ts'
import { nextAtHand } from '../../../../scripts/sops/rotate/key/given.ts'
import { readKeyRing } from '../../../../scripts/sops/rotate/key/ring.ts'
import { recipientIn } from '../../../helpers/init.ts'
import { makeKey } from '../../../helpers/keys.ts'
import { thrown } from '../../../helpers/thrown.ts'
import { codesOf, withKeyPlace } from './place.ts'

const [key, other, third] = [makeKey(), makeKey(), makeKey()]
const old = key.recipient

test('--new-key FILE that is there: the one identity in it that is not the old one', () =>
  withKeyPlace(
    async ({ root, next, refusals, choose, write }) => {
      write('age.key', key.text)
      const file = write('new.key', key.text + other.text)
      const given = await next({ old, newKey: file })
      assert.equal([given.isNew, given.keeper, given.identity.recipient], [false, 'new.key', other.recipient])
      await given.keep()
      assert.equal(codesOf(given.notes()), ['next-in-other-file'])
      assert.match(worded(given.notes()[0]!).fix, '`mise run sops:rotate --new-key new.key`')
      // where the next run finds it by itself there is nothing to say
      const env = { SOPS_AGE_KEY_FILE: 'new.key' }
      assert.equal((await next({ old, newKey: file, env })).notes(), [])
      // another rotation may have begun with it
      const used = new Set([old, other.recipient])
      assert.is((await next({ old, newKey: file, used })).identity.recipient, other.recipient)
      const cases: [text: string, found: string][] = [
        [key.text, 'no identity'],
        [other.text + third.text, `several identities (${other.recipient}, ${third.recipient})`],
      ]
      for (const [text, found] of cases) {
        write('new.key', text)
        const [refusal] = await refusals({ old, newKey: file })
        assert.equal([refusal?.code, refusal?.file], ['new-key-unclear', 'new.key'])
        assert.match(worded(refusal!).message, `holds ${found} that can take the place of ${old}`)
      }
      write('new.key', other.text)
      assert.equal(codesOf(await refusals({ old, newKey: file, pq: true })), ['new-key-classic'])
      write('new.key', 'not a key\n')
      assert.match((await thrown(choose({ old, newKey: file }))).message, 'line 1 is no age identity')
      write('mine.txt', third.text)
      assert.equal(codesOf(await refusals({ old, newKey: join(root, 'mine.txt') })), ['key-not-ignored'])
    },
    { keyFiles: ['new.key', 'mine.txt'] },
  ))

test('--new-key FILE that is not there: it is made where git ignores it, or outside of any repository', () =>
  withKeyPlace(
    async ({ root, directory, git, next, refusals }) => {
      const inside = await next({ old, newKey: join(root, 'new.key') })
      assert.ok(inside.isNew)
      assert.throws(() => statSync(join(root, 'new.key')), 'ENOENT')
      const undo = await inside.keep()
      assert.is(recipientIn(join(root, 'new.key')), inside.identity.recipient)
      assert.is(statSync(join(root, 'new.key')).mode & 0o777, 0o600)
      assert.equal(codesOf(inside.notes()), ['next-in-other-file'])
      assert.is(git('status', '--porcelain'), '')
      undo()
      assert.throws(() => statSync(join(root, 'new.key')), 'ENOENT')
      const own = await next({ old, newKey: join(root, 'age.key') })
      await own.keep()
      assert.equal(own.notes(), [])
      const outside = await next({ old, newKey: join(directory, 'mine/keys.txt') })
      await outside.keep()
      assert.is(statSync(join(directory, 'mine/keys.txt')).mode & 0o777, 0o600)
      assert.match(readFileSync(join(directory, 'mine/keys.txt'), 'utf8'), `# replaces: ${old}\n`)
      const [open] = await refusals({ old, newKey: join(root, 'keys/new.txt') })
      assert.equal([open?.code, open?.file], ['new-key-not-ignored', 'keys/new.txt'])
      assert.match(worded(open!).fix, "'/keys/new.txt*'")
    },
    { keyFiles: ['new.key', '../mine/keys.txt'] },
  ))

test('the identity of a rotation that has begun: at hand, given, or asked for', () =>
  withKeyPlace(
    async ({ root, env, caller, write }) => {
      write('age.key', key.text + other.text)
      const { signal } = caller
      const ring = await readKeyRing({ keyFile: undefined, cwd: root, root, env, signal })
      const ask = (next: string, newKey?: string) =>
        nextAtHand(next, { ring, newKey, caller, repository: { root, env, signal } })
      const found = await ask(other.recipient)
      assert.ok('next' in found)
      assert.is(found.next.identity.secret, other.secret)
      assert.is(found.next.keeper, 'age.key')
      const missing = await ask(third.recipient)
      assert.equal('refusals' in missing && codesOf(missing.refusals), ['next-not-at-hand'])
      mkdirSync(join(root, 'keys'))
      const file = write('keys/new.key', third.text + makeKey().text)
      const given = await ask(third.recipient, file)
      assert.ok('next' in given)
      assert.is(given.next.identity.secret, third.secret)
      const differs = await ask(other.recipient, file)
      assert.equal('refusals' in differs && codesOf(differs.refusals), ['new-key-differs'])
      assert.match((await thrown(ask(third.recipient, join(root, 'x.key')))).message, 'there is no such file')
      writeFileSync(file, '')
    },
    { keyFiles: ['keys/new.key'] },
  ))

test.run()
