import { basename, join, posix } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import {
  openKustomizationFile,
  patchEntry,
  readKustomization,
  reads,
} from '../../lib/kustomize/kustomization-edit.ts'
import { isKustomizationFile, type KustomizationFile } from '../../lib/kustomize/kustomization-file.ts'
import { type FluxKustomization, group } from '../../lib/repository/flux-file.ts'
import { applyEdits, insertLinesAfter, scalar } from '../../lib/yaml/document-edit.ts'
import { nodeAt } from '../../lib/yaml/documents.ts'
import { lineStart } from '../../lib/yaml/lines.ts'
import type { Refusal } from '../../lib/yaml/refusal.ts'
import { listAt } from '../../lib/yaml/values.ts'
import type { Decryption } from './judge.ts'
import { replacePinned } from './pinned-patch.ts'
import type { BootstrapPatch, Change } from './plan.ts'
import type { BootstrapRefusal } from './reasons.ts'

/** What is known of the files around a Kustomization of `flux bootstrap`. Paths are relative to the root of the repository. */
interface Around {
  /** All that git lists, also where it is not in the working tree. */
  names: readonly string[]
  /** All that is there and not ignored. */
  listed: readonly string[]
  kustomizations: readonly KustomizationFile[]
}

/**
 * Gives the Kustomization of `gotk-sync.yaml` its block by a patch in the kustomization file beside it, because
 * `flux bootstrap` writes the file itself anew (https://fluxcd.io/flux/installation/configuration/boostrap-customization/).
 * The patch is added at the end of `patches`, or takes the place of one for another version (`replacePinned`); where there is
 * no kustomization file one is made that lists the same files.
 *
 * @param root of the repository, absolute
 * @returns a refusal where it is not certain that just the patch is added, and that Flux gets to see it
 */
export function planBootstrapPatch(
  root: string,
  kustomization: FluxKustomization,
  block: Decryption,
  { names, listed, kustomizations }: Around,
): BootstrapPatch | BootstrapRefusal {
  const directory = posix.dirname(kustomization.file)
  const lines = patchLines(kustomization, block)
  const including = kustomizations.filter(({ resources }) => resources.includes(kustomization.file))
  const elsewhere = including.find((one) => one.directory !== directory)
  if (elsewhere) return { refused: 'included-elsewhere', file: elsewhere.file }
  const opened = openKustomizationFile(root, join(root, directory))
  if (!opened) {
    const gone = names.find((name) => posix.dirname(name) === directory && isKustomizationFile(name))
    if (gone !== undefined) return { refused: 'not-in-working-tree', file: gone }
    const change = newKustomization(directory, listed, lines)
    return 'refused' in change ? change : { change, pinned: false }
  }
  if ('refused' in opened) return opened
  const file = posix.join(directory, basename(opened.file))
  if (!listed.includes(file)) return { refused: 'ignored-file', file }
  const before = opened.text
  const mended = replacePinned(before, kustomization, block, lines)
  const after = mended ?? withPatch(before, lines)
  if (typeof after !== 'string') return { refused: 'in-file', file, why: after }
  if (including.length === 0) return { refused: 'not-listed', file }
  return { change: { file, before, after }, pinned: mended !== undefined }
}

/**
 * The lines of an entry of `patches` that gives a Kustomization its block, without their indentation. It names no version: a
 * patch that does is for no object any more, which kustomize refuses, as soon as `flux bootstrap` writes another one.
 */
export function patchLines({ name }: Pick<FluxKustomization, 'name'>, { secretRef }: Decryption): string[] {
  return [
    '- patch: |',
    '    - op: add',
    '      path: /spec/decryption',
    '      value:',
    '        provider: sops',
    ...(secretRef ? ['        secretRef:', `          name: ${scalar(secretRef.name)}`] : []),
    '  target:',
    `    group: ${group}`,
    '    kind: Kustomization',
    // a target has patterns
    `    name: ${scalar(`${name}`.replaceAll('.', '\\.'))}`,
  ]
}

/** What Flux leaves out of an artifact (https://fluxcd.io/flux/components/source/gitrepositories/#default-exclusions). */
const excluded = /(^|\/)\.(sops\.yaml|flux\.yaml|goreleaser\.yml)$/

/** Flux includes every file of a directory without a kustomization file; one that is made must list the same. */
function newKustomization(
  directory: string,
  files: readonly string[],
  patch: readonly string[],
): Change | BootstrapRefusal {
  if (files.some((file) => file.startsWith(`${directory}/`) && posix.dirname(file) !== directory))
    return { refused: 'directories-below', directory }
  const resources = files.filter(
    (file) => posix.dirname(file) === directory && /\.ya?ml$/.test(file) && !excluded.test(file),
  )
  const lines = [
    'apiVersion: kustomize.config.k8s.io/v1beta1',
    'kind: Kustomization',
    'resources:',
    ...resources.toSorted().map((file) => `  - ${scalar(posix.basename(file))}`),
    'patches:',
    ...patch.map((line) => `  ${line}`),
  ]
  return { file: `${directory}/kustomization.yaml`, before: undefined, after: `${lines.join('\n')}\n` }
}

function withPatch(text: string, patch: readonly string[]): string | Refusal {
  const read = readKustomization(text)
  if ('refused' in read) return read
  const { root, value } = read
  const list = nodeAt(root, 'patches')
  const start = list?.range?.[0] ?? 0
  const indent = text.slice(lineStart(text, start), start)
  const isBlock = text[start] === '-' && indent.trim() === ''
  if (list && !isBlock) return { refused: 'patches-not-a-block-list' }
  const patches = listAt(value, 'patches')
  const entry = patchEntry(patch)
  if (patches.some((one) => isDeepStrictEqual(one, entry))) return { refused: 'patch-without-effect' }
  const edit = list
    ? insertLinesAfter(
        text,
        list,
        patch.map((line) => indent + line),
      )
    : insertLinesAfter(text, root, ['patches:', ...patch.map((line) => `  ${line}`)])
  if ('refused' in edit) return edit
  const after = applyEdits(text, [edit])
  return reads(after, { ...value, patches: [...patches, entry] }) ? after : { refused: 'more-than-patches' }
}
