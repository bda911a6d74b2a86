import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '../errors.ts'
import type { Repository } from '../git/git.ts'
import { pathBelow } from '../paths.ts'
import { group, nameOf } from './flux-file.ts'
import { type KustomizationHere, readKustomizationsHere } from './kustomizations-here.ts'

/** How many candidates an error lists. */
const most = 20

/**
 * The Kustomization that the user means.
 * @param wanted `name`, `namespace/name`, or the file (relative to the root or to `cwd`) that declares no other one; where that
 *   is not enough `file:name` or `file:namespace/name`. Names and namespaces are those of the cluster
 * @param flag what asks for it, for the hint: `--kustomization`
 * @param cwd where the user stands
 * @throws UserError with the candidates where there is none or more than one
 */
export async function findKustomization(
  repository: Repository,
  wanted: string,
  flag: string,
  cwd = repository.root,
): Promise<KustomizationHere> {
  const all = await readKustomizations(repository)
  const fileOf = (named: string) => {
    const path = resolve(cwd, named)
    return (existsSync(path) && pathBelow(repository.root, realpathSync(path))) || named
  }
  const meant = all.filter(isMeant(wanted, fileOf))
  const matching = appliedOf(meant)
  const [found] = matching
  if (found && matching.length === 1) return found
  throw found
    ? unclear(`several Flux Kustomizations are called ${wanted}:`, matching, flag, all)
    : unclear(`no Flux Kustomization of this repository is called ${wanted}; there are:`, all, flag)
}

/** Those that something applies, for of the others the cluster knows nothing; where there are none, all. */
export function appliedOf(found: readonly KustomizationHere[]): readonly KustomizationHere[] {
  const applied = found.filter(({ notApplied }) => !notApplied)
  return applied.length > 0 ? applied : found
}

/** All Kustomizations that files of the repository declare. @throws UserError where there is none */
export async function readKustomizations(repository: Repository): Promise<KustomizationHere[]> {
  const all = await readKustomizationsHere(repository)
  if (all.length === 0) throw noKustomizations()
  return all
}

/** @param fileOf how the repository calls a file that the user has named */
function isMeant(wanted: string, fileOf: (named: string) => string): (one: KustomizationHere) => boolean {
  const colon = wanted.lastIndexOf(':')
  const before = wanted.slice(0, Math.max(colon, 0))
  const [whole, file] = [fileOf(wanted), fileOf(before)]
  return (one) =>
    isCalled(one, wanted) ||
    [wanted, whole].includes(one.file) ||
    ([before, file].includes(one.file) && isCalled(one, wanted.slice(colon + 1)))
}

function isCalled({ name, namespace, written }: KustomizationHere, wanted: string): boolean {
  return [name, written, `${namespace ?? 'flux-system'}/${name}`].includes(wanted)
}

/**
 * The error where it is not clear which Kustomization is meant.
 * @param what stands before the candidates
 * @param flag what asks for it
 * @param all Kustomizations of the repository, among which a candidate must be told apart
 */
export function unclear(
  what: string,
  candidates: readonly KustomizationHere[],
  flag: string,
  all = candidates,
): UserError {
  const shown = candidates.slice(0, most).map((one) => `\n  ${callOf(one, all)}`)
  const more = candidates.length > most ? `\n  and ${candidates.length - most} more` : ''
  return new UserError(`${what}${shown.join('')}${more}`, {
    hint: `choose one with ${flag} NAME, NAMESPACE/NAME, FILE, FILE:NAME or FILE:NAMESPACE/NAME`,
  })
}

/** How a Kustomization is called, and nothing else of the repository: what can be given to the flag comes first. */
function callOf(one: KustomizationHere, all: readonly KustomizationHere[]): string {
  const { file, name, namespace } = one
  const isUnique = (call: string) => appliedOf(all.filter(isMeant(call, (named) => named))).length === 1
  const short = [nameOf(one), `flux-system/${name}`].find((call) => isCalled(one, call) && isUnique(call))
  if (short !== undefined) return `${short} (${file})`
  const long = `${file}:${namespace ?? 'flux-system'}/${name}`
  return isUnique(`${file}:${name}`) ? `${file}:${name}` : long
}

/** The error for a place without any Flux Kustomization. */
export function noKustomizations(where = 'this repository'): UserError {
  return new UserError(`there is no Flux Kustomization in ${where}`, {
    hint: `it is an object of apiVersion ${group}/v1 in a .yaml, .yml or .json file that git does not ignore`,
  })
}
