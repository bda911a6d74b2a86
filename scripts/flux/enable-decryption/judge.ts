import { isDeepStrictEqual } from 'node:util'
import type { FluxFile, FluxKustomization } from '../../lib/repository/flux-file.ts'
import type { FluxRepository } from '../../lib/repository/flux-repository.ts'
import type { FluxNode } from '../../lib/repository/flux-tree.ts'
import { describeOverlap } from '../../lib/repository/overlaps.ts'
import { isMapping, textAt, valueAt } from '../../lib/yaml/values.ts'

/**
 * What was found out about a Kustomization.
 * - `missing`: it lacks the block and can get it; `added`: it got it
 * - `own`: it has just this block; `different`: it has another one, which stays
 * - `parent`, `kustomize`: a Flux Kustomization above it, or a kustomization on the way, gives it one
 * - `controller-wide`: its block names no Secret, and the controller has the key
 * - `not-needed`: only what needs it was asked for, and it builds nothing encrypted
 * - `not-editable`, `patch`: what stands there is left alone
 */
export type Status =
  | 'added'
  | 'missing'
  | 'own'
  | 'different'
  | 'parent'
  | 'kustomize'
  | 'controller-wide'
  | 'not-needed'
  | 'not-editable'
  | 'patch'

/** The answer for one Kustomization, or for a file that could not be read. */
export interface Finding {
  /** Relative to the root of the repository. */
  file: string
  /** Which document of the file, from 1; `undefined` where the file could not be read. */
  document: number | undefined
  name: string | undefined
  /** The one that it gets into, and where the key Secret is looked up; `undefined` where that is not one, or not known. */
  namespace: string | undefined
  status: Status
  /** Why it was left alone, or what to do about it. */
  reason: string | undefined
  /** The file that decides: which has the block, gives it or gets it. */
  by: string | undefined
  kustomization: FluxKustomization | undefined
}

/** The block that is to be in `spec`. A type, so that it counts as a plain mapping. */
export type Decryption = { provider: 'sops'; secretRef?: { name: string } }

/** What is wanted. */
export interface Wanted {
  block: Decryption
  /** Only where encrypted files are built. */
  needed: boolean
}

type Decided = Pick<Finding, 'status' | 'reason' | 'by'>

/** The API versions that Flux has removed, and the version of Flux that did it. */
const removedVersions: Record<string, string> = { v1beta1: '2.7', v1beta2: '2.8' }

/** Says for each Kustomization of a file what is to be done about it. */
export function judge(flux: FluxFile, repository: FluxRepository, wanted: Wanted): Finding[] {
  if (flux.kustomizations.length === 0) {
    const { file, problem: reason } = flux
    const unknown = { document: undefined, name: undefined, namespace: undefined, kustomization: undefined }
    return [{ file, ...unknown, status: 'not-editable', reason, by: undefined }]
  }
  return flux.kustomizations.map((kustomization) => {
    const { file, document, name } = kustomization
    const namespace = namespaceOf(kustomization, repository.nodes.get(kustomization))
    return {
      file,
      document,
      name,
      namespace,
      kustomization,
      ...decide(flux, kustomization, repository, wanted),
    }
  })
}

function namespaceOf(kustomization: FluxKustomization, node: FluxNode | undefined): string | undefined {
  if (!node) return kustomization.namespace
  const [namespace, ...others] = new Set(
    node.contexts.map(({ value }) => textAt(value, 'metadata', 'namespace')),
  )
  return others.length > 0 || namespace?.includes('${') ? undefined : namespace
}

function decide(
  flux: FluxFile,
  kustomization: FluxKustomization,
  repository: FluxRepository,
  { block, needed }: Wanted,
): Decided {
  const { file, problem, patchOf } = flux
  if (patchOf) return { status: 'patch', reason: `${patchOf} uses it as a patch`, by: patchOf }
  const node = repository.nodes.get(kustomization)
  const key = node && repository.clusters.keyOf(kustomization)
  const spec = valueAt(kustomization.value, 'spec')
  if (isMapping(spec) && Object.hasOwn(spec, 'decryption')) return judgeOwn(kustomization, node, block, key)
  const through = node && judgeThrough(node, key)
  if (through) return through
  const reason = problem ?? whyNotEditable(kustomization, spec)
  if (reason) return { status: 'not-editable', reason, by: undefined }
  const builds = node ? [...node.encrypted] : []
  if (needed && builds.length === 0)
    return { status: 'not-needed', reason: whyNotNeeded(node), by: undefined }
  if (isBootstrapFile(file) && builds.length === 0) {
    const why = '`flux bootstrap` writes this file anew; it builds no encrypted file, so it needs none'
    return { status: 'not-editable', reason: why, by: undefined }
  }
  const overlap = node && repository.clusters.overlapOf(kustomization)
  const notes = [
    outdated(kustomization),
    node && partly(node),
    key && block.secretRef && `the controller has a key (${key}): --provider-only is enough`,
    overlap && `overlap: ${describeOverlap(overlap)}`,
  ].filter((note) => typeof note === 'string')
  return { status: 'missing', reason: notes.join('; ') || undefined, by: overlap?.other.file }
}

