import { type Finding, finding } from '../../../findings/finding.ts'
import { secretOf } from '../../../findings/key-secret.ts'
import { someOf } from '../../../findings/some-of.ts'
import { unusableKey } from '../../../findings/unusable-key.ts'
import { canDecrypt, type KeyGroups, recipientsAmong } from '../../../lib/sops/recipients.ts'
import { type Departure, isAmong } from '../rotation.ts'
import { copyBehind, isKeeperBehind } from './keeper-behind.ts'
import { isChecked, type JudgeOptions, proofOf, type RotationProof } from './proof.ts'
import type { ClusterState, KeyUser, RotatedSecret } from './state.ts'

/** How many files a finding names. */
const most = 3

/**
 * Proves that every key Secret in use that holds the old identity holds the new one, as the controller reads it, and that nobody
 * decrypts files for one of the two with a Secret that does not open them (P2).
 */
export function proveSecrets(state: ClusterState, rotation: Departure, options: JudgeOptions): RotationProof {
  const ofSecrets = [...state.secrets.values()].flatMap((secret) =>
    ofSecret(secret, state, rotation, options),
  )
  const ofUsers = state.users
    .filter((user) => !isChecked(user, options))
    .flatMap((user) => ofUser(user, state, rotation))
  const findings = [...ofSecrets.map(({ found }) => found), ...ofUsers]
  const waiting = ofSecrets.filter(({ isWaiting }) => isWaiting).length
  return proofOf('P2', findings, waiting)
}

function ofSecret(
  secret: RotatedSecret,
  state: ClusterState,
  { old, next }: Departure,
  options: JudgeOptions,
): { found: Finding; isWaiting: boolean }[] {
  const { id, held, origin } = secret
  const place = { object: secretOf(id) }
  const bad = held?.ageEntries.find(({ badLine }) => badLine)
  if (bad?.badLine && usersNeed(secret, state, { old, next })) {
    const entry = { dataKey: bad.dataKey, reason: bad.badLine.reason }
    return [{ found: unusableKey(id, entry, place), isWaiting: false }]
  }
  if (!held?.recipients.has(old) || isAmong(next, held.recipients)) return []
  const from = origin === undefined ? undefined : state.secrets.get(origin)
  if (isAmong(next, from?.held?.recipients ?? [])) return [{ found: copyBehind(secret), isWaiting: true }]
  // what is to be done with that one is said of it, and helps the copy
  if (from?.held?.recipients.has(old)) return []
  const isWaiting = isKeeperBehind(secret, state, options)
  return [{ found: finding('rotate-secret-lacks-new', place, {}), isWaiting }]
}

/** Whether one of its users builds a file for one of the two. */
function usersNeed({ users }: RotatedSecret, state: ClusterState, rotation: Departure): boolean {
  const own = state.users.filter(({ id }) => users.includes(id))
  return own.some(({ files }) => files.some(({ documents }) => isNamed(documents, rotation)))
}

/** Whether one of the two recipients could open a file. */
function isNamed(documents: readonly KeyGroups[], { old, next }: Departure): boolean {
  const named = recipientsAmong(documents)
  return named.includes(old) || isAmong(next, named)
}

function ofUser(user: KeyUser, { secrets }: ClusterState, rotation: Departure): Finding[] {
  const { id, secret, files, notSeen } = user
  const place = { object: `kustomization ${id}` }
  if (secret === undefined) {
    const mayNeedIt = notSeen.length > 0 || files.some(({ documents }) => isNamed(documents, rotation))
    return mayNeedIt ? [finding('rotate-controller-key-unseen', place, { id })] : []
  }
  // what is rotated in git is left out where the others are written
  if (secret !== '' && !secrets.has(secret)) return []
  const held = secrets.get(secret)?.held
  if (held?.recipients.has(rotation.old) || held?.ageEntries.some(({ badLine }) => badLine)) return []
  const closed = files.filter(
    ({ documents }) =>
      isNamed(documents, rotation) &&
      !documents.some(({ groups }) => groups.some(({ others }) => others.length > 0)) &&
      !canDecrypt(documents, held?.recipients ?? new Set(), held?.kinds),
  )
  if (closed.length === 0) return []
  const isOld = closed.some(({ documents }) => recipientsAmong(documents).includes(rotation.old))
  const facts = {
    secret: secret || 'no key Secret',
    files: someOf([...new Set(closed.map(({ file }) => file))], most),
    which: isOld ? 'old' : 'new',
  }
  return [finding('rotate-other-secret', place, facts)]
}
