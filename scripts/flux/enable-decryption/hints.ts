import { buildingFindings } from '../../findings/catalogue/building.ts'
import { reasonFindings as entries } from '../../findings/catalogue/reasons.ts'
import { fixOf, seenOf } from '../../findings/entry.ts'
import { removedFacts } from '../../findings/removed-version.ts'
import type { Hint } from '../../lib/caller.ts'
import { isBootstrapFile } from '../../lib/repository/flux-file.ts'
import type { FluxRepository } from '../../lib/repository/flux-repository.ts'
import { patchLines } from './bootstrap.ts'
import type { Decryption, Judgement } from './judge.ts'
import type { Left } from './left.ts'

/** What is left to do for the user, who alone can. Files are relative to the root of the repository. */
export type DecryptionHint =
  /** For the Kustomization of `flux bootstrap`, whose kustomization file is not edited. */
  | { code: 'bootstrap-patch'; file: string; name: string | undefined; lines: readonly string[] }
  /** A FluxInstance, or a ResourceSet, makes a Kustomization without a block. */
  | { code: 'flux-instance'; file: string; name: string; lines: readonly string[] }
  | { code: 'resource-set'; file: string; name: string; made: string; lines: readonly string[] }
  /** `files`: of the repository, that hold it; Flux brings it where they are built. */
  | { code: 'key-secret'; secret: string; namespaces: readonly string[]; files: readonly string[] }
  | { code: 'removed-version'; versions: readonly { version: string; flux: string }[]; count: number }

/** What the hints are about. */
interface Found {
  judgements: readonly Judgement[]
  left: Left
  flux: FluxRepository
  block: Decryption
  /** Where Flux looks for the key Secret. */
  namespaces: readonly string[]
}

/** @returns what is left to do, in the order that it is to be done */
export function findHints({ judgements, left, flux, block, namespaces }: Found): DecryptionHint[] {
  return [
    ...removedVersions(judgements),
    ...left.judgements
      .filter(({ file, status }) => status === 'not-editable' && isBootstrapFile(file))
      .map(({ file, name, kustomization }) => {
        const lines = kustomization ? ['patches:', ...patchLines(kustomization, block).map(indent)] : []
        return { code: 'bootstrap-patch' as const, file, name, lines }
      }),
    ...left.instances.map(({ file, instance }) => {
      const name = instance?.name ?? ''
      return { code: 'flux-instance' as const, file, name, lines: instancePatch(block, instance?.at ?? []) }
    }),
    ...left.made.map(({ file, set, name }) => {
      return { code: 'resource-set' as const, file, name: set, made: name, lines: blockLines(block) }
    }),
    ...keySecret(block, namespaces, flux),
  ]
}

/** One for all of them. */
function removedVersions(judgements: readonly Judgement[]): DecryptionHint[] {
  const reasons = judgements.flatMap((judgement) => judgement.reasons)
  const removed = reasons.filter((reason) => reason.code === 'removed-version')
  if (removed.length === 0) return []
  const versions = [...new Map(removed.map((one) => [one.version, one])).values()]
  const inOrder = versions.toSorted((a, b) => (a.version < b.version ? -1 : 1))
  return [{ code: 'removed-version', versions: inOrder, count: removed.length }]
}

/**
 * Where the key Secret has to be: Flux looks it up in the namespace of the Kustomization itself
 * (docs/decryption.md#where-the-key-is-looked-up). Nothing where that is flux-system alone, which `flux:sops-key` takes by itself.
 */
function keySecret(
  { secretRef }: Decryption,
  namespaces: readonly string[],
  flux: FluxRepository,
): DecryptionHint[] {
  if (!secretRef || namespaces.every((namespace) => namespace === 'flux-system')) return []
  return [{ code: 'key-secret', secret: secretRef.name, namespaces, files: flux.secretIn(secretRef.name) }]
}

function blockLines({ secretRef }: Decryption): string[] {
  return [
    'decryption:',
    '  provider: sops',
    ...(secretRef ? ['  secretRef:', `    name: ${secretRef.name}`] : []),
  ]
}

/** For the one Kustomization that a FluxInstance makes (fluxoperator.dev, FluxInstance `spec.sync`). */
function instancePatch(block: Decryption, at: readonly string[]): string[] {
  const patch = [
    'kustomize:',
    '  patches:',
    '    - target:',
    '        kind: Kustomization',
    '      patch: |',
    '        - op: add',
    '          path: /spec/decryption',
    '          value:',
    ...blockLines(block)
      .slice(1)
      .map((line) => `          ${line}`),
  ]
  // from the innermost field to the outermost
  return at.toReversed().reduce((lines, field) => [`${field}:`, ...lines.map(indent)], patch)
}

const indent = (line: string) => `  ${line}`

/**
 * What a person reads of a hint, and what is to be pasted or run.
 * @param pathOf how a file is called
 */
export function describeHint(hint: DecryptionHint, pathOf: (file: string) => string): Hint {
  switch (hint.code) {
    case 'bootstrap-patch':
      return {
        text: `${fixOf(entries['bootstrap-patch'], { name: `${hint.name}`, file: pathOf(hint.file) })}:`,
        lines: hint.lines,
      }
    case 'flux-instance': {
      const facts = { name: hint.name, file: pathOf(hint.file) }
      const entry = entries['flux-instance']
      return { text: `${seenOf(entry, facts)}: ${fixOf(entry, facts)}:`, lines: hint.lines }
    }
    case 'resource-set': {
      const facts = { name: hint.name, made: hint.made, file: pathOf(hint.file) }
      const entry = entries['resource-set']
      return { text: `${seenOf(entry, facts)}: ${fixOf(entry, facts)}:`, lines: hint.lines }
    }
    case 'key-secret':
      return describeKeySecret(hint, pathOf)
    case 'removed-version': {
      const who = hint.count === 1 ? 'one of them has' : `${hint.count} of them have`
      const text = seenOf(buildingFindings['removed-version'], removedFacts(who, hint.versions))
      return { text: `${text}:`, lines: ['flux migrate -f .'] }
    }
  }
}

function describeKeySecret(
  { secret, namespaces, files }: DecryptionHint & { code: 'key-secret' },
  pathOf: (file: string) => string,
): Hint {
  const where = seenOf(entries['key-secret'], { secret, namespaces: namespaces.join(', ') })
  if (files.length > 0)
    return { text: `${where}: see that ${files.map(pathOf).join(' or ')} brings it there`, lines: [] }
  const options = namespaces.map((namespace) => ` --namespace ${namespace}`).join('')
  const name = secret === 'sops-age' ? '' : ` --name ${secret}`
  return { text: `${where}:`, lines: [`mise run flux:sops-key${name}${options}`] }
}
