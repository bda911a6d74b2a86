import type { Subject } from './subject.ts'

/** Directories of what is kept beside the real thing. */
const aside =
  /(?:^|\/)[._-]?(?:archived?|attic|deprecated[^/]*|disabled|examples?|samples?|tests?|testdata|fixtures?|templates?|docs?|old|unused)\//i

/** Whether a file is kept for people only: in a directory of archives, examples or tests, and no Flux Kustomization builds it. */
export function isAside(subject: Subject, file: string): boolean {
  return aside.test(file) && !(subject.flux && isBuilt(subject, file))
}

/** Whether Flux builds a file that has marks; with `staged`, where the files do not tell, it may. */
export function isBuilt({ flux }: Subject, file: string): boolean {
  return !flux || flux.buildersOf(file).length > 0
}
