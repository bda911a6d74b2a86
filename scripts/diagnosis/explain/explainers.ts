import type { Code } from '../../findings/catalogue.ts'
import type { Explainer } from './failure.ts'
import { fileExplainers } from './files/explainers.ts'
import { explainHealth } from './health.ts'
import { explainKeySecret } from './key-secret.ts'
import { explainNamespace } from './namespace.ts'
import { explainPath } from './path.ts'
import { explainKind, explainRefusedBlock, explainVersion } from './refused.ts'
import { explainWrongKey } from './wrong-key.ts'

/** What looks behind a likely cause, by its code. */
export const explainers: Partial<Record<Code, Explainer>> = {
  'key-secret-missing': explainKeySecret,
  'no-key-secret': explainKeySecret,
  'no-identity': explainKeySecret,
  'key-unusable': explainKeySecret,
  'entry-unusable': explainKeySecret,
  'wrong-key': explainWrongKey,
  'path-missing': explainPath,
  'namespace-missing': explainNamespace,
  'refused-block': explainRefusedBlock,
  'version-refused': explainVersion,
  'kind-unknown': explainKind,
  health: explainHealth,
  'plugin-identity': explainWrongKey,
  'key-groups': explainWrongKey,
  ...fileExplainers,
}
