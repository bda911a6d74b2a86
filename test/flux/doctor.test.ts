import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readProject } from '../helpers/documents.ts'
import { encrypt, key, secret } from '../helpers/flux/encrypted-objects.ts'
import { fluxKustomization } from '../helpers/flux/flux-objects.ts'
import { type Flux, putKeySecret, watched, withFlux } from '../helpers/flux/sandbox.ts'
import { makeKey } from '../helpers/keys.ts'
import { until } from '../helpers/processes.ts'
import { type Ended, runTask } from '../helpers/task.ts'

const other = makeKey()
const planted = 'planted-value'
const isDocument = new Ajv({ allErrors: true, allowUnionTypes: true }).compile<Document>(
  JSON.parse(readProject('docs/findings.schema.json')),
)

interface Document {
  result: string
  findings: { code: string; stops: string[] }[]
}

/** `infrastructure` decrypts; a chain of `links` Kustomizations waits for it. */
function files(links: number): Record<string, string> {
  const chain = Array.from({ length: links }, (_, index) => index)
  const kustomization = (name: string, more: string) =>
    fluxKustomization(name, `./${name}`).replace('spec:\n', `spec:\n${more}`)
  const dependsOn = (index: number) =>
    `  dependsOn: [{name: ${index === 0 ? 'infrastructure' : `link${index - 1}`}}]\n`
  return {
    'infrastructure/db.enc.yaml': encrypt(secret('db', planted)),
    ...Object.fromEntries(chain.map((index) => [`link${index}/kustomization.yaml`, 'resources: []\n'])),
    'kubernetes/flux-system/all.yaml': [
      kustomization('infrastructure', '  decryption: {provider: sops, secretRef: {name: sops-age}}\n'),
      ...chain.map((index) => kustomization(`link${index}`, dependsOn(index))),
    ].join('---\n'),
  }
}

async function doctor({ clone, env }: Flux, ...args: string[]): Promise<Ended> {
  const ended = await runTask('flux:doctor', args, { cwd: clone, env })
  for (const text of [ended.stdout, ended.stderr])
    for (const hidden of [planted, key.secret, other.secret]) assert.not.ok(text.includes(hidden))
  return ended
}

async function readyOf({ sandbox }: Flux, name: string): Promise<string> {
  const path = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
  return sandbox.kubectl([
    'get',
    'kustomization',
    name,
    '-n',
    'flux-system',
    '--ignore-not-found',
    '-o',
    path,
  ])
}

test('it names the one cause before all that wait for it, and is silent when that is mended', () =>
  withFlux(files(3), async (flux) => {
    await putKeySecret(flux.sandbox, { data: { 'age.agekey': other.text }, metadata: watched })
    await until('the last link waits', async () => (await readyOf(flux, 'link2')) === 'False')
    const before = readdirSync(flux.clone)
    const { code, stdout, stderr } = await doctor(flux)
    assert.is(code, 1, stderr)
    const [headline = '', second = '', third = ''] = stdout.split('\n')
    assert.is(headline, 'error: kustomization flux-system/infrastructure (wrong-key), stops 4')
    assert.match(second, /^ {2}infrastructure\/db\.enc\.yaml:\d+ is encrypted/)
    assert.ok(third, stdout)
    assert.match(stdout, '\n  fix: `mise run flux:sops-key`')
    for (const line of stdout.split('\n').filter((line) => !line.includes('`')))
      assert.ok(line.length <= 80, line)
    assert.not.match(stdout, 'link1')
    assert.match(stderr, 'flux:doctor --names')
    assert.match((await doctor(flux, '--names')).stdout, 'flux-system/link2')

    const document: unknown = JSON.parse((await doctor(flux, '--json')).stdout)
    assert.ok(isDocument(document), JSON.stringify(isDocument.errors))
    assert.is(document.result, 'failed')
    const [first] = document.findings
    assert.is(first?.code, 'wrong-key')
    assert.equal(first?.stops.toSorted(), [
      'flux-system/infrastructure',
      'flux-system/link0',
      'flux-system/link1',
      'flux-system/link2',
    ])

    const ofLink = await doctor(flux, 'link2', 'flux-system/link1')
    assert.is(ofLink.code, 1)
    assert.is(ofLink.stdout.split('\n')[0], headline)
    assert.is((await doctor(flux, 'flux-system')).code, 0)
    assert.equal(readdirSync(flux.clone), before)
    assert.is(await flux.git('status', '--porcelain'), '')

    writeFileSync(join(flux.clone, '.age-key.txt'), key.text, { mode: 0o600 })
    const put = await runTask('flux:sops-key', [], { cwd: flux.clone, env: flux.env })
    assert.is(put.code, 0, put.stderr)
    const healthy = await doctor(flux, '--wait', '90s')
    assert.is(await readyOf(flux, 'link2'), 'True')
    assert.is(healthy.code, 0, healthy.stdout)
    assert.match(healthy.stdout, /^healthy in 5 Kustomizations of context /m)
  }))

test('what could not be checked ends with 2, and says why', () =>
  withFlux(files(0), async (flux) => {
    await until('it is there', async () => (await readyOf(flux, 'infrastructure')) !== '')
    const unknown = await doctor(flux, 'nope')
    assert.is(unknown.code, 2)
    assert.match(unknown.stderr, 'there is no Kustomization flux-system/nope in the cluster')
    assert.match(unknown.stderr, 'flux-system/infrastructure')
    const empty = await doctor(flux, '--namespace', 'default')
    assert.is(empty.code, 2)
    assert.match(empty.stderr, 'there is no Kustomization in namespace default')
    // it fails for its key, which needs five quiet seconds to be certain
    const late = await doctor(flux, '--wait', '1s')
    assert.is(late.code, 1)
    assert.match(late.stdout, '(not-settled)')
    for (const wait of ['soon', '0s']) assert.is((await doctor(flux, '--wait', wait)).code, 2)
    const nowhere = await doctor({ ...flux, env: { ...flux.env, KUBECONFIG: '/dev/null' } })
    assert.is(nowhere.code, 2)
    const stranger = await doctor({
      ...flux,
      env: { ...flux.env, KUBECONFIG: flux.sandbox.kubeconfigFor('stranger') },
    })
    assert.is(stranger.code, 2, stranger.stdout)
    assert.match(stranger.stderr, 'cannot read the Kustomizations')
  }))

test.run()
