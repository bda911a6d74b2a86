import { plainUrl } from '../../../lib/git/git.ts'
import type { Remote } from './remote.ts'

/** What the URL of a remote tells about the repository behind it. */
export type UrlTells =
  /** It is the one that the source follows. */
  | 'same'
  /** It is another one. */
  | 'other'
  /** The same path on another host: a mirror, another name of the host, or somebody else's. What is there has to be compared. */
  | 'other-host'
  /** Nothing, but it is the only one that the user named: to fetch from and to push to. */
  | 'only-one'

/**
 * Compares a URL that git fetches from or pushes to with the one of a GitRepository. The protocol, the user and the port do not
 * count. A fork has another path on the same host.
 * @param source the URL of the GitRepository
 */
export function compareUrl(url: string, source: string, { fetchUrl, pushUrls }: Remote): UrlTells {
  const [own, followed, fetched] = [url, source, fetchUrl].map(partsOf) as [Parts, Parts, Parts]
  if (own.plain === followed.plain) return 'same'
  if (own.host !== '' && own.host === followed.host) return 'other'
  if ([fetchUrl, ...pushUrls].every((one) => plainUrl(one) === own.plain)) return 'only-one'
  const isNamedSo = own.path === followed.path || (own.path === fetched.path && own.plain !== fetched.plain)
  return isNamedSo ? 'other-host' : 'other'
}

interface Parts {
  plain: string
  /** Empty for a path of this machine. */
  host: string
  path: string
}

function partsOf(url: string): Parts {
  const plain = plainUrl(url)
  const end = plain.indexOf('/')
  return { plain, host: plain.slice(0, end), path: plain.slice(end + 1).replace(/\.git$/, '') }
}
