import { isDeepStrictEqual } from 'node:util'
import type { Gap } from '../../lib/kustomize/gap.ts'
import { blockFaultOf, type FaultAt } from '../../lib/repository/decryption/block-fault.ts'
import {
  type FluxFile,
  type FluxKustomization,
  isBootstrapFile,
  placeInFile,
  removedVersionOf,
} from '../../lib/repository/flux-file.ts'
import type { FluxRepository } from '../../lib/repository/flux-repository.ts'
import type { FluxNode } from '../../lib/repository/flux-tree.ts'
import type { NotApplied } from '../../lib/repository/not-applied.ts'
import { objectGap } from '../../lib/repository/rendered.ts'
import type { Refusal } from '../../lib/yaml/refusal.ts'
import { isMapping, textAt, valueAt } from '../../lib/yaml/values.ts'
import type { Reason } from './reasons.ts'

/**
 * What was found out about a Kustomization.
 * - `missing`: it lacks the block and can get it; `added`: it got it
 * - `own`: it has just this block; `different`: it has another one, which stays
 * - `parent`, `kustomize`: a Flux Kustomization above it, or a kustomization that includes it, gives it one
 * - `controller-wide`: its block names no Secret, and the controller has the key
 * - `broken`: it has a block that decrypts nothing
 * - `not-applied`: no cluster gets it, as far as the repository tells
 * - `not-needed`: only what needs it was asked for, and it builds nothing encrypted
 * - `not-known`: something decides that we do not follow (lib/kustomize/unfollowed.ts); it is left alone
 * - `not-editable`: it can't be edited with certainty, or need not be; `patch`: it is no Kustomization but a patch of one
 */
export type Status =
  | 'added'
  | 'missing'
  | 'own'
  | 'different'
  | 'parent'
  | 'kustomize'
  | 'controller-wide'
  | 'broken'
  | 'not-applied'
  | 'not-needed'
  | 'not-known'
  | 'not-editable'
  | 'patch'

/** The answer for one Kustomization, or for a file that could not be read. */
export interface Judgement {
  /** Relative to the root of the repository. */
  file: string
  /** Which document of the file, from 1; `undefined` where the file could not be read. */
  document: number | undefined
  name: string | undefined
  /** Where it is applied, and its key Secret looked up; `undefined` where that is more than one namespace, or not known. */
  namespace: string | undefined
  status: Status
  /** Why it was left alone, or what to know about it. */
  reasons: readonly Reason[]
  /** The file that decides: which has the block, gives it or gets it. */
  by: string | undefined
  /** `undefined` where the file could not be read. */
  kustomization: FluxKustomization | undefined
}

/** The block that is to be in `spec`. A type, so that it counts as a plain mapping. */
export type Decryption = { provider: 'sops'; secretRef?: { name: string } }

/** What is wanted. */
export interface Wanted {
  block: Decryption
  /** Only where encrypted files are built. */
  needed: boolean
  /** Also those that nothing applies. */
  all: boolean
  /** Those whose block names no key though a file needs one, and such a file (`findKeyless`). */
  keyless: ReadonlyMap<FluxKustomization, string>
  /** That of `flux bootstrap` also where it builds none yet. */
  root: boolean
}

type Decision = Pick<Judgement, 'status' | 'reasons' | 'by'>

/** Says for each Kustomization of a file what is to be done about it. */
export function judge(flux: FluxFile, repository: FluxRepository, wanted: Wanted): Judgement[] {
  if (flux.kustomizations.length === 0) {
    const unread = { document: undefined, name: undefined, namespace: undefined, kustomization: undefined }
    return [{ file: flux.file, ...unread, ...leftAlone(flux.problem) }]
  }
  return flux.kustomizations.map((kustomization) => {
    const { file, document, name } = kustomization
    const namespace = namespaceOf(kustomization, repository.nodes.get(kustomization))
    const decision = decide(flux, kustomization, repository, wanted)
    const why = wanted.all ? undefined : repository.notApplied.get(kustomization)
    const isWork = ['missing', 'broken', 'not-known'].includes(decision.status)
    return { file, document, name, namespace, kustomization, ...(why && isWork ? notApplied(why) : decision) }
  })
}

