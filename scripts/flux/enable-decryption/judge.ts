import { textAt, valueAt } from '../../lib/documents.ts'
import type { FluxFile, FluxKustomization } from '../../lib/repository.ts'

/**
 * What was found out about a Kustomization. `missing`: it lacks the block and can be edited; `added`: it was edited;
 * `already`: it has just this block; `different`: it has another one, which stays.
 */
export type Status = 'added' | 'missing' | 'already' | 'different' | 'not-editable' | 'patch'

/** The answer for one Kustomization, or for a file that could not be read. */
export interface Finding {
  /** Relative to the root of the repository. */
  file: string
  /** Which document of the file, from 1; `undefined` where the file could not be read. */
  document: number | undefined
  name: string | undefined
  namespace: string | undefined
  status: Status
  /** Why it was left alone, or what to do about it. */
  reason: string | undefined
  kustomization: FluxKustomization | undefined
}

/** The block that is to be in `spec`. A type, so that it counts as a plain mapping. */
export type Decryption = { provider: 'sops'; secretRef?: { name: string } }

/** The API versions that Flux has removed, and the version of Flux that did it. */
const removedVersions: Record<string, string> = { v1beta1: '2.7', v1beta2: '2.8' }

/** Says for each Kustomization of a file what is to be done about it. */
export function judge(flux: FluxFile, wanted: Decryption): Finding[] {
  if (flux.kustomizations.length === 0) {
    const { file, problem: reason } = flux
    const unknown = { document: undefined, name: undefined, namespace: undefined, kustomization: undefined }
    return [{ file, ...unknown, status: 'not-editable', reason }]
  }
  return flux.kustomizations.map((kustomization) => {
    const { file, document, name, namespace } = kustomization
    return { file, document, name, namespace, kustomization, ...decide(flux, kustomization, wanted) }
  })
}

function decide(
  { file, problem, patchOf }: FluxFile,
  kustomization: FluxKustomization,
  wanted: Decryption,
): { status: Status; reason: string | undefined } {
  if (patchOf) return { status: 'patch', reason: `${patchOf} uses it as a patch` }
  const spec = valueAt(kustomization.value, 'spec')
  if (isMapping(spec) && Object.hasOwn(spec, 'decryption')) {
    const found = kustomization.decryption
    if (isSame(found, wanted)) return { status: 'already', reason: undefined }
    return { status: 'different', reason: `it has ${describe(found)}` }
  }
  const reason = problem ?? whyNotEditable(file, kustomization, spec)
  return reason ? { status: 'not-editable', reason } : { status: 'missing', reason: outdated(kustomization) }
}

function whyNotEditable(file: string, { name, value }: FluxKustomization, spec: unknown): string | undefined {
  if (isBootstrapFile(file)) return '`flux bootstrap` writes this file anew'
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

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
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
