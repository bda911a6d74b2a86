import { existsSync } from 'node:fs'
import { join, relative } from 'node:path'
import { UserError } from '../../lib/errors.ts'
import type { FileChange } from '../../lib/file-changes.ts'
import { openKustomizationFile } from '../../lib/kustomize/kustomization-edit.ts'
import { addResource, hasResource, removeResource } from '../../lib/kustomize/resources.ts'
import { removeFirst } from './checks.ts'
import { kustomizationFile, readReplaced, renderKustomization, secretFile } from './manifest.ts'
import { findTestSecret, type Place, readIfThere } from './place.ts'

/**
 * What has to be written for a test Secret: the Secret first and the list last, so that whatever a kill leaves behind can
 * be removed and breaks nothing.
 *
 * @param encrypted the Secret
 * @throws UserError where the kustomization file can't be edited with certainty
 */
export function planCreation(place: Place, encrypted: string): FileChange[] {
  const { root, path, name } = place
  const list = readKustomizationFile(place)
  const added = list && addResource(list.text, name)
  if (added && 'reason' in added)
    throw new UserError(
      `cannot add ${name} to the resources of ${relative(root, list!.file)}: ${added.reason}`,
      { hint: 'nothing was changed' },
    )
  // kept where taking the entry out would not bring back what was there
  const inverse = added && removeResource(added.text, name)
  const replaced = inverse && 'text' in inverse && inverse.text === list!.text ? undefined : added?.replaced
  const kustomization = renderKustomization(replaced)
  return [
    { path: join(path, name, secretFile), before: undefined, after: encrypted },
    { path: join(path, name, kustomizationFile), before: undefined, after: kustomization },
    ...(list && added ? [{ path: list.file, before: list.text, after: added.text }] : []),
  ]
}

/**
 * What has to be deleted and changed to remove a test Secret that `findTestSecret` calls ours: the list first and the Secret,
 * by which it can be recognised, last.
 * @throws UserError where the kustomization file can't be edited with certainty
 */
export function planRemoval(place: Place): FileChange[] {
  const { root, path, name } = place
  const own = [kustomizationFile, secretFile].flatMap((file) => {
    const before = readIfThere(join(path, name, file))
    return before === undefined ? [] : [{ path: join(path, name, file), before, after: undefined }]
  })
  const list = readKustomizationFile(place)
  const replaced = readReplaced(readIfThere(join(path, name, kustomizationFile)) ?? '')
  const removed = list && removeResource(list.text, name, replaced)
  if (removed && 'reason' in removed)
    throw new UserError(
      `cannot take ${name} out of the resources of ${relative(root, list!.file)}: ${removed.reason}`,
      { hint: `take it out by hand, and remove ${relative(root, join(path, name))}` },
    )
  if (!list || !removed || removed.text === list.text) return own
  return [{ path: list.file, before: list.text, after: removed.text }, ...own]
}

/**
 * Sees to it that what stands at the place of a test Secret is one of ours, whole, and for this namespace.
 * @throws UserError where it is not
 */
export function checkExisting(place: Place, namespace: string): void {
  const { root, path, name } = place
  const shown = relative(root, join(path, name))
  const found = findTestSecret(place)
  if (!found?.ours)
    throw new UserError(`cannot create ${shown}: something else of that name is there`, {
      hint: 'choose another --name',
    })
  const list = readKustomizationFile(place)
  const isWhole = existsSync(join(path, name, kustomizationFile)) && (!list || hasResource(list.text, name))
  if (isWhole && found.namespace === namespace) return
  const why = isWhole ? `for the namespace ${found.namespace}` : 'but not all of it'
  throw new UserError(`cannot create ${shown}: it is there already, ${why}`, { hint: removeFirst })
}

/** @throws UserError where it is not clear which text kustomize would read */
function readKustomizationFile({ root, path }: Place): { file: string; text: string } | undefined {
  const opened = openKustomizationFile(root, path)
  if (opened && 'reason' in opened) throw new UserError(opened.reason)
  return opened
}
