import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readKeyGroups } from '../../../../scripts/lib/sops/recipients.ts'
import { proveByRoundTrip } from '../../../../scripts/sops/rotate/proof/round-trip.ts'
import { silentCaller } from '../../../helpers/caller.ts'
import { type Place, withPlace } from '../../../helpers/flux/verify.ts'
import { makeKey } from '../../../helpers/keys.ts'

const [next, friend, hybrid] = [makeKey(), makeKey(), makeKey('-pq')]

const prove = async (place: Place, recipient: string) => {
  const report = await proveByRoundTrip({
    context: undefined,
    kustomization: 'flux-system/infrastructure',
    recipients: [recipient],
    remote: 'origin',
    timeout: '60s',
    caller: silentCaller(place.clone, place.env),
  })
  await place.checkLeftovers()
  return report
}

const codesOf = ({ json }: Awaited<ReturnType<typeof prove>>) => json.findings.map(({ code }) => code)

/** To whom the test Secret of the last run was encrypted. */
async function recipientsOfLast({ server }: Place) {
  const file = await server('log', '-1', '--diff-filter=A', '--name-only', '--format=', 'main')
  const secret = file.split('\n').find((name) => !name.endsWith('kustomization.yaml'))
  const [added = ''] = (await server('log', '-1', '--diff-filter=A', '--format=%H', 'main')).split('\n')
  return readKeyGroups(await server('show', `${added}:${secret}`))
}

test('the value goes through Flux encrypted to the new recipient alone, whatever the rules name', () =>
  withPlace(async (place) => {
    const before = await place.tip()
    // the cluster has the old identity, and so have the rules
    const without = await prove(place, next.recipient)
    assert.is(without.exitCode, 1)
    assert.equal(codesOf(without), ['recipient-without-key'])
    assert.match(without.json.findings[0]?.message ?? '', `${next.recipient}, but of ${place.key.recipient}`)
    assert.is(await place.tip(), before, 'something was pushed')
    assert.is((await place.verify()).code, 0)

    const all = [place.key, next, hybrid].map(({ secret }) => secret).join('\n')
    await place.putKey({ 'age.agekey': all })
    const proved = await prove(place, next.recipient)
    assert.is(proved.exitCode, 0, proved.lines.join('\n'))
    assert.equal(proved.json.recipients, [next.recipient])
    assert.is(proved.json.way, 'verify')
    const alone = [{ groups: [{ age: [next.recipient], others: [] }], threshold: 1 }]
    assert.equal(await recipientsOfLast(place), alone)

    const groups = [place.key, friend].map(({ recipient }) => `      - age: [${recipient}]\n`).join('')
    await place.git('pull', '--quiet')
    await place.push({
      '.sops.yaml': `creation_rules:\n  - path_regex: \\.enc\\.yaml$\n    shamir_threshold: 2\n    key_groups:\n${groups}`,
    })
    assert.is((await place.verify()).json.findings[0]?.code, 'key-groups')
    // by the flag, and post-quantum
    const quantum = await place.verify(['--recipient', hybrid.recipient])
    assert.is(quantum.code, 0, quantum.stderr)
    assert.match(quantum.json.stages[1]?.detail ?? '', / to age1pq1\S+ alone$/)
    assert.equal((await recipientsOfLast(place))?.[0]?.groups, [{ age: [hybrid.recipient], others: [] }])

    place.serverHook('pre-receive', 'echo "main is a protected branch" >&2; exit 1')
    const refused = await prove(place, next.recipient)
    assert.is(refused.exitCode, 2)
    assert.equal(codesOf(refused), ['protected-branch', 'proof-other-way'])
    assert.match(refused.lines.join('\n'), '--proof canary')
  }))

test.run()
