import { lstatSync, readdirSync } from 'node:fs'
import { isOurKustomization, kustomizationFile } from './kustomization.ts'
import { directoryOf, type Place, textOf } from './place.ts'
import { readSecret, secretFile } from './secret-manifest.ts'

/** What was found where a test Secret goes. */
export interface Found {
  /** Whether these tasks made it: the Secret says so, and nothing else is in the directory. */
  ours: boolean
  /** The id of the `sops:verify` run that made it; `undefined` where it was no such run. */
  run: string | undefined
  /** The namespace of the Secret; `undefined` where it is not ours. */
  namespace: string | undefined
}

/** Looks for a test Secret. Needs no key. @returns `undefined` where nothing is at its place */
export function findTestSecret(place: Place): Found | undefined {
  const directory = directoryOf(place)
  const found = lstatSync(directory, { throwIfNoEntry: false })
  if (!found) return undefined
  const entries = found.isDirectory() ? readdirSync(directory, { withFileTypes: true }) : []
  if (found.isDirectory() && entries.length === 0) return undefined
  const areOurs = entries.every(
    (entry) => entry.isFile() && [secretFile, kustomizationFile].includes(entry.name),
  )
  const secret = areOurs ? readSecret(textOf(place, secretFile) ?? '') : undefined
  const kustomization = areOurs ? textOf(place, kustomizationFile) : undefined
  const ours = secret !== undefined && (kustomization === undefined || isOurKustomization(kustomization))
  return { ours, run: ours ? secret.run : undefined, namespace: ours ? secret.namespace : undefined }
}
