import { posix } from 'node:path'
import { type Finding, finding } from '../../findings/finding.ts'
import { someOf } from '../../findings/some-of.ts'
import { builtDirectory, idOf } from '../../lib/cluster/flux-objects.ts'
import { type NodeId, objectOf } from '../chain/state.ts'
import type { Evidence } from '../evidence.ts'
import { type Declaration, declarationsOf } from '../repository/declarations.ts'

/** How many sources are listed. */
const most = 5

/** That a source is missing, with those that may be meant: first of the same name, then those whose names begin alike. */
export function missingSource(node: NodeId, { snapshot }: Evidence): Finding {
  const { kind, name } = objectOf(node)
  const others = [...snapshot.sources]
    .filter(([key]) => key.startsWith(`${kind} `))
    .map(([, source]) => source)
    .toSorted((a, b) => commonStart(b.metadata.name, name) - commonStart(a.metadata.name, name))
    .map(idOf)
  const listed = someOf(others, most)
  const there = others.length === 1 ? 'there is' : 'there are'
  return finding('source-missing', { object: node }, { others: listed && `; ${there} ${listed}` })
}

function commonStart(a: string, b: string): number {
  let length = 0
  while (length < a.length && a[length] === b[length]) length++
  return length
}

/** That a Kustomization which others depend on is missing, and why no other one applies it. */
export async function missingDependency(node: NodeId, evidence: Evidence): Promise<Finding> {
  const declarations = await declarationsOf(objectOf(node), evidence)
  const [first] = declarations
  if (!first || declarations.some(({ by }) => by.length > 0))
    return finding('dependency-missing', { object: node }, {})
  const { file, line } = first
  return finding(
    'dependency-not-applied',
    { object: node, file, line },
    { file, why: whyNotBuilt(first, evidence) },
  )
}

function whyNotBuilt({ file, revision }: Declaration, { snapshot }: Evidence): string {
  const leftOut = revision.leftOut(file)
  if (leftOut === 'sparse-checkout') return 'spec.sparseCheckout of the source leaves it out'
  if (leftOut) return `${leftOut.by ?? 'Flux by itself'} leaves it out (${leftOut.pattern})`
  for (let directory = posix.dirname(file); ; directory = posix.dirname(directory)) {
    const lister = revision.tree.kustomizations.get(directory)
    if (lister) {
      const parents = [...snapshot.kustomizations.values()].filter((one) => builtDirectory(one) === directory)
      const of = parents.map((one) => `, which Kustomization ${idOf(one)} builds,`).join('')
      return `${lister.file}${of} does not list it`
    }
    if (directory === '.') return 'no Kustomization builds it'
  }
}
