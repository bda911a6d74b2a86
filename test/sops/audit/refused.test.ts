import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { objectCases } from '../../helpers/flux/refused-objects.ts'
import { pathCases, pathFiles } from '../../helpers/flux/refused-paths.ts'
import { type SandboxAccess, withFlux } from '../../helpers/flux/sandbox.ts'
import { makeKey } from '../../helpers/keys.ts'
import { until } from '../../helpers/processes.ts'

const key = makeKey()
const tiny = { 'kubernetes/flux-system/none.yaml': '' }

test('the cluster refuses what the audit says it refuses, and takes the rest', () =>
  withFlux(tiny, async ({ sandbox, push, applied }) => {
    const create = ['create', '--namespace=flux-system']
    await sandbox.kubectl([
      ...create,
      'secret',
      'generic',
      'sops-age',
      `--from-literal=age.agekey=${key.secret}`,
    ])
    await applied('flux-system', await push(pathFiles(key)))

    const expected = Object.entries(pathCases).map(
      ([name, { applied }]) => `${name} ${applied ? 'True' : 'False'}`,
    )
    assert.equal(await objectsRefused(sandbox), [])
    let found: string[] = []
    await until('Flux has judged each path', async () => {
      found = await readiness(sandbox)
      return found.length === expected.length && found.every((one) => !/ (Unknown)?$/.test(one))
    })
    assert.equal(found, expected.toSorted())
    assert.equal(await valueIn(sandbox, 'dollars'), 'a$b')
    assert.equal(await valueIn(sandbox, 'date'), '2026-01-02T00:00:00Z')
    assert.match(await valueIn(sandbox, 'list'), /^ENC\[/)
  }))

/** What the API server answers otherwise than the audit. */
async function objectsRefused({ kubectl }: SandboxAccess): Promise<string[]> {
  const args = ['apply', '--server-side', '--dry-run=server', '--namespace=default', '--filename=-']
  const wrong: string[] = []
  for (const [name, { manifest, accepted }] of Object.entries(objectCases)) {
    const answer = await kubectl(args, manifest).then(() => 'accepted', String)
    if ((answer === 'accepted') !== accepted) wrong.push(`${name}: ${answer.slice(0, 400)}`)
  }
  return wrong
}

/** `NAME True` for each Kustomization that is applied, `NAME False` for one that is refused. */
async function readiness({ kubectl }: SandboxAccess): Promise<string[]> {
  const list = JSON.parse(await kubectl(['get', 'kustomizations', '--namespace=flux-system', '-o', 'json']))
  return list.items
    .filter(({ metadata }: { metadata: { name: string } }) => metadata.name !== 'flux-system')
    .map(
      ({
        metadata,
        status,
      }: {
        metadata: { name: string }
        status?: { conditions?: Record<string, string>[] }
      }) => {
        const ready = status?.conditions?.find(({ type }) => type === 'Ready')
        return `${metadata.name} ${ready?.status ?? ''}`
      },
    )
    .toSorted()
}

async function valueIn({ kubectl }: SandboxAccess, name: string): Promise<string> {
  const path = 'jsonpath={.data.a}'
  return `${Buffer.from(await kubectl(['get', 'secret', name, '--namespace=flux-system', '-o', path]), 'base64')}`
}

test.run()
