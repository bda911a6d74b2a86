import { buildingFindings } from '../../findings/catalogue/building.ts'
import { keySecretFindings } from '../../findings/catalogue/key-secret.ts'
import { reasonFindings as found } from '../../findings/catalogue/reasons.ts'
import { seenOf } from '../../findings/entry.ts'
import { describeNotApplied } from '../../findings/not-applied.ts'
import { removedFacts } from '../../findings/removed-version.ts'
import { describeGap, type Gap } from '../../lib/kustomize/gap.ts'
import { type BlockFault, describeFault } from '../../lib/repository/decryption/block-fault.ts'
import { type FluxKustomization, nameOf } from '../../lib/repository/flux-file.ts'
import type { NotApplied } from '../../lib/repository/not-applied.ts'
import { describeRefusal, type Refusal } from '../../lib/yaml/refusal.ts'

/**
 * Why a Kustomization has its status, or what to know about it. The code is that of the catalogue, but for `not-applied`, which
 * has several; what it means to people is said by `describeReasons`. Files are relative to the root of the repository.
 */
export type Reason =
  | { code: PlainCode }
  | { code: 'used-as-patch'; file: string }
  | { code: 'not-edited'; why: Refusal }
  | { code: 'spec-not-edited'; why: Refusal }
  | { code: 'bootstrap-not-edited'; why: BootstrapRefusal }
  | { code: 'pinned-patch'; file: string }
  | { code: 'path-not-here'; path: string }
  | { code: 'removed-version'; version: string; flux: string }
  | { code: 'block-given'; files: readonly string[]; key: string | undefined }
  /** `without`: the file of a Kustomization that applies it without; `undefined`: a person does */
  | { code: 'block-given-in-part'; file: string; without: string | undefined }
  /** `line`: of its own file; `undefined` where another one says it */
  | { code: 'refused-block'; fault: BlockFault; line: number | undefined; by: string }
  | { code: 'no-key-secret'; file: string }
  /** `file`: what takes its block away */
  | { code: 'block-taken-away'; file: string }
  | { code: 'not-applied'; why: NotApplied }
  | { code: 'other-block'; provider: string | undefined; secret: string | undefined }
  | { code: 'controller-has-key'; key: string }
  | { code: 'controller-key-is-enough'; key: string }
  | { code: 'built-twice'; file: string; other: FluxKustomization }
  | ({ code: 'object-not-known' | 'files-not-known' } & Gap)

/** The codes of reasons that have no facts. */
type PlainCode =
  | 'builds-nothing-encrypted'
  | 'bootstrap-without-need'
  | 'bootstrap-several'
  | 'more-than-spec'
  | 'block-completed'
  | 'block-changed'

/** Why a Kustomization of `flux bootstrap` gets no patch in the kustomization file beside it. */
export type BootstrapRefusal =
  | Refusal
  | { refused: 'included-elsewhere'; file: string }
  | { refused: 'not-in-working-tree'; file: string }
  | { refused: 'ignored-file'; file: string }
  | { refused: 'not-listed'; file: string }
  | { refused: 'directories-below'; directory: string }

/** @returns what a person reads; `undefined` where there is no reason */
export function describeReasons(reasons: readonly Reason[]): string | undefined {
  return reasons.map(describe).join('; ') || undefined
}

function describe(reason: Reason): string {
  switch (reason.code) {
    case 'used-as-patch':
      return seenOf(found['used-as-patch'], { by: reason.file })
    case 'not-edited':
      return seenOf(found['not-edited'], { why: describeRefusal(reason.why) })
    case 'spec-not-edited':
      return seenOf(found['spec-not-edited'], { why: describeRefusal(reason.why) })
    case 'bootstrap-not-edited':
      return seenOf(found['bootstrap-not-edited'], { why: describeBootstrap(reason.why) })
    case 'block-given':
      return seenOf(found['block-given'], {
        files: reason.files.join(' and '),
        give: reason.files.length > 1 ? 'give' : 'gives',
        key: reason.key === undefined ? '' : `, with the key of the controller (${reason.key})`,
      })
    case 'block-given-in-part':
      return seenOf(found['block-given-in-part'], {
        file: reason.file,
        without: reason.without ?? 'who applies it by hand',
      })
    case 'refused-block': {
      const where = reason.line === undefined ? `by ${reason.by}` : `line ${reason.line}`
      return `${where}: ${seenOf(buildingFindings['refused-block'], { of: '', fault: describeFault(reason.fault) })}`
    }
    case 'no-key-secret':
      return seenOf(keySecretFindings['no-key-secret'], {
        of: '',
        nothing: 'nothing here',
        files: `: it cannot decrypt ${reason.file}`,
      })
    case 'not-applied':
      return describeNotApplied(reason.why)
    case 'other-block':
      return seenOf(found['other-block'], {
        provider: reason.provider ? `provider ${reason.provider}` : 'no provider',
        secret: reason.secret ? `Secret ${reason.secret}` : 'no Secret',
      })
    case 'built-twice':
      return seenOf(buildingFindings['built-twice'], {
        kustomization: 'it',
        files: reason.file,
        other: `${nameOf(reason.other)} (${reason.other.file})`,
      })
    case 'object-not-known':
    case 'files-not-known':
      return seenOf(found[reason.code], { gap: describeGap(reason) })
    case 'pinned-patch':
    case 'block-taken-away':
      return seenOf(found[reason.code], { file: reason.file })
    case 'controller-has-key':
    case 'controller-key-is-enough':
      return seenOf(found[reason.code], { key: reason.key })
    case 'path-not-here':
      return seenOf(found['path-not-here'], { path: reason.path })
    case 'removed-version':
      return seenOf(buildingFindings['removed-version'], removedFacts('it has', [reason]))
    default:
      return seenOf(found[reason.code], {})
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
