import { join } from 'node:path'
import { findKept } from '../../lib/applied/kept.ts'
import { type KeySecret, readKeySecret, recipientsOf } from '../../lib/cluster/key-secret.ts'
import { type NameOf, namesFrom, pathBelow } from '../../lib/paths.ts'
import type { KeyContent } from '../../lib/sops/age.ts'
import type { KeyFileProblem } from '../../lib/sops/key-file.ts'
import type { KeyOptions } from '../../lib/sops/key-places.ts'
import { canDecrypt, isPostQuantum } from '../../lib/sops/recipients.ts'
import { changeOf, opensTheSame } from './change.ts'
import type { Consequences, Grounds } from './consequences.ts'
import { findFittingPlace, type KeyAt } from './fitting.ts'
import type { SecretPlan } from './plan.ts'
import { type KeyRefusal, keptBy, refusalOf } from './refusals.ts'
import { findUnusedIdentities } from './unused.ts'
import {
  followsOthers,
  keyFileWarning,
  needsNewController,
  opensNotAll,
  pluginLeftOut,
  unreadableEntries,
  unusedIdentity,
  willBeLost,
} from './words.ts'

/** The key that is to be put into the cluster. */
export interface NewKey extends KeyContent {
  /** Where it was found, for people. */
  source: string
  /** Absolute; `undefined` where it is in none. */
  file: string | undefined
  /** What is wrong with where it is kept. */
  fileProblems: KeyFileProblem[]
}

/** What the check needs besides the plans. */
export interface CheckOptions extends Omit<Grounds, 'identities'> {
  /** The name of the Secret. */
  name: string
  /** The name of the context. */
  context: string
  /** Nothing is refused. */
  force: boolean
  /** Where a key is looked for. */
  places: KeyOptions
}

/** What came of the check. */
export interface Checked {
  /** None of them holds the key. */
  warnings: string[]
  /** What each of the Secrets holds now. */
  lives: KeySecret[]
}

/**
 * Checks what would come of the plans for all namespaces.
 * @throws UserError (exit 1) where Flux could no longer decrypt a file, or it cannot be seen whether, where this is another
 *   cluster, or somebody keeps the Secret; unless `force`
 */
export async function checkPlans(
  plans: readonly SecretPlan[],
  key: NewKey,
  options: CheckOptions,
): Promise<Checked> {
  const { places } = options
  const { env, signal, cwd } = places
  const nameOf = (file: string) => namesFrom(cwd)(join(options.tree?.repository.root ?? cwd, file))
  const lives = await Promise.all(
    plans.map((plan) => readKeySecret(plan.live, { env, signal, known: key.identities })),
  )
  const changing = plans.flatMap((plan, index) => (plan.changesKey ? [{ plan, live: lives[index]! }] : []))
  const perSecret: string[] = []
  for (const { plan, live } of changing)
    perSecret.push(...(await checkPlan(plan, live, key, { ...options, nameOf })))
  const unused = await warningsOfUnused(
    changing.map(({ live }) => live),
    key,
    options,
  )
  const unreadable = plans.flatMap(({ namespace, removes }, index) =>
    unreadableEntries(
      lives[index]!.ageEntries.filter(({ dataKey }) => !removes.includes(dataKey)),
      { namespace, name: options.name },
    ),
  )
  const postQuantum = newPostQuantum(key, changing)
  if (postQuantum.length > 0) perSecret.push(needsNewController(postQuantum))
  const ofKey = await warningsOfKey(key, options)
  return { warnings: [...ofKey, ...perSecret, ...unused, ...unreadable], lives }
}

