import { isBootstrapFile } from '../../lib/repository/flux-file.ts'
import type { FluxInstallation } from '../../lib/repository/flux-instances.ts'
import type { FluxRepository } from '../../lib/repository/flux-repository.ts'
import type { MadeKustomization } from '../../lib/repository/resource-sets.ts'
import type { Judgement, Status } from './judge.ts'

/** What is left without decryption, which only the user can give it. */
export interface Left {
  judgements: readonly Judgement[]
  /** FluxInstances, and what ResourceSets make. */
  instances: readonly FluxInstallation[]
  made: readonly MadeKustomization[]
  /** Whether a root is among them that was asked for. */
  hasRoot: boolean
}

/**
 * @param asked `root`: the roots count also where they build no encrypted file; `isWhole`: the whole repository, and not what was
 *   named by its path, which has nothing to do with the rest
 */
export function whatIsLeft(
  judgements: readonly Judgement[],
  flux: FluxRepository,
  { root, isWhole }: { root: boolean; isWhole: boolean },
): Left {
  const roots = root ? judgements.filter(isRootLeft) : []
  const lacking = flux.installations.filter(({ instance }) => instance && !instance.decrypts)
  const instances = root ? lacking : flux.instancesThatNeedIt
  return {
    judgements: judgements.filter((one) => roots.includes(one) || isLeftWithout(one, flux)),
    instances: isWhole ? instances : [],
    made: isWhole ? flux.madeThatNeedIt : [],
    hasRoot: roots.length > 0 || (root && isWhole && lacking.length > 0),
  }
}

/** What a root is found to be that has no block, and does not get one. */
const leftStatuses: readonly Status[] = ['not-editable', 'not-known', 'not-applied', 'broken']

function isRootLeft({ file, status }: Judgement): boolean {
  return isBootstrapFile(file) && leftStatuses.includes(status)
}

/** Whether its block decrypts nothing, or it builds encrypted files and can't get decryption from us: it lacks it, or that is not known. */
function isLeftWithout({ status, kustomization }: Judgement, { nodes }: FluxRepository): boolean {
  if (status === 'broken') return true
  const encrypted = kustomization && nodes.get(kustomization)?.encrypted
  const isLeft = status === 'not-editable' || status === 'not-known'
  return isLeft && encrypted !== undefined && encrypted.size > 0
}
