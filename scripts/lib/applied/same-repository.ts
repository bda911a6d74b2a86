import { commitOf, type GitRepository } from '../cluster/flux-objects.ts'
import type { Repository } from '../git.ts'
import { hasCommit, remotesOf } from '../git-objects.ts'

/**
 * A URL of a git repository without what does not tell repositories apart: protocol, user, password, port, a `.git` at the
 * end, and the letters of the host. `git@github.com:a/b.git` and `https://github.com/a/b` are one.
 */
export function plainUrl(url: string): string {
  const scp = /^(?:[^/@]+@)?([^/:]+):(?!\/\/)(.*)$/.exec(url)
  const [, host = '', path = ''] =
    scp ?? /^[a-z+]+:\/\/(?:[^/@]*@)?([^/:]*)(?::\d+)?\/?(.*)$/i.exec(url) ?? []
  return host === '' ? url : `${host.toLowerCase()}/${path.replace(/^\/+|\/+$/g, '').replace(/\.git$/, '')}`
}

/** The remotes of a repository, by name, that lead to the one that a GitRepository follows. */
export async function remotesFor({ spec }: GitRepository, repository: Repository): Promise<string[]> {
  const remotes = await remotesOf(repository)
  return [...remotes].filter(([, url]) => plainUrl(url) === plainUrl(spec.url)).map(([name]) => name)
}

/** Whether a GitRepository follows a repository: by what it has fetched, or by its URL. */
export async function follows(source: GitRepository, repository: Repository): Promise<boolean> {
  const commit = commitOf(source.status?.artifact?.revision)
  if (commit !== undefined && (await hasCommit(repository, commit))) return true
  return (await remotesFor(source, repository)).length > 0
}
