import type { Wrong } from '../../../findings/second-owner.ts'
import { idOf, type Kustomization, ownsSecret, writerOf } from '../../../lib/cluster/flux-objects.ts'
import type { Secret, WatchEvent } from '../../../lib/cluster/kube-objects.ts'
import { isCiphertext } from '../../../lib/sops/format.ts'
import { runAnnotation } from '../../test-secret/secret-manifest.ts'
import type { ClusterSecret } from '../checks/cluster-secret.ts'

/** What speaks against the proof. */
export interface Doubt {
  /** The other Kustomizations that have applied the test Secret or list it, `namespace/name`. */
  others: string[]
  wrong: Wrong | undefined
  /** Which Kustomization has written what is wrong, as the Secret said then. */
  writer: string | undefined
}

/**
 * Keeps in mind what was ever seen of the test Secret: who reconciles last decides what is in it at the end, so that one look
 * proves nothing.
 */
export interface SecretWitness {
  /** From now on the test Secret is known. */
  expect(secret: ClusterSecret): void
  seeSecret(event: WatchEvent<Secret>): void
  seeKustomization(event: WatchEvent<Kustomization>): void
  /** @returns `undefined` where only the right value was seen, and only one Kustomization with it */
  doubt(): Doubt | undefined
}

/**
 * @param own the Kustomization that is verified, `namespace/name`
 * @param known the Kustomizations as they are before the push: one that lists a Secret of this name then may have it from an
 *   earlier run
 */
export function makeWitness(own: string, known: readonly Kustomization[]): SecretWitness {
  const others = new Set<string>()
  let secret: ClusterSecret | undefined
  let isThere = false
  let wrong: Pick<Doubt, 'wrong' | 'writer'> | undefined
  const lists = (kustomization: Kustomization) =>
    secret !== undefined && ownsSecret(kustomization, secret.namespace, secret.name)
  return {
    expect(expected) {
      secret = expected
    },
    seeSecret({ type, object }) {
      if (type === 'DELETED') {
        isThere = false
        return
      }
      // one that an earlier run has left may come first
      isThere ||= object.metadata.annotations?.[runAnnotation] === secret?.run
      if (!isThere) return
      const writer = writerOf(object)
      if (writer !== undefined && writer !== own) others.add(writer)
      const { message = '' } = object.data ?? {}
      if (message === secret?.expected) return
      const isEncrypted = isCiphertext(Buffer.from(message, 'base64').toString())
      wrong ??= { wrong: isEncrypted ? 'ciphertext' : 'value', writer }
    },
    seeKustomization({ type, object }) {
      const id = idOf(object)
      if (type === 'DELETED' || id === own || !lists(object)) return
      const before = known.find((one) => idOf(one) === id)
      if (before && lists(before) && !hasMoved(before, object)) return
      others.add(id)
    },
    doubt() {
      if (others.size === 0 && !wrong) return undefined
      return { others: [...others], wrong: wrong?.wrong, writer: wrong?.writer }
    },
  }
}

function hasMoved(before: Kustomization, now: Kustomization): boolean {
  return before.status?.lastAppliedRevision !== now.status?.lastAppliedRevision
}
