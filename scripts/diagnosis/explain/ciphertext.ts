import { finding } from '../../findings/finding.ts'
import type { WholeRevision } from '../../lib/applied/whole-revision.ts'
import { builtDirectory, idOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import { directoryAt } from '../../lib/repository/file-tree.ts'
import { nameOf } from '../../lib/repository/flux-file.ts'
import { holdsObject } from '../../lib/sops/format.ts'
import type { Evidence } from '../evidence.ts'
import { snapshotKeyOf } from '../snapshot/snapshot.ts'
import type { Explainer } from './failure.ts'

/** A Kustomization that decrypts what is in its path. */
interface Child {
  name: string
  directory: string
  isThere: boolean
}

/** Finds the encrypted file that a Kustomization without decryption builds, and whose it is. */
export const explainCiphertext: Explainer = async ({ kustomization, cause, named }, evidence) => {
  const revision = await evidence.revisionOf(kustomization)
  if (!revision || kustomization.spec.decryption) return undefined
  const encrypted = [...revision.built(kustomization).encrypted]
  const isNamed = (file: string) => named && holdsObject(revision.textOf(file), named.kind, named.name)
  const [only, ...others] = encrypted
  const file = encrypted.find(isNamed) ?? (others.length === 0 ? only : undefined)
  if (file === undefined) return undefined
  const place = { object: cause.object, file }
  const directory = builtDirectory(kustomization)
  const child = childrenOf(kustomization, revision, evidence).find((one) => isBelow(file, one.directory))
  if (!child || revision.tree.kustomizations.has(directory))
    return finding('built-without-decryption', place, { kustomization: 'it', files: file })
  return finding('takes-in-child', place, {
    files: file,
    child: child.name,
    absent: child.isThere ? '' : ', which never comes to be',
    directory: directory === '.' ? 'the root' : directory,
  })
}

/** The Kustomizations below a path that decrypt: those of the cluster, and those that it would bring there itself. */
function childrenOf(parent: Kustomization, revision: WholeRevision, { snapshot }: Evidence): Child[] {
  const directory = builtDirectory(parent)
  const there = [...snapshot.kustomizations.values()]
    .filter((one) => one.spec.decryption && snapshotKeyOf(one) === snapshotKeyOf(parent))
    .map((one) => ({ name: idOf(one), directory: builtDirectory(one), isThere: true }))
  const declared = revision
    .built(parent)
    .flux.filter(({ source }) => source.decryption !== undefined)
    .map(({ source }) => ({
      name: nameOf(source),
      directory: directoryAt(source.path ?? '.') ?? '.',
      isThere: false,
    }))
  return [...there, ...declared].filter(
    (one) => one.directory !== directory && isBelow(one.directory, directory),
  )
}

function isBelow(path: string, directory: string): boolean {
  return directory === '.' || path.startsWith(`${directory}/`)
}
