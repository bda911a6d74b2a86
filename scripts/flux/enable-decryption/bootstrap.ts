import { basename, join, posix } from 'node:path'
import { openKustomizationFile, readKustomization, reads } from '../../lib/kustomize/kustomization-edit.ts'
import { isKustomizationFile, type KustomizationFile } from '../../lib/kustomize/kustomization-file.ts'
import type { FluxKustomization } from '../../lib/repository/flux-file.ts'
import { applyEdits, insertLinesAfter, type Refusal, scalar } from '../../lib/yaml/document-edit.ts'
import { nodeAt, parseDocuments } from '../../lib/yaml/documents.ts'
import { listAt } from '../../lib/yaml/values.ts'
import type { Decryption } from './judge.ts'
import type { Change } from './plan.ts'

/**
 * Gives the Kustomization of `gotk-sync.yaml` its block by a patch in the kustomization file beside it, because
 * `flux bootstrap` writes the file itself anew (https://fluxcd.io/flux/installation/configuration/boostrap-customization/).
 * The patch is added at the end of `patches`; where there is no kustomization file one is made that takes in the same files.
 *
 * @param root of the repository, absolute
 * @returns a refusal where it is not certain that just the patch is added, and that Flux gets to see it
 */
export function planBootstrapPatch(
  root: string,
  kustomization: FluxKustomization,
  block: Decryption,
  { names, listed, kustomizations }: Around,
): Change | Refusal {
  const directory = posix.dirname(kustomization.file)
  const lines = patchLines(kustomization, block)
  const takers = kustomizations.filter(({ resources }) => resources.includes(kustomization.file))
  const past = takers.find((taker) => taker.directory !== directory)
  if (past) return { reason: `${past.file} takes it in, past a patch beside it` }
  const opened = openKustomizationFile(root, join(root, directory))
  if (!opened) {
    const gone = names.find((name) => posix.dirname(name) === directory && isKustomizationFile(name))
    return gone
      ? { reason: `${gone} is in git, but not in the working tree` }
      : newKustomization(directory, listed, lines)
  }
  if ('reason' in opened) return opened
  const file = posix.join(directory, basename(opened.file))
  if (!listed.includes(file)) return { reason: `git ignores ${file}` }
  const after = withPatch(opened.text, lines)
  if (typeof after !== 'string') return { reason: `cannot edit ${file}: ${after.reason}` }
  return takers.length === 0 ? { reason: `${file} does not list it` } : { file, before: opened.text, after }
}

/** What is known of the files around it. */
interface Around {
  /** All that git lists, also where it is not in the working tree. */
  names: readonly string[]
  /** All that is there and not ignored. */
  listed: readonly string[]
  kustomizations: readonly KustomizationFile[]
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
    `      name: ${scalar(`${name}`)}`,
    ...(namespace ? [`      namespace: ${scalar(namespace)}`] : []),
    '    spec:',
    '      decryption:',
    '        provider: sops',
    ...(secretRef ? ['        secretRef:', `          name: ${scalar(secretRef.name)}`] : []),
  ]
}

/** What Flux leaves out of an artifact (https://fluxcd.io/flux/components/source/gitrepositories/#default-exclusions). */
const leftOut = /(^|\/)\.(sops\.yaml|flux\.yaml|goreleaser\.yml)$/

/** Flux takes in all that is in a directory without a kustomization file; one that is made must say the same. */
function newKustomization(
  directory: string,
  files: readonly string[],
  patch: readonly string[],
): Change | Refusal {
  const inside = files.filter(
    (file) => posix.dirname(file) === directory && /\.ya?ml$/.test(file) && !leftOut.test(file),
  )
  if (files.some((file) => file.startsWith(`${directory}/`) && posix.dirname(file) !== directory))
    return { reason: `${directory} has no kustomization file, but directories that one would have to list` }
  const lines = [
    ...['apiVersion: kustomize.config.k8s.io/v1beta1', 'kind: Kustomization', 'resources:'],
    ...inside.toSorted().map((file) => `  - ${scalar(posix.basename(file))}`),
    'patches:',
    ...patch.map((line) => `  ${line}`),
  ]
  return { file: `${directory}/kustomization.yaml`, before: undefined, after: `${lines.join('\n')}\n` }
}

function withPatch(text: string, patch: readonly string[]): string | Refusal {
  const read = readKustomization(text)
  if ('reason' in read) return read
  const { root, value } = read
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
  const isJustThat = reads(after, { ...value, patches: [...listAt(value, 'patches'), entry] })
  return isJustThat ? after : { reason: 'the patch would change more than its patches' }
}
