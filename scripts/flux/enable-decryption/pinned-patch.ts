import { isDeepStrictEqual } from 'node:util'
import { patchEntry, readKustomization, reads } from '../../lib/kustomize/kustomization-edit.ts'
import { type FluxKustomization, group } from '../../lib/repository/flux-file.ts'
import { scalar } from '../../lib/yaml/document-edit.ts'
import { listAt } from '../../lib/yaml/values.ts'
import type { Decryption } from './judge.ts'

/**
 * Writes a patch anew that is for another version of a Kustomization than it has: kustomize finds no object for it, and builds
 * nothing. Only a patch that says just this block, in just these lines, is replaced: that of this task before it wrote a
 * target, or one like it. Where it stands more than once, one is left.
 *
 * @param text of a kustomization file
 * @param entry the lines of what takes its place, without their indentation
 * @returns `undefined` where there is no such patch, or it is not certain that nothing else would change
 */
export function replacePinned(
  text: string,
  kustomization: FluxKustomization,
  block: Decryption,
  entry: readonly string[],
): string | undefined {
  const read = readKustomization(text)
  if ('refused' in read) return undefined
  const lines = text.split('\n')
  const found = lines.flatMap((_, index) => pinnedAt(lines, index, kustomization, block) ?? [])
  const [first, ...others] = found
  if (!first || found.every(({ version }) => version === kustomization.apiVersion)) return undefined
  for (const { index, length } of others.toReversed()) lines.splice(index, length)
  const end = lines[first.index]?.endsWith('\r') ? '\r' : ''
  const written = entry.map((line) => first.indent + line + end)
  // the last line of the text may have no end
  const last = lines[first.index + first.length - 1]
  if (!last?.endsWith('\r')) written.push(`${written.pop()?.replace(/\r$/, '')}`)
  lines.splice(first.index, first.length, ...written)
  const pinned = found.map(({ version }) =>
    patchEntry(pinnedLines({ ...kustomization, apiVersion: version }, block)),
  )
  const isPinned = (one: unknown) => pinned.some((other) => isDeepStrictEqual(one, other))
  const patches = listAt(read.value, 'patches')
  const at = patches.findIndex(isPinned)
  const expected = patches.flatMap((one, index) =>
    index === at ? [patchEntry(entry)] : isPinned(one) ? [] : [one],
  )
  const after = lines.join('\n')
  return reads(after, { ...read.value, patches: expected }) ? after : undefined
}

interface Pinned {
  index: number
  length: number
  indent: string
  version: string
}

function pinnedAt(
  lines: readonly string[],
  index: number,
  kustomization: FluxKustomization,
  block: Decryption,
): Pinned | undefined {
  const line = (offset: number) => (lines[index + offset] ?? '').replace(/\r$/, '')
  const indent = /^( *)- patch: \|$/.exec(line(0))?.[1]
  const version = /^ *apiVersion: (\S+)$/.exec(line(1))?.[1]
  if (indent === undefined || !version?.startsWith(`${group}/`)) return undefined
  const expected = pinnedLines({ ...kustomization, apiVersion: version }, block)
  const { length } = expected
  const isPinned = isDeepStrictEqual(
    expected.map((_, offset) => line(offset)),
    expected.map((one) => indent + one),
  )
  const next = lines.slice(index + length).find((one) => one.trim() !== '')
  // more of the same entry
  return isPinned && !next?.startsWith(`${indent} `) ? { index, length, indent, version } : undefined
}

/** The entry of `patches` that names its object itself. */
function pinnedLines(
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
