import { type Finding, finding } from '../../../../findings/finding.ts'
import { goRegexProblem, matchesGo } from '../../../../lib/sops/go-expression.ts'
import type { WrittenRule } from '../../../../lib/sops/rule-text.ts'
import type { Check } from '../../check.ts'
import { type PlacedRules, pathFrom } from '../../rule-set.ts'
import { judgedRules } from './judged-rules.ts'

/** Finds the rules that select no file, and would do so if paths were written in another way. */
export const checkRulePaths: Check = (subject) => {
  // the files of a commit do not tell what a rule selects
  if (subject.options.staged) return []
  return judgedRules(subject).flatMap((one) => {
    const below = subject.names.flatMap((file) => {
      const path = pathFrom(one.directory, file)
      return path === undefined ? [] : { file, path }
    })
    return (one.rules ?? []).flatMap(
      (rule) => fromRoot(one, rule, below) ?? withBackslashes(one, rule, below) ?? [],
    )
  })
}

interface Below {
  /** From the root. */
  file: string
  /** From the directory of the rules. */
  path: string
}

/** Only what begins with the name of a directory is held against all files. */
function fromRoot(
  { file, directory }: PlacedRules,
  { number, pathRegex = '', placeOf }: WrittenRule,
  below: readonly Below[],
): Finding | undefined {
  const parts = directory.split('/')
  const plain = pathRegex.replace(/\\(?=\W)/g, '').replace(/^\^/, '')
  const start = parts
    .map((_, index) => `${parts.slice(index).join('/')}/`)
    .find((path) => plain.startsWith(path))
  if (directory === '.' || !start || goRegexProblem(pathRegex)) return undefined
  if (below.some(({ path }) => matchesGo(pathRegex, path))) return undefined
  const would = below.find(({ path }) => matchesGo(pathRegex, start + path))
  if (!would) return undefined
  const facts = { number: `${number}`, file: would.file, directory: start.slice(0, -1) }
  return finding('rule-path-repeated', { file, ...placeOf('path_regex') }, facts)
}

function withBackslashes(
  { file }: PlacedRules,
  { number, pathRegex = '', placeOf }: WrittenRule,
  below: readonly Below[],
): Finding | undefined {
  if (!pathRegex.includes('\\\\') || goRegexProblem(pathRegex)) return undefined
  if (below.some(({ path }) => matchesGo(pathRegex, path))) return undefined
  const slashed = pathRegex.replaceAll('\\\\', '/')
  const would = below.find(({ path }) => matchesGo(slashed, path))
  return (
    would &&
    finding('rule-backslash', { file, ...placeOf('path_regex') }, { number: `${number}`, file: would.file })
  )
}
