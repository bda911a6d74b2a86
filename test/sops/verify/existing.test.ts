import { execFile } from 'node:child_process'
import { readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { EvidenceDocument } from '../../../scripts/sops/verify/evidence/document.ts'
import { readProject } from '../../helpers/documents.ts'
import { encrypt, key, secret } from '../../helpers/flux/encrypted-objects.ts'
import { fluxKustomization } from '../../helpers/flux/flux-objects.ts'
import { type Flux, withFlux } from '../../helpers/flux/sandbox.ts'
import { makeKey } from '../../helpers/keys.ts'
import { assertNoLeak } from '../../helpers/leak.ts'
import { processorTime } from '../../helpers/processes.ts'
import { type Ended, runTask } from '../../helpers/task.ts'

const execute = promisify(execFile)
const isEvidence = new Ajv({ allErrors: true }).compile<EvidenceDocument>(
  JSON.parse(readProject('docs/evidence.schema.json')),
)
const other = makeKey()
/** As low in entropy as passwords are. */
const values = ['tiger', 'hunter2', 'swordfish', 'letmein', 'qwertz']
const names = ['first', 'second', 'third', 'fourth', 'fifth']
const block = '  decryption: {provider: sops, secretRef: {name: sops-age}}\n'

const files = {
  'kubernetes/flux-system/apps.yaml': fluxKustomization('apps', './apps', block),
  'kubernetes/flux-system/web.yaml': fluxKustomization('web', './web', block),
  ...Object.fromEntries(
    names.map((name, index) => [
      `${index < 4 ? 'apps' : 'web'}/${name}.enc.yaml`,
      encrypt(secret(name, values[index])),
    ]),
  ),
}

/** What may be seen nowhere. Digests of short values give them away as well. */
async function hidden(): Promise<string[]> {
  const { createHash } = await import('node:crypto')
  const digests = values.map((value) => createHash('sha256').update(value).digest('hex'))
  return [...values, ...digests, key.secret, other.secret]
}

interface Existing extends Flux {
  /** Runs `sops:verify --existing` with the right key, and searches all that it leaves for values. */
  existing(args?: string[], more?: { cwd?: string; env?: NodeJS.ProcessEnv }): Promise<Ended>
  kubectl: Flux['sandbox']['kubectl']
}

async function withExisting(use: (place: Existing) => Promise<void>): Promise<void> {
  const secrets = await hidden()
  await withFlux(files, async (flux) => {
    const { kubectl } = flux.sandbox
    const keySecret = {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'sops-age', namespace: 'flux-system' },
      stringData: { 'age.agekey': key.text },
    }
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], JSON.stringify(keySecret))
    const commit = await flux.git('rev-parse', 'HEAD')
    await flux.applied('flux-system', commit)
    for (const name of ['apps', 'web']) {
      const now = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`
      await kubectl(['annotate', '-n', 'flux-system', `kustomization/${name}`, now])
      await flux.applied(name, commit)
    }
    await use({
      ...flux,
      kubectl,
      async existing(args = [], { cwd = flux.clone, env = {} } = {}) {
        const all = { ...flux.env, SOPS_AGE_KEY: key.secret, ...env }
        const ended = await runTask('sops:verify', ['--existing', ...args], { cwd, env: all })
        const { stdout, stderr } = ended
        assertNoLeak(secrets, { stdout, stderr }, flux.directory, ['key.txt'])
        return ended
      },
    })
  })
}

const evidenceIn = (path: string): EvidenceDocument => {
  const document: unknown = JSON.parse(readFileSync(path, 'utf8'))
  assert.ok(isEvidence(document), JSON.stringify(isEvidence.errors))
  return document
}
const statuses = ({ objects = [] }: EvidenceDocument) =>
  Object.fromEntries(objects.map(({ name, status, keys }) => [name, [status, ...keys].join(' ')]))

test('all are the same; then each is something else', () =>
  withExisting(async (place) => {
    const { existing, kubectl, directory, clone } = place
    const evidence = join(directory, 'evidence.json')
    const summary = join(directory, 'summary.md')
    writeFileSync(summary, 'before\n')
    const env = { GITHUB_STEP_SUMMARY: summary }
    const tip = await place.git('rev-parse', 'HEAD')
    const proved = await existing(['--evidence', evidence], { env })
    assert.is(proved.code, 0, proved.stdout + proved.stderr)
    assert.match(proved.stdout, 'proved: what the applied revisions hold encrypted is decrypted in the')
    for (const line of proved.stdout.split('\n')) assert.ok(line.length <= 80, line)
    assert.is(statSync(evidence).mode & 0o777, 0o600)
    const first = evidenceIn(evidence)
    assert.is(first.way, 'existing')
    assert.is(first.result, 'passed')
    assert.equal(
      first.kustomizations.map(({ name, revision }) => `${name} ${revision}`),
      ['apps', 'flux-system', 'web']
        .filter((name) => name !== 'flux-system')
        .map((name) => `flux-system/${name} main@sha1:${tip}`),
    )
    assert.equal(statuses(first), Object.fromEntries(names.map((name) => [name, 'same'])))
    const uid = await kubectl(['get', 'secret', 'first', '-n', 'default', '-o', 'jsonpath={.metadata.uid}'])
    const [object] = first.objects ?? []
    assert.is(object?.uid, uid)
    assert.ok(object?.values.every((value) => value.expected === value.live))
    assert.match(readFileSync(summary, 'utf8'), /^before\n## sops:verify\n/)
    assert.match(readFileSync(summary, 'utf8'), '| result | passed |')
    assert.is(await place.git('status', '--porcelain'), '')
    assert.is(await place.git('rev-parse', 'origin/main'), tip)

    const json = JSON.parse((await existing(['--json', '--kustomization', 'web'])).stdout)
    assert.equal(json.counts, { same: 1, different: 0, ciphertext: 0, missing: 0, 'not readable': 0 })
    const inNamespace = await existing(['--namespace', 'flux-system', '--json'])
    assert.is(inNamespace.code, 2)
    assert.match(inNamespace.stdout, 'not-looked-into')

    const patch = (name: string, data: Record<string, string>) =>
      kubectl(['patch', 'secret', name, '-n', 'default', '-p', JSON.stringify({ data })])
    await patch('first', { token: Buffer.from('lion').toString('base64') })
    await patch('second', { token: Buffer.from('ENC[AES256_GCM,data:x]').toString('base64') })
    await kubectl(['delete', 'secret', 'third', '-n', 'default'])
    await kubectl(['label', 'secret', 'fourth', '-n', 'default', 'kustomize.toolkit.fluxcd.io/name-'])
    const failed = await existing(['--evidence', evidence])
    assert.is(failed.code, 1, failed.stdout + failed.stderr)
    assert.equal(statuses(evidenceIn(evidence)), {
      first: 'different token',
      second: 'ciphertext token',
      third: 'missing',
      fourth: 'same',
      fifth: 'same',
    })
    assert.match(
      failed.stdout,
      /^different: secret default\/first\n {2}at token\n {2}in apps\/first\.enc\.yaml, /m,
    )
    for (const line of failed.stdout.split('\n')) assert.ok(line.length <= 80, line)
    const digestOf = (document: EvidenceDocument) =>
      document.objects?.find(({ name }) => name === 'fifth')?.values[0]?.live
    assert.is.not(digestOf(evidenceIn(evidence)), digestOf(first))
    assert.match(failed.stderr, 'flux reconcile kustomization apps --namespace flux-system')

    writeFileSync(join(clone, '.git', 'info', 'exclude'), '.age-key.txt\n')
    const doctorEnv = { ...place.env, SOPS_AGE_KEY: key.secret }
    const doctor = await runTask('flux:doctor', ['--json'], { cwd: clone, env: doctorEnv })
    const codes = JSON.parse(doctor.stdout).findings.map(
      ({ code, object: of }: { code: string; object: string }) => `${of} ${code}`,
    )
    assert.ok(codes.includes('secret default/first value-different'), codes.join('\n'))
    assert.ok(codes.includes('secret default/third object-missing'), codes.join('\n'))
    assert.not.ok(codes.some((one: string) => /fourth|fifth/.test(one)))
    assertNoLeak(await hidden(), { ...doctor, code: '', signal: '' }, directory)
  }))

test('what cannot be read is said, and is never the same', () =>
  withExisting(async (place) => {
    const { existing, directory, env, kubectl } = place
    const evidence = join(directory, 'evidence.json')
    const wrongKey = await existing(['--evidence', evidence], { env: { SOPS_AGE_KEY: other.secret } })
    assert.is(wrongKey.code, 2)
    assert.match(wrongKey.stdout, 'no identity at hand opens the file')
    const document = evidenceIn(evidence)
    assert.is(document.result, 'unknown')
    assert.ok(document.objects?.every(({ why }) => why?.code === 'no-identity'))
    const noKey = await existing([], { env: { SOPS_AGE_KEY: '' } })
    assert.is(noKey.code, 2)
    assert.match(noKey.stderr, 'no age private key found')

    const foreign = join(directory, 'foreign.json')
    writeFileSync(foreign, '{"task": "another"}\n')
    const refused = await existing(['--evidence', foreign])
    assert.is(refused.code, 2)
    assert.match(refused.stderr, 'is no evidence of sops:verify')
    assert.is(readFileSync(foreign, 'utf8'), '{"task": "another"}\n')
    assert.is((await existing(['--evidence', join(directory, 'none', 'x.json')])).code, 2)
    assert.is((await existing(['--take-over'])).code, 2)

    const user = 'reader-of-flux'
    const roles = [
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRole',
        metadata: { name: user },
        rules: [
          {
            apiGroups: ['kustomize.toolkit.fluxcd.io', 'source.toolkit.fluxcd.io'],
            resources: ['*'],
            verbs: ['list'],
          },
        ],
      },
      {
        apiVersion: 'rbac.authorization.k8s.io/v1',
        kind: 'ClusterRoleBinding',
        metadata: { name: user },
        roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: user },
        subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: user }],
      },
    ]
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: roles })
    await kubectl(['apply', '--server-side', '-f', '-'], list)
    try {
      const KUBECONFIG = place.sandbox.kubeconfigFor(user)
      const forbidden = await existing(['--evidence', evidence], { env: { KUBECONFIG } })
      assert.is(forbidden.code, 2, forbidden.stdout)
      assert.match(forbidden.stdout, 'you may not list secrets')
      assert.ok(evidenceIn(evidence).objects?.every(({ why }) => why?.code === 'forbidden'))
    } finally {
      await kubectl(['delete', '-f', '-'], list)
    }

    const elsewhere = join(directory, 'elsewhere')
    const git = (cwd: string, ...args: string[]) => execute('git', args, { cwd, env })
    await git(directory, 'init', '--quiet', elsewhere)
    const strange = await existing(['--evidence', evidence], { cwd: elsewhere })
    assert.is(strange.code, 2)
    assert.match(strange.stdout.replace(/\s+/g, ' '), 'and that is not this repository')
    assert.ok(evidenceIn(evidence).notSeen?.every(({ code }) => code === 'other-repository'))

    // Flux stays at its revision, and the shallow clone has the next one only
    await kubectl([
      'patch',
      'gitrepository',
      'flux-system',
      '-n',
      'flux-system',
      '--type=merge',
      '-p',
      '{"spec":{"suspend":true}}',
    ])
    await place.push({ 'web/more.yaml': secret('more', 'x') })
    const shallow = join(directory, 'shallow')
    await git(directory, 'clone', '--quiet', '--depth=1', place.url, shallow)
    await git(shallow, 'config', `url.file:///nowhere.insteadOf`, place.url)
    const behind = await existing(['--evidence', evidence], { cwd: shallow })
    assert.is(behind.code, 2)
    assert.match(behind.stdout.replace(/\s+/g, ' '), 'is not here and could not be fetched')
    await git(shallow, 'config', '--unset', `url.file:///nowhere.insteadOf`)
    assert.is((await existing([], { cwd: shallow })).code, 0)
  }))

