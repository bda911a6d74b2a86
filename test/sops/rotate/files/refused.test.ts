import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { CommandError } from '../../../../scripts/lib/errors.ts'
import { rekeyFiles } from '../../../../scripts/sops/rotate/files/rekey.ts'
import { shareFiles } from '../../../../scripts/sops/rotate/files/share.ts'
import { takeOutRecipient } from '../../../../scripts/sops/rotate/files/take-out.ts'
import type { FileEdits } from '../../../../scripts/sops/rotate/rotation.ts'
import { withDirectory } from '../../../helpers/files.ts'
import { encryptAs, encryptSecret, encryptText, makeKey } from '../../../helpers/keys.ts'
import { afterwards, refusedBySops } from '../../../helpers/sops/rotating.ts'
import { thrown } from '../../../helpers/thrown.ts'
import { traceCalls } from '../../../helpers/trace.ts'

const [old, next, friend] = [makeKey(), makeKey(), makeKey()]
const rotation = { old: old.recipient, next: next.recipient }
const repository = { root: process.cwd(), env: process.env }
const text = encryptSecret(`${old.recipient},${friend.recipient}`)
const rekey = (files: { file: string; text: string }[], takeOut: string | undefined = old.recipient) =>
  rekeyFiles(files, { takeOut, identities: [next], repository })
const share = (files: { file: string; text: string }[]) => shareFiles(files, rotation, [old], repository)
const seen = ({ edits, troubles }: FileEdits) => ({
  edited: edits.map(({ file }) => file),
  troubles: troubles.map(({ file, status, finding }) => [file, status, finding.code]),
})

test('what cannot be opened, read or edited is named, and nothing else is held up by it', async () => {
  const damaged = text.replace(/^( {12})YWdl.{8}/m, '$1AAAAAAAAAAAA')
  const nested = Buffer.from(encryptSecret(old.recipient)).toString('base64')
  const files = [
    { file: 'good.yaml', text },
    { file: 'friends.yaml', text: encryptSecret(friend.recipient) },
    { file: 'unopenable.yaml', text },
    { file: 'damaged.yaml', text: damaged },
    {
      file: 'alias.yaml',
      text: text
        .replace(/^ {4}age:/m, '    other: &a []\n    age:')
        .replace(/recipient: (age.*)/, 'recipient: &r $1'),
    },
    {
      file: 'stanzas-behind-an-alias.yaml',
      text: `x: &keys\n${text.slice(text.indexOf('        - enc'), text.indexOf('    encrypted_regex'))}${text.replace(/ {4}age:\n(?: {8}.*\n)+/, '    age: *keys\n')}`,
    },
    { file: 'no-yaml.yaml', text: `${text}  - [\n` },
    { file: 'nested.yaml', text: `kind: Secret\ndata:\n  values.yaml: ${nested}\n` },
    { file: 'no-sops.yaml', text: 'kind: Secret\n' },
    { file: 'quoted.md', text: `see ENC[AES256_GCM,data:… and ${old.recipient}\n` },
  ]
  const [mine, theirs] = [
    files.filter(({ file }) => file !== 'unopenable.yaml'),
    files.filter(({ file }) => file === 'unopenable.yaml'),
  ]
  assert.equal(seen(await share(mine)), {
    edited: ['good.yaml', 'alias.yaml'],
    troubles: [
      ['no-yaml.yaml', 'not-editable', 'rotate-not-editable'],
      ['nested.yaml', 'not-editable', 'rotate-in-value'],
      ['damaged.yaml', 'unopenable', 'rotate-stanza-damaged'],
      ['stanzas-behind-an-alias.yaml', 'not-editable', 'rotate-not-editable'],
    ],
  })
  const closed = await shareFiles(theirs, rotation, [next], repository)
  assert.equal(seen(closed), {
    edited: [],
    troubles: [['unopenable.yaml', 'unopenable', 'rotate-not-opened']],
  })
  assert.is(closed.troubles[0]?.finding.facts.recipients, `${old.recipient}, ${friend.recipient}`)
  assert.equal(seen(await shareFiles(theirs, rotation, [friend], repository)).edited, ['unopenable.yaml'])
  assert.equal(seen(await share(afterwards(await share(mine.slice(0, 1))))), { edited: [], troubles: [] })
})

test('no stanza is called damaged because sops was killed before it came to it', async () => {
  await withDirectory(async (directory) => {
    const killed = `PATH='${process.env.PATH}'; sops --config rules.yaml updatekeys -y 0.json; kill -9 $$`
    const { env } = traceCalls(directory, { PATH: process.env.PATH }, ['sops'], { sops: killed })
    const files = ['first.yaml', 'second.yaml'].map((file) => ({ file, text: encryptSecret(old.recipient) }))
    const error = await shareFiles(files, rotation, [old], { root: directory, env }).catch((error) => error)
    assert.instance(error, CommandError)
    assert.is(error.code, 137)
  })
})

