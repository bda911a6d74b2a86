import { isDeepStrictEqual } from 'node:util'
import { type Finding, finding } from '../../../../findings/finding.ts'
import { someOf } from '../../../../findings/some-of.ts'
import type { FileBuilder } from '../../../../lib/repository/file-builders.ts'
import { type FluxKustomization, nameOf, placeInFile } from '../../../../lib/repository/flux-file.ts'
import { type Mapping, textAt } from '../../../../lib/yaml/values.ts'
import type { Check } from '../../check.ts'

/** Looks for encrypted files that two Kustomizations of a cluster make the same objects of. */
export const checkBuiltTwice: Check = ({ flux, read }, sopsFiles) => {
  if (!flux) return []
  const pairs = new Map<string, { one: FluxKustomization; other: FluxKustomization; files: string[] }>()
  for (const { file } of sopsFiles) {
    const builders = flux.buildersOf(file)
    if (builders.length < 2 || hasOpenName(`${read(file) ?? ''}`)) continue
    const pair = pairAmong(builders, flux.clusters.areTogether)
    if (!pair) continue
    const [one, other] = pair
    const key = [one, other].map((source) => `${source.file} ${nameOf(source)}`).join(' ')
    const known = pairs.get(key) ?? { one, other, files: [] }
    known.files.push(file)
    pairs.set(key, known)
  }
  return [...pairs.values()].map(({ one, other, files }): Finding => {
    const inFile = flux.files.find(({ file }) => file === one.file)
    const place = { file: one.file, ...(inFile && placeInFile(inFile, one)) }
    const facts = {
      kustomization: nameOf(one),
      other: `${nameOf(other)} (${other.file})`,
      files: someOf(files),
    }
    return finding('built-twice', place, facts)
  })
}

/** Variables decide what the objects are called. */
function hasOpenName(text: string): boolean {
  return /^\s+["']?(?:name|namespace)["']?\s*:.*\$\{/m.test(text)
}

function pairAmong(
  builders: readonly FileBuilder[],
  areTogether: (a: FluxKustomization, b: FluxKustomization) => boolean,
): [FluxKustomization, FluxKustomization] | undefined {
  for (const [index, a] of builders.entries())
    for (const b of builders.slice(index + 1))
      if (a.source !== b.source && areTogether(a.source, b.source) && areAlike(a, b))
        return [a.source, b.source]
  return undefined
}

/** Whether two uses leave an object with the same name in the same namespace. */
function areAlike(a: FileBuilder, b: FileBuilder): boolean {
  const idOf = ({ use }: FileBuilder) => {
    const object: Mapping = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x', namespace: 'y' } }
    const built = use.steps.reduce((value, step) => step.apply(value), object)
    return ['name', 'namespace'].map((field) => textAt(built, 'metadata', field))
  }
  const [name, namespace] = idOf(a)
  // kustomize refuses what a patch leaves without a name
  return a.use.as === b.use.as && name !== undefined && isDeepStrictEqual([name, namespace], idOf(b))
}
