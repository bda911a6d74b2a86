import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { parse } from 'yaml'
import {
  ageRecipients,
  canDecrypt,
  type KeyGroup,
  listRecipients,
  readKeyGroups,
} from '../../../scripts/lib/sops/recipients.ts'
import { withDirectory, writeFiles } from '../../helpers/files.ts'
import { makeKey } from '../../helpers/keys.ts'

const one = makeKey().recipient
const two = makeKey().recipient
const three = makeKey().recipient

/** A document with one group. */
const only = (group: KeyGroup) => ({ groups: [group], threshold: 1 })

/** What sops makes of a text of a format. */
function encrypt(format: string, input: string, config = '/dev/null', keys = ['--age', `${one},${two}`]) {
  const types = ['--input-type', format, '--output-type', format, '--filename-override', 'x']
  const args = ['--config', config, 'encrypt', ...keys, ...types]
  return execFileSync('sops', args, { input, encoding: 'utf8' })
}

const inputs = { yaml: 'a: b\n', json: '{"a": "b"}', dotenv: 'A=b\n', ini: '[a]\nb=c\n', binary: 'anything' }

for (const [format, input] of Object.entries(inputs))
  test(`readKeyGroups: a ${format} file has one group with all its recipients`, async () => {
    assert.equal(await readKeyGroups(encrypt(format, input)), [only({ age: [one, two], others: [] })])
  })

test('readKeyGroups: what is written on one line', async () => {
  const json = JSON.stringify(JSON.parse(encrypt('json', inputs.json)))
  assert.equal(await readKeyGroups(json), [only({ age: [one, two], others: [] })])
  const flow = `${JSON.stringify(parse(encrypt('yaml', inputs.yaml))).replace('"sops"', 'sops')}\n`
  assert.equal(await readKeyGroups(flow), [only({ age: [one, two], others: [] })])
})

test('readKeyGroups: several groups, of which every one must be opened', () =>
  withDirectory(async (directory) => {
    writeFiles(directory, {
      'config.yaml': `creation_rules:\n  - key_groups:\n      - age: [${one}, ${two}]\n      - age: [${three}]\n`,
    })
    const groups = await readKeyGroups(encrypt('yaml', inputs.yaml, `${directory}/config.yaml`, []))
    const both = [
      { age: [one, two], others: [] },
      { age: [three], others: [] },
    ]
    assert.equal(groups, [{ groups: both, threshold: 2 }])
    assert.ok(canDecrypt(groups!, new Set([two, three])))
    assert.not.ok(canDecrypt(groups!, new Set([one, two])))
  }))

for (const [format, input] of Object.entries(inputs))
  test(`readKeyGroups: of three groups of a ${format} file, two are enough where the rule says so`, () =>
    withDirectory(async (directory) => {
      const groups = [one, two, three].map((key) => `      - age: [${key}]\n`).join('')
      writeFiles(directory, {
        'config.yaml': `creation_rules:\n  - shamir_threshold: 2\n    key_groups:\n${groups}`,
      })
      const found = await readKeyGroups(encrypt(format, input, `${directory}/config.yaml`, []))
      assert.equal(
        found?.map(({ threshold }) => threshold),
        [2],
      )
      assert.ok(canDecrypt(found!, new Set([one, three])))
      assert.not.ok(canDecrypt(found!, new Set([three])))
    }))

test('readKeyGroups: where there is one group, it opens the file, whatever threshold the rule has left in it', async () => {
  const text = encrypt('yaml', inputs.yaml).replace(/^ +version: /m, '    shamir_threshold: 2\n$&')
  // the comment has it read by the parser
  for (const written of [
    text,
    text.replace('    age:\n', '    age: # whose\n').replace('recipient: ', 'recipient: &a '),
  ])
    assert.is((await readKeyGroups(written))?.[0]?.threshold, 1, written)
})

