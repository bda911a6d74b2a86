import { type Finding, finding } from '../../../findings/finding.ts'
import type { LeftOut } from '../../../lib/repository/sources/source-ignore.ts'

/** That it is not clear which Kustomization is meant. @param candidates those that could be verified, `namespace/name` */
export function unclearTarget(candidates: readonly string[]): Finding {
  const object = '--kustomization'
  const [first] = candidates
  return first === undefined
    ? finding('no-kustomization', { object }, {})
    : finding('kustomization-unclear', { object }, { candidates: candidates.join(', '), first })
}

/** That a source leaves a file out of its artifact. @param file relative to the root */
export function leftOutOf(object: string, file: string, { pattern, by }: LeftOut): Finding {
  return finding(
    'out-of-artifact',
    { object },
    {
      by: by ?? 'Flux by itself',
      what: file,
      pattern,
      directory: file.slice(0, file.lastIndexOf('/')),
      where: by === undefined ? 'to a .sourceignore' : 'behind it',
    },
  )
}

/**
 * That the namespace of the test Secret is missing.
 * @param kustomization `namespace/name`; `isTarget`: whether its `spec.targetNamespace` names the namespace
 */
export function missingNamespace(
  namespace: string,
  { kustomization, isTarget }: { kustomization: string; isTarget: boolean },
): Finding {
  return finding(
    'namespace-missing',
    { object: `namespace ${namespace}` },
    {
      what: 'the test Secret',
      builds: `, and ${kustomization} builds none of that name`,
      choose: isTarget
        ? `correct spec.targetNamespace of ${kustomization}`
        : 'choose another one with --namespace',
    },
  )
}
