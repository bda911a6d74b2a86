import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { renderIdentities } from '../../../../scripts/lib/sops/age.ts'
import { parseDocuments } from '../../../../scripts/lib/yaml/documents.ts'
import { textAt } from '../../../../scripts/lib/yaml/values.ts'
import { shareFiles } from '../../../../scripts/sops/rotate/files/share.ts'
import { findGitKeySecrets } from '../../../../scripts/sops/rotate/git-secret/find-git-keys.ts'
import {
  readGitIdentities,
  setGitIdentities,
} from '../../../../scripts/sops/rotate/git-secret/git-identities.ts'
import { withDirectory, writeFiles } from '../../../helpers/files.ts'
import { encryptAs, type Key, makeKey } from '../../../helpers/keys.ts'
import { assertNoLeak } from '../../../helpers/leak.ts'
import { removedLines } from '../../../helpers/sops/rotating.ts'
import { traceCalls } from '../../../helpers/trace.ts'

const [old, next, friend, quantum] = [makeKey(), makeKey(), makeKey(), makeKey('-pq')]
const wanted = [{ namespace: 'flux-system', name: 'sops-age' }]

const head = 'apiVersion: v1\nkind: Secret\nmetadata:\n  name: sops-age\n'
const config = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: x\ndata:\n  a: one\n'
const other =
  'apiVersion: v1\nkind: Secret\nmetadata:\n  name: other\nstringData:\n  age.agekey: of-another\n'
const base64 = (text: string) => Buffer.from(text).toString('base64')

/** A file, the key that it is encrypted to, and where its value is. */
interface Case {
  file: string
  text: string
  key?: Key
  at: [document: number, field: 'data' | 'stringData', dataKey: string]
}

const encrypt = (file: string, input: string, key = old) =>
  encryptAs(file, input, '--age', key.recipient, '--encrypted-regex', '^(data|stringData)$')

function encryptMacOnly(input: string): string {
  const directory = mkdtempSync(join(tmpdir(), 'flux-sops-test-'))
  const rule = { age: old.recipient, mac_only_encrypted: true, encrypted_regex: '^(data|stringData)$' }
  writeFiles(directory, { '.sops.yaml': JSON.stringify({ creation_rules: [rule] }), 'x.yaml': input })
  const encrypted = execFileSync('sops', ['encrypt', 'x.yaml'], { cwd: directory, encoding: 'utf8' })
  rmSync(directory, { recursive: true })
  return encrypted
}

const ofYaml = (lines: string) => encrypt('x.yaml', head + lines)
const byHand = (text: string) =>
  `# ours\n---\n${text
    .replace(/^( *)(age\.agekey): (ENC.*)$/m, "$1# the key\n$1'$2':   '$3' # kept")
    .replace(/^ {4}(?=name:)/m, '      ')
    .replace('lastmodified: "', "lastmodified: '")
    .replace(/^( {4}lastmodified: '[^"]*)"$/m, "$1'")}`

const cases: Record<string, Case> = {
  text: {
    file: 'a/text.sops.yaml',
    text: ofYaml(`  namespace: flux-system\nstringData:\n  age.agekey: |\n    ${old.secret}\n`),
    at: [0, 'stringData', 'age.agekey'],
  },
  base64: {
    file: 'base64.yaml',
    text: ofYaml(`data:\n  # a comment\n  sops.agekey: ${base64(old.text)}\n  other: eA==\n`),
    at: [0, 'data', 'sops.agekey'],
  },
  'laid out by hand': {
    file: 'hand.yaml',
    text: byHand(ofYaml(`stringData:\n  age.agekey: ${old.secret}\n`)),
    at: [0, 'stringData', 'age.agekey'],
  },
  'a later document': {
    file: 'later.yaml',
    text: encrypt('x.yaml', `${config}---\n${other}---\n${head}stringData:\n  age.agekey: ${old.secret}\n`),
    at: [2, 'stringData', 'age.agekey'],
  },
  'the MAC of encrypted values only': {
    file: 'mac.yaml',
    text: encryptMacOnly(`${head}stringData:\n  age.agekey: ${old.secret}\n---\n${config}`),
    at: [0, 'stringData', 'age.agekey'],
  },
  JSON: {
    file: 'x.json',
    text: JSON.stringify(
      JSON.parse(
        encrypt(
          'x.json',
          JSON.stringify({
            ...{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'sops-age' } },
            stringData: { 'age.agekey': old.secret },
          }),
        ),
      ),
    ),
    at: [0, 'stringData', 'age.agekey'],
  },
  'encrypted to a post-quantum recipient': {
    file: 'pq.yaml',
    text: encrypt('x.yaml', `${head}stringData:\n  age.agekey: ${old.secret}\n`, quantum),
    key: quantum,
    at: [0, 'stringData', 'age.agekey'],
  },
}

