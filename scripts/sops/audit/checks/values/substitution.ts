import { type Finding, finding } from '../../../../findings/finding.ts'
import { nameOf } from '../../../../lib/repository/flux-file.ts'
import type { FluxRepository } from '../../../../lib/repository/flux-repository.ts'
import { objectGap } from '../../../../lib/repository/rendered.ts'
import {
  type Expressions,
  expressionsIn,
  isNotSubstituted,
  type Substitution,
  substitutionOf,
} from '../../../../lib/repository/variables/substitution.ts'
import { isWhole, manifestsOf } from '../../../../lib/sops/files/encrypted-manifests.ts'
import type { Mapping } from '../../../../lib/yaml/values.ts'
import type { FileCheck } from '../../open-files.ts'

/** Decrypted values in which Flux replaces variables. What stands in them is a secret, the names of variables too. */
export const checkSubstitution: FileCheck = (file, { values, format }, { flux }) => {
  const byDocument = Map.groupBy(values, ({ document }) => document)
  return [...byDocument.values()].flatMap((own): Finding[] => {
    const suspects = own.flatMap(({ ciphertext, bytes, ...value }) =>
      ciphertext && bytes?.includes('$') ? [{ ...value, found: expressionsIn(`${bytes}`) }] : [],
    )
    const [object] = suspects.length > 0 ? manifestsOf({ values: own, format }) : []
    if (!object || !flux || isWhole(object)) return []
    const replacing = replacingOf(file, object, flux)
    return suspects.flatMap(({ path, line, column, found }): Finding[] => {
      const place = { file, line, column }
      const names = { path: path.join('.'), file }
      const failing = replacing.find(({ substitution }) => fails(found, substitution))
      if (failing) {
        const what = found.isBroken ? "an expression that Flux can't read" : 'a variable that has no value'
        return [
          finding('substitution-fails', place, { ...names, what, kustomization: failing.kustomization }),
        ]
      }
      const [first] = replacing
      if (first && found.losesDollar)
        return [finding('dollar-lost', place, { ...names, kustomization: first.kustomization })]
      const open = replacing.find(({ substitution }) => lacks(found, substitution))
      return open
        ? [finding('substitution-unseen', place, { ...names, kustomization: open.kustomization })]
        : []
    })
  })
}

/** The Kustomizations that decrypt an object of a file and replace variables in it. */
function replacingOf(file: string, object: Mapping, { buildersOf, nodes }: FluxRepository) {
  return buildersOf(file).flatMap(({ source, use, decrypts }) => {
    const changed = use.steps.reduce((before, step) => step.apply(before), object)
    const isOpen = use.steps.some((step) => step.gap(object)?.reach === 'object')
    if (decrypts !== true || isOpen || isNotSubstituted(changed)) return []
    const rendered = nodes.get(source)?.rendered ?? []
    return rendered
      .filter((one) => !objectGap(one))
      .flatMap(({ value }) => substitutionOf(value) ?? [])
      .map((substitution) => ({ kustomization: nameOf(source), substitution }))
  })
}

function lacks({ needed }: Expressions, { variables }: Substitution): boolean {
  return [...needed].some((name) => !Object.hasOwn(variables, name))
}

function fails(found: Expressions, substitution: Substitution): boolean {
  return found.isBroken || (!substitution.hasMore && lacks(found, substitution))
}
