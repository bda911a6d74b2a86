import { patchesIn } from '../kustomize/patches.ts'
import { listAt, type Mapping, textAt } from '../yaml/values.ts'
import {
  type Additions,
  type Author,
  namespaceStep,
  patchStep,
  prefixStep,
  type Step,
  suffixStep,
  unfollowedStep,
} from './steps.ts'

/**
 * Reads what a Flux Kustomization adds to the kustomization file of its path.
 * @param value the object as it is in the cluster
 * @param file where it is declared
 * @returns `undefined` where it adds nothing
 */
export function additionsOf(value: Mapping, file: string): Additions | undefined {
  const author: Author = { from: 'parent', by: file }
  const patches = patchesIn(listAt(value, 'spec', 'patches'), {
    field: 'spec.patches',
    file,
    // they are always inline
    fileOf: () => ({ file, text: () => '' }),
  })
  const additions = {
    components: listAt(value, 'spec', 'components').filter((path) => typeof path === 'string'),
    patches: [...patches.map((patch) => patchStep(patch, author)), ...removedPatches(value, author)],
    namespace: namespaceStep(textAt(value, 'spec', 'targetNamespace'), author),
    namePrefix: prefixStep(textAt(value, 'spec', 'namePrefix'), author),
    nameSuffix: suffixStep(textAt(value, 'spec', 'nameSuffix'), author),
  }
  return Object.values(additions).flat().some(Boolean) ? additions : undefined
}

/** The patches that only API versions have which Flux has removed. */
function removedPatches(value: Mapping, author: Author): Step[] {
  return ['patchesStrategicMerge', 'patchesJson6902']
    .filter((field) => listAt(value, 'spec', field).length > 0)
    .map((field) =>
      unfollowedStep({ field: `spec.${field}`, reach: () => 'object', ofEveryKind: true }, author),
    )
}
