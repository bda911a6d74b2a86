import { execFileSync } from 'node:child_process'
import { basename, dirname, join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { type Place, withPlace } from '../../helpers/flux/verify.ts'

/** A fork of the repository on the same server, at the same commit. */
function fork({ bare, url, env }: Place) {
  const directory = join(dirname(bare), 'team', basename(bare))
  const git = (...args: string[]) =>
    execFileSync('git', args, { env, encoding: 'utf8', stdio: 'pipe' }).trimEnd()
  git('clone', '--quiet', '--bare', bare, directory)
  git('-C', directory, 'config', 'http.receivepack', 'true')
  return {
    directory,
    url: new URL(`team/${basename(bare)}`, url).href,
    tip: () => git('-C', directory, 'rev-parse', 'main'),
  }
}

/** How a clone can come to push to another repository than the one that it fetches from, or both. */
const ways: readonly [
  what: string,
  verb: RegExp,
  config: (url: string, fork: string) => [string, string][],
][] = [
  ['a pushurl', /^git pushes to /, (_, other) => [['remote.origin.pushurl', other]]],
  [
    'the second of two push URLs',
    /^git pushes to /,
    (url, other) => [
      ['remote.origin.pushurl', url],
      ['remote.origin.pushurl', other],
    ],
  ],
  ['pushInsteadOf', /^git pushes to /, (url, other) => [[`url.${other}.pushInsteadOf`, url]]],
  ['insteadOf', /^git pushes to /, (url, other) => [[`url.${other}.insteadOf`, url]]],
  [
    'a fork that is fetched from',
    /^git fetches from /,
    (url, other) => [
      ['remote.origin.pushurl', url],
      ['remote.origin.url', other],
    ],
  ],
]

test('a fork that git pushes to or fetches from is said, whichever way it got there, and nothing is pushed', () =>
  withPlace(async (place) => {
    const { git, url, tip, verify } = place
    const other = fork(place)
    const before = await tip()
    for (const [what, verb, config] of ways) {
      for (const [key, value] of config(url, other.url))
        await git('config', ...(key === 'remote.origin.url' ? [] : ['--add']), key, value)
      const { code, json, stderr } = await verify()
      assert.is(code, 2, `${what}: ${stderr}`)
      const [finding] = json.findings
      assert.is(finding!.code, 'other-remote', `${what}: ${finding!.message}`)
      assert.is(finding!.object, 'remote origin', what)
      assert.match(finding!.message, verb, what)
      assert.match(
        finding!.message,
        `${other.url}, which is not the repository that gitrepository flux-system/flux-system follows (${url})`,
      )
      assert.equal([await tip(), other.tip()], [before, before], what)
      await git('config', 'remote.origin.url', url)
      await git('config', '--unset-all', 'remote.origin.pushurl').catch(() => {})
      await git('config', '--remove-section', `url.${other.url}`).catch(() => {})
    }
    const named = await verify(['--remote', other.url])
    assert.is(named.json.findings[0]!.code, 'other-remote')
    assert.is(other.tip(), before)
  }))

test('the same path on another host counts where it is at the same commit', () =>
  withPlace(async (place) => {
    const { git, url, env, tip, verify, push } = place
    await git('config', 'remote.origin.pushurl', url.replace('127.0.0.1', 'localhost'))
    const proved = await verify()
    assert.is(proved.code, 0, proved.stderr)

    // a host whose repository of this name is another one
    const other = fork(place)
    const ssh = `sh -c 'eval "$(printf %s "$2" | sed "s,/.*\\.git,${other.directory},")"' ssh`
    await git('pull', '--quiet')
    await push({ 'README.md': 'newer' })
    const before = await tip()
    await git('config', 'remote.origin.pushurl', `ssh://elsewhere/${new URL(url).pathname.slice(1)}`)
    const call = { env: { ...env, GIT_SSH_VARIANT: 'simple', GIT_SSH_COMMAND: ssh } }
    const refused = await verify([], call)
    assert.is(refused.code, 2, refused.stderr)
    assert.is(refused.json.findings[0]!.code, 'other-remote', refused.stderr)
    assert.is(await tip(), before)
  }))

test.run()
