import { describeGap, type Gap } from '../../lib/kustomize/gap.ts'
import { type BlockFault, describeFault } from '../../lib/repository/decryption/block-fault.ts'
import { type FluxKustomization, nameOf } from '../../lib/repository/flux-file.ts'
import { describeNotApplied, type NotApplied } from '../../lib/repository/not-applied.ts'
import { describeRefusal, type Refusal } from '../../lib/yaml/refusal.ts'

/**
 * Why a Kustomization has its status, or what to know about it. The code is for the program and for tests; what it means to
 * people is said by `describeReasons`. Files are relative to the root of the repository.
 */
export type Reason =
  | { code: keyof typeof words }
  | { code: 'used-as-patch'; file: string }
  | { code: 'refused'; why: Refusal }
  | { code: 'spec-refused'; why: Refusal }
  | { code: 'bootstrap-refused'; why: BootstrapRefusal }
  | { code: 'pinned-patch'; file: string }
  | { code: 'path-not-here'; path: string }
  | { code: 'removed-version'; version: string; flux: string }
  | { code: 'given'; files: readonly string[]; key: string | undefined }
  /** `without`: the file of a Kustomization that applies it without; `undefined`: a person does */
  | { code: 'given-in-part'; file: string; without: string | undefined }
  /** `line`: of its own file; `undefined` where another one says it */
  | { code: 'refused-block'; fault: BlockFault; line: number | undefined; by: string }
  | { code: 'no-key'; file: string }
  /** `file`: what takes its block away */
  | { code: 'taken-away'; file: string }
  | { code: 'not-applied'; why: NotApplied }
  | { code: 'block'; provider: string | undefined; secret: string | undefined }
  | { code: 'controller-key'; key: string }
  | { code: 'controller-key-is-enough'; key: string }
  | { code: 'overlap'; file: string; other: FluxKustomization }
  | ({ code: 'object-not-known' | 'files-not-known' } & Gap)

/** Why a Kustomization of `flux bootstrap` gets no patch in the kustomization file beside it. */
export type BootstrapRefusal =
  | Refusal
  | { refused: 'included-elsewhere'; file: string }
  | { refused: 'not-in-working-tree'; file: string }
  | { refused: 'ignored-file'; file: string }
  | { refused: 'not-listed'; file: string }
  | { refused: 'directories-below'; directory: string }

/** What a reason that has no facts means. The subject, `it`, is the Kustomization. */
const words = {
  'nothing-encrypted': 'it builds no encrypted file',
  'bootstrap-without-need':
    '`flux bootstrap` writes this file anew; it builds no encrypted file, so it needs no patch yet (--root adds it)',
  'bootstrap-several': '`flux bootstrap` writes this file anew, and it holds several',
  'more-than-spec': 'the block would change more than this spec, for example through an anchor',
  completed: 'what it lacks is added before it is applied',
  changed: 'its block is changed, or taken away, before it is applied',
}

/** @returns what a person reads; `undefined` where there is no reason */
export function describeReasons(reasons: readonly Reason[]): string | undefined {
  return reasons.map(describe).join('; ') || undefined
}

function describe(reason: Reason): string {
  switch (reason.code) {
    case 'used-as-patch':
      return `${reason.file} uses it as a patch`
    case 'refused':
      return describeRefusal(reason.why)
    case 'spec-refused':
      return `its spec can't be edited: ${describeRefusal(reason.why)}`
    case 'bootstrap-refused':
      return `\`flux bootstrap\` writes this file anew, and ${describeBootstrap(reason.why)}`
    case 'pinned-patch':
      return `the patch in ${reason.file} is for a version that it has no more, so kustomize builds nothing: it is written anew`
    case 'path-not-here':
      return `its path ${reason.path} is not here, or its source is another one, so it is not known to build an encrypted file`
    case 'removed-version':
      return `Flux ${reason.flux} removed ${reason.version}: \`flux migrate -f .\` rewrites it`
    case 'given': {
      const verb = reason.files.length > 1 ? 'give' : 'gives'
      const key = reason.key === undefined ? '' : `, with the key of the controller (${reason.key})`
      return `${reason.files.join(' and ')} ${verb} it one${key}`
    }
    case 'given-in-part': {
      const without = reason.without === undefined ? 'who applies it by hand' : reason.without
      return `${reason.file} gives it one, ${without} does not`
    }
    case 'refused-block':
      return `${reason.line === undefined ? `by ${reason.by}` : `line ${reason.line}`}: ${describeFault(reason.fault)}`
    case 'taken-away':
      return `${reason.file} takes its block away`
    case 'no-key':
      return `its block names no Secret, and nothing here gives the controller a key: it cannot decrypt ${reason.file}`
    case 'not-applied':
      return describeNotApplied(reason.why)
    case 'block':
      return describeBlock(reason)
    case 'controller-key':
      return `the controller has the key (${reason.key})`
    case 'controller-key-is-enough':
      return `the controller has a key (${reason.key}): --provider-only is enough`
    case 'overlap': {
      const other = `${nameOf(reason.other)} (${reason.other.file})`
      return `overlap: it builds ${reason.file}, which ${other} builds as well: only one of them should, so decryption is not the whole answer`
    }
    case 'object-not-known':
      return `${describeGap(reason)}: what that makes of it is not known`
    case 'files-not-known':
      return `${describeGap(reason)}: whether that brings an encrypted file is not known`
    default:
      return words[reason.code]
  }
}

function describeBootstrap(why: BootstrapRefusal): string {
  switch (why.refused) {
    case 'included-elsewhere':
      return `${why.file} includes it, so a patch beside it would have no effect`
    case 'not-in-working-tree':
      return `${why.file} is in git, but not in the working tree`
    case 'ignored-file':
      return `git ignores ${why.file}`
    case 'not-listed':
      return `${why.file} does not list it`
    case 'directories-below':
      return `${why.directory} has no kustomization file, but directories that one would have to list`
    default:
      return describeRefusal(why)
  }
}

function describeBlock({ provider, secret }: Reason & { code: 'block' }): string {
  if (!provider && !secret) return 'it has an empty decryption block'
  const parts = [provider ? `provider ${provider}` : 'no provider', secret ? `Secret ${secret}` : 'no Secret']
  return `it has a decryption block of its own: ${parts.join(', ')}`
}
