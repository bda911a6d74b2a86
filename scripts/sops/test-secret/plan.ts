import { join } from 'node:path'
import { testSecretFindings as found } from '../../findings/catalogue/test-secret.ts'
import { errorOf } from '../../findings/user-error.ts'
import { UserError } from '../../lib/errors.ts'
import type { FileChange } from '../../lib/file-changes.ts'
import { openKustomizationFile } from '../../lib/kustomize/kustomization-edit.ts'
import { addResource, removeResource } from '../../lib/kustomize/resources.ts'
import { namesFrom } from '../../lib/paths.ts'
import { describeRefusal } from '../../lib/yaml/refusal.ts'
import { kustomizationFile, readReplaced, renderKustomization } from './kustomization.ts'
import { directoryOf, type Place, textOf } from './place.ts'

/**
 * What has to be written for a test Secret: the Secret first and the list last, so that whatever a kill leaves behind can
 * be removed and breaks nothing.
 *
 * @param secret its file, relative to the directory of the test Secret, and the encrypted text
 * @param cwd from where messages name the files
 * @throws UserError where the kustomization file cannot be edited with certainty
 */
export function planCreation(
  place: Place,
  secret: { file: string; text: string },
  cwd: string,
): FileChange[] {
  const { name } = place
  const directory = directoryOf(place)
  const list = readList(place, cwd)
  const added = list && addResource(list.text, name)
  if (added && 'refused' in added)
    throw errorOf(found['entry-not-added'], {
      name,
      file: namesFrom(cwd)(list.file),
      why: describeRefusal(added),
    })
  // kept where a removal of the entry alone would not bring back what was there
  const inverse = added && removeResource(added.text, name)
  const replaced = inverse && 'text' in inverse && inverse.text === list.text ? undefined : added?.replaced
  const kustomization = renderKustomization(secret.file, replaced)
  return [
    { path: join(directory, secret.file), before: undefined, after: secret.text },
    { path: join(directory, kustomizationFile), before: undefined, after: kustomization },
    ...(list && added ? [{ path: list.file, before: list.text, after: added.text }] : []),
  ]
}

/**
 * What has to be deleted and changed to remove a test Secret that `findTestSecret` calls ours: the list first and the Secret,
 * by which it can be recognised, last.
 * @param file of the Secret, as `findTestSecret` found it
 * @param cwd from where messages name the files
 * @throws UserError where the kustomization file cannot be edited with certainty
 */
export function planRemoval(place: Place, file: string, cwd: string): FileChange[] {
  const { name } = place
  const nameOf = namesFrom(cwd)
  const directory = directoryOf(place)
  const own = [kustomizationFile, file].flatMap((name) => {
    const before = textOf(place, name)
    return before === undefined ? [] : [{ path: join(directory, name), before, after: undefined }]
  })
  const list = readList(place, cwd)
  const replaced = readReplaced(textOf(place, kustomizationFile) ?? '')
  const removed = list && removeResource(list.text, name, replaced)
  if (removed && 'refused' in removed)
    throw errorOf(found['entry-not-removed'], {
      name,
      file: nameOf(list.file),
      why: describeRefusal(removed),
      directory: nameOf(directory),
    })
  if (!list || !removed || removed.text === list.text) return own
  return [{ path: list.file, before: list.text, after: removed.text }, ...own]
}

/**
 * The kustomization file of the path that a test Secret is in: it lists the test Secret.
 * @param cwd from where messages name it
 * @returns `undefined` where there is none, so that Flux includes every manifest
 * @throws UserError where it is not clear which text kustomize would read
 */
export function readList({ path }: Place, cwd: string): { file: string; text: string } | undefined {
  const opened = openKustomizationFile(cwd, path)
  if (opened && 'refused' in opened) throw new UserError(describeRefusal(opened))
  return opened
}
