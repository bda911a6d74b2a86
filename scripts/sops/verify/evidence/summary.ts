import { visible } from '../../../findings/render/visible.ts'
import { shortCommit } from '../../../lib/git/git.ts'
import type { EvidenceDocument } from './document.ts'

/** How many objects that are not the same are listed: a summary has 1 MiB at most (https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands). */
const most = 100

/** What was proved, in Markdown for the summary of a workflow. */
export function summaryOf(evidence: EvidenceDocument): string {
  const { way, result, context, ended, version, controllers } = evidence
  const facts = [
    ['result', result],
    ['way', way === 'existing' ? 'the Secrets and ConfigMaps that are there' : 'round trip'],
    ['context', context ?? ''],
    ['time', ended],
    ['flux-sops-tasks', version],
    ...controllers.map(({ name, image }) => [name, image]),
  ]
  return [
    '## sops:verify',
    '',
    ...table(['', ''], facts),
    '',
    ...(way === 'existing' ? existingTables(evidence) : stageTable(evidence)),
    '',
    '',
  ].join('\n')
}

function existingTables({ objects = [], kustomizations, notSeen = [] }: EvidenceDocument): string[] {
  const others = objects.filter(({ status }) => status !== 'same')
  const perKustomization = kustomizations.map(({ name, revision = '' }) => {
    const own = objects.filter(({ kustomization }) => kustomization === name)
    const same = own.filter(({ status }) => status === 'same').length
    return [name, revision, `${same} of ${own.length}`]
  })
  const rows = others
    .slice(0, most)
    .map(({ kind, namespace = '', name, status, keys, why }) => [
      `${kind} ${namespace}/${name}`,
      status,
      why?.message ?? keys.join(', '),
    ])
  return [
    ...table(['Kustomization', 'revision', 'the same'], perKustomization.slice(0, most)),
    '',
    ...(rows.length > 0 ? [...table(['object', 'status', 'why'], rows), ''] : []),
    ...(others.length > most ? [`and ${others.length - most} more`, ''] : []),
    ...notSeen.slice(0, most).map((one) => `- not seen: ${cell(`${one.kustomization}: ${one.message}`)}`),
  ]
}

function stageTable({ stages = [], findings = [], commits }: EvidenceDocument): string[] {
  const pushed = Object.entries(commits ?? {}).flatMap(([what, commit]) =>
    commit ? [`- ${what}: ${shortCommit(commit)}`] : [],
  )
  const rows = stages.map(({ name, status, seconds, detail }) => [name, status, `${seconds} s`, detail])
  return [
    ...table(['stage', 'status', 'time', ''], rows),
    '',
    ...pushed,
    ...findings.map(({ code, object = '', message }) => `- ${code}: ${cell(`${object}: ${message}`)}`),
  ]
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const row = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`
  return [row(head), `|${head.map(() => '---').join('|')}|`, ...rows.map(row)]
}

/** A text that Markdown takes for nothing else: names come from the cluster and the repository. */
function cell(text: string): string {
  return visible(text.replace(/\s+/g, ' ')).replace(/[\\`*_{}[\]<>()#+!|&@~-]/g, '\\$&')
}
