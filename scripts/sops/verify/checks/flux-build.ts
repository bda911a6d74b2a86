import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Kustomization } from '../../../lib/cluster/flux-objects.ts'
import { CommandError } from '../../../lib/errors.ts'
import { kustomizationFilesIn } from '../../../lib/kustomize/build.ts'
import { parseDocuments } from '../../../lib/yaml/documents.ts'
import { isMapping, listAt, type Mapping } from '../../../lib/yaml/values.ts'
import { buildDirectory, type TestSecretCaller } from '../../test-secret/checks.ts'
import type { Place } from '../../test-secret/place.ts'

/**
 * Builds the path of a Kustomization as Flux does: with what its spec writes into the kustomization file, or with a file that
 * lists everything below where there is none (docs/decryption.md#the-order-of-one-reconciliation). Values that are encrypted
 * stay so. The kustomization file is as it was when this ends.
 * @param place in a worktree that nobody else uses
 * @returns the objects; `undefined` where it cannot be built
 */
export async function buildAsFlux(
  place: Place,
  { spec }: Kustomization,
  caller: TestSecretCaller,
): Promise<Mapping[] | undefined> {
  const { path } = place
  const [name = 'kustomization.yaml'] = kustomizationFilesIn(path)
  const file = join(path, name)
  const before = existsSync(file) ? readFileSync(file) : undefined
  const value = before ? parseDocuments(before.toString())[0]?.value : { resources: manifestsBelow(path) }
  if (!isMapping(value)) return undefined
  try {
    // JSON is YAML
    writeFileSync(file, JSON.stringify(withSpec(value, spec, path)))
    const output = await buildDirectory(path, place, caller)
    return parseDocuments(output).flatMap((document) => (isMapping(document.value) ? [document.value] : []))
  } catch (error) {
    if (error instanceof CommandError) return undefined
    throw error
  } finally {
    if (before) writeFileSync(file, before)
    else rmSync(file)
  }
}

/** Whether the spec of a Kustomization changes what kustomize makes of its path. */
export function changesBuild({ spec }: Kustomization): boolean {
  const { targetNamespace, namePrefix, nameSuffix, components, patches } = spec
  return [targetNamespace, namePrefix, nameSuffix, components?.length, patches?.length].some(Boolean)
}

function withSpec(value: Mapping, spec: Kustomization['spec'], path: string): Mapping {
  const { targetNamespace, namePrefix, nameSuffix, components = [], patches = [] } = spec
  const found = components.filter((one) => !spec.ignoreMissingComponents || existsSync(join(path, one)))
  return {
    ...value,
    ...(targetNamespace && { namespace: targetNamespace }),
    ...(namePrefix && { namePrefix }),
    ...(nameSuffix && { nameSuffix }),
    components: [...listAt(value, 'components'), ...found],
    patches: [...listAt(value, 'patches'), ...patches],
  }
}

/** What Flux lists where there is no kustomization file, relative to a directory. */
function manifestsBelow(directory: string, before = ''): string[] {
  return readdirSync(join(directory, before), { withFileTypes: true }).flatMap((entry) => {
    const path = join(before, entry.name)
    if (entry.isFile()) return /\.ya?ml$/.test(entry.name) ? [path] : []
    if (!entry.isDirectory() || entry.name === '.git') return []
    return kustomizationFilesIn(join(directory, path)).length > 0 ? [path] : manifestsBelow(directory, path)
  })
}
