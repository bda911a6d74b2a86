import { buildingFindings } from './catalogue/building.ts'
import { decryptionFindings } from './catalogue/decryption.ts'
import { keysFindings } from './catalogue/keys.ts'
import { pastFindings } from './catalogue/past.ts'
import { plaintextFindings } from './catalogue/plaintext.ts'
import { recipientsFindings } from './catalogue/recipients.ts'
import { rulesFindings } from './catalogue/rules.ts'
import { valuesFindings } from './catalogue/values.ts'

/** Everything that can be found, by its code. */
export const catalogue = {
  ...plaintextFindings,
  ...rulesFindings,
  ...recipientsFindings,
  ...decryptionFindings,
  ...buildingFindings,
  ...valuesFindings,
  ...keysFindings,
  ...pastFindings,
}

/** The name of something that can be found: `plain-file`. */
export type Code = keyof typeof catalogue
