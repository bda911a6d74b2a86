import { setTimeout } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import {
  controllerDeployment,
  fluxKustomization,
  kustomizationOf,
} from '../../../helpers/flux/flux-objects.ts'
import { encryptText, makeKey, sopsConfig } from '../../../helpers/keys.ts'
import { secretFor } from '../../../helpers/rotate/clusters.ts'
import {
  decrypting,
  heldIn,
  leaving,
  openedWith,
  opens,
  plainKeySecret,
  withFluxRotation,
} from '../../../helpers/rotate/flux-rotation.ts'
import { recipientsOf } from '../../../helpers/rotate/identities.ts'
import { runTask } from '../../../helpers/task.ts'

/** The key that opens the key Secret of the team: it is not rotated. */
const vault = makeKey()

/** Beside the old identity the team has lines of its own in its key Secret. */
const teamKey = `# of the team\n${leaving.text}# the last line\n`

const inGit = {
  own: 'kubernetes/keys/sops-age.enc.yaml',
  team: 'kubernetes/team-keys/team-age.enc.yaml',
  hand: 'bootstrap/hand-age.enc.yaml',
}

const encrypted = ['apps', 'team', 'hand'].map((name) => `kubernetes/${name}/s.enc.yaml`)

test('a key Secret that Flux applies from git goes by three commits, and one for bootstrap by two', () => {
  const ownKey = `${leaving.secret}\n`
  const files = {
    '.sops.yaml': sopsConfig(leaving.recipient),
    'kubernetes/flux-system/kustomization.yaml': kustomizationOf('all.yaml'),
    'kubernetes/flux-system/all.yaml': [
      fluxKustomization('keys', './kubernetes/keys', decrypting('sops-age')),
      fluxKustomization('team-keys', './kubernetes/team-keys', decrypting('vault')),
      fluxKustomization('apps', './kubernetes/apps', decrypting('sops-age')),
      fluxKustomization('team', './kubernetes/team', decrypting('team-age')),
      fluxKustomization('hand', './kubernetes/hand', decrypting('hand-age')),
    ].join('---\n'),
    [inGit.own]: encryptText(leaving.recipient, plainKeySecret('sops-age', { 'age.agekey': ownKey })),
    [inGit.team]: encryptText(
      vault.recipient,
      plainKeySecret('team-age', { 'sops.agekey': teamKey, note: 'kept' }, { base64: true }),
    ),
    [inGit.hand]: encryptText(leaving.recipient, plainKeySecret('hand-age', { 'age.agekey': ownKey })),
    ...Object.fromEntries(encrypted.map((file, index) => [file, secretFor(`s-${index}`, leaving.recipient)])),
  }
  return withFluxRotation([leaving, vault], files, async (place) => {
    const { sandbox, rotate, keys, git, apply, applied, clone, env } = place
    await apply(
      plainKeySecret('sops-age', { 'age.agekey': ownKey }),
      plainKeySecret('hand-age', { 'age.agekey': ownKey }),
      plainKeySecret('vault', { 'age.agekey': vault.secret }),
    )
    const head = () => git('rev-parse', 'HEAD')
    for (const name of ['keys', 'team-keys', 'apps', 'hand', 'team']) await applied(name, await head())
    const args = ['--old', leaving.recipient, '--proof', 'read', '--commit']
    const held = async () => ({
      own: recipientsOf(await heldIn(sandbox, 'flux-system/sops-age')),
      team: recipientsOf(await heldIn(sandbox, 'flux-system/team-age', 'sops.agekey')),
      hand: recipientsOf(await heldIn(sandbox, 'flux-system/hand-age')),
    })
    const valuesInGit = () => ({
      own: recipientsOf(openedWith(place, keys().at(-1)!, inGit.own)),
      team: recipientsOf(teamValue(openedWith(place, vault, inGit.team))),
      hand: recipientsOf(openedWith(place, keys().at(-1)!, inGit.hand)),
    })
    const old = leaving.recipient

    // a controller that could not read it would get it from git, where nobody takes it out again at once
    const quantum = [...args, '--pq']
    const before = await head()
    const deploy = (version: string) => apply(JSON.stringify(controllerDeployment(version)))
    const unwritten = async () => {
      assert.is(await head(), before)
      assert.is(await git('status', '--porcelain'), '')
      assert.is(keys().length, 2)
      assert.equal(await held(), { own: [old], team: [old], hand: [old] })
    }
    const unseen = await rotate(2, quantum)
    for (const name of ['sops-age', 'team-age'])
      assert.match(
        unseen.stderr,
        new RegExp(`secret flux-system/${name}: .*version of kustomize-controller is not seen in context`),
      )
    assert.not.match(unseen.stderr, 'secret flux-system/hand-age')
    assert.match(unseen.stderr, '--checked kustomize-controller')
    await unwritten()
    const dry = ['--old', old, '--proof', 'read', '--dry-run']
    await rotate(0, [...dry, '--pq', '--checked', 'kustomize-controller'])
    await deploy('1.8.3')
    try {
      const tooOld = await rotate(1, [...quantum, '--checked', 'kustomize-controller'])
      for (const name of ['sops-age', 'team-age', 'hand-age'])
        assert.match(
          tooOld.stderr,
          new RegExp(
            `secret flux-system/${name}: .*kustomize-controller 1\\.8\\.3 of context sandbox cannot read`,
          ),
        )
      await unwritten()
      // a classic one it reads
      await rotate(0, dry)
      await deploy('1.9.0')
      await rotate(0, [...dry, '--pq'])
      await unwritten()
    } finally {
      await sandbox.kubectl(['delete', 'deployment', '-n', 'flux-system', 'kustomize-controller'])
    }

    const failures = await place.failures(async () => {
      const first = await rotate(0, args)
      const next = keys().at(-1)!.recipient
      assert.not.equal(next, vault.recipient)
      const both = { own: [old, next], team: [old, next], hand: [old, next] }
      // only what is not applied from git is written
      assert.equal(await held(), { own: [old], team: [old], hand: [old, next] })
      assert.equal(valuesInGit(), both)
      assert.match(first.stdout, 'the new identity beside the old one in flux-system/hand-age (sandbox)\n')
      assert.is((await place.subjects(1))[0], 'feat(sops): encrypt to a new age key as well')
      assert.match(
        teamValue(openedWith(place, vault, inGit.team)),
        /^# of the team\n[\s\S]*# the last line\n/,
      )

      const refused = await runTask('flux:sops-key', [], { cwd: clone, env })
      assert.is(refused.code, 1)
      assert.match(refused.stderr, inGit.own)

      await git('push', '--quiet')
      const second = await rotate(0, args)
      assert.equal(await held(), both)
      assert.match(second.stdout, /^✓ cut-over /m)
      assert.equal(valuesInGit(), { ...both, hand: [next] })
      assert.is((await place.subjects(1))[0], 'feat(sops): replace the age key and the data keys')
      for (const file of [...encrypted, inGit.own, inGit.hand]) {
        assert.is(opens(place, leaving, file), false, file)
        assert.is(opens(place, keys().at(-1)!, file), true, file)
      }

      await git('push', '--quiet')
      const third = await rotate(0, args)
      assert.equal(await held(), both)
      assert.equal(valuesInGit(), { own: [next], team: [next], hand: [next] })
      assert.is((await place.subjects(1))[0], 'chore(sops): remove the old age identity')
      assert.match(third.stdout, 'retire is committed, and not pushed or merged yet')
      // not before it is pushed
      await rotate(0, args)
      assert.equal(await held(), both)

      await git('push', '--quiet')
      const last = await rotate(0, args)
      assert.equal(await held(), { own: [next], team: [next], hand: [next] })
      assert.match(last.stdout, /^done: /m)
      assert.is((await place.subjects(1))[0], 'chore(sops): remove the old age identity')
      assert.match(
        (
          await rotate(
            0,
            [...args, '--status'].filter((arg) => arg !== '--commit'),
          )
        ).stdout,
        'no rotation is open',
      )
    })
    assert.equal(failures, [])
  })
})

