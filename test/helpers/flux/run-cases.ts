import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { explainCondition } from '../../../scripts/diagnosis/condition/explain.ts'
import { conditionOf, type Kustomization } from '../../../scripts/lib/cluster/flux-objects.ts'
import { oneLine } from '../../../scripts/lib/redact.ts'
import { until } from '../processes.ts'
import { type Flux, withFlux } from './sandbox.ts'

/** What became of a case. */
export interface SeenOnFlux {
  /** `True` or `False`. */
  ready: string
  message: string
  /** What `sops:verify` says of it. */
  code: string
  /** What the object holds under `token`; `undefined` where there is none. */
  value: string | undefined
}

/** A directory with a Flux Kustomization of its own. */
export interface FluxCase {
  /** Of the Kustomization, its key Secret and the object that is looked at, which holds its value under `token`. */
  name: string
  /** What is in the path. */
  files(name: string): Readonly<Record<string, string>>
  /** The targets of symbolic links in the path. */
  links?: Readonly<Record<string, string>>
  /** What the key Secret holds; `undefined`: there is none. */
  keys?: Readonly<Record<string, string>> | undefined
  /** Lines of `spec` with the decryption block. */
  spec: string
}

/** What became of each case on the real Flux, by its name. All run at once, in one repository. */
export async function runCases(cases: readonly FluxCase[]): Promise<Map<string, SeenOnFlux>> {
  const files = cases.flatMap(({ name, files: make }) =>
    Object.entries(make(name)).map(([path, text]) => [`${name}/${path}`, text]),
  )
  const root = { 'kubernetes/flux-system/kustomization.yaml': 'resources: []\n' }
  return withFlux({ ...Object.fromEntries(files), ...root }, async (flux) => {
    const links = cases.flatMap(({ name, links: own }) =>
      Object.entries(own ?? {}).map(([path, target]) => [join(name, path), target] as const),
    )
    for (const [path, target] of links) symlinkSync(target, join(flux.clone, path))
    if (links.length > 0) await flux.applied('flux-system', await flux.push())
    return look(flux, cases)
  })
}

/** Has Flux reconcile a Kustomization for each case, and looks at what came of them. */
async function look({ sandbox }: Flux, cases: readonly FluxCase[]): Promise<Map<string, SeenOnFlux>> {
  const metadata = (name: string) => `metadata: {name: ${name}, namespace: flux-system}`
  const objects = cases.flatMap(({ name, keys, spec }) => [
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
    cases.map(({ name }) => {
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
