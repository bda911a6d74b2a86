import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EvidenceDocument } from '../../../scripts/sops/verify/evidence/document.ts'
import { openEvidence } from '../../../scripts/sops/verify/evidence/evidence-file.ts'
import { silentCaller } from '../../helpers/caller.ts'
import { readProject } from '../../helpers/documents.ts'
import { withDirectory } from '../../helpers/files.ts'
import { withPlace } from '../../helpers/flux/verify.ts'
import { assertNoLeak } from '../../helpers/leak.ts'
import { thrown } from '../../helpers/thrown.ts'

const isEvidence = new Ajv({ allErrors: true }).compile<EvidenceDocument>(
  JSON.parse(readProject('docs/evidence.schema.json')),
)

test('a round trip says what it has proved, and where it has failed', () =>
  withPlace(async (place) => {
    const evidence = join(place.directory, 'evidence.json')
    const summary = join(place.directory, 'summary.md')
    const read = () => {
      const document: unknown = JSON.parse(readFileSync(evidence, 'utf8'))
      assert.ok(isEvidence(document), JSON.stringify(isEvidence.errors))
      return document
    }
    const env = { ...place.env, GITHUB_STEP_SUMMARY: summary }
    const { code, json } = await place.verify(['--evidence', evidence], { env })
    assert.is(code, 0)
    const { way, result, stages, commits, secret, kustomizations } = read()
    assert.equal([way, result], ['round-trip', 'passed'])
    assert.ok(stages?.every(({ status, started }) => status === 'passed' && started !== undefined))
    assert.equal(secret && `${secret.namespace}/${secret.name}`, json.secret)
    assert.match(secret?.uid ?? '', /^[0-9a-f-]{36}$/)
    assert.match(secret?.resourceVersion ?? '', /^\d+$/)
    assert.is(commits?.removed, await place.tip())
    assert.equal(kustomizations, [
      { name: 'flux-system/infrastructure', revision: `main@sha1:${await place.tip()}` },
    ])
    assert.match(readFileSync(summary, 'utf8'), '| pruned | passed |')

    await place.putKey({ 'age.agekey': 'nothing' })
    const failed = await place.verify(['--evidence', evidence], { env })
    assert.is.not(failed.code, 0)
    assert.is.not(read().result, 'passed')
    assert.ok(read().findings?.length)
    const texts = { evidence: readFileSync(evidence, 'utf8'), summary: readFileSync(summary, 'utf8') }
    assertNoLeak(['SOPS decryption works', place.key.secret], texts, place.temporary)
  }))

const passed = { exitCode: 0, lines: [], json: undefined }
const made = (): EvidenceDocument => ({
  task: 'sops:verify',
  evidence: 1,
  version: '0',
  way: 'existing',
  result: 'passed',
  started: '',
  ended: '',
  controllers: [],
  kustomizations: [],
})

test('only evidence is replaced, in one step and for the user alone', () =>
  withDirectory(async (directory) => {
    const caller = silentCaller(directory, {})
    const path = join(directory, 'evidence.json')
    const open = (file = path) => openEvidence(file, caller)
    const refusal = (...names: string[]) => thrown((async () => open(join(directory, ...names)))())
    assert.equal(open().write(passed, made), passed)
    chmodSync(path, 0o644)
    open().write(passed, made)
    assert.is(statSync(path).mode & 0o777, 0o600)
    assert.equal(readdirSync(directory), ['evidence.json'])

    const other = join(directory, 'other')
    writeFileSync(other, 'text')
    symlinkSync(path, join(directory, 'link'))
    mkdirSync(join(directory, 'directory'))
    for (const name of ['other', 'link', 'directory'])
      assert.match((await refusal(name)).message, 'is no evidence of sops:verify')
    assert.match((await refusal('no', 'x.json')).message, 'ENOENT')

    // what somebody has put there meanwhile
    const late = join(directory, 'late.json')
    const opened = open(late)
    writeFileSync(late, 'text')
    const report = opened.write(passed, made)
    assert.is(report.exitCode, 2)
    assert.match(report.lines.join(), 'could not be written')
    assert.is(readFileSync(late, 'utf8'), 'text')
    assert.not.ok(existsSync(join(directory, 'summary.md')))
  }))

test.run()
