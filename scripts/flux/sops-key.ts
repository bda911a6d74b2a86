import type { Caller, Report } from '../lib/caller.ts'
import { annotate, apply, get, secrets } from '../lib/cluster/kube-api.ts'
import type { Secret } from '../lib/cluster/kube-objects.ts'
import { type Cluster, openCluster } from '../lib/cluster/kubectl.ts'
import { KubectlError } from '../lib/cluster/kubectl-error.ts'
import { UserError } from '../lib/errors.ts'
import { findRepositoryRoot } from '../lib/git.ts'
import { type Identity, readIdentities, renderIdentities } from '../lib/sops/age.ts'
import { findEncryptedFiles, recipientsInRules } from '../lib/sops/encrypted-files.ts'
import { requireKey } from '../lib/sops/key.ts'
import { filesThatWouldBeLost, recipientsIn, warnOfUnreadableEntries } from './sops-key/outage.ts'
import { lastApplied, type Plan, planSecret } from './sops-key/plan.ts'

export interface SopsKeyOptions {
  keyFile: string | undefined
  namespaces: string[]
  /** The name of the Secret. */
  name: string
  context: string | undefined
  dryRun: boolean
  force: boolean
  caller: Caller
}

/**
 * Creates or rotates the Secret that Flux decrypts with, by one server-side apply in each namespace.
 * Nothing is written before every namespace has been checked.
 *
 * @throws UserError where the key is unusable, the cluster cannot be reached or written to (exit 2), or files of the
 *   repository could no longer be decrypted (exit 1). No message and no output holds the key.
 */
export async function sopsKey(options: SopsKeyOptions): Promise<Report> {
  const cluster = openCluster(options.context, options.caller)
  try {
    return await putKey(cluster, options)
  } finally {
    await cluster.close()
  }
}

async function putKey(cluster: Cluster, options: SopsKeyOptions): Promise<Report> {
  const { name, caller } = options
  const namespaces = [...new Set(options.namespaces)]
  const { cwd, env, signal } = caller
  const readSecret = (namespace: string) =>
    get<Secret>(cluster, `cannot read secret ${namespace}/${name}`, secrets, { namespace, name })
  const root = await findRepositoryRoot(cwd, env)
  // before the cluster is called: where it fails, nobody may still be asked for the key
  const { text, source } = await requireKey({ keyFile: options.keyFile, cwd, root, env, signal })
  const [identities, ...lives] = await Promise.all([
    readIdentities(text, source, { env, signal }).then(unique),
    ...namespaces.map(readSecret),
  ])
  const plans = namespaces.map((namespace, index) => ({
    namespace,
    live: lives[index],
    ...planFor(lives[index], namespace),
  }))

  function planFor(live: Secret | undefined, namespace: string): Plan {
    const plan = planSecret(live, { name, namespace }, renderIdentities(identities))
    if (live && plan.result !== 'unchanged') checkReplaceable(live, namespace, name)
    return plan
  }

  const changing = await Promise.all(
    plans
      .filter(({ changesKey }) => changesKey)
      .map(async ({ live }) => ({
        live,
        held: await recipientsIn(live, { env, signal, known: identities }),
      })),
  )
  if (!options.force) for (const change of changing) await refuseOutage(change, identities, root, caller)
  const warnings = [
    await warnOfUnusedIdentities(changing, identities, root, caller),
    ...(await Promise.all(
      lives.map((live) => warnOfUnreadableEntries(live, { env, signal, known: identities })),
    )),
  ].flat()
  for (const warning of warnings) caller.note(`warning: ${warning}`)
  // known before anything is written: without one, kubectl would take whatever is at localhost:8080 for the cluster
  const context = await cluster.context
  // a namespace that is missing or forbidden shows only when it is written to
  if (plans.length > 1 && !options.dryRun) for (const plan of plans) await write(cluster, plan, true)
  for (const plan of plans) await write(cluster, plan, options.dryRun)

  const recipients = identities.map(({ recipient }) => recipient)
  return {
    exitCode: 0,
    lines: plans.flatMap((plan) =>
      describe(plan, { name, context, source, recipients, dryRun: options.dryRun }),
    ),
    json: {
      result: plans.every(({ result }) => result === 'unchanged')
        ? 'unchanged'
        : plans.some(({ result }) => result === 'created')
          ? 'created'
          : 'configured',
      context,
      secret: name,
      namespaces: plans.map(({ namespace, result, takenFrom, removeLastApplied }) => ({
        namespace,
        result,
        takenFrom,
        removedLastApplied: removeLastApplied,
      })),
      recipients,
      key: source,
      dryRun: options.dryRun,
      warnings,
    },
  }
}

