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
  const [maker] = makers.flatMap(({ file, line, by }) =>
    by.filter((one) => one !== kustomization).map((one) => ({ id: idOf(one), place: `${file}:${line}` })),
  )
  return finding(
    'namespace-missing',
    { object: cause.object, file: declared?.file, line: declared?.line },
    {
      what: named ? `${named.kind} ${name}/${named.name}` : `an object (${name})`,
      builds: maker ? `; Kustomization ${maker.id} would make it (${maker.place})` : '',
      choose: maker ? `let this Kustomization depend on ${maker.id} (spec.dependsOn)` : 'name another one',
    },
  )
}
