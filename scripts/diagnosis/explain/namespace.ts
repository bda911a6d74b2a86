import { finding } from '../../findings/finding.ts'
import { idOf } from '../../lib/cluster/flux-objects.ts'
import { declarationIn, declarationsOf } from '../repository/declarations.ts'
import type { Explainer } from './failure.ts'

/** Names the namespace that is missing, what is to be in it, and the Kustomization that would make it. */
export const explainNamespace: Explainer = async ({ kustomization, says, cause, named }, evidence) => {
  const [, name] = /namespaces? "([^"]+)" not found/.exec(says) ?? []
  if (name === undefined) return undefined
  const declared = named && (await declarationIn(kustomization, named, evidence))
  const makers = await declarationsOf({ kind: 'Namespace', name }, evidence)
  const maker = makers.find(({ by }) => by.length > 0)
  const id = maker?.by[0] && idOf(maker.by[0])
  return finding(
    'namespace-missing',
    { object: cause.object, file: declared?.file, line: declared?.line },
    {
      what: named ? `${named.kind} ${name}/${named.name}` : `an object (${name})`,
      builds: id === undefined ? '' : `; Kustomization ${id} would make it (${maker?.file}:${maker?.line})`,
      choose:
        id === undefined ? 'name another one' : `let this Kustomization depend on ${id} (spec.dependsOn)`,
    },
  )
}