test('a file that was changed, or that the new identity does not open, gets no new data key', async () => {
  const [shared = { file: '', text: '' }] = afterwards(await share([{ file: 'x.yaml', text }]))
  const as = (file: string, change: (text: string) => string) => ({ file, text: change(shared.text) })
  const other = afterwards(await share([{ file: 'x.yaml', text: encryptSecret(old.recipient) }]))[0]!.text
  const files = [
    as('mac.yaml', (is) => is.replace('name: x', 'name: y')),
    as('value.yaml', (is) => is.replace('message: ENC[AES256_GCM,data:', '$&AAAA')),
    as('no-mac.yaml', (is) => is.replace(/^ +mac: .*\n/m, '')),
    { file: 'not-shared.yaml', text },
    { file: 'lone.yaml', text: encryptSecret(old.recipient) },
    { file: 'put-together.yaml', text: `${shared.text}---\n${other}` },
    { file: 'late.yaml', text: `kind: ConfigMap\n---\n${shared.text}` },
    { file: 'good.yaml', text: shared.text },
    { file: 'no-sops.yaml', text: 'kind: Secret\n' },
  ]
  const found = await rekey(files)
  assert.equal(seen(found), {
    edited: ['good.yaml'],
    troubles: [
      ['mac.yaml', 'mac-broken', 'mac-mismatch'],
      ['value.yaml', 'mac-broken', 'sops-refuses'],
      ['no-mac.yaml', 'mac-broken', 'mac-missing'],
      ['not-shared.yaml', 'unopenable', 'rotate-not-opened'],
      ['lone.yaml', 'unopenable', 'rotate-last-recipient'],
      ['put-together.yaml', 'not-editable', 'different-data-keys'],
      ['late.yaml', 'not-editable', 'first-document-plain'],
    ],
  })
  assert.not(JSON.stringify(found.troubles).match(/[0-9A-F]{64}/), 'the hash of the values is in no finding')
  assert.equal(
    seen(await takeOutRecipient([{ file: 'lone.yaml', text: encryptSecret(old.recipient) }], old.recipient)),
    {
      edited: [],
      troubles: [['lone.yaml', 'unopenable', 'rotate-last-recipient']],
    },
  )
})

test('of a recipient that is listed twice nothing is left', async () => {
  const twice = await withDirectory(async (directory) => {
    const path = join(directory, 'x.yaml')
    writeFileSync(path, encryptSecret(`${old.recipient},${next.recipient}`))
    const env = { PATH: process.env.PATH, HOME: directory, SOPS_AGE_KEY: old.secret }
    return execFileSync('sops', ['rotate', '--add-age', old.recipient, path], { env, encoding: 'utf8' })
  })
  const from = encryptAs(
    'x.json',
    '{"a":"b"}',
    '--age',
    [old, old, next, old].map(({ recipient }) => recipient).join(),
  )
  const files = [
    { file: 'by-rotate.yaml', text: twice },
    { file: 'x.json', text: from },
    {
      file: 'x.env',
      text: encryptAs('x.env', 'A=1\n', '--age', [old, next, old].map(({ recipient }) => recipient).join()),
    },
  ]
  assert.is(twice.split(old.recipient).length, 3)
  for (const { edits, troubles } of [await rekey(files), await takeOutRecipient(files, old.recipient)]) {
    assert.equal(troubles, [])
    assert.is(edits.length, 3)
    for (const { after } of edits) assert.not(after.includes(old.recipient))
    assert.equal(await refusedBySops(afterwards({ edits, troubles }), [next]), [])
    assert.equal(
      await refusedBySops(afterwards({ edits, troubles }), [old]),
      files.map(({ file }) => file),
    )
  }
})

test('where the output of sops is not laid out alike it is taken as it is, and said so', async () => {
  const manifest =
    'kind: Secret\nmetadata:\n  name: x\n  labels:\n    a: one\n    b: one\nstringData:\n  c: two\n'
  const plain = encryptText(`${old.recipient},${next.recipient}`, manifest)
  const files = [
    // sops writes an alias out
    { file: 'alias.yaml', text: plain.replace('a: one', 'a: &one one').replace('b: one', 'b: *one') },
    // it encrypts a comment that was added in the clear
    { file: 'comment.yaml', text: plain.replace(/^( +)c:/m, '$1# new\n$1c:') },
  ]
  const { edits, troubles } = await rekey(files)
  assert.equal(troubles, [])
  assert.equal(
    edits.map(({ isRewritten }) => isRewritten),
    [true, true],
  )
  assert.not(edits[1]?.after.includes('# new'))
  assert.equal(await refusedBySops(afterwards({ edits, troubles }), [next]), [])
  assert.equal(
    await refusedBySops(afterwards({ edits, troubles }), [old]),
    files.map(({ file }) => file),
  )
})

/** Runs `use` with a repository for which these lines come before the real sops. */
const before = (lines: string, use: (place: typeof repository) => Promise<void>) =>
  withDirectory(async (directory) => {
    const real = execFileSync('sh', ['-c', 'command -v sops'], { encoding: 'utf8' }).trim()
    writeFileSync(join(directory, 'sops'), `#!/bin/sh\n${lines}\nexec ${real} "$@"\n`, { mode: 0o755 })
    await use({ ...repository, env: { ...process.env, PATH: `${directory}:${process.env.PATH}` } })
  })

const files = [{ file: 'a.yaml', text: encryptSecret(next.recipient) }]
const given = { takeOut: undefined, identities: [next] }

test('a sops that was killed is not said to have refused the file without a reason', () =>
  before('kill -9 $$', async (place) => {
    const { edits, troubles } = await rekeyFiles(files, { ...given, repository: place })
    assert.equal(edits, [])
    assert.is(troubles[0]?.finding.facts.why, 'it was ended before it was done')
  }))

test('where nobody serves identities any more no file is said to be damaged', () => {
  const lines = `for one in /proc/[0-9]*; do
  case $(tr '\\0' ' ' 2>/dev/null <"$one/cmdline") in *"sh $SOPS_AGE_KEY_FILE"*) ;; *) continue ;; esac
  [ "$(cut -d' ' -f5 "$one/stat")" != "\${one#/proc/}" ] || kill "\${one#/proc/}"
done 2>/dev/null`
  return before(lines, async (place) => {
    const error = await thrown(rekeyFiles(files, { ...given, repository: place }))
    assert.match(`${error}`, 'what hands the identities to sops was ended from outside')
  })
})

test.run()
