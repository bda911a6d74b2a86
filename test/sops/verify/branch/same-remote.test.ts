import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { compareUrl } from '../../../../scripts/sops/verify/branch/same-remote.ts'

const source = 'ssh://git@github.com/team/cluster'

/** @param push where it is pushed to; where nothing is said, to what is fetched from */
function tells(url: string, { fetch = url, push = [url] }: { fetch?: string; push?: string[] } = {}) {
  return compareUrl(url, source, { fetchFrom: fetch, pushTo: url, fetchUrl: fetch, pushUrls: push })
}

test('the protocol, the user, the port and .git do not count', () => {
  for (const url of [
    'git@github.com:team/cluster.git',
    'https://github.com/team/cluster.git',
    'https://x:y@GitHub.com:443/team/cluster/',
  ])
    assert.is(tells(url, { fetch: 'https://github.com/other/fork' }), 'same', url)
})

test('another path on the same host is a fork, also where it is the only URL', () => {
  assert.is(tells('git@github.com:me/cluster'), 'other')
  assert.is(tells('https://github.com/me/cluster', { fetch: source }), 'other')
})

test('the same path on another host can be a name of the same host: what is there tells', () => {
  assert.is(tells('git@work:team/cluster', { fetch: source }), 'other-host')
  assert.is(tells('git@work:team/cluster.git', { fetch: 'https://github.com/team/cluster' }), 'other-host')
  // as it was fetched from there, it needs no comparison
  assert.is(tells('git@work:team/cluster'), 'only-one')
})

test('one that has nothing in common is taken only where it is all that the user named', () => {
  assert.is(tells('/srv/git/x.git'), 'only-one')
  assert.is(tells('/srv/git/x.git', { fetch: source }), 'other')
  assert.is(tells('/srv/git/x.git', { push: ['/srv/git/x.git', source] }), 'other')
  assert.is(tells('http://mirror/x', { fetch: 'http://mirror/y' }), 'other')
})

test.run()
