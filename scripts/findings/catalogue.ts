import { buildingFindings } from './catalogue/building.ts'
import { clusterControllerFindings } from './catalogue/cluster/controllers.ts'
import { clusterKeyFindings } from './catalogue/cluster/keys.ts'
import { clusterObjectFindings } from './catalogue/cluster/objects.ts'
import { clusterRefusalFindings } from './catalogue/cluster/refusals.ts'
import { clusterSourceFindings } from './catalogue/cluster/sources.ts'
import { clusterFindings } from './catalogue/cluster.ts'
import { clusterLiveFindings } from './catalogue/cluster-live.ts'
import { clusterValuesFindings } from './catalogue/cluster-values.ts'
import { conditionFindings } from './catalogue/condition.ts'
import { conditionFileFindings } from './catalogue/condition-files.ts'
import { decryptionFindings } from './catalogue/decryption.ts'
import { initFindings } from './catalogue/init.ts'
import { keySecretFindings } from './catalogue/key-secret.ts'
import { keysFindings } from './catalogue/keys.ts'
import { pastFindings } from './catalogue/past.ts'
import { plaintextFindings } from './catalogue/plaintext.ts'
import { reasonFindings } from './catalogue/reasons.ts'
import { recipientsFindings } from './catalogue/recipients.ts'
import { rotateClusterFindings } from './catalogue/rotate/clusters.ts'
import { rotateFileFindings } from './catalogue/rotate/files.ts'
import { rotateKeyFindings } from './catalogue/rotate/key.ts'
import { rotateProofFindings } from './catalogue/rotate/proof.ts'
import { rotateRulesFindings } from './catalogue/rotate/rules.ts'
import { rotateRunFindings } from './catalogue/rotate/run.ts'
import { rotateStateFindings } from './catalogue/rotate/state.ts'
import { rulesFindings } from './catalogue/rules.ts'
import { sopsKeyFindings } from './catalogue/sops-key.ts'
import { testSecretFindings } from './catalogue/test-secret.ts'
import { valuesFindings } from './catalogue/values.ts'
import { verifyBranchFindings } from './catalogue/verify/branch.ts'
import { verifyRunFindings } from './catalogue/verify/run.ts'
import { verifySecretFindings } from './catalogue/verify/secret.ts'
import { verifyTargetFindings } from './catalogue/verify/target.ts'

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
  ...keySecretFindings,
  ...conditionFindings,
  ...conditionFileFindings,
  ...clusterFindings,
  ...clusterLiveFindings,
  ...clusterValuesFindings,
  ...clusterSourceFindings,
  ...clusterRefusalFindings,
  ...clusterObjectFindings,
  ...clusterControllerFindings,
  ...clusterKeyFindings,
  ...sopsKeyFindings,
  ...rotateFileFindings,
  ...initFindings,
  ...rotateStateFindings,
  ...rotateClusterFindings,
  ...testSecretFindings,
  ...reasonFindings,
  ...rotateRulesFindings,
  ...verifyTargetFindings,
  ...verifyBranchFindings,
  ...verifySecretFindings,
  ...verifyRunFindings,
  ...rotateRunFindings,
  ...rotateKeyFindings,
  ...rotateProofFindings,
}

/** The name of something that can be found: `plain-file`. */
export type Code = keyof typeof catalogue
