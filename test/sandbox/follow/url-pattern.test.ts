import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { plainUrl } from '../../../scripts/lib/git/git.ts'
import { urlPattern } from '../../../scripts/sandbox/follow/admission.ts'

/** JavaScript has flags where RE2 writes them into the expression. */
const means = (urls: readonly string[]) => new RegExp(urlPattern(urls).replace('(?i)', ''), 'i')

test('every way to write the URL of a repository is meant, and no other repository', () => {
  const same = [
    'https://github.com/me/fleet',
    'https://github.com/me/fleet.git',
    'https://user:secret@github.com:443/me/fleet/',
    'ssh://git@github.com/me/fleet.git',
    'ssh://git@GitHub.com:22/me/fleet',
    'git@github.com:me/fleet.git',
    'git@github.com:/me/fleet',
    'http://github.com/Me/Fleet',
  ]
  const others = [
    'https://github.com/me/fleet2',
    'https://github.com/me/fleet/sub',
    'https://github.com/you/me/fleet',
    'https://gitlab.com/me/fleet',
    'https://githubXcom/me/fleet',
    'https://example.com/github.com/me/fleet',
  ]
  for (const one of same) {
    const pattern = means([one])
    for (const url of same) assert.ok(pattern.test(url), `${one} and ${url}`)
    for (const url of others) assert.not.ok(pattern.test(url), `${one} and ${url}`)
  }
  // what is the same elsewhere in the project is the same here
  for (const url of [...same, ...others])
    if (plainUrl(url) === plainUrl(same[0]!)) assert.ok(means(same).test(url), url)
})

test('several URLs, and paths of this machine, which Flux cannot fetch', () => {
  const pattern = means([
    '/srv/git/fleet.git',
    '../fleet',
    'file:///srv/fleet',
    'https://a.example/x',
    'b.example:y/z',
  ])
  for (const url of ['https://a.example/x.git', 'ssh://b.example/y/z']) assert.ok(pattern.test(url), url)
  for (const url of ['https://a.example/y/z', 'https://srv/git/fleet', 'https://c.example/fleet'])
    assert.not.ok(pattern.test(url), url)
})

test.run()
