import type { WholeRevision } from '../../lib/applied/whole-revision.ts'
import { builtDirectory, idOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import {
  type FluxInstallation,
  findInstallations,
  installationMarks,
  rootOf,
} from '../../lib/repository/flux-instances.ts'
import type { Evidence } from '../evidence.ts'
import { builds } from '../repository/declarations.ts'

/** A Secret that the repository gives to kustomize-controller as its own. */
export interface DeclaredKey {
  namespace: string
  name: string
  /** The file that does, relative to the root. */
  file: string
}

/**
 * Finds the key that the repository gives to kustomize-controller of this cluster, for where its Deployment is not seen: in the
 * FluxInstance that makes a root of the cluster, or in what a Kustomization of the cluster builds, at the revision of its source.
 * @returns `undefined` where it gives none, or not only one: none is not known then
 */
export async function declaredControllerKey({
  snapshot,
  revisionOf,
}: Pick<Evidence, 'snapshot' | 'revisionOf'>): Promise<DeclaredKey | undefined> {
  const all = [...snapshot.kustomizations.values()]
  const revisions = await Promise.all(all.map(revisionOf))
  const known = new Map<WholeRevision, FluxInstallation[]>()
  const found = all.flatMap((kustomization, index) => {
    const revision = revisions[index]
    if (!revision) return []
    const installations = known.get(revision) ?? installationsIn(revision)
    known.set(revision, installations)
    return installations
      .filter((one) => isOf(one, kustomization, revision))
      .flatMap(({ file, namespace, instance, keySecrets }) =>
        keySecrets.map((name): DeclaredKey => {
          // what says no namespace is built where the root of `flux bootstrap` is
          const own = instance?.source?.namespace ?? namespace ?? `${kustomization.metadata.namespace}`
          return { namespace: own, name, file }
        }),
      )
  })
  const [first] = found
  const isOne = found.every(({ namespace, name }) => namespace === first?.namespace && name === first.name)
  return isOne ? first : undefined
}

function installationsIn({ tree, textOf }: WholeRevision): FluxInstallation[] {
  const marked = [...tree.files]
    .filter((file) => /\.(ya?ml|json)$/.test(file))
    .map((file) => [file, textOf(file)] as const)
    .filter(([, text]) => installationMarks.some((mark) => text.includes(mark)))
  return findInstallations(new Map(marked)).filter(({ keySecrets }) => keySecrets.length > 0)
}

/** Whether an installation is that of the cluster which has a Kustomization. */
function isOf(
  installation: FluxInstallation,
  kustomization: Kustomization,
  revision: WholeRevision,
): boolean {
  const root = rootOf(installation)
  if (!root) return builds(revision.built(kustomization), installation.file)
  const isCalled = idOf(kustomization) === `${root.namespace}/${root.name}`
  return isCalled && builtDirectory(kustomization) === builtDirectory(root.value as Kustomization)
}
