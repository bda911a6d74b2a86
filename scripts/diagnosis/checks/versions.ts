import { posix } from 'node:path'
import { finding } from '../../findings/finding.ts'
import { idOf, type Kustomization } from '../../lib/cluster/flux-objects.ts'
import type { ClusterCheck } from '../check.ts'
import type { Evidence } from '../evidence.ts'
import type { Controller } from '../snapshot/snapshot.ts'

/** What versions of kustomize-controller cannot do. */
interface Limit {
  /** The versions from the first one up to, and without, the second one. */
  from: string
  to: string
  /** Behind `kustomize-controller 1.8.0`. */
  cannot: string
  /** What uses it, each as `Kustomization flux-system/apps builds db.yaml`. */
  usedBy(controller: Controller, evidence: Evidence): Promise<Use[]>
}

/** Something that a version cannot do. */
interface Use {
  /** `namespace/name`; `undefined`: the controller itself. */
  kustomization: string | undefined
  file: string
}

/** Read in the changelogs of kustomize-controller and the issues that they name. */
const limits: readonly Limit[] = [
  {
    from: '0.0.0',
    to: '1.9.0',
    cannot: 'cannot use post-quantum identities of age',
    usedBy: (_, evidence) =>
      decryptedFiles(evidence, ({ documents }) =>
        documents.some(({ groups }) =>
          groups.some(({ age }) => age.length > 0 && age.every((one) => one.startsWith('age1pq1'))),
        ),
      ),
  },
  {
    from: '1.9.0',
    to: '1.9.2',
    cannot: 'does not decrypt .ini files (fluxcd/kustomize-controller#1695)',
    usedBy: (_, evidence) => decryptedFiles(evidence, ({ file }) => file.endsWith('.ini')),
  },
  {
    from: '1.5.0',
    to: '1.7.3',
    cannot: 'fails at patches that are a URL (fluxcd/kustomize-controller#1544)',
    usedBy: (_, evidence) => remotePatches(evidence),
  },
  {
    from: '0.0.0',
    to: '1.5.0',
    cannot: 'does not decrypt the files of patches and of components',
    usedBy: (_, evidence) => encryptedParts(evidence),
  },
  {
    from: '0.0.0',
    to: '1.7.0',
    cannot: 'knows no --sops-age-secret',
    usedBy: async (controller) =>
      argumentsOf(controller).some((one) => one.startsWith('--sops-age-secret='))
        ? [{ kustomization: undefined, file: 'its arguments' }]
        : [],
  },
]

/** What a feature gate of kustomize-controller changes, where that concerns somebody. */
const gates: readonly {
  gate: string
  value: string
  effect: string
  concerns(evidence: Evidence): boolean
}[] = [
  {
    gate: 'DisableConfigWatchers',
    value: 'true',
    effect: 'the label reconcile.fluxcd.io/watch has no effect, so that a changed key waits for the interval',
    concerns: ({ snapshot }) =>
      [...snapshot.secrets.values()].some(
        ({ metadata }) => metadata.labels?.['reconcile.fluxcd.io/watch'] === 'Enabled',
      ),
  },
  {
    gate: 'StrictPostBuildSubstitutions',
    value: 'false',
    effect: 'a variable that is not set becomes empty, and nobody says so',
    concerns: ({ snapshot }) => [...snapshot.kustomizations.values()].some(({ spec }) => spec.postBuild),
  },
]

/** Finds what the repository uses and the version of kustomize-controller cannot do, and feature gates that matter. */
export const checkVersions: ClusterCheck = async (evidence) => {
  const all = evidence.snapshot.controllers.filter(({ metadata }) => metadata.name === 'kustomize-controller')
  const found = await Promise.all(
    all.map(async (controller) => {
      const place = { object: `deployment ${idOf(controller)}` }
      const tooOld = await Promise.all(limits.map((limit) => judge(limit, controller, evidence)))
      const set = gatesOf(controller)
      const ofGates = gates
        .filter(({ gate, value, concerns }) => set.get(gate) === value && concerns(evidence))
        .map(({ gate, value, effect }) => ({
          finding: finding('feature-gate-set', place, { gate, value, effect }),
          stops: [],
        }))
      return [...tooOld.flat(), ...ofGates]
    }),
  )
  return found.flat()
}

