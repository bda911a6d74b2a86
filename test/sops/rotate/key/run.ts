/**
 * A run that chooses the new identity and keeps it: `node run.ts OLD [STOP] [OPTIONS]`, with the options of `chooseNext` as JSON. It
 * prints the recipient, and stops before it keeps it or behind that, until it is ended.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { Interrupted } from '../../../../scripts/lib/errors.ts'
import { chooseNext } from '../../../../scripts/sops/rotate/key/next.ts'
import { readKeyRing } from '../../../../scripts/sops/rotate/key/ring.ts'

const [, , old = '', stop = '', options = '{}'] = process.argv
const root = process.cwd()
const env = process.env
const abort = new AbortController()
process.on('SIGINT', () => abort.abort(new Interrupted('SIGINT')))
const say = (line: string) => process.stdout.write(`${line}\n`)
const caller = {
  cwd: root,
  env,
  signal: abort.signal,
  say,
  note: (line: string) => process.stderr.write(`${line}\n`),
  status: () => {},
}
const { signal } = abort
const ring = await readKeyRing({ keyFile: undefined, cwd: root, root, env, signal })
const wishes = { newKey: undefined, pq: false, store: undefined, ...JSON.parse(options) }
const repository = { root, env, signal }
try {
  const chosen = await chooseNext({ ring, old, used: new Set([old]), caller, repository, ...wishes })
  if ('refusals' in chosen) throw new Error(JSON.stringify(chosen.refusals))
  if (stop === 'before') await wait('made')
  await chosen.next.keep()
  say(`${chosen.next.isNew ? 'new' : 'found'} ${chosen.next.keeper} ${chosen.next.identity.recipient}`)
  for (const { code } of chosen.next.notes()) say(code)
  if (stop === 'behind') await wait('kept')
} catch (error) {
  process.stderr.write(`error: ${(error as Error).message}\n`)
  process.exitCode = 2
}

async function wait(word: string): Promise<void> {
  say(word)
  await sleep(100_000)
}
