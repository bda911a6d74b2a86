import { isSource, sourceForms } from '../../../../findings/sops-file/source-forms.ts'
import type { FileCheck } from '../../open-files.ts'

/** Looks at encrypted files of generators and patches: whether Flux decrypts them, and to what. */
export const checkSourceForms: FileCheck = (file, reading, subject) => {
  const uses = subject.flux?.buildersOf(file).map(({ use }) => use) ?? []
  const bytes = uses.some(isSource) ? subject.read(file) : undefined
  return bytes ? sourceForms(file, bytes, reading, uses, (one) => `${subject.read(one) ?? ''}`) : []
}
