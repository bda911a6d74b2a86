import { branchOf, type GitRepository } from '../cluster/flux-objects.ts'
import { plainUrl, type Repository, searchFiles } from '../git/git.ts'
import { findInstallations, installationMarks } from '../repository/flux-instances.ts'
import { findSources, sourceMark } from '../repository/sources/flux-sources.ts'
import { readListedFile } from '../sops/encrypted-files.ts'

const manifests = ['*.yaml', '*.yml', '*.json']

/**
 * The branches of a repository that its own files have Flux follow: by the GitRepositories that they declare, and by those that a
 * FluxInstance makes.
 * @param url of the repository, as one of its remotes has it
 */
export async function declaredBranches(repository: Repository, url: string): Promise<Set<string>> {
  const files = await searchFiles(repository, [sourceMark, ...installationMarks], manifests)
  const texts = new Map(files.map((file) => [file, readListedFile(repository, file)]))
  const own = findSources(texts, findInstallations(texts)).filter(
    (source) => source.kind === 'GitRepository' && source.url === plainUrl(url),
  )
  const branches = own.map(({ ref }) => branchOf({ spec: { url, ref } } as GitRepository))
  // a file can have anything there, and a variable may be any
  const isPlain = (branch: unknown) => typeof branch === 'string' && !branch.includes('${')
  return new Set(branches.flatMap((branch) => (branch !== undefined && isPlain(branch) ? branch : [])))
}