/** What the real sops reads of a text, the file as a whole. */
function decryptedBy(key: Key, file: string, text: string): unknown[] {
  const type = file.endsWith('.json') ? 'json' : 'yaml'
  const args = [
    '--config',
    '/dev/null',
    'decrypt',
    '--input-type',
    type,
    '--output-type',
    type,
    '--filename-override',
    file,
  ]
  const env = { PATH: process.env.PATH, HOME: '/nonexistent', SOPS_AGE_KEY: key.secret }
  const stdout = execFileSync('sops', args, { input: text, env, encoding: 'utf8' })
  return parseDocuments(stdout).map(({ value }) => value)
}

const withRoot = <T>(use: (repository: { root: string; env: NodeJS.ProcessEnv }) => Promise<T>) =>
  withDirectory((root) => use({ root, env: { PATH: process.env.PATH, HOME: root } }))

for (const [title, { file, text, key = old, at }] of Object.entries(cases)) {
  test(`a key Secret in git: ${title}`, () =>
    withRoot(async (repository) => {
      const { secrets, leaks } = await findGitKeySecrets([{ file, text }], wanted)
      assert.equal(leaks, [])
      assert.is(secrets.length, 1)
      const [secret] = secrets
      const [document, field, dataKey] = at
      assert.equal([secret!.document, secret!.field, secret!.dataKey], at)
      assert.ok(text.split('\n')[secret!.line - 1]?.includes(dataKey))
      const found = await readGitIdentities(secret!, [key], repository)
      assert.ok('identities' in found, JSON.stringify(found))
      assert.equal(
        found.identities.map(({ recipient }) => recipient),
        [old.recipient],
      )

      const edit = await setGitIdentities(
        secret!,
        () => renderIdentities([...found.identities, next, friend]),
        [key],
        repository,
      )
      assert.ok('after' in edit, JSON.stringify(edit))
      assert.is(edit.before, text)
      const value = `${old.secret}\n${next.secret}\n${friend.secret}\n`
      const [before, after] = [text, edit.after].map((one) => decryptedBy(key, file, one))
      assert.is(textAt(after![document], field, dataKey), field === 'data' ? base64(value) : value)
      // all else is what it was
      const without = (documents: unknown[]) =>
        JSON.stringify(documents, (name, one) => (name === dataKey && one !== 'of-another' ? '' : one))
      assert.is(without(after!), without(before!))
      if (!file.endsWith('.json')) {
        const removed = removedLines(text, edit.after)
        assert.ok(
          removed.every((line) => /agekey|lastmodified|mac: /.test(line)),
          removed.join('\n'),
        )
        assert.is(text.split('\n').length, edit.after.split('\n').length)
      }
      const [again] = (await findGitKeySecrets([{ file, text: edit.after }], wanted)).secrets
      const read = await readGitIdentities(again!, [key], repository)
      assert.ok('identities' in read)
      assert.equal(
        read.identities.map(({ secret: one }) => one),
        [old.secret, next.secret, friend.secret],
      )
    }))
}

test('a text that has been shared in the same run', () =>
  withRoot(async (repository) => {
    const { file, text } = cases['a later document']!
    const shared = await shareFiles(
      [{ file, text }],
      { old: old.recipient, next: next.recipient },
      [old],
      repository,
    )
    const { secrets } = await findGitKeySecrets([{ file, text: shared.edits[0]!.after }], wanted)
    const edit = await setGitIdentities(secrets[0]!, () => renderIdentities([old, next]), [old], repository)
    assert.ok('after' in edit)
    for (const key of [old, next])
      assert.is(
        textAt(decryptedBy(key, file, edit.after)[2], 'stringData', 'age.agekey'),
        `${old.secret}\n${next.secret}\n`,
      )
  }))

