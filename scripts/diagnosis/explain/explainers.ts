import type { Code } from '../../findings/catalogue.ts'
import type { Explainer } from './failure.ts'
import { explainKeySecret } from './key-secret.ts'
import { explainWrongKey } from './wrong-key.ts'

/** What looks behind a likely cause, by its code. */
export const explainers: Partial<Record<Code, Explainer>> = {
  'key-secret-missing': explainKeySecret,
  'no-identity': explainKeySecret,
  'key-unusable': explainKeySecret,
  'entry-unusable': explainKeySecret,
  'wrong-key': explainWrongKey,
}