test('a key Secret that others keep is changed where they keep it, and the run names the place', () => {
  const files = {
    '.sops.yaml': sopsConfig(leaving.recipient),
    'kubernetes/flux-system/all.yaml': ['own', 'eso', 'copy', 'mirror']
      .map((name) => fluxKustomization(name, './kubernetes/apps', decrypting(`${name}-age`)))
      .join('---\n'),
    'kubernetes/apps/s.enc.yaml': secretFor('kept', leaving.recipient),
  }
  const owner = { apiVersion: 'external-secrets.io/v1', kind: 'ExternalSecret', name: 'of-vault' }
  const reflects = 'reflector.v1.k8s.emberstack.com/reflects'
  const kept = {
    'eso-age': {
      ownerReferences: [{ ...owner, uid: '7c7a5a3e-8b0a-4f9e-9b5b-0b7a5d0d5a11', controller: true }],
    },
    'copy-age': { annotations: { [reflects]: 'vault/copied' } },
    'mirror-age': { annotations: { [reflects]: 'flux-system/own-age' } },
  }
  return withFluxRotation([leaving], files, async (place) => {
    const { sandbox, rotate, keys, git, applied } = place
    const names = ['own-age', ...Object.keys(kept)]
    const held = async () =>
      Object.fromEntries(
        await Promise.all(
          names.map(async (name) => [name, recipientsOf(await heldIn(sandbox, `flux-system/${name}`))]),
        ),
      )
    /** What an operator does. */
    const write = async (name: keyof typeof kept, key: string) => {
      const manifest = plainKeySecret(name, { 'age.agekey': key }, { metadata: kept[name] })
      const by = ['--server-side', '--force-conflicts', '--field-manager=operator', '-f', '-']
      await sandbox.kubectl(['apply', ...by], manifest)
    }
    await place.apply(plainKeySecret('own-age', { 'age.agekey': leaving.secret }))
    for (const name of Object.keys(kept)) await write(name as keyof typeof kept, leaving.secret)
    for (const name of ['own', 'eso', 'copy', 'mirror']) await applied(name, await git('rev-parse', 'HEAD'))
    const args = ['--proof', 'read', '--commit']
    const old = leaving.recipient
    /** Runs the task while Reflector, which starts late, copies what has changed: its last copy has ended with it. */
    const reflected = async () => {
      let isOver = false
      const reflect = async () => {
        await setTimeout(4000)
        while (!isOver) {
          const key = await heldIn(sandbox, 'flux-system/own-age')
          if (key !== (await heldIn(sandbox, 'flux-system/mirror-age'))) await write('mirror-age', key ?? '')
          await setTimeout(1000)
        }
      }
      const reflecting = reflect()
      try {
        return await rotate(0, args)
      } finally {
        isOver = true
        await reflecting
      }
    }
    const failures = await place.failures(async () => {
      const refused = await rotate(1, args)
      const next = keys().at(-1)!
      assert.match(refused.stderr, /secret flux-system\/eso-age: .*ExternalSecret of-vault/)
      assert.match(refused.stderr, /secret flux-system\/copy-age: .*vault\/copied/)
      assert.not.match(refused.stderr, 'mirror-age')
      const { 'eso-age': eso, 'copy-age': copy, 'own-age': own } = await held()
      assert.equal([eso, copy, own], [[old], [old], [old, next.recipient]])
      const commit = await git('rev-parse', 'HEAD')
      await git('push', '--quiet')
      await rotate(1, args)
      assert.is(await git('rev-parse', 'HEAD'), commit)

      const both = `${leaving.secret}\n${next.secret}\n`
      for (const name of ['eso-age', 'copy-age'] as const) await write(name, both)
      // a copy that does not come is named, and waited for
      const behind =
        'secret flux-system/mirror-age: is a copy of flux-system/own-age, and does not hold what that holds'
      const soon = [...args, '--timeout', '20s']
      assert.match((await rotate(1, soon)).stderr, behind)
      assert.is(await git('rev-parse', 'HEAD'), commit)
      assert.equal((await held())['mirror-age'], [old])
      assert.match((await reflected()).stdout, /^✓ cut-over /m)
      assert.equal((await held())['mirror-age'], [old, next.recipient])
      await git('push', '--quiet')
      const left = await rotate(1, args)
      assert.match(left.stderr, /secret flux-system\/eso-age: .*ExternalSecret of-vault/)
      for (const name of ['eso-age', 'copy-age'] as const) await write(name, next.secret)
      // the old identity is not gone before the copies have lost it
      assert.match((await rotate(1, soon)).stderr, behind)
      assert.match((await reflected()).stdout, /^done: /m)
      assert.equal(await held(), Object.fromEntries(names.map((name) => [name, [next.recipient]])))
      assert.match((await rotate(0, args)).stdout, 'no rotation is open: the last one is complete')
    })
    assert.equal(failures, [])
  })
})

/** The value of the team's key in a decrypted text. */
function teamValue(text: string): string {
  return Buffer.from(/sops\.agekey: "?([^\s"]+)/.exec(text)![1]!, 'base64').toString()
}

test.run()
