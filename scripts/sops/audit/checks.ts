import { faultsOf } from '../../findings/sops-file/faults.ts'
import { encryptedLists } from '../../findings/sops-file/lists.ts'
import type { Check } from './check.ts'
import { checkBuiltTwice } from './checks/building/built-twice.ts'
import { checkFileKeys } from './checks/building/file-keys.ts'
import { checkFilesBuilt } from './checks/building/files-built.ts'
import { checkKustomizations } from './checks/building/kustomizations.ts'
import { checkManifestForms } from './checks/building/manifest-forms.ts'
import { checkSourceForms } from './checks/building/source-forms.ts'
import { checkLeftToSops } from './checks/decryption/left-to-sops.ts'
import { checkNotOpened } from './checks/decryption/not-opened.ts'
import { checkWithoutMetadata } from './checks/decryption/without-metadata.ts'
import { checkKeySecret } from './checks/keys/key-secret.ts'
import { checkOwnKey } from './checks/keys/own-key.ts'
import { checkPrivateKeys } from './checks/keys/private-keys.ts'
import { checkHistory } from './checks/past/history.ts'
import { checkPlainFiles } from './checks/plaintext/plain-files.ts'
import { checkPlainValues } from './checks/plaintext/plain-values.ts'
import { checkUncoveredSecrets } from './checks/plaintext/uncovered-secrets.ts'
import { checkAllowedRecipients } from './checks/recipients/allowed-recipients.ts'
import { checkFileRecipients } from './checks/recipients/file-recipients.ts'
import { checkKeptDataKeys } from './checks/recipients/kept-data-keys.ts'
import { checkSettings } from './checks/recipients/settings.ts'
import { checkSingleRecipient } from './checks/recipients/single-recipient.ts'
import { checkRuleFields } from './checks/rules/rule-fields.ts'
import { checkRuleFiles } from './checks/rules/rule-files.ts'
import { checkRuleOrder } from './checks/rules/rule-order.ts'
import { checkRulePaths } from './checks/rules/rule-paths.ts'
import { checkAppliedConfig } from './checks/values/applied-config.ts'
import { checkEncryptedObjects, checkPlainObjects } from './checks/values/objects.ts'
import { checkSubstitution } from './checks/values/substitution.ts'
import type { FileCheck } from './open-files.ts'

/** What looks at each SOPS file by itself. */
export const fileChecks: readonly FileCheck[] = [
  faultsOf,
  checkLeftToSops,
  checkKeySecret,
  checkPlainValues,
  checkSettings,
  checkFilesBuilt,
  checkSourceForms,
  checkManifestForms,
  checkEncryptedObjects,
  encryptedLists,
  checkSubstitution,
]

/** What looks at the whole. */
export const checks: readonly Check[] = [
  checkPlainFiles,
  checkUncoveredSecrets,
  checkRuleFiles,
  checkRuleFields,
  checkRuleOrder,
  checkRulePaths,
  checkFileRecipients,
  checkSingleRecipient,
  checkAllowedRecipients,
  checkKeptDataKeys,
  checkNotOpened,
  checkWithoutMetadata,
  checkPrivateKeys,
  checkOwnKey,
  checkHistory,
  checkKustomizations,
  checkBuiltTwice,
  checkFileKeys,
  checkPlainObjects,
  checkAppliedConfig,
]