function namespaceOf(kustomization: FluxKustomization, node: FluxNode | undefined): string | undefined {
  if (!node) return kustomization.namespace
  if (gapOf(node)) return undefined
  const [namespace, ...others] = new Set(
    node.rendered.map(({ value }) => textAt(value, 'metadata', 'namespace')),
  )
  return others.length > 0 || namespace?.includes('${') ? undefined : namespace
}

/** Why it is not known what a Kustomization is in the cluster. */
function gapOf(node: FluxNode | undefined): Gap | undefined {
  return node?.rendered.map(objectGap).find((gap) => gap !== undefined)
}

function leftAlone(why: Refusal | undefined): Decision {
  return { status: 'not-editable', reasons: why ? [{ code: 'not-edited', why }] : [], by: undefined }
}

function notApplied(why: NotApplied): Decision {
  return { status: 'not-applied', reasons: [{ code: 'not-applied', why }], by: undefined }
}

function broken(reason: Reason, by: string): Decision {
  return { status: 'broken', reasons: [reason], by }
}

function refused(
  flux: FluxFile,
  kustomization: FluxKustomization,
  { rendered }: FluxNode,
  { fault, path }: FaultAt,
): Decision {
  // what is written there may be right, and changed on the way
  const isWritten = isDeepStrictEqual(blockFaultOf(kustomization.value), { fault, path })
  const changedBy = rendered.map((one) => one.changedBy).find((step) => step !== undefined)
  const by = (isWritten ? undefined : changedBy?.by) ?? flux.file
  const line = isWritten ? placeInFile(flux, kustomization, path)?.line : undefined
  return broken({ code: 'refused-block', fault, line, by }, by)
}

function notKnown(reason: Reason & { code: 'object-not-known' | 'files-not-known' }): Decision {
  return { status: 'not-known', reasons: [reason], by: reason.file }
}

function decide(
  flux: FluxFile,
  kustomization: FluxKustomization,
  repository: FluxRepository,
  { block, needed, root, keyless }: Wanted,
): Decision {
  const { file, problem, patchOf } = flux
  if (patchOf) return { status: 'patch', reasons: [{ code: 'used-as-patch', file: patchOf }], by: patchOf }
  const node = repository.nodes.get(kustomization)
  const key = node && repository.clusters.keyOf(kustomization)
  const spec = valueAt(kustomization.value, 'spec')
  const refusal = problem ?? whyNotEditable(kustomization, spec)
  const gap = gapOf(node)
  if (gap) return refusal ? leftAlone(refusal) : notKnown({ code: 'object-not-known', ...gap })
  const fault = node && faultIn(node)
  if (fault) return refused(flux, kustomization, node, fault)
  const taken = node && takenAway(kustomization, node)
  if (taken !== undefined) return broken({ code: 'block-taken-away', file: taken }, taken)
  const keyFile = keyless.get(kustomization)
  if (keyFile !== undefined) return broken({ code: 'no-key-secret', file: keyFile }, file)
  if (isMapping(spec) && Object.hasOwn(spec, 'decryption')) return judgeOwn(kustomization, node, block, key)
  const given = node && judgeGiven(node, key)
  if (given) return given
  if (refusal) return leftAlone(refusal)
  const isOfBootstrap = isBootstrapFile(file)
  if ((node === undefined || node.encrypted.size === 0) && !(root && isOfBootstrap)) {
    const [hidden] = node?.hidden ?? []
    if (hidden && (needed || isOfBootstrap)) return notKnown({ code: 'files-not-known', ...hidden })
    if (needed) return { status: 'not-needed', reasons: [whyNotNeeded(node)], by: undefined }
    if (isOfBootstrap)
      return { status: 'not-editable', reasons: [{ code: 'bootstrap-without-need' }], by: undefined }
  }
  const overlap = node && repository.clusters.overlapOf(kustomization)
  const reasons = [
    ...removedVersion(kustomization),
    ...givenInPart(node),
    ...(key !== undefined && block.secretRef ? [{ code: 'controller-key-is-enough' as const, key }] : []),
    ...(overlap ? [{ code: 'built-twice' as const, ...overlap }] : []),
  ]
  return { status: 'missing', reasons, by: overlap?.other.file }
}

