import type { Caller } from '../../lib/caller.ts'

/** What the user wants of `flux:sops-key`. */
export interface SopsKeyOptions {
  keyFile: string | undefined
  /** Where the Secret is to be; none: where the cluster looks for it. */
  namespaces: string[]
  /** The name of the Secret. */
  name: string
  context: string | undefined
  /** Its other age identities go. */
  only: boolean
  dryRun: boolean
  force: boolean
  caller: Caller
}
