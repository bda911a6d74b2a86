import { basename } from 'node:path'
import type { EncryptedFile } from '../../lib/sops/encrypted-files.ts'
import { sopsFormatOf } from '../../lib/sops/reader/read-tree.ts'

/** A file that is encrypted, or whose name says that it is meant to be. */
export interface UsedName {
  /** Relative to the root of the repository. */
  file: string
  /** `sops` of `db.sops.yaml`; `undefined` where only its content tells. */
  marker: string | undefined
  /** `yaml` of `db.sops.yaml`. */
  ending: string
  /** Whether it holds objects of Kubernetes, of which Flux must be able to read all but the values. */
  isManifest: boolean
}

/** The endings of what sops encrypts; what ends otherwise is a template, a program or a text about it. */
const marked =
  /[^/]\.(sops|enc)\.(ya?ml|json|env|ini|txt|key|pem|crt|conf|cfg|toml|properties|agekey|bin|dockerconfigjson)$/

/**
 * The names that a repository uses for encrypted files: `*.sops.*`, `*.enc.*`, and those of files that are encrypted.
 * @param names relative to the root, also of files that are gone
 * @param textOf `undefined` for what is no file
 */
export function usedNames(
  names: readonly string[],
  encrypted: readonly Pick<EncryptedFile, 'file'>[],
  textOf: (file: string) => string | undefined,
): UsedName[] {
  const encryptedNames = new Set(encrypted.map(({ file }) => file))
  return names.flatMap((file): UsedName[] => {
    const [, marker, ending] = marked.exec(file) ?? []
    const text = marker !== undefined || encryptedNames.has(file) ? textOf(file) : undefined
    if (text === undefined) return []
    return [{ file, marker, ending: ending ?? endingOf(file), isManifest: isManifest(file, text) }]
  })
}

/** How the names that are like this one are called: `*.sops.yaml`. */
export function formOf({ file, marker, ending }: UsedName): string {
  return marker === undefined ? basename(file) : `*.${marker}.${ending}`
}

function endingOf(file: string): string {
  return /\.(\w+)$/.exec(basename(file))?.[1] ?? ''
}

/** An empty file is one that is to be written. */
function isManifest(file: string, text: string): boolean {
  const format = sopsFormatOf(file)
  if (format !== 'yaml' && format !== 'json') return false
  return text.trim() === '' || /^["']?kind["']?[ \t]*:/m.test(text) || /[{,]\s*"kind"\s*:/.test(text)
}
