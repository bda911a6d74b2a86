import { join, relative } from 'node:path'
import type { Caller, Report } from '../lib/caller.ts'
import { unifiedDiff } from '../lib/diff.ts'
import { exit, UserError } from '../lib/errors.ts'
import { putBack, replaceFiles } from '../lib/files.ts'
import { commitFiles, listFiles, type Repository, refuseUncommitted, repositoryRoot } from '../lib/git.ts'
import {
  directoriesThatInclude,
  isKustomizationFile,
  readKustomizationFiles,
} from '../lib/kustomization-files.ts'
import { failingBuilds } from '../lib/kustomize.ts'
import { findFluxFiles, noKustomizations } from '../lib/repository.ts'
import { type Decryption, type Finding, judge } from './enable-decryption/judge.ts'
import { type FilePlan, planFile } from './enable-decryption/plan.ts'
import { bootstrapHint, reportLines } from './enable-decryption/report.ts'

export interface EnableDecryptionOptions {
  /** Files and directories as the user typed them; none: the whole repository. */
  paths: string[]
  /** The name of the key Secret. */
  name: string
  /** Without the Secret, for a key that the controller has (`--sops-age-secret`). */
  providerOnly: boolean
  check: boolean
  dryRun: boolean
  commit: boolean
  caller: Caller
}

const commitMessage = 'feat(flux): add SOPS decryption to Kustomizations'

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
  const { caller, check, dryRun, paths } = options
  const { cwd, env, signal } = caller
  const block = wantedBlock(options)
  const repository: Repository = { root: await repositoryRoot(cwd, env), env, signal }
  const files = await findFluxFiles(repository, paths, cwd)
  if (files.length === 0) throw noKustomizations(paths.length > 0 ? paths.join(', ') : undefined)
  const plans = files.map((flux) => planFile(flux, judge(flux, block), block))
  const changed = plans.filter(({ flux, after }) => after !== flux.text)
  const writes = changed.length > 0 && !check && !dryRun
  const commit = writes ? await write(changed, repository, options) : undefined

  const findings = plans
    .flatMap((plan) => plan.findings)
    .map((finding) =>
      writes && finding.status === 'missing' ? { ...finding, status: 'added' as const } : finding,
    )
  const diff = dryRun
    ? changed.map(({ flux, after }) => unifiedDiff(flux.file, flux.text, after)).join('')
    : undefined
  const shown = (file: string) => relative(cwd, join(repository.root, file))
  const lines = reportLines(findings, shown)
  if (commit) lines.push(`commit ${commit.slice(0, 10)} ${commitMessage}`)
  // stdout is the diff alone, so that it can be piped into `git apply`
  for (const line of [...(dryRun ? lines : []), ...bootstrapHint(findings, block, shown)]) caller.note(line)
  return {
    exitCode: check && changed.length > 0 ? exit.no : exit.done,
    lines: diff === undefined ? lines : diff.split('\n').slice(0, -1),
    json: {
      result: writes ? 'changed' : changed.length > 0 ? 'missing' : 'unchanged',
      kustomizations: findings.map(record),
      ...(diff !== undefined && { diff }),
      ...(commit && { commit }),
    },
  }
}

function record({ file, document, name, namespace, status, reason }: Finding) {
  return {
    file,
    document: document ?? null,
    name: name ?? null,
    namespace: namespace ?? null,
    status,
    reason: reason ?? null,
  }
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

/** @returns the commit, where one was wanted */
async function write(
  plans: readonly FilePlan[],
  repository: Repository,
  { caller, commit }: EnableDecryptionOptions,
): Promise<string | undefined> {
  const { root } = repository
  const paths = plans.map(({ flux }) => flux.file)
  const changes = plans.map(({ flux, after }) => ({ path: join(root, flux.file), before: flux.text, after }))
  const shown = (path: string) => relative(caller.cwd, path)
  if (commit) await refuseUncommitted(repository, paths, (file) => shown(join(root, file)))
  const buildable = await directoriesThatBuild(repository, paths, caller)
  replaceFiles(changes, shown)
  try {
    const [failure] = (await failingBuilds(root, buildable, caller)).values()
    if (failure)
      throw new UserError(`cannot add decryption, for with it ${failure.message}`, {
        hint: 'nothing was changed',
      })
    return commit ? await commitFiles(repository, paths, commitMessage) : undefined
  } catch (error) {
    const lost = putBack(changes).map(shown)
    if (lost.length > 0) caller.note(`not put back, because it has changed meanwhile: ${lost.join(', ')}`)
    throw error
  }
}

/** The directories that take in one of the files and can be built as they are: what is broken already proves nothing. */
async function directoriesThatBuild(
  repository: Repository,
  files: readonly string[],
  caller: Caller,
): Promise<string[]> {
  const kustomizationFiles = (await listFiles(repository)).filter(isKustomizationFile)
  const directories = directoriesThatInclude(
    readKustomizationFiles(repository.root, kustomizationFiles),
    files,
  )
  const failing = await failingBuilds(repository.root, directories, caller)
  return directories.filter((directory) => !failing.has(directory))
}
