import { type Finding, finding } from '../../../findings/finding.ts'
import { flagsFor, secretOf } from '../../../findings/key-secret.ts'
import { shellWord } from '../../../lib/paths.ts'
import type { RotatedSecret } from './state.ts'

/**
 * Why a key Secret cannot be written, and where it is changed instead.
 * @param change an order: `put the new identity beside the old one`
 * @returns `undefined` where it can be
 */
export function obstacleTo({ id, held, kept }: RotatedSecret, change: string): Finding | undefined {
  const place = { object: secretOf(id) }
  if (!kept)
    return held?.secret.immutable
      ? finding('rotate-secret-immutable', place, { change, flags: flagsFor(id) })
      : undefined
  switch (kept.code) {
    case 'kustomization': {
      const { kustomization, files } = kept
      const commands = files.map((file) => `\`sops edit ${shellWord(file)}\``)
      const where =
        files.length > 0 ? `in git (${commands.join(', ')})` : 'in the source of that Kustomization'
      const from = files.length > 0 ? ` from ${files.join(', ')}` : ''
      return finding('rotate-kept-by-kustomization', place, { kustomization, from, change, where })
    }
    case 'owner': {
      const { kind, name } = kept
      const facts = { kind, name, resource: kind.toLowerCase(), namespace: id.namespace, change }
      return finding('rotate-kept-by-owner', place, facts)
    }
    default: {
      const { tool, from } = kept
      const facts = { tool, from: from ? ` from ${from}` : '', there: from ? `: ${from}` : '', change }
      return finding('rotate-kept-by-tool', place, facts)
    }
  }
}