test('only Secrets in use are found, and those that are not encrypted are leaks', async () => {
  const plain = `${head}stringData:\n  age.agekey: ${old.secret}\n`
  const found = async (text: string) => {
    const { secrets, leaks } = await findGitKeySecrets([{ file: 'x.yaml', text }], wanted)
    return [secrets.length, leaks.map(({ code, line, facts }) => `${code}:${line} ${facts.recipient}`)]
  }
  const leak = `key-in-git:6 ${old.recipient}`
  assert.equal(await found(plain), [0, [leak]])
  assert.equal(await found(plain.replace('stringData', 'data').replace(old.secret, base64(old.text))), [
    0,
    [leak],
  ])
  assert.equal(await found(plain.replace(old.secret, 'AGE-SECRET-KEY-1EXAMPLE')), [0, []])
  for (const [from, to] of [
    ['sops-age', 'sops-agf'],
    ['kind: Secret', 'kind: ConfigMap'],
    ['name: sops-age', 'name: sops-age\n  namespace: other'],
    ['age.agekey', 'age.key'],
  ])
    assert.equal(await found(plain.replace(from!, to!)), [0, []], to)
  assert.equal(await found(`x: [\n# .agekey\n`), [0, []])
})

test('what stands in the way', () =>
  withRoot(async (repository) => {
    const { file, text } = cases.text!
    const trouble = async (changed: string, opener: Key) => {
      const { secrets } = await findGitKeySecrets([{ file, text: changed }], wanted)
      const set = await setGitIdentities(secrets[0]!, () => renderIdentities([next]), [opener], repository)
      const read = await readGitIdentities(secrets[0]!, [opener], repository)
      assert.equal(set, read)
      return 'status' in set ? [set.status, set.finding.code] : set.after
    }
    assert.equal(await trouble(text, friend), ['unopenable', 'rotate-not-opened'])
    assert.equal(await trouble(text.replace('v1', 'v2'), old), ['mac-broken', 'mac-mismatch'])
    assert.equal(await trouble(text.replace('agekey: ENC[AES256_GCM,data:', '$&AAAA'), old), [
      'mac-broken',
      'sops-refuses',
    ])
    const nothing = ofYaml('stringData:\n  age.agekey: "# none"\n')
    const { secrets } = await findGitKeySecrets([{ file, text: nothing }], wanted)
    assert.equal(await readGitIdentities(secrets[0]!, [old], repository), { identities: [], pluginLines: [] })
  }))

test('no identity is in an argument, the environment, a file or a message', () =>
  withDirectory(async (directory) => {
    const log = join(directory, 'around.log')
    const look = `d=$(dirname "$(dirname "$SOPS_AGE_KEY_FILE")"); find "$d" -type f -exec cat {} + >> '${log}'`
    const trace = traceCalls(
      directory,
      { PATH: process.env.PATH, HOME: directory },
      ['sh', 'sops', 'age-keygen'],
      {
        sops: look,
      },
    )
    const repository = { root: directory, env: trace.env }
    const results: unknown[] = []
    const { file, text } = cases['a later document']!
    for (const changed of [
      text,
      text.replace('v1', 'v2'),
      text.replace('agekey: ENC[AES256_GCM,data:', '$&AAAA'),
    ]) {
      const { secrets } = await findGitKeySecrets([{ file, text: changed }], wanted)
      results.push(
        await setGitIdentities(secrets[0]!, () => renderIdentities([old, next]), [old], repository),
      )
    }
    const secrets = [old.secret, next.secret, 'of-another', `${old.secret}\n${next.secret}`]
    assertNoLeak(secrets, { calls: trace.calls(), results: JSON.stringify(results) }, directory)
    assert.match(readFileSync(log, 'utf8'), /"sops":\{/)
    assert.match(trace.calls(), /set --ignore-mac --value-stdin/)
    assert.equal(
      readdirSync(tmpdir()).filter((name) => name.startsWith('flux-sops-key-')),
      [],
    )
  }))

test.run()