/** What Flux refuses of the block, in the first form that has such a fault. */
function faultIn({ rendered }: FluxNode): FaultAt | undefined {
  return rendered.map(({ value }) => blockFaultOf(value)).find((fault) => fault !== undefined)
}

/** What takes the block of a Kustomization away that builds, or may build, encrypted files. */
function takenAway({ decryption }: FluxKustomization, node: FluxNode): string | undefined {
  if (textAt(decryption, 'provider') === undefined) return undefined
  if (node.encrypted.size === 0 && node.hidden.length === 0) return undefined
  const without = node.rendered.find(({ value }) => valueAt(value, 'spec', 'decryption') === undefined)
  return without?.changedBy?.by
}

/** Nothing encrypted was found; where its path is not here, that says little. */
function whyNotNeeded(node: FluxNode | undefined): Reason {
  const [path] = node?.unseen ?? []
  return path === undefined ? { code: 'builds-nothing-encrypted' } : { code: 'path-not-here', path }
}

/** Where the Kustomization itself has a block. */
function judgeOwn(
  { file, decryption }: FluxKustomization,
  node: FluxNode | undefined,
  wanted: Decryption,
  key: string | undefined,
): Decision {
  const applied = node?.rendered.map(({ value }) => valueAt(value, 'spec', 'decryption')) ?? []
  if (!applied.every((found) => isDeepStrictEqual(found, decryption))) {
    const isCompleted = applied.every((found) => isSame(found, wanted))
    return isCompleted
      ? { status: 'own', reasons: [{ code: 'block-completed' }], by: file }
      : { status: 'different', reasons: [{ code: 'block-changed' }], by: file }
  }
  const isProviderOnly =
    isSame(decryption, { provider: 'sops' }) && valueAt(decryption, 'secretRef') === undefined
  if (isProviderOnly && key !== undefined)
    return { status: 'controller-wide', reasons: [{ code: 'controller-has-key', key }], by: key }
  if (isSame(decryption, wanted)) return { status: 'own', reasons: [], by: file }
  const provider = textAt(decryption, 'provider')
  const secret = textAt(decryption, 'secretRef', 'name')
  return { status: 'different', reasons: [{ code: 'other-block', provider, secret }], by: file }
}

/** Where everything that applies the Kustomization gives it a block. */
function judgeGiven({ rendered }: FluxNode, key: string | undefined): Decision | undefined {
  const steps = rendered.flatMap(({ decryptionBy }) => decryptionBy ?? [])
  const [first] = steps
  if (!first || steps.length < rendered.length) return undefined
  const namesSecret = rendered.every(({ value }) => textAt(value, 'spec', 'decryption', 'secretRef', 'name'))
  const files = [...new Set(steps.map(({ by }) => by))]
  return {
    status: steps.every(({ from }) => from === 'parent') ? 'parent' : 'kustomize',
    reasons: [{ code: 'block-given', files, key: namesSecret ? undefined : key }],
    by: first.by,
  }
}

/** Where only some of what applies the Kustomization gives it a block. */
function givenInPart(node: FluxNode | undefined): Reason[] {
  const given = node?.rendered.find(({ decryptionBy }) => decryptionBy)?.decryptionBy
  const without = node?.rendered.find(({ decryptionBy }) => !decryptionBy)
  return given ? [{ code: 'block-given-in-part', file: given.by, without: without?.parent?.file }] : []
}

function whyNotEditable({ name, value }: FluxKustomization, spec: unknown): Refusal | undefined {
  const identity = [
    ['metadata', 'name'],
    ['metadata', 'namespace'],
    ['spec', 'path'],
  ]
  if (identity.some((path) => isTemplate(valueAt(value, ...path)))) return { refused: 'template' }
  if (name === undefined) return { refused: 'no-name' }
  if (spec === undefined || spec === null) return { refused: 'no-spec' }
  return isMapping(spec) ? undefined : { refused: 'spec-not-a-mapping' }
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

function removedVersion(kustomization: FluxKustomization): Reason[] {
  const removed = removedVersionOf(kustomization)
  return removed ? [{ code: 'removed-version', ...removed }] : []
}
