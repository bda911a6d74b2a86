import { type Finding, finding } from '../../../findings/finding.ts'
import type { Kustomization } from '../../../lib/cluster/flux-objects.ts'
import { entryPlace } from '../../../lib/kustomize/entry-place.ts'
import type { FileUse } from '../../../lib/repository/builds.ts'
import { hasSopsBlock, isMinifiedSource } from '../../../lib/sops/format.ts'
import { parseDocuments } from '../../../lib/yaml/documents.ts'
import { textAt, valueAt } from '../../../lib/yaml/values.ts'
import type { AppliedBuild } from '../../live/applied-build.ts'
import { isSopsFile, type LiveCiphertext } from '../../live/ciphertext.ts'

/** Where ciphertext that a Kustomization has applied is from. */
export interface Origin {
  use: FileUse
  text: string
  /** What is in the kustomization file that names it; empty where none does. */
  by: string
  /** From 1. */
  line: number
  /** The ciphertext of sops that both have. */
  token: string
}

/** Finds the file that a Kustomization has ciphertext from; `undefined` where the repository does not show it. */
export async function originsOf(
  kustomization: Kustomization,
  applied: AppliedBuild,
): Promise<(ciphertext: LiveCiphertext) => Origin | undefined> {
  const seen = await applied(kustomization)
  if (!seen) return () => undefined
  const { textOf } = seen.revision
  const { uses } = seen.build
  const texts = new Map(uses.map(({ file }) => [file, textOf(file)]))
  return ({ tokens }) => {
    for (const use of uses) {
      const text = texts.get(use.file) ?? ''
      const token = [...tokens].find((one) => text.includes(one))
      if (token !== undefined)
        return {
          use,
          text,
          by: use.by === undefined ? '' : textOf(use.by),
          token,
          line: text.slice(0, text.indexOf(token)).split('\n').length,
        }
    }
    return undefined
  }
}

/**
 * Why Flux has not decrypted what it has applied, by the file that it is from.
 * @returns `undefined` where the file does not say it
 */
export function whyNotDecrypted({ use, text, by: list, token, line }: Origin): Finding | undefined {
  const { file, as, by } = use
  if (as === 'secretGenerator.env' || as.startsWith('configMapGenerator.'))
    return finding('never-decrypted', { file: by, ...entryPlace(list, file) }, { encrypted: file, field: as })
  const place = { file, line }
  if (as !== 'resources')
    return isMinifiedSource(text) ? finding('minified-json', place, { file }) : undefined
  const document = parseDocuments(text).find(({ value }) => JSON.stringify(value ?? '').includes(token))
  if (!document) return undefined
  const { value } = document
  if (!hasSopsBlock(value))
    return hasSopsFile(value)
      ? finding('sops-file-in-text', place, {})
      : finding('ciphertext-without-metadata', place, { file })
  if (`${textAt(value, 'kind')}`.endsWith('List')) return finding('list-encrypted', place, { file })
  if (valueAt(value, 'sops', 'mac') === undefined) return finding('mac-missing', place, { file })
  const selector = ['encrypted_comment_regex', 'unencrypted_comment_regex'].find(
    (name) => textAt(value, 'sops', name) !== undefined,
  )
  return selector === undefined ? undefined : finding('comment-selector', place, { selector })
}

/** Whether one of the values of an object is a SOPS file. */
function hasSopsFile(value: unknown): boolean {
  const fields = ['data', 'stringData'].map((field) => valueAt(value, field))
  const texts = fields.flatMap((field) => Object.values(field ?? {}))
  return texts.some((one) => typeof one === 'string' && isSopsFile(one))
}
