import { type Finding, finding } from '../../../findings/finding.ts'

/** Why a source has not fetched a commit. */
export interface NotFetched {
  /**
   * `not-told`: it could not be told to fetch; `silent`: its controller has not answered; `fetching`: it is at it; `elsewhere`: it
   * has fetched, and what it got lacks the commit.
   */
  why: 'not-told' | 'silent' | 'fetching' | 'elsewhere'
  namespace: string
  interval: string | undefined
  revision: string | undefined
  /** Without credentials. */
  url: string
}

/** That a source has not fetched a commit. */
export function notFetched(object: string, { why, namespace, interval, revision, url }: NotFetched): Finding {
  switch (why) {
    case 'not-told':
      return finding(
        'not-fetched',
        { object },
        {
          why: `it could not be told to, and looks by itself every ${interval ?? 'interval'}`,
          more: ', or ask for the right to patch it',
        },
      )
    case 'fetching':
      return finding('not-fetched', { object }, { why: `it is still fetching ${url}`, more: '' })
    case 'silent':
      return finding('source-silent', { object }, { namespace })
    case 'elsewhere':
      return finding('fetched-elsewhere', { object }, { url, revision: revision ?? 'nothing' })
  }
}
