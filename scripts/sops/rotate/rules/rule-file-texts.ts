import { readFile } from 'node:fs/promises'
import { join, posix, resolve } from 'node:path'
import { type Finding, finding } from '../../../findings/finding.ts'
import { type Repository, searchFiles } from '../../../lib/git.ts'
import { pathBelow } from '../../../lib/paths.ts'
import type { FileText } from '../rotation.ts'

/** What a working tree has of creation rules. */
export interface RuleFileTexts {
  /** Also templates and files under a name that sops does not read. */
  files: FileText[]
  /** Those that are not UTF-8. */
  left: Finding[]
}

/** The files in which rules may be, whatever else is behind the name: `.sops.yaml.j2`. */
const pathspecs = ['.sops.y*ml*', '**/.sops.y*ml*']

function isNamedSo(file: string): boolean {
  return posix.basename(file).startsWith('.sops.')
}

/** Whether a file looks like the source of one with creation rules, or a copy, and is none that sops reads. */
export function isRuleTemplate(file: string): boolean {
  return /^\.sops\.ya?ml./.test(posix.basename(file))
}

/**
 * Reads all files with creation rules that name a recipient: tracked ones and new ones, and that of SOPS_CONFIG where it is in the
 * repository.
 * @throws UserError where git can't search
 */
export async function ruleFileTexts(repository: Repository): Promise<RuleFileTexts> {
  const { root, env } = repository
  const configured = env.SOPS_CONFIG ? pathBelow(root, resolve(root, env.SOPS_CONFIG)) : undefined
  const own = configured === undefined ? [] : [`:(top,literal)${configured}`]
  const names = await searchFiles(repository, 'age1', [...pathspecs, ...own])
  const read: RuleFileTexts = { files: [], left: [] }
  for (const file of [...new Set(names)].toSorted()) {
    const isRules = isNamedSo(file) || file === configured
    const bytes = isRules ? await readFile(join(root, file)) : undefined
    if (!bytes) continue
    const text = bytes.toString()
    if (bytes.equals(Buffer.from(text))) read.files.push({ file, text })
    else read.left.push(finding('rules-not-utf-8', { file }, {}))
  }
  return read
}
