import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { type Place, withPlace } from '../../helpers/flux/verify.ts'
import { makeKey } from '../../helpers/keys.ts'

const directory = 'kubernetes/infrastructure/sops-test'

/** The files of the test Secret that each commit since then has brought. */
async function broughtBy({ server }: Place, since: string): Promise<string[]> {
  const log = await server('log', '--format=', '--name-only', '--diff-filter=A', `${since}..main`)
  return log.split('\n').filter((file) => file.startsWith(directory) && !file.endsWith('kustomization.yaml'))
}

/** Pushes other creation rules, as JSON, which is YAML. */
async function pushRules({ clone, git }: Place, rules: readonly object[]): Promise<void> {
  writeFiles(clone, { '.sops.yaml': JSON.stringify({ creation_rules: rules }) })
  await git('commit', '--quiet', '--all', '--message', 'other rules')
  await git('push', '--quiet', 'origin', 'HEAD:main')
}

test('the file is one that the rules select, whatever it is called, and the cluster has any of its keys', () =>
  withPlace(async (place) => {
    const { key, tip, env, clone } = place
    const age = `${makeKey().recipient},${key.recipient}`
    await pushRules(place, [
      { path_regex: '\\.enc\\.yaml$', age: makeKey().recipient },
      { path_regex: '(bootstrap|kubernetes)/.*\\.sops\\.ya?ml', age },
      { path_regex: '\\.enc\\.json$', age },
      { path_regex: '^kubernetes/(.*/)?secrets/', age },
    ])
    // what this user alone ignores, Flux would see all the same
    writeFiles(env.HOME!, { '.config/git/ignore': '*secret*\n' })
    const start = await tip()
    const found = await place.verify()
    assert.is(found.code, 0, found.stderr + found.stdout)
    assert.equal(await broughtBy(place, start), [`${directory}/secret.sops.yaml`])

    const json = await place.verify(['--file-name', 'secret.enc.json'])
    assert.is(json.code, 0, json.stderr + json.stdout)

    // the rules of the branch, from whose directory the paths begin, and not of the user's working tree
    const [nested, before] = ['secrets/test.yaml', await tip()]
    const withConfig = { env: { ...env, SOPS_CONFIG: join(clone, '.sops.yaml') } }
    const killed = {
      ...withConfig,
      at: { create: (pid: number) => process.kill(pid, 'SIGKILL') },
    }
    assert.is((await place.start(['--file-name', nested], killed).ended).code, null)
    assert.equal(await broughtBy(place, before), [`${directory}/${nested}`])
    const next = await place.verify()
    assert.is(next.code, 0, next.stderr + next.stdout)
    assert.match(
      next.stderr,
      /^removed the test Secret that an earlier sops:verify, which was killed, had left on the branch/,
    )
    assert.is(await place.server('ls-tree', '-r', '--name-only', 'main', directory), '')
  }))

test('no rule selects a file, or only those of somebody else: said before anything is pushed', () =>
  withPlace(async (place) => {
    await pushRules(place, [{ path_regex: '^apps/', age: place.key.recipient }])
    const tip = await place.tip()
    const none = await place.verify()
    assert.is(none.code, 2)
    assert.match(none.stdout + none.stderr, 'creation rule 1 of .sops.yaml (path_regex: ^apps/)')
    const other = makeKey().recipient
    await pushRules(place, [{ path_regex: '\\.enc\\.yaml$', age: other }])
    const wrong = await place.verify()
    assert.is(wrong.code, 1)
    const finding = wrong.json.findings.at(-1)
    assert.is(finding?.code, 'wrong-key')
    assert.match(
      `${finding?.message}`,
      'creation rule 1 of .sops.yaml (path_regex: \\.enc\\.yaml$) selects is encrypted to',
    )
    assert.equal(await broughtBy(place, tip), [])
  }))

test.run()
