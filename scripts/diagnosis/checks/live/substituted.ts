import { finding } from '../../../findings/finding.ts'
import { someOf } from '../../../findings/some-of.ts'
import { idOf } from '../../../lib/cluster/flux-objects.ts'
import type { Diagnosis } from '../../diagnosis.ts'
import type { LiveCiphertext } from '../../live/ciphertext.ts'
import type { Snapshot } from '../../snapshot/snapshot.ts'

/** What comes of ciphertext in the objects that Kustomizations substitute from. */
export interface Substituted {
  diagnoses: Diagnosis[]
  /** The objects that have all their ciphertext from there: nothing else is wrong with them. */
  explained: ReadonlySet<LiveCiphertext>
}

/** Finds where ciphertext is substituted into other objects. */
export function findSubstituted(found: readonly LiveCiphertext[], { kustomizations }: Snapshot): Substituted {
  const byId = new Map(found.map((one) => [one.live.id, one]))
  const users = new Map<LiveCiphertext, string[]>()
  const sourcesOf = new Map<string, LiveCiphertext[]>()
  for (const one of kustomizations.values())
    for (const { kind, name } of one.spec.postBuild?.substituteFrom ?? []) {
      const source = byId.get(`${kind.toLowerCase()} ${one.metadata.namespace}/${name}`)
      if (!source) continue
      const id = idOf(one)
      users.set(source, [...(users.get(source) ?? []), id])
      sourcesOf.set(id, [...(sourcesOf.get(id) ?? []), source])
    }
  const explained = new Set<LiveCiphertext>()
  const into = new Map<LiveCiphertext, string[]>()
  for (const one of found) {
    const sources = (sourcesOf.get(one.live.writer ?? '') ?? []).filter((source) => source !== one)
    const isFrom = (source: LiveCiphertext) => !one.tokens.isDisjointFrom(source.tokens)
    const all = new Set(sources.flatMap(({ tokens }) => [...tokens]))
    if (one.tokens.size === 0 || !one.tokens.isSubsetOf(all)) continue
    explained.add(one)
    for (const source of sources.filter(isFrom)) into.set(source, [...(into.get(source) ?? []), one.live.id])
  }
  const diagnoses = [...users].flatMap(([source, ids]): Diagnosis[] => {
    const first = kustomizations.get(ids[0] ?? '')
    if (!first) return []
    const objects = someOf(into.get(source) ?? [], 3)
    const facts = {
      paths: someOf(source.paths, 3),
      users: `${someOf(ids, 3)} ${ids.length === 1 ? 'substitutes' : 'substitute'}`,
      into: objects === '' ? '' : `: into ${objects}`,
      namespace: `${first.metadata.namespace}`,
      name: first.metadata.name,
    }
    return [{ finding: finding('ciphertext-substituted', { object: source.live.id }, facts), stops: ids }]
  })
  return { diagnoses, explained }
}
