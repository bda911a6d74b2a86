import type { SopsFile, Subject } from './subject.ts'

/** The manifests that may hold Secrets and that sops has not encrypted, in the order of their names. */
export function plainSecretFiles({ marked }: Subject, sopsFiles: readonly SopsFile[]): string[] {
  const encrypted = new Set(sopsFiles.map(({ file }) => file))
  const files = marked.get('secret') ?? []
  return files.filter((file) => /\.(?:ya?ml|json)$/.test(file) && !encrypted.has(file))
}

/** A document of a YAML text. */
interface TextDocument {
  text: string
  /** Where it starts in the whole. */
  offset: number
}

/** The documents of a YAML or JSON text that may be Secrets, or lists of them. The others are never parsed: they may be large. */
export function secretDocuments(text: string): TextDocument[] {
  const starts = [0, ...Array.from(text.matchAll(/^---(?=\s)/gm), ({ index }) => index)]
  return starts
    .map((offset, index) => ({ text: text.slice(offset, starts[index + 1]), offset }))
    .filter((document) => isSecret(document.text))
}

/** The kind of a Secret, or of a list, whose items kustomize takes for objects of their own. */
const secretOrList = /^["']?kind["']?\s*:\s*["']?(?:Secret|\w*List)["']?\s*(?:#|$)/m

function isSecret(document: string): boolean {
  if (document.trimStart().startsWith('{')) return document.includes('Secret')
  return document.includes('Secret') && secretOrList.test(document)
}
