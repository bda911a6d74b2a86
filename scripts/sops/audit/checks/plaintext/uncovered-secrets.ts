import { posix } from 'node:path'
import { finding } from '../../../../findings/finding.ts'
import { matchesGo } from '../../../../lib/sops/go-expression.ts'
import type { WrittenRule } from '../../../../lib/sops/rule-text.ts'
import { isAside, mayBeBuilt } from '../../aside.ts'
import type { Check } from '../../check.ts'
import { pathFrom } from '../../rule-set.ts'
import { plainSecretFiles } from '../../secret-files.ts'
import type { SopsFile, Subject } from '../../subject.ts'
import { ruleWords } from '../rules/rule-words.ts'
import { readSecrets } from './plain-content.ts'

/** Finds the Secrets in the clear that Flux builds, or may build, and no creation rule selects. */
export const checkUncoveredSecrets: Check = (subject, sopsFiles) =>
  plainSecretFiles(subject, sopsFiles).flatMap((file) => {
    if (subject.rules.choicesFor(file).some(({ rule, refused }) => rule || refused)) return []
    if (!mayBeBuilt(subject, file) || isAside(subject, file)) return []
    const bytes = subject.read(file)
    const [value] = bytes ? readSecrets(bytes, file) : []
    if (!value) return []
    const { line, column, path } = value
    const near = nearestRule(subject, file, sopsFiles)
    return finding('plain-secret', { file, line, column }, { path: path.join('.'), near })
  })

/** The rule that just misses a file, and by what: its ending or its directory. */
function nearestRule({ rules }: Subject, file: string, sopsFiles: readonly SopsFile[]): string {
  const choices = rules.choicesFor(file)
  if (choices.length === 0) return 'there is no .sops.yaml in its directory or above'
  const base = posix.basename(file)
  const directory = posix.dirname(file)
  const directories = new Set(sopsFiles.map((one) => posix.dirname(one.file)))
  const near = [
    ...otherNames(base).map((name) => posix.join(directory, name)),
    ...[base, ...otherNames(base)].flatMap((name) =>
      [...directories].map((other) => posix.join(other, name)),
    ),
  ]
  for (const { rules: by } of choices) {
    const selecting = (path: string) =>
      (by.rules ?? []).find((rule) => selects(rule, pathFrom(by.directory, path)))
    const example = near.find(selecting)
    const rule = example === undefined ? undefined : selecting(example)
    if (rule) return `${ruleWords(by, rule)} would select ${example}`
  }
  return 'none comes near it'
}

function selects({ pathRegex }: WrittenRule, path: string | undefined): boolean {
  return path !== undefined && (pathRegex === undefined || matchesGo(pathRegex, path))
}

/** Names that a file could have, by the endings that people give to encrypted files. */
function otherNames(name: string): string[] {
  const { name: stem, ext } = posix.parse(name)
  const other = { '.yaml': '.yml', '.yml': '.yaml' }[ext]
  const marks = ['.sops', '.enc', '-sops', '-enc', '.secret', '.encrypted']
  return [ext, other]
    .filter((end) => end !== undefined)
    .flatMap((end) => [
      ...(end === ext ? [] : [`${stem}${end}`]),
      ...marks.map((mark) => `${stem}${mark}${end}`),
    ])
}
