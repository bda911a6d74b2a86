import { existsSync, realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import { UserError } from '../errors.ts'
import type { Repository } from '../git.ts'
import { pathBelow } from '../paths.ts'
import { type FluxKustomization, group, nameOf } from './flux-file.ts'
import { findFluxFiles } from './flux-files.ts'

/**
 * The Kustomization that the user means.
 * @param wanted `name`, `namespace/name`, or the file (relative to the root or to `cwd`) that declares no other one
 * @param flag what asks for it, for the hint: `--kustomization`
 * @param cwd where the user stands
 * @throws UserError with the candidates where there is none or more than one
 */
export async function findKustomization(
  repository: Repository,
  wanted: string,
  flag: string,
  cwd = repository.root,
): Promise<FluxKustomization> {
  const path = resolve(cwd, wanted)
  const wantedFile = existsSync(path) ? pathBelow(repository.root, realpathSync(path)) : wanted
  const all = await readKustomizations(repository)
  const matching = all.filter(({ file, name, namespace }) => {
    const isNamed = wanted === name || wanted === `${namespace ?? 'flux-system'}/${name}`
    return isNamed || wanted === file || wantedFile === file
  })
  const [found] = matching
  if (found && matching.length === 1) return found
  throw found
    ? unclear(`several Flux Kustomizations are called ${wanted}:`, matching, flag)
    : unclear(`no Flux Kustomization of this repository is called ${wanted}; there are:`, all, flag)
}

/** All Kustomizations that files of the repository declare. @throws UserError where there is none */
export async function readKustomizations(repository: Repository): Promise<FluxKustomization[]> {
  const files = await findFluxFiles(repository)
  const all = files.filter((file) => !file.patchOf).flatMap((file) => file.kustomizations)
  if (all.length === 0) throw noKustomizations()
  return all
}

/** The error where it is not clear which Kustomization is meant. @param what stands before the candidates */
export function unclear(what: string, candidates: readonly FluxKustomization[], flag: string): UserError {
  const shown = candidates.map((one) => `\n  ${nameOf(one)} (${one.file})`)
  return new UserError(`${what}${shown.join('')}`, {
    hint: `choose one with ${flag} NAME, ${flag} NAMESPACE/NAME or ${flag} FILE`,
  })
}

/** The error for a place without any Flux Kustomization. */
export function noKustomizations(where = 'this repository'): UserError {
  return new UserError(`there is no Flux Kustomization in ${where}`, {
    hint: `it is an object of apiVersion ${group}/v1 in a .yaml, .yml or .json file that git does not ignore`,
  })
}