/** Nothing encrypted was found; where it looks at what is not here, that says little. */
function whyNotNeeded(node: FluxNode | undefined): string {
  const [unseen] = node?.unseen ?? []
  return unseen === undefined
    ? 'it builds no encrypted file'
    : `its path ${unseen} is not in this repository, so it is not known to build an encrypted file`
}

/** What stands in the Kustomization itself. */
function judgeOwn(
  { file, decryption }: FluxKustomization,
  node: FluxNode | undefined,
  wanted: Decryption,
  key: string | undefined,
): Decided {
  const final = node?.contexts.map(({ value }) => valueAt(value, 'spec', 'decryption')) ?? []
  if (!final.every((found) => isDeepStrictEqual(found, decryption)))
    return final.every((found) => isSame(found, wanted))
      ? { status: 'own', reason: 'what it lacks is added before it gets into the cluster', by: file }
      : {
          status: 'different',
          reason: 'its block is changed, or taken away, before it gets into the cluster',
          by: file,
        }
  const isProviderOnly =
    isSame(decryption, { provider: 'sops' }) && valueAt(decryption, 'secretRef') === undefined
  if (isProviderOnly && key)
    return { status: 'controller-wide', reason: `the controller has the key (${key})`, by: key }
  if (isSame(decryption, wanted)) return { status: 'own', reason: undefined, by: file }
  return { status: 'different', reason: `it has ${describe(decryption)}`, by: file }
}

/** What it gets on its way into the cluster, on all of them. */
function judgeThrough({ contexts }: FluxNode, key: string | undefined): Decided | undefined {
  const steps = contexts.map(({ decryptionBy }) => decryptionBy)
  const [first] = steps
  if (!first || steps.includes(undefined)) return undefined
  const files = [...new Set(steps.map((step) => step!.by))]
  const status = steps.every((step) => step!.from === 'parent') ? 'parent' : 'kustomize'
  const named = contexts.every(({ value }) => textAt(value, 'spec', 'decryption', 'secretRef', 'name'))
  const more = !named && key ? `, with the key of the controller (${key})` : ''
  return {
    status,
    reason: `${files.join(' and ')} ${files.length > 1 ? 'give' : 'gives'} it one${more}`,
    by: first.by,
  }
}

/** Where only some of the ways into a cluster give it a block. */
function partly({ contexts }: FluxNode): string | undefined {
  const given = contexts.find(({ decryptionBy }) => decryptionBy)?.decryptionBy
  return given && `${given.by} gives it one, but not wherever it gets in`
}

function whyNotEditable({ name, value }: FluxKustomization, spec: unknown): string | undefined {
  const identity = [
    ['metadata', 'name'],
    ['metadata', 'namespace'],
    ['spec', 'path'],
  ]
  if (identity.some((path) => isTemplate(valueAt(value, ...path)))) return 'it is a template'
  if (name === undefined) return 'it has no name'
  if (spec === undefined || spec === null) return 'it has no spec'
  return isMapping(spec) ? undefined : 'its spec is not a mapping'
}

/** Whether `flux bootstrap` owns a file and drops what others write into it. */
export function isBootstrapFile(file: string): boolean {
  return file.split('/').at(-1) === 'gotk-sync.yaml'
}

/** `{{ name }}` reads as a mapping in YAML where it is not quoted. */
function isTemplate(value: unknown): boolean {
  return typeof value === 'string' ? value.includes('{{') : isMapping(value)
}

function isSame(found: unknown, wanted: Decryption): boolean {
  return (
    textAt(found, 'provider') === wanted.provider &&
    textAt(found, 'secretRef', 'name') === wanted.secretRef?.name
  )
}

function describe(found: unknown): string {
  const provider = textAt(found, 'provider')
  const secret = textAt(found, 'secretRef', 'name')
  if (!provider && !secret) return 'an empty decryption block'
  const parts = [provider ? `provider ${provider}` : 'no provider', secret ? `Secret ${secret}` : 'no Secret']
  return `a decryption block of its own: ${parts.join(', ')}`
}

function outdated({ apiVersion }: FluxKustomization): string | undefined {
  const version = apiVersion.split('/')[1] ?? ''
  const removed = removedVersions[version]
  return removed && `Flux ${removed} removed ${version}: \`flux migrate -f .\` rewrites it`
}
