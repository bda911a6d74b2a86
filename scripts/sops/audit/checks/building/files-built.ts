import { lstatSync } from 'node:fs'
import { join, posix } from 'node:path'
import { type Finding, finding } from '../../../../findings/finding.ts'
import { leftOutFile } from '../../../../findings/left-out.ts'
import { namesPath } from '../../../../lib/kustomize/entry-place.ts'
import type { KustomizationFile } from '../../../../lib/kustomize/kustomization-file.ts'
import { directoryAt } from '../../../../lib/repository/file-tree.ts'
import type { FluxRepository } from '../../../../lib/repository/flux-repository.ts'
import { pathOf } from '../../../../lib/repository/sources/flux-sources.ts'
import { leavesOf, manifestsOf } from '../../../../lib/sops/files/encrypted-manifests.ts'
import type { Reading } from '../../../../lib/sops/reader/reading.ts'
import { type Mapping, textAt } from '../../../../lib/yaml/values.ts'
import { buildsNothing } from '../../aside.ts'
import type { FileCheck } from '../../open-files.ts'
import type { Subject } from '../../subject.ts'

/** Looks whether Flux builds an encrypted file, and has it. */
export const checkFilesBuilt: FileCheck = (file, reading, subject) => {
  const { flux, repository } = subject
  if (!flux || buildsNothing(flux)) return []
  const isLink = lstatSync(join(repository.root, file), { throwIfNoEntry: false })?.isSymbolicLink() ?? false
  if (flux.buildersOf(file).length > 0) return isLink ? [finding('symbolic-link', { file }, {})] : []
  const leftOut = flux.leftOut(file)
  const lister = leftOut && flux.kustomizations.find((one) => namesPath(one, file) && isBuilt(one, flux))
  if (lister) return [leftOutFile(file, lister.file, leftOut)]
  if (isLink || !flux.seesAll || !isForFlux(reading, flux)) return []
  return notBuilt(file, subject, flux)
}

/** Whether Flux builds a kustomization file. */
function isBuilt({ file }: KustomizationFile, { buildersOf }: FluxRepository): boolean {
  return buildersOf(file).length > 0
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
  const beside = flux.kustomizations.find((one) => one.directory === directory)
  // an entry that was commented out is meant
  if (beside && isBuilt(beside, flux) && !`${read(beside.file) ?? ''}`.includes(posix.basename(file)))
    return [finding('not-listed', { file }, { by: beside.file })]
  return hasBuiltBeside(file, flux) ? [finding('not-built', { file }, {})] : []
}

/** Whether Flux builds anything of the same directory at the top of the repository: others are archives, or for others. */
function hasBuiltBeside(file: string, flux: FluxRepository): boolean {
  const top = file.slice(0, file.indexOf('/') + 1)
  const isBelow = (directory: string | undefined) => `${directory}/`.startsWith(top)
  return (
    flux.kustomizations.some((one) => isBelow(one.directory) && isBuilt(one, flux)) ||
    [...flux.nodes.values()].some(({ rendered }) =>
      rendered.some(({ value }) => isBelow(directoryAt(pathOf(value)))),
    )
  )
}
