import type { PlacedRules } from '../../rule-set.ts'
import type { Subject } from '../../subject.ts'

/** The files with rules that are judged: a commit is not judged by what it does not change. */
export function judgedRules({ rules, options, names }: Subject): readonly PlacedRules[] {
  return options.staged ? rules.files.filter(({ file }) => names.includes(file)) : rules.files
}
