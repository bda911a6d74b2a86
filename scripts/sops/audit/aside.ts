import type { FluxRepository } from '../../lib/repository/flux-repository.ts'
import type { Subject } from './subject.ts'

/** Directories of what is kept beside the real thing. */
const aside =
  /(?:^|\/)[._-]?(?:archived?|attic|deprecated[^/]*|disabled|examples?|samples?|tests?|testdata|fixtures?|templates?|docs?|old|unused)\//i

/** Whether a file is kept for people only: in a directory of archives, examples or tests, and no Flux Kustomization builds it. */
export function isAside(subject: Pick<Subject, 'flux'>, file: string): boolean {
  return aside.test(file) && !hasBuilder(subject, file)
}

/**
 * Whether Flux builds a file that has marks. Where that can't be told it may: with `staged`, and in a repository without Flux
 * Kustomizations, which another one may have for it.
 */
export function mayBeBuilt(subject: Subject, file: string): boolean {
  const { flux } = subject
  return !flux || buildsNothing(flux) || hasBuilder(subject, file)
}

/** Whether a repository has nothing that Flux would build from: another one may have it. */
export function buildsNothing({ nodes, hasOperator }: FluxRepository): boolean {
  return nodes.size === 0 && !hasOperator
}

function hasBuilder({ flux }: Pick<Subject, 'flux'>, file: string): boolean {
  return flux !== undefined && flux.buildersOf(file).length > 0
}
