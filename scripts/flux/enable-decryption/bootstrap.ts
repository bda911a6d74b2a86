import { readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import {
  applyEdits,
  insertLinesAfter,
  listAt,
  nodeAt,
  parseDocuments,
  type Refusal,
  valueAt,
} from '../../lib/documents.ts'
import { kustomizationFilesIn } from '../../lib/kustomize.ts'
import type { FluxKustomization } from '../../lib/repository.ts'
import type { Decryption } from './judge.ts'
import type { Change } from './plan.ts'

/**
 * Gives the Kustomization of `gotk-sync.yaml` its block by a patch in the kustomization file beside it, because
 * `flux bootstrap` writes the file itself anew (https://fluxcd.io/flux/installation/configuration/boostrap-customization/).
 * The patch is added at the end of `patches`; where there is no kustomization file one is made that takes in the same files.
 *
 * @param root of the repository, absolute
 * @returns a refusal where it is not certain that just the patch is added
 */
export function planBootstrapPatch(
  root: string,
  kustomization: FluxKustomization,
  block: Decryption,
  files: readonly string[],
): Change | Refusal {
  const directory = posix.dirname(kustomization.file)
  const [name, ...more] = kustomizationFilesIn(join(root, directory))
  const lines = patchLines(kustomization, block)
  if (name === undefined) return newKustomization(directory, files, lines)
  const file = posix.join(directory, name)
  if (more.length > 0) return { reason: `there is ${more.join(' and ')} beside ${file}` }
  const before = readFileSync(join(root, file), 'utf8')
  const after = withPatch(before, lines)
  if (typeof after !== 'string') return { reason: `${file} can't be edited: ${after.reason}` }
  return { file, before, after }
}

/** An entry of `patches`, without its indentation. */
export function patchLines(
  { apiVersion, name, namespace }: FluxKustomization,
  { secretRef }: Decryption,
): string[] {
  return [
    '- patch: |',
    `    apiVersion: ${apiVersion}`,
    '    kind: Kustomization',
    '    metadata:',
    `      name: ${name}`,
    ...(namespace ? [`      namespace: ${namespace}`] : []),
    '    spec:',
    '      decryption:',
    '        provider: sops',
    ...(secretRef ? ['        secretRef:', `          name: ${secretRef.name}`] : []),
  ]
}

/** Flux takes in all that is in a directory without a kustomization file; one that is made must say the same. */
function newKustomization(
  directory: string,
  files: readonly string[],
  patch: readonly string[],
): Change | Refusal {
  const inside = files.filter((file) => posix.dirname(file) === directory && /\.ya?ml$/.test(file))
  if (files.some((file) => file.startsWith(`${directory}/`) && posix.dirname(file) !== directory))
    return { reason: `${directory} has no kustomization file, but directories that one would have to list` }
  const lines = [
    ...['apiVersion: kustomize.config.k8s.io/v1beta1', 'kind: Kustomization', 'resources:'],
    ...inside.toSorted().map((file) => `  - ${posix.basename(file)}`),
    'patches:',
    ...patch.map((line) => `  ${line}`),
  ]
  return { file: `${directory}/kustomization.yaml`, before: undefined, after: `${lines.join('\n')}\n` }
}

function withPatch(text: string, patch: readonly string[]): string | Refusal {
  const [document, ...others] = parseDocuments(text)
  if (!document?.root || document.problem || others.length > 0)
    return { reason: 'it is not one YAML document' }
  const { root, value } = document
  const list = nodeAt(root, 'patches')
  const start = list?.range?.[0] ?? 0
  const indent = /[^\n]*$/.exec(text.slice(0, start))![0]
  const isBlock = text[start] === '-' && indent.trim() === ''
  if (list && !isBlock) return { reason: 'its patches are not a block list' }
  const edit = list
    ? insertLinesAfter(
        text,
        list,
        patch.map((line) => indent + line),
      )
    : insertLinesAfter(text, root, ['patches:', ...patch.map((line) => `  ${line}`)])
  if ('reason' in edit) return edit
  const after = applyEdits(text, [edit])
  const [entry] = listAt(parseDocuments(`patches:\n${patch.join('\n')}\n`)[0]!.value, 'patches')
  const expected = { ...(value as object), patches: [...listAt(value, 'patches'), entry] }
  const [found, ...rest] = parseDocuments(after)
  const isJustThat = rest.length === 0 && !found?.problem && isDeepStrictEqual(found?.value, expected)
  return isJustThat && valueAt(value, 'kind') !== 'Component'
    ? after
    : { reason: 'the patch would change more than its patches' }
}
