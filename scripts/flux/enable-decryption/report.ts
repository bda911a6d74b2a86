import { nameOf } from '../../lib/repository/flux-file.ts'
import type { FluxInstallation } from '../../lib/repository/flux-instances.ts'
import { patchLines } from './bootstrap.ts'
import { type Decryption, isBootstrapFile, type Judgement, type Status } from './judge.ts'
import { describeReasons } from './reasons.ts'

/** The groups in the order they are shown, and what each is called. */
const titles: Record<Status, string> = {
  added: 'added',
  missing: 'missing',
  own: 'already there',
  parent: 'through a parent',
  kustomize: 'by a patch in a kustomization',
  'controller-wide': "with the controller's own key",
  different: 'another decryption block, left as it is',
  'not-needed': 'not needed',
  'not-known': 'not known',
  'not-editable': 'left alone',
  patch: 'patches, not Kustomizations',
}

/** From so many lines on, a person wants to see the counts before them. */
const long = 30

/**
 * The result for a person: a line for each Kustomization, grouped by what was found, and the counts.
 * @param pathOf how a file is called, relative to the user
 */
export function reportLines(judgements: readonly Judgement[], pathOf: (file: string) => string): string[] {
  const groups = Object.entries(titles).map(([status, title]) => ({
    title,
    found: judgements.filter((judgement) => judgement.status === status),
  }))
  const shown = groups.filter(({ found }) => found.length > 0)
  const counts = shown.map(({ title, found }) => `${found.length} ${title}`).join(' · ')
  const lines = shown.flatMap(({ title, found }) => [
    `${title}:`,
    ...found.map((judgement) => line(judgement, pathOf)),
  ])
  return lines.length > long ? [counts, '', ...lines] : [...lines, '', counts]
}

function line({ kustomization, file, reasons }: Judgement, pathOf: (file: string) => string): string {
  const what = kustomization ? `${nameOf(kustomization)} (${pathOf(file)})` : pathOf(file)
  const reason = describeReasons(reasons)
  return `  ${what}${reason === undefined ? '' : `: ${reason}`}`
}

/**
 * How to give the block to what is written by `flux bootstrap` or an operator.
 * @param left what builds encrypted files and is left without
 * @param instances those that need it
 */
export function patchHints(
  left: readonly Judgement[],
  instances: readonly FluxInstallation[],
  block: Decryption,
  pathOf: (file: string) => string,
): string[] {
  return [
    ...left
      .filter(({ file }) => isBootstrapFile(file))
      .flatMap(({ file, name, kustomization }) => [
        `hint: for ${name}, put this patch into the kustomization file beside ${pathOf(file)}:`,
        '  patches:',
        ...(kustomization ? patchLines(kustomization, block).map((text) => `    ${text}`) : []),
      ]),
    ...instances.flatMap(({ file, instance }) => [
      `hint: the FluxInstance ${instance?.name} syncs encrypted files: put this patch into ${pathOf(file)}:`,
      ...instancePatch(block),
    ]),
  ]
}

/** The Kustomization that a FluxInstance makes is called like its namespace (fluxoperator.dev, FluxInstance `spec.sync`). */
function instancePatch({ secretRef }: Decryption): string[] {
  return [
    '  spec:',
    '    kustomize:',
    '      patches:',
    '        - target:',
    '            kind: Kustomization',
    '          patch: |',
    '            - op: add',
    '              path: /spec/decryption',
    '              value:',
    '                provider: sops',
    ...(secretRef ? ['                secretRef:', `                  name: ${secretRef.name}`] : []),
  ]
}

/**
 * Where the key Secret has to be: Flux looks it up in the namespace of the Kustomization itself
 * (docs/decryption.md#where-the-key-is-looked-up). Empty where that is flux-system alone, which `flux:sops-key` takes by
 * itself.
 */
export function keyHint(namespaces: readonly string[], secret: string): string[] {
  if (namespaces.every((namespace) => namespace === 'flux-system')) return []
  const options = namespaces.map((namespace) => ` --namespace ${namespace}`).join('')
  const name = secret === 'sops-age' ? '' : ` --name ${secret}`
  return [
    `hint: the Secret ${secret} has to be in the namespaces of these Kustomizations, ${namespaces.join(', ')}:`,
    `  mise run flux:sops-key${name}${options}`,
  ]
}