/** @returns the warnings of one Secret @throws UserError where it is not to be written */
async function checkPlan(
  plan: SecretPlan,
  live: KeySecret,
  { identities, source }: NewKey,
  options: CheckOptions & { nameOf: NameOf },
): Promise<string[]> {
  const { name, context, force, use, tree, nameOf } = options
  const secret = `${plan.namespace}/${name}`
  const kept = plan.live && (await findKept(plan.live, use, tree?.repository))
  if (force) return kept ? [`secret ${secret}: ${keptBy(kept, nameOf).seen}`] : []
  const key = { source, recipients: identities.map(({ recipient }) => recipient) }
  // the same identities in another text open what they opened
  if (!kept && opensTheSame(changeOf(live, identities, options.only))) return []
  // following a revision needs the YAML parser, which takes as long to load as all the rest
  const { consequencesOf } = await import('./consequences.ts')
  const found = { kept, ...(await consequencesOf(plan, live, { ...options, identities })) }
  const refusal = refusalIn(found)
  if (refusal) {
    const fitting = await fittingFor(refusal, source, options.places)
    throw refusalOf(refusal, { secret, context, key, fitting, nameOf })
  }
  const { wrong, notOpened, willBeLost: lost } = found
  return [
    ...(wrong?.code === 'other-repositories' ? [followsOthers(context, wrong.urls)] : []),
    ...(notOpened.length > 0 ? [opensNotAll(secret, notOpened.map(nameOf))] : []),
    ...(lost.length > 0 ? [willBeLost(secret, lost.map(nameOf))] : []),
  ]
}

/** Why a Secret is not to be written: first who keeps it, for all else is to be done there. */
function refusalIn({ kept, wrong, outage, takesOut }: Consequences): KeyRefusal | undefined {
  return kept ?? (takesOut ? wrong : undefined) ?? outage
}

/** Another place, whose key opens the files that a refusal is about. */
async function fittingFor(refusal: KeyRefusal, used: string, places: KeyOptions): Promise<KeyAt | undefined> {
  switch (refusal.code) {
    case 'files-lost':
    case 'applied-files-lost':
    case 'opens-nothing':
      return findFittingPlace(
        used,
        (recipients) => refusal.files.some(({ documents }) => canDecrypt(documents, recipients)),
        places,
      )
    case 'unknown-identities':
      return findFittingPlace(
        used,
        (recipients) => refusal.recipients.some((one) => recipients.has(one)),
        places,
      )
    default:
      return undefined
  }
}

/** The post-quantum recipients that a Secret does not have yet. */
function newPostQuantum({ identities }: NewKey, changing: readonly { live: KeySecret }[]): string[] {
  return identities
    .map(({ recipient }) => recipient)
    .filter(isPostQuantum)
    .filter((recipient) => changing.some(({ live }) => !recipientsOf(live.ageEntries).includes(recipient)))
}

async function warningsOfKey(
  { source, file, fileProblems, pluginLines, identities }: NewKey,
  { tree, places: { cwd } }: CheckOptions,
): Promise<string[]> {
  const plugins = pluginLines.length > 0 ? [pluginLeftOut(source, pluginLines)] : []
  if (file === undefined || fileProblems.length === 0) return plugins
  const recipients = identities.map(({ recipient }) => recipient)
  const used = fileProblems.includes('tracked') ? await tree?.recipients() : undefined
  const isUsed = recipients.some((recipient) => used?.has(recipient))
  const keyFile = {
    source,
    recipients,
    name: namesFrom(cwd)(file),
    inRepository: tree && pathBelow(tree.repository.root, file),
  }
  return [...plugins, ...fileProblems.map((problem) => keyFileWarning(keyFile, problem, isUsed))]
}

async function warningsOfUnused(
  lives: readonly KeySecret[],
  { identities, source }: NewKey,
  { tree, places }: CheckOptions,
): Promise<string[]> {
  const unused = await findUnusedIdentities(lives, identities, tree)
  if (unused.length < identities.length || !tree) return unused.map((one) => unusedIdentity(one, undefined))
  const files = await tree.encryptedFiles()
  const opensOne = (recipients: ReadonlySet<string>) =>
    files.some(({ documents }) => canDecrypt(documents, recipients))
  const fitting = await findFittingPlace(source, opensOne, places)
  return unused.map((one) => unusedIdentity(one, fitting))
}
