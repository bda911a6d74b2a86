import { lstatSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Finding, finding } from '../../../../findings/finding.ts'
import type { KustomizationFile } from '../../../../lib/kustomize/kustomization-file.ts'
import { directoryAt } from '../../../../lib/repository/file-tree.ts'
import type { FluxRepository } from '../../../../lib/repository/flux-repository.ts'
import { pathOf } from '../../../../lib/repository/sources/flux-sources.ts'
import type { Reading } from '../../../../lib/sops/reader/reading.ts'
import { type Mapping, textAt } from '../../../../lib/yaml/values.ts'
import type { FileCheck } from '../../open-files.ts'
import type { Subject } from '../../subject.ts'
import { leavesOf, manifestsOf } from './manifests.ts'

/** Looks whether Flux builds an encrypted file, and has it. */
export const checkFilesBuilt: FileCheck = (file, reading, subject) => {
  const { flux, repository } = subject
  if (!flux || (flux.files.length === 0 && !flux.hasOperator)) return []
  const isLink = lstatSync(join(repository.root, file)).isSymbolicLink()
  if (flux.buildersOf(file).length > 0) return isLink ? [finding('symbolic-link', { file }, {})] : []
  const listers = builtKustomizations(flux).filter(({ resources }) => resources.includes(file))
  const leftOut = flux.leftOut(file)
  const [lister] = listers
  if (lister && leftOut) return [leftOutFinding(file, lister, leftOut)]
  if (isLink || !isForFlux(reading, flux)) return []
  return notBuilt(file, subject, flux)
}

function leftOutFinding(
  file: string,
  { file: by }: KustomizationFile,
  { pattern, by: leftOutBy = '.sourceignore' }: { pattern: string; by: string | undefined },
): Finding {
  return finding('left-out', { file }, { file, by, pattern, leftOutBy })
}

/** The kustomization files that Flux builds. */
function builtKustomizations({ kustomizations, buildersOf }: FluxRepository): KustomizationFile[] {
  return kustomizations.filter(({ file }) => buildersOf(file).length > 0)
}

/** Whether all of it are objects, and none is a Secret with the key itself, which a person applies. */
function isForFlux(reading: Reading, flux: FluxRepository): boolean {
  const manifests = manifestsOf(reading)
  return manifests.length > 0 && !manifests.some((manifest) => isKeySecret(manifest, flux))
}

/** Whether a Secret holds what kustomize-controller, or a source, needs before it can build anything. */
function isKeySecret(manifest: Mapping, { nodes }: FluxRepository): boolean {
  if (textAt(manifest, 'kind') !== 'Secret') return false
  for (const [path] of leavesOf(manifest))
    if (/\.(agekey|asc)$|^identity(\.pub)?$/.test(path.at(-1) ?? '')) return true
  const name = textAt(manifest, 'metadata', 'name')
  return [...nodes.values()].some(({ rendered }) =>
    rendered.some(({ value }) => textAt(value, 'spec', 'decryption', 'secretRef', 'name') === name),
  )
}

function notBuilt(file: string, { read }: Subject, flux: FluxRepository): Finding[] {
  const directory = posix.dirname(file)
  const beside = builtKustomizations(flux).find((one) => one.directory === directory)
  const text = beside ? `${read(beside.file) ?? ''}` : ''
  // an entry that was commented out is meant
  if (beside && !text.includes(posix.basename(file)))
    return [finding('not-listed', { file }, { by: beside.file })]
  const isKnown = flux.seesAll && topsBuilt(flux).has(topOf(file))
  return isKnown ? [finding('not-built', { file }, {})] : []
}

/** The directories at the top of the repository that Flux builds something of: in others are archives, and what is for others. */
function topsBuilt(flux: FluxRepository): Set<string> {
  const paths = [...flux.nodes.values()].flatMap(({ rendered }) =>
    rendered.map(({ value }) => directoryAt(pathOf(value)) ?? ''),
  )
  const directories = builtKustomizations(flux).map(({ directory }) => directory)
  return new Set([...directories, ...paths].map((directory) => topOf(`${directory}/`)))
}

function topOf(file: string): string {
  return file.slice(0, file.indexOf('/') + 1)
}
