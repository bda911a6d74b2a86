import { commitOf, type GitRepository } from '../cluster/flux-objects.ts'
import { plainUrl, type Repository } from '../git/git.ts'
import { hasAnyCommit, remotesOf } from '../git/git-objects.ts'

/**
 * The remotes of a repository, by name, to look for a commit of a GitRepository: first those that lead to the same repository.
 * An alias of ssh, whose host has no dot, can hide that of the others, and a commit is the same wherever it comes from; where no
 * remote can be the same repository, none of them is asked.
 */
export async function remotesFor(
  { spec }: GitRepository,
  repository: Repository,
): Promise<{ all: string[]; areSame: boolean }> {
  const remotes = [...(await remotesOf(repository))]
  const isSame = ([, url]: [string, string]) => plainUrl(url) === plainUrl(spec.url)
  const sorted = [...remotes.filter(isSame), ...remotes.filter((remote) => !isSame(remote))]
  const areSame = remotes.some(isSame)
  const mayBeSame = areSame || [...remotes.map(([, url]) => url), spec.url].some(isAlias)
  return { all: mayBeSame ? sorted.map(([name]) => name) : [], areSame }
}

/** Whether the host of a URL is one that only a configuration of ssh or git knows. */
function isAlias(url: string): boolean {
  return !/[.:]/.test(plainUrl(url).split('/')[0] ?? '')
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
