import { conditionWords, quote } from './condition-words.ts'
import type { NotFetched, Words, WordsTable } from './finding.ts'

function notFetched({ why, namespace, interval, revision, url }: NotFetched): Words {
  const longer = 'try again with a longer --timeout'
  const message = 'has not fetched the commit in time'
  switch (why) {
    case 'not-told':
      return {
        message: `${message}: it could not be told to, and looks by itself every ${interval ?? 'interval'}`,
        fix: `${longer}, or ask for the right to patch it`,
      }
    case 'silent':
      return {
        message: `${message}: source-controller has not answered`,
        fix: `see whether it runs: \`kubectl get pods -n ${namespace} -l app=source-controller\``,
      }
    case 'fetching':
      return { message: `${message}: it is still fetching ${url}`, fix: longer }
    case 'elsewhere':
      return {
        message: `${message}: what it gets from ${url} is ${revision ?? 'nothing'}, without it`,
        fix: 'see whether that URL is a mirror that comes later, or another repository than the one that was pushed to',
      }
  }
}

/** The words for what a run waits for, and how it ends. */
export const wayWords = {
  source: ({ says }) => ({ message: quote(says), fix: 'check its URL, its branch and its credentials' }),
  slow: () => ({
    message: 'you may not annotate it, so its own interval had to be waited for',
    fix: 'ask for the right to patch it',
  }),
  timeout: (facts) => {
    if (facts.waitedFor === 'watch')
      return {
        message: 'its API server did not let the objects be watched in time',
        fix: 'try again; `kubectl get --raw /readyz` shows whether it is well',
      }
    if (facts.waitedFor === 'checks')
      return {
        message: 'the time was over before anything could be pushed',
        fix: 'try again with a longer --timeout',
      }
    if (facts.waitedFor === 'source') return notFetched(facts)
    if (facts.waitedFor === 'other')
      return {
        message: `builds the test Secret as well as ${facts.kustomization}, and did not apply the commit in time, so it is not known what it writes`,
        fix: 'try again with a longer --timeout, or let only one of them build it',
      }
    const { message, fix } = conditionWords(facts.last)
    return { message: `did not apply the commit in time; it says ${message}`, fix }
  },
  interrupted: ({ message, hint }) => ({ message, fix: hint ?? 'run it again' }),
  'not-checked': ({ message, hint }) => ({ message, fix: hint ?? 'mend what it says, and run it again' }),
} satisfies Partial<WordsTable>
