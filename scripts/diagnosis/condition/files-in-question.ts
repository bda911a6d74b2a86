import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Caller } from '../../lib/caller.ts'
import { findRepositoryRoot, searchFiles } from '../../lib/git.ts'
import { namesFrom } from '../../lib/paths.ts'
import { holdsObject } from '../../lib/sops/format.ts'

/** An object as a message of kustomize-controller names it. */
export interface Named {
  kind: string
  name: string
}

/** How its messages name the object that they are about (kustomize-controller v1.9.4 decryptor.go, fluxcd/pkg ssa). */
const forms = [
  /'(?:[\w.-]+\/)?(?<name>[\w.-]+)' (?<kind>[A-Z]\w*) (?:data|field)/,
  /'(?<kind>[A-Z]\w*)\.\S+\/(?<name>[\w.-]+)'/,
  /\b(?<kind>[A-Z]\w*)\/(?:[\w.-]+\/)?(?<name>[\w.:-]+) (?:is SOPS encrypted|dry-run failed|not found|namespace not specified)/,
]

/** The object that a controller complains of; `undefined` where its words name none. */
export function objectIn(says: string): Named | undefined {
  const found = forms.map((form) => form.exec(says)?.groups).find((groups) => groups !== undefined)
  return found && { kind: `${found.kind}`, name: `${found.name}` }
}

/**
 * The files of the working tree that declare an object, which the controller never names.
 * @returns as the user calls them; empty outside of a repository, and where a kustomization makes the name
 */
export async function filesInQuestion(
  { kind, name }: Named,
  { cwd, env, signal }: Caller,
): Promise<string[]> {
  const root = await findRepositoryRoot(cwd, env)
  if (root === undefined) return []
  const files = await searchFiles({ root, env, signal }, name, ['*.yaml', '*.yml', '*.json'])
  const texts = await Promise.all(files.map((file) => readFile(join(root, file), 'utf8').catch(() => '')))
  const nameOf = namesFrom(cwd)
  return files
    .filter((_, index) => holdsObject(texts[index] ?? '', kind, name))
    .map((file) => nameOf(join(root, file)))
}
