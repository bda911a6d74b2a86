import { enableDecryption } from '../../scripts/flux/enable-decryption.ts'
import type { Caller } from '../../scripts/lib/caller.ts'

/** `flux:enable-decryption` on a whole repository, without a flag but `--check`. */
export async function decryptEverything(caller: Caller, check: boolean): Promise<void> {
  const wanted = { paths: [], name: 'sops-age', providerOnly: false, needed: false, all: false, root: false }
  await enableDecryption({ ...wanted, check, dryRun: false, commit: false, caller })
}
