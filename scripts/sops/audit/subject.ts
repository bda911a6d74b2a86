import type { Repository } from '../../lib/git/git.ts'
import type { FluxRepository } from '../../lib/repository/flux-repository.ts'
import type { Identity } from '../../lib/sops/age.ts'
import type { KeyPlace } from '../../lib/sops/key-places.ts'
import type { Reading } from '../../lib/sops/reader/reading.ts'
import type { AuditMark } from './marks.ts'
import type { AuditOptions } from './options.ts'
import type { RuleSet } from './rule-set.ts'

/** A SOPS file without its values. */
export interface SopsFile extends Pick<Reading, 'format' | 'verdict' | 'unsure' | 'faults' | 'metadata'> {
  /** Relative to the root. */
  file: string
}

/** What is audited: the working tree or the index, read once. */
export interface Subject {
  repository: Repository
  options: AuditOptions
  /** What git lists that is there: all files, or with `staged` those that the next commit changes. */
  names: readonly string[]
  /** What is in a file; `undefined`: it is gone, or no regular file. */
  read(file: string): Buffer | undefined
  /** The files that have a mark, in the order of their names. */
  marked: ReadonlyMap<AuditMark, readonly string[]>
  rules: RuleSet
  /** `undefined` with `staged`: a commit is not judged by what it does not change. */
  flux: FluxRepository | undefined
  /** The key at hand; `undefined`: none was found. */
  identities: readonly Identity[] | undefined
  /** Where that is from. */
  keyPlace: Pick<KeyPlace, 'source' | 'file'> | undefined
}