async function judge(limit: Limit, controller: Controller, evidence: Evidence) {
  const version = versionOf(controller)
  if (version === undefined || isBefore(version, limit.from) || !isBefore(version, limit.to)) return []
  const uses = await limit.usedBy(controller, evidence)
  const [first] = uses
  if (!first) return []
  const more = uses.length > 1 ? ` and ${uses.length - 1} more` : ''
  const users =
    first.kustomization === undefined
      ? `${first.file} use it`
      : `${first.kustomization} builds ${first.file}${more}`
  return [
    {
      finding: finding(
        'controller-too-old',
        { object: `deployment ${idOf(controller)}` },
        { version, cannot: limit.cannot, users, needed: limit.to },
      ),
      stops: [...new Set(uses.flatMap(({ kustomization }) => kustomization ?? []))],
    },
  ]
}

/** The version that the tag of its image names; `undefined` where that is a digest or a name. */
function versionOf({ spec }: Controller): string | undefined {
  const images = spec.template.spec.containers.map(({ image }) => image)
  return images.flatMap((image) => /kustomize-controller:v(\d+\.\d+\.\d+)/.exec(image)?.[1] ?? [])[0]
}

function isBefore(version: string, other: string): boolean {
  return version.localeCompare(other, 'en', { numeric: true }) < 0
}

function argumentsOf({ spec }: Controller): string[] {
  return spec.template.spec.containers.flatMap(({ args }) => args ?? [])
}

function gatesOf(controller: Controller): Map<string, string> {
  const lists = argumentsOf(controller).flatMap((one) => /^--feature-gates=(.*)$/.exec(one)?.[1] ?? [])
  const pairs = lists.flatMap((list) => list.split(','))
  return new Map(pairs.map((pair) => [pair.split('=')[0] ?? '', pair.split('=')[1] ?? '']))
}

type File = Awaited<ReturnType<Evidence['decrypted']>>['files'][number]

async function decryptedFiles({ decrypted }: Evidence, isMeant: (file: File) => boolean): Promise<Use[]> {
  const { files } = await decrypted()
  return files.filter(isMeant).map(({ kustomization, file }) => ({ kustomization, file }))
}

/** What each Kustomization builds that decrypts. */
async function usesOf(
  evidence: Evidence,
  pick: (one: Kustomization, revision: Revision) => string[],
): Promise<Use[]> {
  const all = [...evidence.snapshot.kustomizations.values()].filter(({ spec }) => spec.decryption)
  const found = await Promise.all(
    all.map(async (one) => {
      const revision = await evidence.revisionOf(one)
      return (revision ? pick(one, revision) : []).map((file) => ({ kustomization: idOf(one), file }))
    }),
  )
  return found.flat()
}

type Revision = NonNullable<Awaited<ReturnType<Evidence['revisionOf']>>>

/** The kustomization files with a patch that is a URL. */
function remotePatches(evidence: Evidence): Promise<Use[]> {
  return usesOf(evidence, (one, { built, tree }) => {
    const files = new Set(built(one).uses.map(({ file }) => file))
    return [...tree.kustomizations.values()]
      .filter(({ file, patches }) => files.has(file) && patches.some(({ obstacle }) => obstacle === 'URL'))
      .map(({ file }) => file)
  })
}

/** The encrypted files of patches, and those of components. */
function encryptedParts(evidence: Evidence): Promise<Use[]> {
  return usesOf(evidence, (one, { built, tree }) => {
    const { uses, encrypted } = built(one)
    const components = new Set([...tree.kustomizations.values()].flatMap((file) => file.components))
    const isInComponent = (by: string | undefined) => by !== undefined && components.has(posix.dirname(by))
    return uses
      .filter(
        ({ file, as, by }) =>
          encrypted.has(file) && as !== 'resources' && (as === 'patches' || isInComponent(by)),
      )
      .map(({ file }) => file)
  })
}