test('200 Secrets take 5 s of a processor at most', () => {
  const many = Array.from({ length: 200 }, (_, index) => `s${index}`)
  const texts = many.map((name) => [`apps/${name}.enc.yaml`, encrypt(secret(name, `of-${name}`))])
  const cluster = {
    'kubernetes/flux-system/apps.yaml': fluxKustomization('apps', './apps', block),
    ...Object.fromEntries(texts),
  }
  return withFlux(cluster, async (flux) => {
    const { kubectl } = flux.sandbox
    const keySecret = `apiVersion: v1\nkind: Secret\nmetadata: {name: sops-age, namespace: flux-system}\nstringData: ${JSON.stringify({ 'age.agekey': key.text })}\n`
    await kubectl(['apply', '--server-side', '--force-conflicts', '-f', '-'], keySecret)
    const commit = await flux.git('rev-parse', 'HEAD')
    await flux.applied('flux-system', commit)
    const now = `reconcile.fluxcd.io/requestedAt=${new Date().toISOString()}`
    await kubectl(['annotate', '-n', 'flux-system', 'kustomization/apps', now])
    await flux.applied('apps', commit)
    const before = processorTime()
    const env = { ...flux.env, SOPS_AGE_KEY: key.secret }
    const ended = await runTask('sops:verify', ['--existing', '--json'], { cwd: flux.clone, env })
    const seconds = processorTime() - before
    assert.is(ended.code, 0, ended.stdout + ended.stderr)
    assert.is(JSON.parse(ended.stdout).counts.same, 200)
    assert.ok(seconds < 5, `${seconds} s`)
  })
})

test.run()
