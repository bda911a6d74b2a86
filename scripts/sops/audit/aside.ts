import { pathOf } from '../../lib/repository/sources/flux-sources.ts'
import { pathFrom } from './rule-set.ts'
import type { Subject } from './subject.ts'

/** Directories of what is kept beside the real thing. */
const aside =
  /(?:^|\/)[._-]?(?:archived?|attic|deprecated[^/]*|disabled|examples?|samples?|tests?|testdata|fixtures?|templates?|docs?|old|unused)\//i

/** Whether a file is kept for people only: in a directory of archives, examples or tests, and no Flux Kustomization builds it. */
export function isAside(subject: Subject, file: string): boolean {
  return aside.test(file) && !(subject.flux && isBuilt(subject, file))
}

/** Whether Flux may build a file: a Kustomization has a path around it, or the files do not tell. */
export function isBuilt({ flux }: Subject, file: string): boolean {
  if (!flux) return true
  return [...flux.nodes].some(
    ([source, { rendered }]) =>
      !flux.notApplied.has(source) &&
      rendered.some(({ value }) => pathFrom(pathOf(value), file) !== undefined),
  )
}
