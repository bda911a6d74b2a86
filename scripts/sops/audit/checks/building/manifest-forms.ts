import { manifestForms } from '../../../../findings/sops-file/manifest-forms.ts'
import type { FileCheck } from '../../open-files.ts'

/** Looks at encrypted manifests that Flux builds as resources: what kustomize makes of them, and whether Flux decrypts that. */
export const checkManifestForms: FileCheck = (file, reading, { flux }) => {
  const builders = flux?.buildersOf(file).filter(({ use }) => use.as === 'resources') ?? []
  return manifestForms(
    file,
    reading,
    builders.map(({ use }) => use.steps),
  )
}
