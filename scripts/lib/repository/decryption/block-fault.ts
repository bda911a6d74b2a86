import { isMapping, textAt, valueAt } from '../../yaml/values.ts'

/** Why a decryption block decrypts nothing: the API server refuses the Kustomization, with all that is applied beside it. */
export type BlockFault =
  | { fault: 'empty' | 'no-provider' | 'not-a-mapping' | 'no-secret-name' }
  | { fault: 'other-provider'; provider: string }
  /** `field` is below the block, as `secretRef.namespace`. */
  | { fault: 'unknown-field'; field: string }
  /** It is not in `spec`, but in `under`. */
  | { fault: 'misplaced'; under: string }

/** A fault, and where it stands in the object. */
export interface FaultAt {
  fault: BlockFault
  path: readonly string[]
}

/** The fields of the block (config/crd/bases of kustomize-controller v1.9.4). */
const fields = ['provider', 'secretRef', 'serviceAccountName']

/** What of a Kustomization may have any fields, or has no meaning for Flux. */
const open = ['patches', 'postBuild', 'commonMetadata', 'labels', 'annotations', 'status']

/** What is wrong with the decryption block of a Flux Kustomization. @param value the object */
export function blockFaultOf(value: unknown): FaultAt | undefined {
  const spec = valueAt(value, 'spec')
  const path = ['spec', 'decryption']
  const fault =
    isMapping(spec) && Object.hasOwn(spec, 'decryption') ? faultOf(spec.decryption, path) : undefined
  if (fault) return fault
  // what else is in the document may be there for its anchors
  return (
    misplaced({ decryption: valueAt(value, 'decryption') }, []) ??
    misplaced(valueAt(value, 'metadata'), ['metadata']) ??
    misplaced(spec, ['spec'])
  )
}

function faultOf(block: unknown, path: string[]): FaultAt | undefined {
  const at = (fault: BlockFault, ...below: string[]) => ({ fault, path: [...path, ...below] })
  if (block === null || (isMapping(block) && Object.keys(block).length === 0)) return at({ fault: 'empty' })
  if (!isMapping(block)) return at({ fault: 'not-a-mapping' })
  const unknown = Object.keys(block).find((field) => !fields.includes(field))
  if (unknown !== undefined) return at({ fault: 'unknown-field', field: unknown }, unknown)
  const provider = textAt(block, 'provider')
  if (provider === undefined) return at({ fault: 'no-provider' })
  if (provider !== 'sops' && !provider.includes('${'))
    return at({ fault: 'other-provider', provider }, 'provider')
  const secret = block.secretRef ?? undefined
  if (secret === undefined) return undefined
  if (!isMapping(secret)) return at({ fault: 'not-a-mapping' }, 'secretRef')
  const other = Object.keys(secret).find((field) => field !== 'name')
  if (other !== undefined)
    return at({ fault: 'unknown-field', field: `secretRef.${other}` }, 'secretRef', other)
  return textAt(secret, 'name') === undefined ? at({ fault: 'no-secret-name' }, 'secretRef') : undefined
}

function misplaced(value: unknown, path: string[]): FaultAt | undefined {
  if (!isMapping(value)) return undefined
  for (const [key, inner] of Object.entries(value)) {
    if (key === 'decryption' && inner !== undefined && path.join('.') !== 'spec')
      return { fault: { fault: 'misplaced', under: path.join('.') }, path: [...path, key] }
    const found = open.includes(key) || key === 'decryption' ? undefined : misplaced(inner, [...path, key])
    if (found) return found
  }
  return undefined
}

/** What a person reads of a fault. */
export function describeFault(fault: BlockFault): string {
  switch (fault.fault) {
    case 'other-provider':
      return `Flux knows no decryption provider ${fault.provider}: it is sops`
    case 'unknown-field':
      return `Flux refuses the block: it knows no field ${fault.field} there`
    case 'misplaced':
      return `the block is in ${fault.under || 'the object itself'}, and belongs into spec`
    default:
      return faults[fault.fault]
  }
}

/** What a fault that has no facts means. */
const faults = {
  empty: 'its decryption block is empty, and decrypts nothing',
  'no-provider': 'its decryption block has no provider: it is sops',
  'not-a-mapping': 'Flux refuses the block: this is not a mapping',
  'no-secret-name': 'its secretRef has no name',
}
