import { commitOf, type GitRepository } from '../cluster/flux-objects.ts'
import { plainUrl, type Repository } from '../git.ts'
import { hasAnyCommit, remotesOf } from '../git-objects.ts'

/**
 * The remotes of a repository, by name, to look for a commit of a GitRepository: first those that lead to the same repository.
 * An alias of ssh can hide that of the others, and a commit is the same wherever it comes from.
 */
export async function remotesFor(
  { spec }: GitRepository,
  repository: Repository,
): Promise<{ all: string[]; areSame: boolean }> {
  const remotes = [...(await remotesOf(repository))]
  const isSame = ([, url]: [string, string]) => plainUrl(url) === plainUrl(spec.url)
  const sorted = [...remotes.filter(isSame), ...remotes.filter((remote) => !isSame(remote))]
  return { all: sorted.map(([name]) => name), areSame: remotes.some(isSame) }
}

/** Whether one of these GitRepositories follows a repository: by its URL, or by what it has fetched. */
export async function follow(sources: readonly GitRepository[], repository: Repository): Promise<boolean> {
  const urls = new Set([...(await remotesOf(repository)).values()].map(plainUrl))
  if (sources.some(({ spec }) => urls.has(plainUrl(spec.url)))) return true
  return hasAnyCommit(
    repository,
    sources.flatMap(({ status }) => commitOf(status?.artifact?.revision) ?? []),
  )
}
