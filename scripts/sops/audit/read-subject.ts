import { posix, resolve } from 'node:path'
import { onlyFiles, openRepository, type Repository } from '../../lib/git/git.ts'
import { readBlobs, sizesOf } from '../../lib/git/git-objects.ts'
import { isKustomizationFile } from '../../lib/kustomize/kustomization-file.ts'
import { largestFile, makeReader } from '../../lib/repository/reader.ts'
import { run } from '../../lib/run.ts'
import { configName } from '../../lib/sops/creation-rules.ts'
import { keyAtHand } from '../../lib/sops/key.ts'
import { type AuditMark, marksIn } from './marks.ts'
import type { AuditOptions } from './options.ts'
import { readRuleSet } from './rule-set.ts'
import type { Subject } from './subject.ts'

/**
 * Reads what is to be audited.
 * @throws UserError outside of a repository, for an unreadable file, and for a key that was named and can't be used
 */
export async function readSubject(options: AuditOptions): Promise<Subject> {
  const { cwd, env, signal, status } = options.caller
  const { repository, names: listed } = await openRepository(cwd, { env, signal })
  const key = await keyAtHand({ keyFile: options.keyFile, cwd, root: repository.root, env, signal })
  const found = new Map<AuditMark, string[]>()
  /** @returns whether it is to be known who builds it */
  const look = (file: string, bytes: Buffer) => {
    const own = marksIn(bytes)
    for (const mark of own) {
      const files = found.get(mark) ?? []
      files.push(file)
      found.set(mark, files)
    }
    return own.length > 0 || posix.basename(file) === configName || isKustomizationFile(file)
  }
  const known = { identities: key?.identities, keyPlace: key?.place }
  const common = { repository, options, ...known, marked: found }
  const readNext = makeReader(repository.root, largestFile)
  if (options.staged) {
    const blobs = await readIndex(repository)
    const names = [...blobs.keys()].toSorted()
    const read = (file: string) => blobs.get(file)
    for (const [file, bytes] of blobs) if (bytes) look(file, bytes)
    for (const files of found.values()) files.sort()
    // the rules are those of the commit, whether it changes them or not; what git prints is read as UTF-8, so that those in
    // UTF-16 are taken from the working tree
    const rules = readRuleSet(repository, listed, (file) => {
      const staged = read(file)
      return staged && !staged.includes('\ufffd') ? staged : readNext(file)
    })
    return { ...common, names, read, rules, flux: undefined }
  }
  // what reads all of Flux takes longer to load than what is staged to be read
  const { readFluxRepository } = await import('../../lib/repository/flux-repository.ts')
  const seen = new Set<string>()
  const flux = await readFluxRepository(repository, listed, status, (file, bytes) => {
    seen.add(file)
    return look(file, bytes)
  })
  const read = (file: string) => {
    const bytes = readNext(file)
    return bytes && Buffer.from(bytes)
  }
  const others = new Set(
    onlyFiles(
      repository,
      listed.filter((file) => !seen.has(file)),
    ),
  )
  for (const file of others) {
    const bytes = readNext(file)
    if (bytes) look(file, bytes)
  }
  for (const files of found.values()) files.sort()
  const names = listed.filter((file) => seen.has(file) || others.has(file))
  return { ...common, names, read, rules: readRuleSet(repository, names, read), flux }
}

/** What the next commit adds or changes, as the index has it; `undefined` for what is too large. */
async function readIndex(repository: Repository): Promise<Map<string, Buffer | undefined>> {
  const { root: cwd, env, signal } = repository
  // `git commit --all` and `git commit FILE` have an index of their own, which they name to their hooks
  const index = env.GIT_INDEX_FILE ? ['env', `GIT_INDEX_FILE=${resolve(cwd, env.GIT_INDEX_FILE)}`] : []
  const diff = ['git', 'diff', '--cached', '--raw', '--no-abbrev', '--no-renames', '--diff-filter=ACMT', '-z']
  const changed = await run([...index, ...diff], { cwd, env, signal })
  const entries = [...changed.matchAll(/:\d+ 100\d+ \w+ (\w+) \w\0([^\0]+)\0/g)]
  const files = entries.map(([, blob = '', file = '']) => ({ blob, file }))
  const sizes = await sizesOf(
    repository,
    files.map(({ blob }) => blob),
  )
  const blobs = await readBlobs(
    repository,
    [...sizes].flatMap(([blob, size]) => (size <= largestFile ? [blob] : [])),
  )
  return new Map(
    files.map(({ blob, file }) => {
      const text = blobs.get(blob)
      return [file, text === undefined ? undefined : Buffer.from(text)]
    }),
  )
}
