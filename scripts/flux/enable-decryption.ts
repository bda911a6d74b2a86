import { join } from 'node:path'
import type { Caller, Report } from '../lib/caller.ts'
import { unifiedDiff } from '../lib/diff.ts'
import { exit, UserError } from '../lib/errors.ts'
import { openRepository, type Repository, shortCommit } from '../lib/git/git.ts'
import { namesFrom } from '../lib/paths.ts'
import { findKeyless } from '../lib/repository/decryption/keyless.ts'
import { noKustomizations } from '../lib/repository/find-kustomization.ts'
import { type FluxFile, isBootstrapFile } from '../lib/repository/flux-file.ts'
import { findFluxFiles } from '../lib/repository/flux-files.ts'
import { type FluxRepository, readFluxRepository } from '../lib/repository/flux-repository.ts'
import { objectGap } from '../lib/repository/rendered.ts'
import { textAt } from '../lib/yaml/values.ts'
import { planBootstrapPatch } from './enable-decryption/bootstrap.ts'
import { type DecryptionHint, describeHint, findHints } from './enable-decryption/hints.ts'
import { type Decryption, type Judgement, judge } from './enable-decryption/judge.ts'
import { type Left, whatIsLeft } from './enable-decryption/left.ts'
import { planFile } from './enable-decryption/plan.ts'
import { describeReasons } from './enable-decryption/reasons.ts'
import { reportLines } from './enable-decryption/report.ts'
import { commitMessage, writeChanges } from './enable-decryption/write.ts'

/** What the user wants of `flux:enable-decryption`. */
export interface EnableDecryptionOptions {
  /** Files and directories as the user typed them; none: the whole repository. */
  paths: string[]
  /** The name of the key Secret. */
  name: string
  /** Without the Secret, for a key that the controller has (`--sops-age-secret`). */
  providerOnly: boolean
  /** Only those that build a file which Flux decrypts. */
  needed: boolean
  /** Also those that nothing applies. */
  all: boolean
  /** Also the Kustomization of `flux bootstrap`, before it builds its first encrypted file. */
  root: boolean
  /** Writes nothing; exit code 1 where one lacks decryption. */
  check: boolean
  /** Writes nothing; the lines of the report are a unified diff. */
  dryRun: boolean
  /** Commits the changed files, and only these. */
  commit: boolean
  caller: Caller
}

/**
 * Adds `decryption` at the end of `spec` of the Flux Kustomizations that lack it. Text is only inserted, and what can't be
 * edited with certainty is left alone and reported. All files are changed or none: they are put back where a kustomization
 * that could be built before can't be built any more, and where the commit fails.
 *
 * @returns exit code 1 where `check` found something missing
 * @throws UserError where there is no Flux Kustomization, or something could not be done (exit 2), or where `commit` would
 *   take uncommitted work of the user with it (exit 1)
 */
export async function enableDecryption(options: EnableDecryptionOptions): Promise<Report> {
  const { caller, check, dryRun, needed, all, root, providerOnly } = options
  const { cwd } = caller
  const block = wantedBlock(options)
  const { repository, names } = await openRepository(cwd, caller)
  const flux = await readFluxRepository(repository, names, caller.status)
  const files = await chosenFiles(repository, flux, options)
  const keyless = providerOnly ? new Map() : await findKeyless(repository.root, flux)
  if (root) requireRoot(files, flux)
  const plans = files.map((file) =>
    planFile(file, judge(file, flux, { block, needed, all, root, keyless }), block, (kustomization) =>
      planBootstrapPatch(repository.root, kustomization, block, { ...flux, names }),
    ),
  )
  const changes = plans.flatMap((plan) => plan.changes)
  const writes = changes.length > 0 && !check && !dryRun
  const commit = writes ? await writeChanges(changes, repository, flux, options) : undefined

  const judgements = plans
    .flatMap((plan) => plan.judgements)
    .map((judgement) =>
      writes && judgement.status === 'missing' ? { ...judgement, status: 'added' as const } : judgement,
    )
  const namespaces = keyNamespaces(judgements, flux, options.name)
  const left = whatIsLeft(judgements, flux, { root, isWhole: options.paths.length === 0 })
  const hints = findHints({ judgements, left, flux, block, namespaces })
  const isLeft = left.judgements.length + left.instances.length + left.made.length > 0
  const isMissing = changes.length > 0 || (check && isLeft)
  const diff = dryRun
    ? changes.map(({ file, before, after }) => unifiedDiff(file, before, after)).join('')
    : undefined
  const nameOf = namesFrom(cwd)
  const shown = (file: string) => nameOf(join(repository.root, file))
  const lines = reportLines(judgements, shown)
  if (commit) lines.push(`commit ${shortCommit(commit)} ${commitMessage}`)
  // stdout is the diff alone, so that it can be piped into `git apply`
  if (dryRun) for (const line of lines) caller.note(line)
  return {
    exitCode: exitCodeOf(options, isMissing, left),
    lines: diff === undefined ? lines : diff.split('\n').slice(0, -1),
    hints: hints.map((hint) => describeHint(hint, shown)),
    json: {
      result: writes ? 'changed' : isMissing ? 'missing' : 'unchanged',
      kustomizations: judgements.map(record),
      keyNamespaces: namespaces,
      hints: hints.map(hintRecord),
      ...(diff !== undefined && { diff }),
      ...(commit && { commit }),
    },
  }
}

