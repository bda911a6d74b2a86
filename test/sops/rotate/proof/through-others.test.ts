import { tmpdir } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Kustomization } from '../../../../scripts/lib/cluster/flux-objects.ts'
import { UserError } from '../../../../scripts/lib/errors.ts'
import type { KeyUser } from '../../../../scripts/sops/rotate/clusters/state.ts'
import type { RotationRun } from '../../../../scripts/sops/rotate/run.ts'
import { proveValues } from '../../../../scripts/sops/rotate/stages/prove-values.ts'
import { silentCaller } from '../../../helpers/caller.ts'
import { appliedKustomization, fetchedSource } from '../../../helpers/diagnosis/snapshot.ts'

const user = (name: string, secret: string, spec: Partial<Kustomization['spec']> = {}) => ({
  id: `flux-system/${name}`,
  secret: `flux-system/${secret}`,
  kustomization: appliedKustomization(name, { spec: { decryption: { provider: 'sops' }, ...spec } }),
  source: fetchedSource({}, { ref: { branch: 'main' } } as object),
  notSeen: [] as KeyUser['notSeen'],
})

const usual = [user('apps', 'a'), user('db', 'b'), user('web', 'b')]
const suspended = { suspend: true }
const unseen = (name: string, secret: string) => ({
  ...user(name, secret),
  notSeen: [{ kustomization: `flux-system/${name}`, code: 'no-repository' as const }],
})

/** What is said before and of the proofs, of which none can be made: there is no cluster of this name. */
async function saidWith(
  kustomization: string | undefined,
  users: readonly unknown[] = usual,
  proof = 'verify',
) {
  const notes: string[] = []
  const caller = {
    ...silentCaller(tmpdir(), { ...process.env, KUBECONFIG: '/dev/null' }),
    note: (line: string) => void notes.push(line),
  }
  const context = 'none'
  const run = {
    options: { proof, kustomization, remote: 'origin', timeout: 1000, caller },
    rotation: { old: 'age1old', next: 'age1next' },
    stand: {
      survey: { clusters: [{ context, users }], repository: { root: tmpdir() } },
      judgements: [
        {
          context,
          // the one that the chosen one does not use comes first: the proof ends at the first that cannot be made
          secrets: ['b', 'a'].map((name) => ({ namespace: 'flux-system', name, status: 'both' })),
        },
      ],
    },
  }
  const ended = await proveValues(run as unknown as RotationRun).catch((error: UserError) => error)
  return { notes, ended }
}

/** The notes of a proof that ends with exit code 2. */
async function notesWith(kustomization: string | undefined, ...more: [(readonly unknown[])?, string?]) {
  const { notes, ended } = await saidWith(kustomization, ...more)
  assert.is(ended instanceof UserError && ended.exitCode, 2)
  return notes
}

test('where the chosen Kustomization does not decrypt with a key Secret, it is said through which others the proof goes', async () => {
  const [note, hint] = await notesWith('apps')
  assert.match(
    `${note}`,
    'note: secret flux-system/b: is a key Secret that kustomization apps does not decrypt with',
  )
  assert.match(`${note}`, 'flux-system/db, flux-system/web')
  assert.match(`${hint}`, 'leave --kustomization out')
  assert.equal(await notesWith(undefined), [])
  assert.equal(await notesWith('flux-system/db'), [])
})

test('a key Secret whose Kustomizations can carry nothing is said to be proved by reading alone', async () => {
  const [a] = usual
  const asleep = user('db', 'b', suspended)
  const [warning] = await notesWith(undefined, [
    a,
    asleep,
    user('web', 'b', { prune: false }),
    unseen('x', 'b'),
  ])
  assert.match(`${warning}`, 'warning: secret flux-system/b: is a key Secret that is proved by reading alone')
  assert.match(
    `${warning}`,
    'flux-system/db is suspended, flux-system/web does not prune, flux-system/x has files that are not seen',
  )
  // one that can is enough, and a canary has a Kustomization of its own
  assert.equal(await notesWith(undefined, [a, asleep, user('web', 'b')]), [])
  assert.equal(await notesWith(undefined, [a, asleep], 'canary'), [])
  // whom the user has chosen is taken at his word
  assert.equal(await notesWith('db', [a, asleep, user('web', 'b')]), [])
  // the only proof of a cluster is never left out
  assert.equal(await notesWith(undefined, [asleep]), [])
  assert.equal(await notesWith(undefined, [user('apps', 'a', suspended), asleep]), [])

  const { notes, ended } = await saidWith(undefined, [unseen('db', 'b')])
  assert.match(`${notes[0]}`, 'flux-system/db has files that are not seen')
  assert.match(`${ended}`, 'so nothing could be looked at')
})

test.run()
