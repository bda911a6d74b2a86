import { mkdirSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import type { KubeObject } from '../../lib/cluster/kube-objects.ts'
import { CommandError } from '../../lib/errors.ts'
import { build, kustomizationFilesIn } from '../../lib/kustomize/build.ts'
import { namesFrom } from '../../lib/paths.ts'
import { run } from '../../lib/run.ts'
import { parseDocuments } from '../../lib/yaml/documents.ts'
import { textAt } from '../../lib/yaml/values.ts'
import type { Sync } from './syncs.ts'

/** Where the objects of a cluster are made. */
export interface SyncPlace {
  /** The bare repository of the sandbox, and the commit in it. */
  bare: string
  commit: string
  /** A directory of the sandbox; it goes with it. */
  directory: string
  /** The directory of the programs. */
  bin: string
  env: NodeJS.ProcessEnv
}

/**
 * The source and the Kustomization of a cluster, patched as `flux bootstrap` and flux-operator apply them: decryption may be in a
 * patch, and without it Flux would never get as far as to apply the patch itself.
 * @returns as they are written where they cannot be built, which Flux then says as well
 */
export async function syncObjects(sync: Sync, place: SyncPlace): Promise<KubeObject[]> {
  const written = [sync.source, sync.kustomization]
  const directory = await directoryOf(sync, place)
  if (directory === undefined) return written
  const env = { ...place.env, PATH: [place.bin, place.env.PATH].filter(Boolean).join(delimiter) }
  try {
    const built = await build(directory, { cwd: place.directory, nameOf: namesFrom(place.directory), env })
    const values = parseDocuments(built).map(({ value }) => value)
    return written.map((object) => values.find((value) => isSame(value, object)) ?? object)
  } catch (error) {
    if (error instanceof CommandError) return written
    throw error
  }
}

/** A directory with a kustomization file that gives the two objects; `undefined` where nothing patches them. */
async function directoryOf({ file, patches, ...sync }: Sync, place: SyncPlace): Promise<string | undefined> {
  const root = join(place.directory, 'sync')
  if (patches === 'beside' && file !== undefined) {
    await exportCommit(root, place)
    const directory = join(root, dirname(file))
    return kustomizationFilesIn(directory).length > 0 ? directory : undefined
  }
  if (patches === 'beside' || patches.length === 0) return undefined
  mkdirSync(root)
  const resources = ['source.json', 'kustomization.json']
  writeFileSync(join(root, resources[0]!), JSON.stringify(sync.source))
  writeFileSync(join(root, resources[1]!), JSON.stringify(sync.kustomization))
  // JSON is YAML
  writeFileSync(join(root, 'kustomization.yaml'), JSON.stringify({ resources, patches }))
  return root
}

/** Writes the files of a commit into a directory. No setting of the user has a say, so no filter fetches anything. */
async function exportCommit(directory: string, { bare, commit, env }: SyncPlace): Promise<void> {
  mkdirSync(directory)
  const own = { PATH: env.PATH, GIT_CONFIG_NOSYSTEM: '1', GIT_CONFIG_GLOBAL: '/dev/null' }
  const git = ['git', `--git-dir=${bare}`, `--work-tree=${directory}`]
  await run([...git, 'checkout', '--quiet', commit, '--', '.'], { cwd: directory, env: own })
}

function isSame(value: unknown, object: KubeObject): value is KubeObject {
  return [['kind'], ['metadata', 'name'], ['metadata', 'namespace']].every(
    (path) => textAt(value, ...path) === textAt(object, ...path),
  )
}
