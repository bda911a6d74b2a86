import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conditionOf } from '../../../scripts/lib/cluster/flux-objects.ts'
import { requestSync } from '../../../scripts/sandbox/flux-system.ts'
import { diagnoseFlux } from '../../helpers/flux/diagnose-cases.ts'
import { map } from '../../helpers/flux/encrypted-objects.ts'
import { fluxKustomization, kustomizationOf } from '../../helpers/flux/flux-objects.ts'
import { type Flux, withFlux } from '../../helpers/flux/sandbox.ts'
import { until } from '../../helpers/processes.ts'

const root = 'kubernetes/flux-system'
const files = {
  [`${root}/kustomization.yaml`]: kustomizationOf('child.yaml'),
  [`${root}/child.yaml`]: fluxKustomization('child', './app'),
  'app/m.yaml': map('m'),
  'other/m.yaml': map('m'),
}

/** What is found, each as `CODE OBJECT`. */
async function found(flux: Flux) {
  const all = (await diagnoseFlux(flux)).diagnoses
  const diagnoses = all.filter(({ finding }) => finding.code !== 'at-work')
  return {
    diagnoses,
    codes: diagnoses.map(({ finding: { code, object } }) => `${code} ${object}`),
  }
}

/** Waits until a Kustomization is not Ready at the newest commit. */
async function failing({ sandbox, git }: Flux, name: string): Promise<void> {
  const commit = await git('rev-parse', 'HEAD')
  await requestSync(sandbox)
  await until(`${name} fails`, async () => {
    const [one, source] = await Promise.all(
      [`kustomization/${name}`, 'gitrepository/flux-system'].map(async (object) =>
        JSON.parse(await sandbox.kubectl(['get', '-n', 'flux-system', object, '-o', 'json'])),
      ),
    )
    return source.status.artifact?.revision.endsWith(commit) && conditionOf(one, 'Ready')?.status === 'False'
  })
}

test('what the cluster has not got yet', () =>
  withFlux(files, async (flux) => {
    const { sandbox, git, push } = flux
    const source = ['-n', 'flux-system', 'gitrepository/flux-system']
    const suspend = (value: boolean) =>
      sandbox.kubectl([
        'patch',
        ...source,
        '--type=merge',
        '-p',
        JSON.stringify({ spec: { suspend: value } }),
      ])
    await flux.applied('child', await git('rev-parse', 'HEAD'))
    assert.equal((await found(flux)).codes, [])

    // a suspended source
    const before = await git('rev-parse', '--short=7', 'HEAD')
    await suspend(true)
    const object = 'gitrepository flux-system/flux-system'
    assert.equal((await found(flux)).codes, [`suspended ${object}`])
    await push({ 'README.md': 'x\n' })
    const after = await git('rev-parse', '--short=7', 'HEAD')
    const behind = await found(flux)
    assert.equal(behind.codes, [`suspended ${object}`, `source-behind ${object}`])
    assert.equal(behind.diagnoses[1]?.finding.facts, { has: before, branch: 'main', commit: after })
    assert.equal(behind.diagnoses[1]?.stops.toSorted(), ['flux-system/child', 'flux-system/flux-system'])

    // where the remote does not answer, nothing is known of it
    const url = await git('remote', 'get-url', 'origin')
    await git('remote', 'set-url', 'origin', url.replace(/:\d+\//, ':1/'))
    assert.equal((await found(flux)).codes, [`suspended ${object}`])
    await git('remote', 'set-url', 'origin', url)
    await suspend(false)

    // the path of the child is removed
    await git('rm', '-rq', 'app')
    const removal = await push()
    await failing(flux, 'child')
    const removed = await found(flux)
    assert.equal(removed.codes, ['path-not-there kustomization flux-system/child'])
    assert.is(removed.diagnoses[0]?.finding.facts.near, `: commit ${removal.slice(0, 7)} has removed app`)

    // the child is mended, and its parent fails
    await push({
      [`${root}/kustomization.yaml`]: kustomizationOf('child.yaml', 'm.yaml'),
      [`${root}/child.yaml`]: fluxKustomization('child', './other'),
      [`${root}/m.yaml`]: map('m').replace('default', 'no-such-space'),
    })
    await failing(flux, 'flux-system')
    const outdated = await found(flux)
    assert.equal(outdated.codes, [
      'namespace-missing kustomization flux-system/flux-system',
      'spec-outdated kustomization flux-system/child',
    ])
    assert.equal(outdated.diagnoses[0]?.stops.toSorted(), ['flux-system/child', 'flux-system/flux-system'])
    const { file, line } = outdated.diagnoses[1]?.finding ?? {}
    assert.is(`${file}:${line}`, `${root}/child.yaml:7`)
  }))

test.run()