test('readKeyGroups: keys that are not of age open the file as well', async () => {
  const text = encrypt('yaml', inputs.yaml).replace('    age:\n', '    pgp:\n        - fp: ABC\n    age:\n')
  const groups = await readKeyGroups(text)
  assert.equal(groups, [only({ age: [one, two], others: ['pgp'] })])
  assert.ok(canDecrypt(groups!, new Set(), ['pgp']))
  assert.not.ok(canDecrypt(groups!, new Set(), ['kms']))
})

test('readKeyGroups: a text that only mentions ciphertext is no SOPS file', async () => {
  for (const text of [
    '',
    'a: b\n',
    `note: ENC[AES256_GCM, ${one}\n`,
    `{"note": "ENC[AES256_GCM, sops: ${one}"}`,
  ])
    assert.is(await readKeyGroups(text), undefined, text)
})

test('readKeyGroups: what stands beside the metadata says nothing', async () => {
  const yaml = encrypt('yaml', `a: ${three}\n`, '/dev/null', ['--age', `${one}`, '--encrypted-regex', '^b$'])
  const noted = `# for ${three}\n${yaml}`
  assert.match(noted, `a: ${three}`)
  assert.equal(await readKeyGroups(noted), [only({ age: [one], others: [] })])
  const dotenv = `# ${three}\n${encrypt('dotenv', 'A=b\n', '/dev/null', ['--age', `${one}`])}`
  assert.equal(await readKeyGroups(dotenv), [only({ age: [one], others: [] })])
})

test('readKeyGroups: what people have edited is read as YAML', async () => {
  const yaml = encrypt('yaml', inputs.yaml)
  for (const edit of [
    (text: string) => text.replace(`recipient: ${one}`, `recipient: "${one}"`),
    (text: string) => text.replace(`recipient: ${one}`, `recipient: ${one} # the cluster`),
    (text: string) => text.replace(/^ +(- )?recipient: age1.*$/m, '# who may\n$&'),
  ]) {
    const text = edit(yaml)
    assert.is.not(text, yaml)
    assert.equal((await readKeyGroups(text))?.[0]?.groups[0]?.age.toSorted(), [one, two].toSorted(), text)
  }
})

test('readKeyGroups: the fields of a flat file reach nothing but the block', async () => {
  for (const line of [
    'sops___proto____map_directory=.git',
    'sops_constructor__map_prototype__map_directory=.git',
    'sops_age=foo\nsops_age__list_0__map_r=y',
  ])
    await readKeyGroups(`A=ENC[AES256_GCM,data:x]\n${line}\n`)
  assert.is(({} as { directory?: string }).directory, undefined)
})

test('readKeyGroups: documents that were encrypted one by one must all be opened', async () => {
  const [first = '', second = ''] = [one, two].map((key) =>
    encrypt('yaml', inputs.yaml, '/dev/null', ['--age', `${key}`]),
  )
  assert.equal(await readKeyGroups(`${first}---\n${second}---\n${first}`), [
    only({ age: [one], others: [] }),
    only({ age: [two], others: [] }),
  ])
})

test('readKeyGroups: CRLF, and no final newline', async () => {
  const yaml = encrypt('yaml', inputs.yaml)
  for (const text of [yaml.replaceAll('\n', '\r\n'), yaml.trimEnd()])
    assert.equal(await readKeyGroups(text), [only({ age: [one, two], others: [] })])
})

test('ageRecipients: each once, whatever stands around it', () => {
  assert.equal(ageRecipients(`age: >-\n  ${one},\n  ${two}\nx: "${one}"`), [one, two])
  assert.equal(ageRecipients('age1short age1SECRET'), [])
})

test('listRecipients: people read the beginning and the end of a long one', () => {
  const plain = `age1${'q'.repeat(58)}`
  const postQuantum = `age1pq1${'a'.repeat(1900)}zzzzzzzz`
  assert.is(listRecipients([plain, postQuantum]), `${plain}, age1pq1${'a'.repeat(13)}…zzzzzzzz`)
  assert.is(listRecipients([]), '')
})

test.run()
