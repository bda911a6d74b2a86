import { resolve } from 'node:path'
import type { Repository } from '../../../lib/git/git.ts'
import { run } from '../../../lib/run.ts'

/** A remote of a repository, with the URLs that git really uses: `pushurl`, `insteadOf` and `pushInsteadOf` are done. */
export interface Remote {
  /** How git is told to fetch from it, and to push to it, in the worktree too. */
  readonly fetchFrom: string
  readonly pushTo: string
  readonly fetchUrl: string
  /** One, or several that git pushes to in turn. */
  readonly pushUrls: readonly string[]
}

/** A name that no remote of a user has. */
const probe = 'flux-sops-verify-given'

/**
 * Asks git what it makes of a remote. A relative path, which would mean another place in another working tree, becomes
 * absolute.
 * @param given name or URL
 */
export async function readRemote(given: string, { root: cwd, env, signal }: Repository): Promise<Remote> {
  // a remote of its own, so that git says what it makes of a URL as well
  const args = ['git', '-c', `remote.${probe}.url=${given}`, 'remote', '--verbose']
  const listed = await run(args, { cwd, env, signal })
  const lines = [...listed.matchAll(/^(.*)\t(.*) \((fetch|push)\)/gm)]
  const isNamed = lines.some(([, name]) => name === given)
  const urls = (kind: string) =>
    lines.flatMap(([, name, url = '', of]) =>
      of === kind && name === (isNamed ? given : probe) ? [url] : [],
    )
  const absolute = (url: string) => (/^\.\.?(\/|$)/.test(url) ? resolve(cwd, url) : url)
  const [fetched = given] = urls('fetch')
  const [pushed = fetched, ...others] = urls('push')
  const areRelative = [fetched, pushed, ...others].some((url) => absolute(url) !== url)
  return {
    fetchFrom: areRelative ? absolute(fetched) : given,
    pushTo: areRelative ? absolute(pushed) : given,
    fetchUrl: absolute(fetched),
    pushUrls: [pushed, ...others].map(absolute),
  }
}
