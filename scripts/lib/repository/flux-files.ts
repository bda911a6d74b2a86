import { lstatSync, realpathSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { listFiles, pathInRepository, type Repository } from '../git/git.ts'
import {
  isKustomizationFile,
  type KustomizationFile,
  readKustomizationFiles,
} from '../kustomize/kustomization-file.ts'
import { pathBelow } from '../paths.ts'
import { type FluxFile, parseFluxFile } from './flux-file.ts'
import { makeReader, type Reader } from './reader.ts'

/** After how many files others get their turn: Ctrl-C, and what shows that something is going on. */
const breath = 500

/**
 * Finds the files that declare Flux Kustomizations: tracked ones and new ones. Of ignored ones only those that `paths` names.
 * A file without their API group and a version is never parsed.
 *
 * @param paths files and directories as the user typed them in `cwd`; none: the whole repository
 * @returns sorted by path; a file and the links to it once
 * @throws UserError for a path that does not exist or is outside of the repository, and for an unreadable file
 */
export async function findFluxFiles(
  repository: Repository,
  paths: readonly string[] = [],
  cwd = repository.root,
): Promise<FluxFile[]> {
  const { root } = repository
  const named = paths.map((path) => pathInRepository(repository, cwd, path))
  const listed = await listFiles(repository, named)
  const found = await readFluxFiles(repository, listed, { named })
  const names = [...new Set(found.map(({ file }) => basename(file)))]
  const mayHoldPatches = (text: string) =>
    text.includes('patches') && names.some((name) => text.includes(name))
  const all = named.length > 0 ? await listFiles(repository) : listed
  const candidates = names.length > 0 ? all.filter(isKustomizationFile) : []
  markPatches(found, readKustomizationFiles(root, candidates, mayHoldPatches))
  return found
}

/**
 * As `findFluxFiles`, of files that are listed already, and without a look at who uses them as patches.
 * @param options `named`: those that are read even where git ignores them, or their name says something else; `seen`: gets
 *   each file that is read, its bytes only for as long as it runs
 * @throws UserError for an unreadable file; the reason of the repository's signal where that was aborted
 */
export async function readFluxFiles(
  repository: Repository,
  listed: readonly string[],
  { named = [], seen }: { named?: readonly string[]; seen?: (file: string, bytes: Buffer) => void } = {},
): Promise<FluxFile[]> {
  const { root } = repository
  const known = new Set(listed.filter((file) => /\.(ya?ml|json)$/.test(file) || named.includes(file)))
  const ignored = named.filter((file) => !known.has(file) && statSync(join(root, file)).isFile())
  const read = makeReader(root)
  const found = new Map<string, FluxFile>()
  for (const [index, file] of [...known, ...ignored].entries()) {
    if (index % breath === 0) await setImmediate()
    repository.signal?.throwIfAborted()
    const bytes = read(file)
    if (!bytes) continue
    seen?.(file, bytes)
    const flux = parseFluxFile(file, bytes)
    if (!flux) continue
    if (lstatSync(join(root, file)).isSymbolicLink()) {
      const real = await followLink(repository, flux, read)
      found.set(real.file, real)
    } else found.set(file, ignored.includes(file) ? { ...flux, problem: { refused: 'ignored' } } : flux)
  }
  return [...found.values()].toSorted((a, b) => (a.file < b.file ? -1 : 1))
}

/** The file that a link points to; where that must not be changed, the link with the reason. */
async function followLink(repository: Repository, link: FluxFile, read: Reader): Promise<FluxFile> {
  const { root } = repository
  const target = pathBelow(root, realpathSync(join(root, link.file)))
  if (target === undefined) return { ...link, problem: { refused: 'link-outside' } }
  const [listed] = await listFiles(repository, [target])
  const bytes = listed && read(listed)
  const real = bytes && parseFluxFile(listed, bytes)
  return real || { ...link, problem: { refused: 'link-to-ignored' } }
}

/** Marks the files that a kustomization uses as patches (`patchOf`). */
export function markPatches(found: readonly FluxFile[], kustomizations: readonly KustomizationFile[]): void {
  const files = new Map(found.map((flux) => [flux.file, flux]))
  for (const { file, patchFiles } of kustomizations) {
    for (const { path } of patchFiles) {
      const flux = files.get(path)
      if (flux) flux.patchOf ??= file
    }
  }
}
