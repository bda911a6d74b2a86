import { lstatSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { isOurKustomization, kustomizationFile } from './kustomization.ts'
import { directoryOf, type Place, textOf } from './place.ts'
import { readSecret } from './secret-manifest.ts'

/** What was found where a test Secret goes. */
export type Found =
  | {
      /** These tasks made it: the Secret says so, and nothing else is in the directory. */
      ours: true
      /** Of the Secret, relative to the directory. */
      file: string
      /** The id of the `sops:verify` run that made it; `undefined` where it was no such run. */
      run: string | undefined
      /** The namespace of the Secret. */
      namespace: string | undefined
    }
  | { ours: false; run?: undefined }

/** Looks for a test Secret, whatever its file is called. Needs no key. @returns `undefined` where nothing is at its place */
export function findTestSecret(place: Place): Found | undefined {
  const directory = directoryOf(place)
  const found = lstatSync(directory, { throwIfNoEntry: false })
  if (!found) return undefined
  if (!found.isDirectory()) return { ours: false }
  if (readdirSync(directory).length === 0) return undefined
  const file = onlyFile(directory)
  const secret = file === undefined ? undefined : readSecret(textOf(place, file) ?? '')
  if (file === undefined || !secret) return { ours: false }
  const kustomization = textOf(place, kustomizationFile)
  if (kustomization !== undefined && !isOurKustomization(kustomization, file)) return { ours: false }
  return { ours: true, file, run: secret.run, namespace: secret.namespace }
}

/** The one file that is there besides the kustomization file, relative to the directory. */
function onlyFile(directory: string): string | undefined {
  const entries = readdirSync(directory, { recursive: true, withFileTypes: true })
  const others = entries.filter((entry) => !entry.isDirectory())
  const files = others
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((file) => file !== kustomizationFile)
  const [file] = files
  const isPlain = others.every((entry) => entry.isFile()) && files.length === 1
  // an empty directory beside it is somebody else's as well
  const depth = entries.length - others.length
  return isPlain && file !== undefined && file.split('/').length === depth + 1 ? file : undefined
}
