import { callGit, type Repository } from '../../../lib/git/git.ts'
import type { Rotation } from '../rotation.ts'

/** The trailers by which a commit says what it rotates. */
export const trailerNames = { old: 'Age-Recipient-Old', next: 'Age-Recipient-New' } as const

/**
 * The rotations that commits tell of, the newest first. A merge that makes one commit of several puts the trailers amid its message,
 * so they are looked for everywhere in it.
 * @param commits whose history is meant
 */
export async function readTrailers(repository: Repository, commits: readonly string[]): Promise<Rotation[]> {
  if (commits.length === 0) return []
  const search = ['-E', `--grep=^ *${trailerNames.old}: `]
  const log = await callGit(repository, ['log', ...search, '--format=%x01%B', ...commits, '--'])
  return log.split('\x01').flatMap((message) => {
    const [old, next] = [lastOf(message, trailerNames.old), lastOf(message, trailerNames.next)]
    return old !== undefined && next !== undefined && old !== next ? [{ old, next }] : []
  })
}

function lastOf(message: string, name: string): string | undefined {
  return [...message.matchAll(new RegExp(`^ *${name}: *(age1[a-z0-9-]+) *$`, 'gm'))].at(-1)?.[1]
}
