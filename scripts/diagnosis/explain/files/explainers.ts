import type { Code } from '../../../findings/catalogue.ts'
import type { Explainer } from '../failure.ts'
import {
  explainBrokenKustomization,
  explainComponentKind,
  explainEmptyKustomization,
  explainListedMissing,
  explainNoKustomizationFile,
  explainPatch,
  explainSeveralFiles,
  explainSourceRefused,
} from './build.ts'
import { explainEncryptedFile, explainNotAuthentic, explainNotDecrypted } from './encrypted-file.ts'
import { explainBrokenYaml, explainDeclaredTwice, explainNoObject } from './manifest.ts'
import { explainSubstituteFrom, explainVariable, explainVariableName } from './substitution.ts'
import { explainImmutable, explainInvalid, explainNotAString, explainNotBase64 } from './values.ts'

/** What finds the file and the line behind a likely cause, by its code. */
export const fileExplainers: Partial<Record<Code, Explainer>> = {
  'plaintext-in-encrypted-file': explainEncryptedFile,
  'value-not-authentic': explainNotAuthentic,
  'metadata-incomplete': explainEncryptedFile,
  'built-without-decryption': explainNotDecrypted,
  'another-format': explainEncryptedFile,
  'source-refused': explainSourceRefused,
  'whole-manifest-changed': explainEncryptedFile,
  'not-a-string': explainNotAString,
  'not-base64': explainNotBase64,
  'data-key-refused': explainInvalid,
  'field-refused': explainInvalid,
  immutable: explainImmutable,
  'variable-not-set': explainVariable,
  'variable-unreadable': explainVariable,
  'variable-name': explainVariableName,
  'substitute-from-missing': explainSubstituteFrom,
  'listed-missing': explainListedMissing,
  'no-kustomization-file': explainNoKustomizationFile,
  'several-kustomization-files': explainSeveralFiles,
  'kustomization-file-empty': explainEmptyKustomization,
  'kustomization-file-broken': explainBrokenKustomization,
  'component-kind': explainComponentKind,
  'yaml-broken': explainBrokenYaml,
  'no-object': explainNoObject,
  'declared-twice': explainDeclaredTwice,
  'patch-without-target': explainPatch,
}