function exitCodeOf(
  { check, dryRun }: EnableDecryptionOptions,
  isMissing: boolean,
  { hasRoot }: Left,
): number {
  if (check) return isMissing ? exit.no : exit.done
  return hasRoot && !dryRun ? exit.notDone : exit.done
}

/** What the user named, or all; a file that git ignores is judged by itself. */
async function chosenFiles(
  repository: Repository,
  { files, hasOperator }: FluxRepository,
  { paths, caller }: EnableDecryptionOptions,
): Promise<FluxFile[]> {
  if (files.length === 0 && paths.length === 0 && !hasOperator) throw noKustomizations()
  if (paths.length === 0) return files
  const named = await findFluxFiles(repository, paths, caller.cwd)
  if (named.length === 0) throw noKustomizations(paths.join(', '))
  return named.map((flux) => files.find(({ file }) => file === flux.file) ?? flux)
}

/** @throws UserError where neither `flux bootstrap` nor a FluxInstance makes a root */
function requireRoot(files: readonly FluxFile[], { installations }: FluxRepository): void {
  if (files.some(({ file }) => isBootstrapFile(file)) || installations.some(({ instance }) => instance))
    return
  throw new UserError('there is no root: neither gotk-sync.yaml nor a FluxInstance', {
    hint: 'leave out --root: a Kustomization in any other file gets the block there',
  })
}

/** Where Flux looks for the Secret `name`: in the namespaces of those that name it. */
function keyNamespaces(judgements: readonly Judgement[], { nodes }: FluxRepository, name: string): string[] {
  const namespaces = judgements.flatMap(({ status, kustomization }) => {
    const rendered = (kustomization && nodes.get(kustomization)?.rendered) ?? []
    const gets = status === 'added' || status === 'missing'
    return rendered
      .filter((one) => !objectGap(one))
      .filter(({ value }) => gets || textAt(value, 'spec', 'decryption', 'secretRef', 'name') === name)
      .map(({ value }) => textAt(value, 'metadata', 'namespace'))
  })
  const known = namespaces.filter((namespace) => namespace !== undefined)
  return [...new Set(known)].filter((namespace) => !namespace.includes('${')).toSorted()
}

function record({ file, document, name, namespace, status, reasons, by }: Judgement) {
  return {
    file,
    document: document ?? null,
    name: name ?? null,
    namespace: namespace ?? null,
    status,
    reason: describeReasons(reasons) ?? null,
    by: by ?? null,
  }
}

function hintRecord(hint: DecryptionHint) {
  const { text, lines } = describeHint(hint, (file) => file)
  return { code: hint.code, file: 'file' in hint ? hint.file : null, text, lines }
}

function wantedBlock({ name, providerOnly }: EnableDecryptionOptions): Decryption {
  if (providerOnly) return { provider: 'sops' }
  // https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names
  if (!/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) {
    throw new UserError(`${name} can't be the name of a Secret`, {
      hint: 'small letters, digits, - and . are allowed',
    })
  }
  return { provider: 'sops', secretRef: { name } }
}
