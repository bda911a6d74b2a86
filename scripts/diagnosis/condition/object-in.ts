import type { NamedObject } from '../../lib/applied/declared-in.ts'

/** How its messages name the object that they are about (kustomize-controller v1.9.4 decryptor.go, fluxcd/pkg ssa). */
const forms = [
  /'(?:[\w.-]+\/)?(?<name>[\w.-]+)' (?<kind>[A-Z]\w*) (?:data|field)/,
  /'(?<kind>[A-Z]\w*)\.\S+\/(?<name>[\w.-]+)'/,
  /\b(?<kind>[A-Z]\w*)\/(?:[\w.-]+\/)?(?<name>[\w.:-]+) (?:is SOPS encrypted|dry-run failed|not found|namespace not specified)/,
]

/** The object that a controller complains of; `undefined` where its words name none. */
export function objectIn(says: string): NamedObject | undefined {
  const found = forms.map((form) => form.exec(says)?.groups).find((groups) => groups !== undefined)
  return found && { kind: `${found.kind}`, name: `${found.name}` }
}
