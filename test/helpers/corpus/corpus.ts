import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { withDirectory } from '../files.ts'
import { userEnvironment } from '../user.ts'

/**
 * Real repositories as test input. They belong to others and are not part of the project: FLUX_SOPS_CORPUS names the
 * directory, or it stands beside the checkout.
 */
const corpus =
  process.env.FLUX_SOPS_CORPUS || join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'corpus')

/**
 * Whether the corpus is here. Where it is not, that is said, and is a failure for CI.
 * @throws in CI
 */
export function hasCorpus(): boolean {
  if (existsSync(join(corpus, 'pairs.tar.gz'))) return true
  if (process.env.CI) throw new Error(`the corpus is not in ${corpus}`)
  console.log('the corpus is not here (FLUX_SOPS_CORPUS): nothing was tested on real repositories')
  return false
}

/** The repositories by name, each unpacked, as git repositories with all files committed. */
export async function withCorpusRepositories<T>(
  use: (repositories: { name: string; root: string; env: NodeJS.ProcessEnv }[]) => Promise<T>,
): Promise<T> {
  return withDirectory(async (directory) => {
    const env = userEnvironment(directory, { GIT_CONFIG_GLOBAL: '/dev/null' })
    const archives = readdirSync(join(corpus, 'repos'))
    for (const archive of archives)
      execFileSync('tar', ['xzf', join(corpus, 'repos', archive), '-C', directory])
    const repositories = archives.map((archive) => {
      const name = archive.replace(/\.tar\.gz$/, '')
      const root = join(directory, name)
      const git = (...args: string[]) => execFileSync('git', args, { cwd: root, env, stdio: 'ignore' })
      git('init', '--quiet')
      git('add', '--all', '--force')
      git('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '--quiet', '--message', 'all')
      return { name, root, env }
    })
    return use(repositories)
  })
}

/** The directory of the 198 real edits: `<repository>/<edit>.{old,new}.yaml`. */
export async function withPairs<T>(use: (directory: string) => Promise<T>): Promise<T> {
  return withDirectory(async (directory) => {
    mkdirSync(directory, { recursive: true })
    execFileSync('tar', ['xzf', join(corpus, 'pairs.tar.gz'), '-C', directory])
    return use(join(directory, 'pairs'))
  })
}
