import { readdirSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import type { Caller } from '../caller.ts'
import { CommandError } from '../errors.ts'
import { type NameOf, namesFrom, renamePaths } from '../paths.ts'
import { type RunOptions, run } from '../run.ts'

/** The names of a kustomization file (kustomize api/konfig/general.go). A directory may hold one of them. */
export const kustomizationFileNames = ['kustomization.yaml', 'kustomization.yml', 'Kustomization']

/** The kustomization files of a directory: none, one, or (an error for kustomize) several. Names, without the directory. */
export function kustomizationFilesIn(directory: string): string[] {
  const names = readdirSync(directory)
  return kustomizationFileNames.filter((name) => names.includes(name))
}

/**
 * What `kustomize build` makes of a directory, as Flux calls it (files from outside of the directory are allowed).
 * The result may hold secrets: it is for the caller alone.
 *
 * @param directory absolute
 * @param options `cwd`: the root of the repository; `nameOf`: how what is below it is called in messages
 * @throws CommandError with the redacted reason, without paths of this machine; MissingProgram
 */
export async function build(
  directory: string,
  { nameOf, ...options }: RunOptions & { cwd: string; nameOf: NameOf },
): Promise<string> {
  const args = ['kustomize', 'build', '--load-restrictor', 'LoadRestrictionsNone', directory]
  try {
    return await run(args, options)
  } catch (error) {
    if (!(error instanceof CommandError)) throw error
    const why = renamePaths(error.stderr, options.cwd, nameOf)
    const what = `kustomize build ${nameOf(directory)} failed`
    throw new CommandError(`${what}: ${why || `exit ${error.code}`}`, error.code, why)
  }
}

/**
 * Builds several directories, as many at once as there are processors.
 * @param directories relative to `root`
 * @returns what went wrong, for each that can't be built
 * @throws UserError where kustomize is missing
 */
export async function failingBuilds(
  root: string,
  directories: readonly string[],
  { env, signal, status }: Pick<Caller, 'env' | 'signal' | 'status'>,
): Promise<Map<string, CommandError>> {
  const failing = new Map<string, CommandError>()
  const left = [...directories]
  const work = async () => {
    for (let directory = left.shift(); directory !== undefined; directory = left.shift()) {
      status(`kustomize build ${directory} (${directories.length - left.length} of ${directories.length})`)
      try {
        const options = { cwd: root, nameOf: namesFrom(root), env, signal, timeout: 60_000 }
        await build(join(root, directory), options)
      } catch (error) {
        if (!(error instanceof CommandError)) throw error
        failing.set(directory, error)
      }
    }
  }
  try {
    await Promise.all(Array.from({ length: availableParallelism() }, work))
  } finally {
    status(undefined)
  }
  return failing
}
