import { tmpdir } from 'node:os'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { RotationRun } from '../../../../scripts/sops/rotate/run.ts'
import { proveValues } from '../../../../scripts/sops/rotate/stages/prove-values.ts'
import { silentCaller } from '../../../helpers/caller.ts'
import { thrown } from '../../../helpers/thrown.ts'

const user = (name: string, secret: string) => ({
  id: `flux-system/${name}`,
  secret: `flux-system/${secret}`,
  notSeen: [],
})

/** What is said before the proofs, of which none can be made: there is no cluster of this name. */
async function notesWith(kustomization: string | undefined): Promise<string[]> {
  const notes: string[] = []
  const caller = {
    ...silentCaller(tmpdir(), { ...process.env, KUBECONFIG: '/dev/null' }),
    note: (line: string) => void notes.push(line),
  }
  const context = 'none'
  const run = {
    options: { proof: 'verify', kustomization, remote: 'origin', timeout: 1000, caller },
    rotation: { old: 'age1old', next: 'age1next' },
    stand: {
      survey: {
        clusters: [{ context, users: [user('apps', 'a'), user('db', 'b'), user('web', 'b')] }],
        repository: { root: tmpdir() },
      },
      judgements: [
        {
          context,
          // the one that the chosen one does not use comes first: the proof ends at the first that cannot be made
          secrets: ['b', 'a'].map((name) => ({ namespace: 'flux-system', name, status: 'both' })),
        },
      ],
    },
  }
  assert.is((await thrown(proveValues(run as unknown as RotationRun))).exitCode, 2)
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

test.run()
