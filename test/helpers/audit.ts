import { type Finding, type FindingPlace, finding } from '../../scripts/findings/finding.ts'
import { findAll } from '../../scripts/sops/audit/find-all.ts'
import type { AuditOptions } from '../../scripts/sops/audit/options.ts'
import { silentCaller } from './caller.ts'
import { type TestRepository, withRepository } from './repository.ts'

/** What is found in a repository, each as `file:line code`, and the facts of each beside it. */
export interface Audited {
  /** `apps/db.enc.yaml:7 plain-value`; without a line `apps/db.enc.yaml no-rule`. */
  found: string[]
  facts: Readonly<Record<string, string>>[]
  findings: readonly Finding[]
}

/** As without a flag. */
export const usualOptions: Omit<AuditOptions, 'caller'> = {
  paths: [],
  staged: false,
  keyFile: undefined,
  history: false,
  recipients: undefined,
  format: 'text',
  baseline: undefined,
  writeBaseline: false,
  only: [],
  skip: [],
  explain: undefined,
}

/** Audits a repository as the user who stands in its root. */
export async function auditIn(
  { root, env }: Pick<TestRepository, 'root' | 'env'>,
  options: Partial<AuditOptions> = {},
): Promise<Audited> {
  const { findings } = await findAll({ ...usualOptions, caller: silentCaller(root, env), ...options })
  return {
    found: findings.map(({ file, object, line, code }) => {
      const place = [file ?? object, line].filter((part) => part !== undefined).join(':')
      return `${place} ${code}`
    }),
    facts: findings.map(({ facts }) => facts),
    findings,
  }
}

/** Audits a fresh repository in which `files` are committed. */
export async function auditOf(
  files: Readonly<Record<string, string>>,
  options: Partial<AuditOptions> = {},
): Promise<Audited> {
  return withRepository(files, (repository) => auditIn(repository, options))
}

/** Only the findings of these codes: a test of one check is not about what others find in its files. */
export function ofCodes({ found }: Audited, ...codes: string[]): string[] {
  return found.filter((one) => codes.includes(one.slice(one.lastIndexOf(' ') + 1)))
}

/** @throws where one of the texts is in something that was found. A report has nothing more of it than these facts */
export function assertNoValue(audited: Audited, values: readonly string[]): void {
  const all = JSON.stringify(audited)
  const leaked = values.filter((value) => all.includes(value))
  if (leaked.length > 0) throw new Error(`findings hold ${leaked.length} of ${values.length} values`)
}

/** An error of a file, as the audit makes one. */
export function conflictIn(file: string, place: FindingPlace = {}): Finding {
  return finding('merge-conflict', { file, ...place }, { file })
}

/** As many, over a thousand files. */
export function manyConflicts(count: number): Finding[] {
  return Array.from({ length: count }, (_, index) =>
    conflictIn(`apps/${index % 1000}.enc.yaml`, { line: index, column: 3 }),
  )
}
