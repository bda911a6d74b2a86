import type { WordsTable } from './finding.ts'

/** The words for what Flux makes of the path. */
export const pathWords = {
  'left-out': ({ file, pattern, by }) => ({
    message: `leaves ${file} out of what Flux gets: ${pattern === undefined ? `it begins with none of ${by}` : `the pattern ${pattern} ${by === undefined ? 'is one of its own' : `in ${by}`}`}`,
    fix:
      by === 'spec.sparseCheckout'
        ? 'add its directory to spec.sparseCheckout'
        : `add the line !/${file.slice(0, file.lastIndexOf('/'))}/ behind it${by === undefined ? ' to a .sourceignore' : ''}, or use another path`,
  }),
  'taken-out': () => ({
    message:
      'builds its path without the test Secret, or without the annotation that it is known by: a patch or a component takes it out',
    fix: 'let spec.patches, spec.components and the kustomization file of the path keep Secrets with their annotations, or choose another one with --kustomization',
  }),
  marked: ({ mark, what }) => ({
    message: `its path, or its spec, marks the test Secret with ${mark}, so that it is not ${what}`,
    fix: `take the mark out, or choose a Kustomization without it with --kustomization`,
  }),
  'namespace-missing': ({ kustomization, isTarget }) => ({
    message: `is not in the cluster, and ${kustomization} builds none of that name`,
    fix: isTarget
      ? `create it, or correct spec.targetNamespace of ${kustomization}`
      : 'create it, or choose another one with --namespace',
  }),
} satisfies Partial<WordsTable>
