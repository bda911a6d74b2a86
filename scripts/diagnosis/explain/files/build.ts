import { posix } from 'node:path'
import { type Finding, finding } from '../../../findings/finding.ts'
import { leftOutFile } from '../../../findings/left-out.ts'
import { tooLarge } from '../../../findings/sops-file/source-forms.ts'
import type { Revision } from '../../../lib/applied/revision.ts'
import { builtDirectory } from '../../../lib/cluster/flux-objects.ts'
import { sizesOf } from '../../../lib/git/git-objects.ts'
import type { Evidence } from '../../evidence.ts'
import type { Explainer, Failure } from '../failure.ts'
import { type BuildReach, reachOf } from './reach.ts'
import { problemIn } from './yaml-problem.ts'

/** The revision that a Kustomization could not build, and what it builds of it. */
async function tried(
  { kustomization }: Failure,
  evidence: Evidence,
): Promise<{ revision: Revision; reach: BuildReach } | undefined> {
  const revision = await evidence.tried(kustomization)
  return revision && { revision, reach: reachOf(kustomization, revision) }
}

/** The path in a message, relative to the root of the repository: the controller builds in a directory of its own. */
function pathIn(says: string, form: RegExp): string | undefined {
  return form.exec(says)?.[1]
}

/** Finds who names what is missing, and why it is missing. */
export const explainListedMissing: Explainer = async (failure, evidence) => {
  const found = await tried(failure, evidence)
  const { says } = failure
  const path =
    pathIn(says, /error decrypting sources: lstat ([^:]+): no such file/) ??
    pathIn(says, /\/kustomization-\d+\/([^':]+): no such file/)
  if (!found || path === undefined) return undefined
  const { revision, reach } = found
  const place = reach.placeNaming(path)
  const by = place.file ?? 'the Kustomization'
  const isAtPath = (file: string) => file === path || file.startsWith(`${path}/`)
  const there = [...revision.blobs.keys()].find(isAtPath)
  const leftOut = there === undefined ? undefined : revision.leftOut(there)
  if (there !== undefined && typeof leftOut === 'object') return leftOutFile(there, by, leftOut)
  const link = [...revision.links].find((one) => path === one || path.startsWith(`${one}/`))
  if (link !== undefined) return finding('symbolic-link', { file: link }, {})
  const near = [...revision.tree.files].find((file) => isAlike(file, path))
  return finding('listed-missing', place, { path, near: near === undefined ? '' : ` (there is ${near})` })
}

/** Whether two paths differ in capitals, or in the two endings of YAML. */
function isAlike(file: string, path: string): boolean {
  const plain = (name: string) => name.toLowerCase().replace(/\.yml$/, '.yaml')
  return plain(file) === plain(path)
}

/** Finds the directory that is named and has no kustomization file. */
export const explainNoKustomizationFile: Explainer = async (failure, evidence) => {
  const found = await tried(failure, evidence)
  if (!found) return undefined
  const { directories, placeNaming } = found.reach
  const named =
    pathIn(failure.says, /in directory '[^']*\/kustomization-\d+\/([^']+)'/) ??
    [...directories].find(([path, files]) => files.length === 0 && placeNaming(path).file !== undefined)?.[0]
  return named === undefined
    ? undefined
    : finding('no-kustomization-file', placeNaming(named), { directory: named })
}

/** Finds who names the directory whose kustomization file is empty. */
export const explainEmptyKustomization: Explainer = async (failure, evidence) => {
  const found = await tried(failure, evidence)
  const directory = pathIn(failure.says, /target for path '[^']*\/kustomization-\d+\/([^']+)': kustomization/)
  if (!found || directory === undefined) return undefined
  return finding('kustomization-file-empty', found.reach.placeNaming(directory), { directory })
}

/** Finds the directory that has several kustomization files. */
export const explainSeveralFiles: Explainer = async (failure, evidence) => {
  const found = await tried(failure, evidence)
  const [directory, files] = [...(found?.reach.directories ?? [])].find(([, names]) => names.length > 1) ?? []
  if (directory === undefined || !files) return undefined
  const names = files.map((file) => posix.basename(file)).join(' and ')
  return finding('several-kustomization-files', { file: files[1] }, { directory, files: `: ${names}` })
}

/** Finds what cannot be read in a kustomization file. Flux reads that of the path itself before kustomize does. */
export const explainBrokenKustomization: Explainer = async (failure, evidence) => {
  const found = await tried(failure, evidence)
  if (!found) return undefined
  const { says, kustomization } = failure
  const file =
    pathIn(says, /kustomization file from '[^']*\/kustomization-\d+\/([^']+)'/) ??
    found.reach.directories.get(builtDirectory(kustomization))?.[0]
  if (file === undefined) return undefined
  const [, field] = /Go struct field \w+\.(\w+)/.exec(says) ?? []
  const text = found.revision.textOf(file)
  const broken = problemIn(text, says)
  if (broken)
    return finding('kustomization-file-broken', { file, line: broken.line }, { what: 'it', why: broken.why })
  const line = text.split('\n').findIndex((one) => field !== undefined && one.startsWith(`${field}:`)) + 1
  return finding(
    'kustomization-file-broken',
    { file, line: line || undefined },
    { what: 'it', why: field === undefined ? '' : `: \`${field}\` is not written as it must be` },
  )
}

/** Finds who names a component as a resource, or a resource as a component. */
export const explainComponentKind: Explainer = async (failure, evidence) => {
  const found = await tried(failure, evidence)
  const directory = pathIn(failure.says, /for path '[^']*\/kustomization-\d+\/([^']+)'/)
  if (!found || directory === undefined) return undefined
  const place = found.reach.placeNaming(directory)
  return {
    ...failure.cause,
    said: undefined,
    object: undefined,
    ...place,
    facts: { ...failure.cause.facts, directory },
  }
}

/** Finds the patch that finds nothing to change. */
export const explainPatch: Explainer = async (failure, evidence): Promise<Finding | undefined> => {
  const found = await tried(failure, evidence)
  const { says } = failure
  const [, name] = /\/([\w.-]+)\.\[?[\w-]+\]?(?:["; ]|$)/.exec(says) ?? []
  const [, path] = /doc is missing (?:path|key): "?([^\s":]+)/.exec(says) ?? []
  const target = path ?? name
  if (!found || target === undefined) return undefined
  const holds = (text: string) => text.includes(target)
  const patches = found.reach.kustomizations.flatMap((one) => [...one.patches, ...one.jsonPatches])
  const patch = patches.find((one) => holds(one.text()))
  if (!patch) return undefined
  const lines = found.revision.textOf(patch.by).split('\n')
  const line = lines.findIndex(holds) + 1
  return finding(
    'patch-without-target',
    { file: patch.by, line: line || undefined },
    { target: `: ${target}` },
  )
}

/** Finds the file of a generator or a patch that Flux does not read before the build: it is a directory, or too large. */
export const explainSourceRefused: Explainer = async (failure, evidence) => {
  const found = await tried(failure, evidence)
  if (!found) return undefined
  const { revision, reach } = found
  const { tree, blobs, repository } = revision
  const paths = reach.kustomizations.flatMap(({ generatorFiles, patchFiles }) =>
    [...generatorFiles, ...patchFiles].map(({ path }) => path),
  )
  const directory = paths.find((path) => tree.directories.has(path))
  if (directory !== undefined) return finding('source-refused', reach.placeNaming(directory), {})
  const files = paths.flatMap((path) => {
    const blob = blobs.get(path)
    return blob === undefined ? [] : [{ path, blob }]
  })
  const sizes = await sizesOf(
    repository,
    files.map(({ blob }) => blob),
  )
  const [large] = files.flatMap(({ path, blob }) => tooLarge(path, sizes.get(blob) ?? 0) ?? [])
  return large
}
