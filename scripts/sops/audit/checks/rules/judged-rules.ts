import { isAside } from '../../aside.ts'
import type { PlacedRules } from '../../rule-set.ts'
import type { Subject } from '../../subject.ts'

/** The files with rules that are judged: no examples, and a commit is not judged by what it does not change. */
export function judgedRules(subject: Subject): readonly PlacedRules[] {
  const { rules, options, names } = subject
  const isStaged = new Set(names)
  return rules.files.filter(({ file }) => !isAside(subject, file) && (!options.staged || isStaged.has(file)))
}
