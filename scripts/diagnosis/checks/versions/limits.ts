import { isPostQuantum } from '../../../lib/sops/recipients.ts'
import type { Evidence } from '../../evidence.ts'
import { valuesOfFlag } from '../../snapshot/controller.ts'
import type { Controller } from '../../snapshot/snapshot.ts'
import { decryptedFiles, encryptedParts, type FileOfUse, remotePatches } from './uses.ts'

/** What versions of kustomize-controller cannot do. */
export interface VersionLimit {
  /** The versions from the first one up to, and without, the second one. */
  from: string
  to: string
  /** Behind `kustomize-controller 1.8.0`. */
  cannot: string
  /** What uses it. */
  usedBy(controller: Controller, evidence: Evidence): Promise<FileOfUse[]>
}

/** What versions cannot do (the changelog of kustomize-controller, and the issues that are named). */
export const versionLimits: readonly VersionLimit[] = [
  {
    from: '0.0.0',
    to: '1.9.0',
    cannot: 'cannot use post-quantum identities of age',
    usedBy: (_, evidence) =>
      decryptedFiles(evidence, ({ documents }) =>
        documents.some(({ groups }) => groups.some(({ age }) => age.length > 0 && age.every(isPostQuantum))),
      ),
  },
  {
    from: '1.9.0',
    to: '1.9.2',
    cannot: 'does not decrypt .ini files (fluxcd/kustomize-controller#1695)',
    usedBy: (_, evidence) => decryptedFiles(evidence, ({ file }) => file.endsWith('.ini')),
  },
  {
    from: '1.5.0',
    to: '1.7.3',
    cannot: 'fails at patches that are a URL (fluxcd/kustomize-controller#1544)',
    usedBy: (_, evidence) => remotePatches(evidence),
  },
  {
    from: '0.0.0',
    to: '1.5.0',
    cannot: 'does not decrypt the files of patches and of components',
    usedBy: (_, evidence) => encryptedParts(evidence),
  },
  {
    from: '0.0.0',
    to: '1.7.0',
    cannot: 'knows no --sops-age-secret',
    usedBy: async (controller) =>
      valuesOfFlag(controller, '--sops-age-secret').length > 0
        ? [{ kustomization: undefined, file: 'its arguments' }]
        : [],
  },
]
