import { existsSync, lstatSync, readdirSync, readFileSync, realpathSync, statSync } from 'node:fs'
import { isAbsolute, join, relative, sep } from 'node:path'
import { exit, UserError } from '../../lib/errors.ts'
import { listFiles } from '../../lib/git.ts'
import { isOurKustomization, kustomizationFile, readSecret, secretFile } from './manifest.ts'

/** The directory `<path>/<name>` of a test Secret. */
export interface Place {
  /** The root of the repository or of a worktree, absolute. */
  root: string
  /** What the Flux Kustomization builds, absolute. */
  path: string
  name: string
}

export interface Found {
  /** Whether these tasks made it: the Secret says so, and nothing else is in the directory. */
  ours: boolean
  /** The id of the `sops:verify` run that made it. */
  run: string | undefined
  namespace: string | undefined
}

/**
 * The directory that a Flux Kustomization builds.
 * @param root of the repository, absolute
 * @param name of the Kustomization, for messages
 * @param path its `spec.path`
 * @returns absolute
 * @throws UserError where it is not a directory of the repository: nothing is ever written elsewhere
 */
export function directoryOf(root: string, name: string, path = '.'): string {
  const directory = join(root, path)
  const what = `the path of the Flux Kustomization ${name}, ${path},`
  const inside = relative(root, directory)
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside))
    throw new UserError(`${what} leads out of the repository`)
  if (!statSync(directory, { throwIfNoEntry: false })?.isDirectory())
    throw new UserError(`${what} is not a directory of this repository`)
  if (realpathSync(directory) !== join(realpathSync(root), inside))
    throw new UserError(`${what} leads over a symbolic link`, { hint: 'Flux does not follow those' })
  return join(root, inside)
}

/** Looks what stands at the place of a test Secret; `undefined` where nothing does. Needs no key. */
export function findTestSecret({ path, name }: Place): Found | undefined {
  const directory = join(path, name)
  const found = lstatSync(directory, { throwIfNoEntry: false })
  if (!found) return undefined
  const entries = found.isDirectory() ? readdirSync(directory, { withFileTypes: true }) : []
  if (found.isDirectory() && entries.length === 0) return undefined
  const areOurs = entries.every(
    (entry) => entry.isFile() && [secretFile, kustomizationFile].includes(entry.name),
  )
  const secret = areOurs ? readSecret(readIfThere(join(directory, secretFile)) ?? '') : undefined
  const kustomization = areOurs ? readIfThere(join(directory, kustomizationFile)) : undefined
  const ours = secret !== undefined && (kustomization === undefined || isOurKustomization(kustomization))
  return { ours, run: ours ? secret.run : undefined, namespace: ours ? secret.namespace : undefined }
}

/** The text of a file; `undefined` where it is not there. */
export function readIfThere(file: string): string | undefined {
  return existsSync(file) ? readFileSync(file, 'utf8') : undefined
}

/**
 * Sees to it that the directory of the Kustomization stays in git when the test Secret goes: without it, Flux fails and
 * prunes nothing (observed.md C8d).
 * @throws UserError (exit 1) where the test Secret is, or would be, all that is in it
 */
export async function refuseLastOfDirectory(
  { root, path, name }: Place,
  options: { env: NodeJS.ProcessEnv; signal?: AbortSignal | undefined },
): Promise<void> {
  const directory = relative(root, path)
  const own = `${join(directory, name)}/`
  const files = await listFiles({ root, ...options }, directory === '' ? [] : [directory])
  if (files.some((file) => !file.startsWith(own))) return
  throw new UserError(
    `refusing to put a test Secret into ${directory} or to remove it: git knows no other file there, so the directory would vanish with it, and Flux would fail instead of pruning the Secret`,
    { hint: 'commit a kustomization.yaml with `resources: []` there', exitCode: exit.no },
  )
}
