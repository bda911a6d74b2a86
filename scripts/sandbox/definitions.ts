import { type Process, type Surroundings, waitUntilReady } from './process.ts'

/** Creates the CustomResourceDefinitions of Flux and the namespace flux-system, and waits until the API server knows them. */
export async function installFlux(
  kubectl: (args: readonly string[]) => Promise<string>,
  crds: string,
  apiServer: Process,
  around: Surroundings,
): Promise<void> {
  await Promise.all([kubectl(['create', '-f', crds]), kubectl(['create', 'namespace', 'flux-system'])])
  // not `kubectl wait`: it takes 1 s for what this finds out in 0.2 s
  const established = async () => {
    const { items } = JSON.parse(await kubectl(['get', 'crd', '-o', 'json'])) as { items: Definition[] }
    const isTrue = ({ type, status }: Condition) => type === 'Established' && status === 'True'
    return items.every((definition) => definition.status?.conditions?.some(isTrue))
  }
  await waitUntilReady(apiServer, established, around)
}

/** A CustomResourceDefinition; the conditions are missing, or null, for a moment after it was created. */
interface Definition {
  status?: { conditions?: Condition[] | null }
}

interface Condition {
  type: string
  status: string
}
