import { nameOf } from '../../lib/repository.ts'
import { type Decryption, type Finding, isBootstrapFile, type Status } from './judge.ts'

/** The groups in the order they are shown, and what each is called. */
const titles: Record<Status, string> = {
  added: 'added',
  missing: 'missing',
  already: 'already there',
  different: 'another decryption block, left as it is',
  'not-editable': 'left alone',
  patch: 'patches, not Kustomizations',
}

/**
 * The result for a person: a line for each Kustomization, grouped by what was found, then the counts.
 * @param pathOf how a file is called, relative to the user
 */
export function reportLines(findings: readonly Finding[], pathOf: (file: string) => string): string[] {
  const groups = Object.entries(titles).map(([status, title]) => ({
    title,
    found: findings.filter((finding) => finding.status === status),
  }))
  const shown = groups.filter(({ found }) => found.length > 0)
  return [
    ...shown.flatMap(({ title, found }) => [`${title}:`, ...found.map((finding) => line(finding, pathOf))]),
    '',
    shown.map(({ title, found }) => `${found.length} ${title}`).join(' · '),
  ]
}

function line({ kustomization, file, reason }: Finding, pathOf: (file: string) => string): string {
  const what = kustomization ? `${nameOf(kustomization)} (${pathOf(file)})` : pathOf(file)
  return `  ${what}${reason ? `: ${reason}` : ''}`
}

/** How to give the block to a Kustomization that `flux bootstrap` writes; empty where there is none that lacks it. */
export function bootstrapHint(
  findings: readonly Finding[],
  { secretRef }: Decryption,
  pathOf: (file: string) => string,
): string[] {
  const found = findings.find(({ status, file }) => status === 'not-editable' && isBootstrapFile(file))
  if (!found) return []
  const { file, name, namespace, kustomization } = found
  return [
    `hint: should ${name} decrypt as well, put this patch into ${pathOf(file.replace(/[^/]+$/, 'kustomization.yaml'))}:`,
    '  patches:',
    '    - patch: |',
    `        apiVersion: ${kustomization?.apiVersion}`,
    '        kind: Kustomization',
    '        metadata:',
    `          name: ${name}`,
    ...(namespace ? [`          namespace: ${namespace}`] : []),
    '        spec:',
    '          decryption:',
    '            provider: sops',
    ...(secretRef ? ['            secretRef:', `              name: ${secretRef.name}`] : []),
  ]
}
