import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse, parseAllDocuments } from 'yaml'

type Json = Record<string, unknown>

/** A Flux Kustomization as a cluster has it. */
export interface Applied {
  metadata: { name: string; namespace?: string }
  spec: Json & { path?: string; sourceRef?: { name?: string } }
}

const fileNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/**
 * What a cluster holds in the end where Flux follows a repository: applies what is given, and then the builds of all Flux
 * Kustomizations that it finds, until nothing changes any more. kustomize is the real one; around it is done by hand what
 * kustomize-controller does: the kustomization file of a path (fluxcd/pkg/kustomize), and `${NAME}` in what comes out.
 *
 * @param root of the repository; its files are as they were afterwards
 * @param byHand what a person applies: files, or directories with a kustomization file
 * @throws where it does not end
 */
export function fluxByHand(root: string, byHand: readonly string[]): Applied[] {
  const cluster = new Map<string, string>()
  const apply = (objects: readonly Applied[]) => {
    for (const one of objects)
      cluster.set(`${one.metadata.namespace}/${one.metadata.name}`, JSON.stringify(one))
  }
  apply(
    byHand.flatMap((path) =>
      statSync(join(root, path)).isDirectory()
        ? fluxObjects(kustomize(join(root, path)))
        : fluxObjects(readFileSync(join(root, path), 'utf8')),
    ),
  )
  for (let round = 0; round < 20; round++) {
    const before = JSON.stringify([...cluster])
    for (const text of [...cluster.values()]) apply(buildOf(root, JSON.parse(text)))
    if (JSON.stringify([...cluster]) === before) return [...cluster.values()].map((text) => JSON.parse(text))
  }
  throw new Error('it does not end')
}

/** The Flux Kustomizations in what one of them builds; none where its source or its path is elsewhere. */
function buildOf(root: string, { spec }: Applied): Applied[] {
  const directory = join(root, spec.path ?? '.')
  if (spec.sourceRef?.name !== 'flux-system' || !existsSync(directory)) return []
  const variables = ((spec.postBuild as Json | undefined)?.substitute ?? {}) as Record<string, string>
  const built = withKustomizationFile(directory, spec, () => kustomize(directory))
  return fluxObjects(
    Object.keys(variables).length === 0
      ? built
      : built.replace(
          /\$\{(\w+)(?::=([^}]*))?\}/g,
          (_, name, otherwise) => variables[name] ?? otherwise ?? '',
        ),
  )
}

function withKustomizationFile<T>(directory: string, spec: Json, use: () => T): T {
  const name = fileNames.find((one) => existsSync(join(directory, one)))
  const file = join(directory, name ?? 'kustomization.yaml')
  const text = name === undefined ? undefined : readFileSync(file, 'utf8')
  const own = (text === undefined ? { resources: manifestsIn(directory, '') } : parse(text)) as Json
  const listed = (key: string) => [own[key] ?? [], spec[key] ?? []].flat()
  const added = {
    ...own,
    patches: listed('patches'),
    components: listed('components'),
    ...(spec.targetNamespace !== undefined && { namespace: spec.targetNamespace }),
    ...(spec.namePrefix !== undefined && { namePrefix: spec.namePrefix }),
    ...(spec.nameSuffix !== undefined && { nameSuffix: spec.nameSuffix }),
  }
  writeFileSync(file, JSON.stringify(added))
  try {
    return use()
  } finally {
    if (text === undefined) rmSync(file)
    else writeFileSync(file, text)
  }
}

function manifestsIn(directory: string, path: string): string[] {
  return readdirSync(join(directory, path), { withFileTypes: true }).flatMap((entry) => {
    const name = join(path, entry.name)
    if (!entry.isDirectory()) return /\.ya?ml$/.test(name) ? [name] : []
    const isKustomization = fileNames.some((one) => existsSync(join(directory, name, one)))
    return isKustomization ? [name] : manifestsIn(directory, name)
  })
}

function kustomize(directory: string): string {
  const args = ['build', '--load-restrictor', 'LoadRestrictionsNone', directory]
  const { status, stdout, stderr } = spawnSync('kustomize', args, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`kustomize build ${directory}: ${stderr}`)
  return stdout
}

function fluxObjects(text: string): Applied[] {
  return [...parseAllDocuments(text)]
    .map((document) => document.toJS())
    .filter((value) => value?.kind === 'Kustomization')
}
