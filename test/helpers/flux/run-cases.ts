import { randomUUID } from 'node:crypto'
import { readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { explainCondition } from '../../../scripts/diagnosis/condition/explain.ts'
import {
  conditionOf,
  type FluxSource,
  fetchFailureOf,
  type Kustomization,
} from '../../../scripts/lib/cluster/flux-objects.ts'
import { oneLine } from '../../../scripts/lib/redact.ts'
import { writeFiles } from '../files.ts'
import { until } from '../processes.ts'
import { type Flux, type SandboxAccess, withFlux, withFluxOn } from './sandbox.ts'

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
  /** What was in the path at the commit before; the same where it is not given. */
  before?(name: string): Readonly<Record<string, string>>
  /** The targets of symbolic links in the path. */
  links?: Readonly<Record<string, string>>
  /** What the key Secret holds; `undefined`: there is none. */
  keys?: Readonly<Record<string, string>> | undefined
  /** Lines of `spec` with the decryption block. */
  spec: string
  /** Documents of YAML that are applied beside the Kustomization, or instead of it where one has its name; `$URL` is that of the repository, `$EMPTY` that of an empty one, `$API` that of the API server. */
  objects?: string
}

/** What became of each case on the real Flux, by its name. All run at once, in one repository. */
export async function runCases(cases: readonly FluxCase[]): Promise<Map<string, SeenOnFlux>> {
  return withCases(cases, async ({ sandbox }, kustomizations) => {
    const { items } = JSON.parse(
      await sandbox.kubectl(['get', 'secrets,configmaps', '-n', 'default', '-o', 'json']),
    )
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
  })
}

/**
 * Runs `use` when Flux has reconciled a Kustomization for each case, all in one repository, and takes them away again.
 * @param use gets the Kustomizations as they are then
 * @param sandbox to run on; a lent one where it is not given
 */
export async function withCases<T>(
  cases: readonly FluxCase[],
  use: (flux: Flux, kustomizations: readonly Kustomization[]) => Promise<T>,
  sandbox?: SandboxAccess,
): Promise<T> {
  const filesOf = (make: (one: FluxCase) => Readonly<Record<string, string>>) =>
    Object.fromEntries(
      cases.flatMap((one) =>
        Object.entries(make(one)).map(([path, text]) => [`${one.name}/${path}`, text] as const),
      ),
    )
  const before = filesOf(({ name, files, before = files }) => before(name))
  const root = { 'kubernetes/flux-system/kustomization.yaml': 'resources: []\n' }
  const run = async (flux: Flux) => {
    const links = cases.flatMap(({ name, links: own }) =>
      Object.entries(own ?? {}).map(([path, target]) => [join(name, path), target] as const),
    )
    for (const [path, target] of links) symlinkSync(target, join(flux.clone, path))
    const isChanged = cases.some((one) => one.before)
    if (isChanged)
      writeFiles(
        flux.clone,
        filesOf(({ name, files }) => files(name)),
      )
    if (links.length > 0 || isChanged) await flux.applied('flux-system', await flux.push())
    const { kubectl } = flux.sandbox
    const objects = await filledIn(objectsOf(cases).join('---\n'), flux)
    await kubectl(['apply', '--server-side', '-f', '-'], objects)
    try {
      return await use(flux, await settled(flux.sandbox))
    } finally {
      await removeAll(flux.sandbox)
      const beside = cases.flatMap((one) => one.objects ?? []).join('---\n')
      if (beside) await kubectl(['delete', '--ignore-not-found', '--wait=false', '-f', '-'], beside)
    }
  }
  const all = { ...before, ...root }
  return sandbox ? withFluxOn(sandbox, all, run) : withFlux(all, run)
}

/** Objects with the URLs that they name. */
async function filledIn(objects: string, { url, sandbox }: Flux): Promise<string> {
  const [, api = ''] = /server"?: ?"?(https:[^"\s]+)/.exec(readFileSync(sandbox.kubeconfig, 'utf8')) ?? []
  const empty = `empty-${randomUUID()}`
  if (objects.includes('$EMPTY')) await sandbox.createRepository(empty, 'main')
  return objects.replaceAll('$URL', url).replaceAll('$EMPTY', sandbox.gitUrl(empty)).replaceAll('$API', api)
}

/** What is applied for the cases: keys before the Kustomizations that use them. */
function objectsOf(cases: readonly FluxCase[]): string[] {
  const metadata = (name: string) => `metadata: {name: ${name}, namespace: flux-system}`
  const keySecrets = cases.flatMap(({ name, keys }) =>
    keys ? [`apiVersion: v1\nkind: Secret\n${metadata(name)}\nstringData: ${JSON.stringify(keys)}\n`] : [],
  )
  const isOwn = ({ name, objects = '' }: FluxCase) =>
    !objects.includes(`kind: Kustomization\n${metadata(name)}`)
  const usual = cases
    .filter(isOwn)
    .map(
      ({ name, spec }) =>
        `apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n${metadata(name)}\nspec:\n  interval: 1h\n  path: ./${name}\n  sourceRef: {kind: GitRepository, name: flux-system}\n  prune: true\n${spec}`,
    )
  return [...keySecrets, ...cases.flatMap(({ objects }) => objects ?? []), ...usual]
}

/** Removes the Kustomizations and their keys at once: `kubectl delete` removes five a second. */
async function removeAll({ kubectl }: Flux['sandbox']): Promise<void> {
  const paths = ['/apis/kustomize.toolkit.fluxcd.io/v1/namespaces/flux-system/kustomizations']
  paths.push('/api/v1/namespaces/flux-system/secrets')
  for (const path of paths) await kubectl(['delete', '--raw', path])
}

/** The Kustomizations, when the controllers have nothing more to do. */
async function settled({ kubectl }: Flux['sandbox']): Promise<Kustomization[]> {
  const kinds = 'kustomizations,gitrepositories,ocirepositories,buckets'
  let items: (Kustomization | FluxSource)[] = []
  const fetchesNothing = (name: string) =>
    items.some(
      (item) =>
        item.kind !== 'Kustomization' &&
        item.metadata.name === name &&
        (item.spec.suspend || fetchFailureOf(item)),
    )
  await until('the controllers have nothing more to do', async () => {
    items = JSON.parse(await kubectl(['get', kinds, '-n', 'flux-system', '-o', 'json'])).items
    return items.every((item) => {
      const ready = conditionOf(item, 'Ready')
      if (item.spec.suspend) return true
      if (!ready || ready.status === 'Unknown') return false
      return (
        !/retrying in/.test(ready.message) ||
        ('sourceRef' in item.spec && fetchesNothing(item.spec.sourceRef.name))
      )
    })
  })
  return items.filter((item): item is Kustomization => item.kind === 'Kustomization')
}