function unique(identities: Identity[]): Identity[] {
  return [...new Map(identities.map((identity) => [identity.recipient, identity])).values()]
}

function checkReplaceable(live: Secret, namespace: string, name: string): void {
  const fix = `it can only be deleted and made again, and until then Flux decrypts nothing: kubectl delete secret ${name} -n ${namespace}`
  if (live.immutable)
    throw new UserError(`cannot change secret ${namespace}/${name}: it is immutable`, { hint: fix })
  if (live.type !== 'Opaque') {
    throw new UserError(`cannot change secret ${namespace}/${name}: it is of type ${live.type}, not Opaque`, {
      hint: `${fix}; or use another --name`,
    })
  }
}

/** A Secret that gets another key. */
interface Change {
  live: Secret | undefined
  /** The public keys of the identities that it holds, by data key. */
  held: Map<string, string[]>
}

async function refuseOutage(
  { live, held }: Change,
  identities: Identity[],
  root: string | undefined,
  { env, signal }: Caller,
): Promise<void> {
  if (!live) return
  const lost = await filesThatWouldBeLost(live, held, identities, { root, env, signal })
  if (lost.length === 0) return
  const { namespace, name } = live.metadata
  const shown = lost.slice(0, 20).map((file) => `\n  ${file}`)
  if (lost.length > shown.length) shown.push(`\n  … and ${lost.length - shown.length} more`)
  throw new UserError(
    `refusing to replace the key in secret ${namespace}/${name}: Flux could no longer decrypt ${lost.length} file${lost.length > 1 ? 's' : ''} of this repository:${shown.join('')}`,
    {
      exitCode: 1,
      hint: 'put the old and the new identity into the key file, one a line, and run this again; then add the new recipient to .sops.yaml, run `sops updatekeys` on these files, push, and run this with the new identity alone. --force replaces the key all the same',
    },
  )
}

/** An identity that is new in the cluster, opens no file and is in no creation rule is probably the wrong key. */
async function warnOfUnusedIdentities(
  changes: Change[],
  identities: Identity[],
  root: string | undefined,
  { env, signal }: Caller,
): Promise<string[]> {
  const known = changes.map(({ held }) => new Set([...held.values()].flat()))
  const added = identities.filter(({ recipient }) => !known.every((set) => set.has(recipient)))
  if (added.length === 0 || !root) return []
  const repository = { env, signal, root }
  const [files, rules] = await Promise.all([findEncryptedFiles(repository), recipientsInRules(repository)])
  const used = new Set([...rules, ...files.flatMap(({ groups }) => groups.flatMap(({ age }) => age))])
  return added
    .filter(({ recipient }) => !used.has(recipient))
    .map(
      ({ recipient }) =>
        `no file of this repository is encrypted to ${recipient}, and no .sops.yaml names it: is this the right key?`,
    )
}

async function write(
  cluster: Cluster,
  { live, manifest, result, removeLastApplied }: Plan & { live: Secret | undefined },
  dryRun: boolean,
): Promise<void> {
  const { namespace, name } = manifest.metadata as { namespace: string; name: string }
  if (result === 'unchanged') return
  let { resourceVersion } = live?.metadata ?? {}
  if (removeLastApplied && !dryRun)
    resourceVersion = await annotate(cluster, secrets, { namespace, name }, { [lastApplied]: null })
  const metadata = resourceVersion ? { ...manifest.metadata, resourceVersion } : manifest.metadata
  try {
    const what = `cannot write secret ${namespace}/${name}`
    await apply(cluster, what, secrets, { ...manifest, metadata }, { dryRun })
  } catch (error) {
    if (!(error instanceof KubectlError && error.problem === 'conflict')) throw error
    throw new UserError(
      `cannot write secret ${namespace}/${name}: it was changed by somebody else at the same time`,
      { hint: 'run it again' },
    )
  }
}

interface Shown {
  name: string
  context: string
  source: string
  recipients: string[]
  dryRun: boolean
}

function describe(
  plan: Plan & { namespace: string },
  { name, context, source, recipients, dryRun }: Shown,
): string[] {
  return [
    `secret/${name} ${plan.result}${dryRun && plan.result !== 'unchanged' ? ' (dry run: nothing was written)' : ''}`,
    `  context     ${context}`,
    `  namespace   ${plan.namespace}`,
    `  key from    ${source}`,
    ...recipients.map((recipient, index) => `  ${index === 0 ? 'recipients' : '          '}  ${recipient}`),
    ...(plan.takenFrom.length > 0 ? [`  taken over from ${plan.takenFrom.join(', ')}`] : []),
    ...(plan.removeLastApplied
      ? [`  removed the annotation ${lastApplied}, which held a copy of the key`]
      : []),
  ]
}
