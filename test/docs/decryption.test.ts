import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { conditionOf, type Kustomization } from '../../scripts/lib/cluster/flux-objects.ts'
import { oneLine } from '../../scripts/lib/redact.ts'
import { explainCondition } from '../../scripts/sops/verify/findings/condition.ts'
import { decryptionCases } from '../helpers/flux/decryption-cases.ts'
import { type Flux, withFlux } from '../helpers/flux/sandbox.ts'
import { until } from '../helpers/processes.ts'

/** What the document says of messages: by code, the texts that they hold. */
const messages = new Map(
  [
    ...readFileSync(join(import.meta.dirname, '../../docs/decryption.md'), 'utf8').matchAll(
      /^\| `([a-z0-9-]+)` \| (.*?) \|/gm,
    ),
  ].map(([, code, texts]) => [code, [...texts!.matchAll(/`([^`]+)`/g)].map(([, text]) => text!)]),
)

/** What became of a case. */
interface Seen {
  /** `True` or `False`. */
  ready: string
  message: string
  /** What `sops:verify` says of it. */
  code: string
  /** What the object holds under `token`; `undefined` where there is none. */
  value: string | undefined
}

let running: Promise<Map<string, Seen>> | undefined

/** What became of each case, by its name. All run at once, in one repository. */
function seen(): Promise<Map<string, Seen>> {
  running ??= (async () => {
    const files = decryptionCases.flatMap(({ name, files }) =>
      Object.entries(files(name)).map(([path, text]) => [`${name}/${path}`, text]),
    )
    const root = { 'kubernetes/flux-system/kustomization.yaml': 'resources: []\n' }
    return withFlux({ ...Object.fromEntries(files), ...root }, look)
  })()
  return running
}

/** Has Flux reconcile a Kustomization for each case, and looks at what came of them. */
async function look({ sandbox }: Flux): Promise<Map<string, Seen>> {
  const metadata = (name: string) => `metadata: {name: ${name}, namespace: flux-system}`
  const objects = decryptionCases.flatMap(({ name, keys, spec }) => [
    `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n${metadata(name)}\nspec:\n  interval: 1h\n  path: ./${name}\n  sourceRef: {kind: GitRepository, name: flux-system}\n  prune: true\n${spec}`,
    ...(keys
      ? [`apiVersion: v1\nkind: Secret\n${metadata(name)}\nstringData: ${JSON.stringify(keys)}\n`]
      : []),
  ])
  await sandbox.kubectl(['apply', '--server-side', '-f', '-'], objects.toReversed().join('---\n'))
  const kustomizations = await settled(sandbox)
  const { items } = JSON.parse(
    await sandbox.kubectl(['get', 'secrets,configmaps', '-n', 'default', '-o', 'json']),
  )
  await removeAll(sandbox)
  return new Map(
    decryptionCases.map(({ name }) => {
      const kustomization = kustomizations.find(({ metadata }) => metadata.name === name)!
      const ready = conditionOf(kustomization, 'Ready')!
      const { code } = explainCondition(kustomization)
      const found = items.find(({ metadata }: { metadata: { name: string } }) => metadata.name === name)
      const token = found?.data?.token
      const value = found?.kind === 'Secret' && token ? Buffer.from(token, 'base64').toString() : token
      return [name, { ready: ready.status, message: oneLine(ready.message), code, value }]
    }),
  )
}

/** Removes the Kustomizations and their keys at once: `kubectl delete` removes five a second. */
async function removeAll({ kubectl }: Flux['sandbox']): Promise<void> {
  const paths = ['/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations']
  paths.push('/api/v1/namespaces/flux-system/secrets')
  for (const path of paths) await kubectl(['delete', '--raw', path])
}

/** The Kustomizations, when the controller has nothing more to do. */
async function settled({ kubectl }: Flux['sandbox']): Promise<Kustomization[]> {
  let items: Kustomization[] = []
  await until('the controller has nothing more to do', async () => {
    items = JSON.parse(await kubectl(['get', 'kustomizations', '-n', 'flux-system', '-o', 'json'])).items
    return items.every((item) => {
      const ready = conditionOf(item, 'Ready')
      return ready && ready.status !== 'Unknown' && !/retrying in/.test(ready.message)
    })
  })
  return items
}

for (const { title, name, shows } of decryptionCases)
  test(title, async () => {
    const { ready, message, code, value } = (await seen()).get(name)!
    if ('code' in shows) {
      assert.is(ready, 'False', message)
      assert.is(code, shows.code, message)
      const texts = messages.get(code) ?? []
      assert.ok(code === 'not-ready' || texts.some((text) => message.includes(text)), message)
      if (shows.message) assert.match(message, shows.message)
    } else {
      assert.is(ready, 'True', message)
      if ('value' in shows) assert.is(value, shows.value)
      else assert.match(value ?? '', 'ENC[AES256_GCM,')
    }
  })

test.run()
