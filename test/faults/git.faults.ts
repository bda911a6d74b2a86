import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { defineCells, type Fault, type Scene } from './cell.ts'
import { proxyOf, withProxiedPlace } from './within.ts'

/** Somebody else adds a file to the branch. */
function pushForeign({ place, was }: Scene): undefined {
  const root = join(place.directory, 'foreign')
  mkdirSync(root)
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: root, env: place.env, encoding: 'utf8', stdio: 'pipe' }).trim()
  git('clone', '--quiet', place.url, '.')
  git('config', 'user.name', 'Somebody')
  git('config', 'user.email', 'somebody@example.com')
  writeFileSync(join(root, 'foreign.txt'), 'foreign\n')
  git('add', 'foreign.txt')
  git('commit', '--quiet', '--message', 'foreign')
  git('push', '--quiet')
  git('read-tree', was.tree)
  git('add', 'foreign.txt')
  was.tree = git('write-tree')
}

const foreign: Fault = {
  name: 'a foreign push',
  sample: ['create', 'remove'],
  strike: pushForeign,
  lasts: 0,
  // the last stage does not wait long
  codes: (stage) => (stage === 'pruned' ? [0, 1] : [0]),
}

const hanging: Fault = {
  name: 'the git server does not answer',
  within: withProxiedPlace,
  strike: ({ place }) => proxyOf(place).hang(),
  lasts: 6_000,
  codes: (stage) => (stage === 'pruned' ? [0, 1] : [0]),
}

const refusing: Fault = {
  name: 'the git server is away',
  within: withProxiedPlace,
  sample: ['source'],
  strike: ({ place }) => proxyOf(place).refuse(),
  lasts: 6_000,
  // Flux tries again, and a push that is refused is the end
  codes: (stage) => (['source', 'removal-applied'].includes(stage) ? [0] : [0, 1, 2]),
}

defineCells([foreign, hanging, refusing])
