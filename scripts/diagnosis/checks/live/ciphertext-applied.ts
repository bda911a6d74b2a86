import { type Finding, finding } from '../../../findings/finding.ts'
import { someOf } from '../../../findings/some-of.ts'
import { idOf, type Kustomization } from '../../../lib/cluster/flux-objects.ts'
import { isDecryptionDisabled } from '../../../lib/sops/format.ts'
import type { Diagnosis } from '../../diagnosis.ts'
import type { AppliedBuild } from '../../live/applied-build.ts'
import type { LiveCiphertext } from '../../live/ciphertext.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'
import { type Origin, originsOf, whyNotDecrypted } from './why-ciphertext.ts'

/** How many objects and values a finding names. */
const most = 3

/** What is ciphertext, by the Kustomization that has applied it and by why it is. */
export async function ciphertextApplied(
  found: readonly LiveCiphertext[],
  { kustomizations }: Snapshot,
  applied: AppliedBuild,
): Promise<Diagnosis[]> {
  const byWriter = Map.groupBy(found, ({ live }) => live.writer)
  const all = await Promise.all(
    [...byWriter].map(([writer, own]) => {
      // what somebody else has put there is no matter of Flux
      if (writer === undefined) return []
      const kustomization = kustomizations.get(writer)
      if (kustomization) return ofKustomization(kustomization, own, applied)
      return own.map((one): Diagnosis => ({ finding: ofUnseen(one, writer), stops: [] }))
    }),
  )
  return all.flat()
}

/** Ciphertext that a Kustomization has applied which is in another cluster, is gone, or was not looked for. */
function ofUnseen({ live, paths }: LiveCiphertext, writer: string): Finding {
  return finding('ciphertext-unseen', { object: live.id }, { paths: someOf(paths, most), writer })
}

async function ofKustomization(
  kustomization: Kustomization,
  found: readonly LiveCiphertext[],
  applied: AppliedBuild,
): Promise<Diagnosis[]> {
  const id = idOf(kustomization)
  const place = { object: `kustomization ${id}` }
  const originOf = await originsOf(kustomization, applied)
  if (!kustomization.spec.decryption) {
    const origins = found.flatMap((one) => originOf(one) ?? [])
    const files = [...new Set(origins.map(({ use }) => use.file))]
    const [first] = origins
    const cause = finding(
      'built-without-decryption',
      { ...place, file: first?.use.file, line: first?.line },
      { kustomization: 'it', files: someOf(files, most) || 'an encrypted file' },
    )
    return [{ finding: { ...cause, effect: effectOf(found) }, stops: [id] }]
  }
  const caused = found.map((one) => ({ one, ...causeOf(one, place.object, originOf(one)) }))
  const alike = Map.groupBy(caused, ({ code, file }) => `${code} ${file}`)
  return [...alike.values()].flatMap((group): Diagnosis[] => {
    const [first] = group
    if (!first) return []
    const { one: _, ...cause } = first
    return [{ finding: { ...cause, effect: effectOf(group.map(({ one }) => one)) }, stops: [id] }]
  })
}

/** Why Flux has applied ciphertext though it decrypts; where nothing tells it, only that it has. */
function causeOf({ live }: LiveCiphertext, object: string, origin: Origin | undefined): Finding {
  const place = { object, file: origin?.use.file, line: origin?.line }
  if (isDecryptionDisabled(live.object)) return finding('decryption-disabled', place, {})
  const why = origin && whyNotDecrypted(origin)
  return why ? { ...why, object } : finding('ciphertext-applied', place, {})
}

/** What is seen in the cluster of a cause. */
function effectOf(found: readonly LiveCiphertext[]): string {
  const ids = found.map(({ live }) => live.id)
  const paths = new Set(found.flatMap((one) => one.paths))
  const verb = ids.length === 1 ? 'holds' : 'hold'
  return `${someOf(ids, most)} ${verb} ciphertext of sops as a value (${someOf([...paths], most)})`
}
