import { idOf } from '../../lib/cluster/flux-objects.ts'
import type { ClusterCheck } from '../check.ts'
import type { Diagnosis } from '../diagnosis.ts'
import type { Evidence } from '../evidence.ts'
import { judgeKeySecret } from '../keys/judge-key-secret.ts'
import type { UsedSecret } from '../keys/read-keys.ts'
import { notesOn, unwatched } from '../keys/secret-notes.ts'

/** Looks at every Secret that is decrypted with, whether anything fails or not, and at the files that it is to open. */
export const checkKeySecrets: ClusterCheck = async (evidence) => {
  const keys = await evidence.keys()
  const [ofSecrets, unopened] = await Promise.all([
    Promise.all([...keys.used.values()].map((one) => ofSecret(one, evidence))),
    evidence.unopened(),
  ])
  const ofFiles = unopened.map((one) => ({ finding: one.finding, stops: one.kustomizations }))
  return [...ofSecrets.flat(), ...ofFiles, ...unwatched(keys)]
}

async function ofSecret(used: UsedSecret, evidence: Evidence): Promise<Diagnosis[]> {
  const { secrets } = await evidence.keys()
  const active = used.users.filter(({ spec }) => !spec.suspend)
  const found = active.length > 0 ? await judgeKeySecret(used, evidence) : undefined
  const held = secrets.get(`${used.id.namespace}/${used.id.name}`)
  const notes = held ? await notesOn(used, held, evidence) : []
  return [
    ...(found ? [{ finding: found, stops: active.map(idOf) }] : []),
    ...notes.map((note) => ({ finding: note, stops: used.users.map(idOf) })),
  ]
}
