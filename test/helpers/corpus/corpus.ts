import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { withDirectory } from '../files.ts'
import { userEnvironment } from '../user.ts'

/** A repository of a corpus: a git repository with all files committed. */
export interface CorpusRepository {
  name: string
  root: string
  env: NodeJS.ProcessEnv
}

/** Repositories, and edits of single files, as test input. */
export interface Corpus {
  /** What the titles of tests call its files. */
  title: string
  /** The names of its repositories. */
  names: readonly string[]
  /** @param names which of them; all where it is left out */
  withRepositories<T>(
    use: (repositories: CorpusRepository[]) => Promise<T>,
    names?: readonly string[],
  ): Promise<T>
  /** Files `….old.yaml` and `….new.yaml`, between which a person added decryption and changed nothing else. */
  withEdits<T>(use: (directory: string) => Promise<T>): Promise<T>
}

/** Real repositories, and what else was found in public. */
export interface RealCorpus extends Corpus {
  /** Files with creation rules, each under the name of its repository. */
  withRules<T>(use: (directory: string) => Promise<T>): Promise<T>
}

const made = join(import.meta.dirname, '..', '..', 'corpus')
const real =
  process.env.FLUX_SOPS_CORPUS || join(import.meta.dirname, '..', '..', '..', '..', 'shared', 'corpus')

/** `test/corpus`: made for the tests, with all ways to lay out a repository and to write a file. */
export const madeCorpus: Corpus = {
  title: 'made files',
  names: readdirSync(join(made, 'repositories')).sort(),
  withRepositories: (use, names = madeCorpus.names) =>
    withDirectory(async (directory) => {
      for (const name of names)
        cpSync(join(made, 'repositories', name), join(directory, name), { recursive: true })
      return use(names.map((name) => commitAll(directory, name)))
    }),
  withEdits: (use) => use(join(made, 'edits')),
}

/**
 * Real repositories and edits. They belong to others and are not part of the project: FLUX_SOPS_CORPUS names the
 * directory, or it stands beside the checkout. Where it is not here, that is said.
 * @throws in CI where it is not here
 */
export function realCorpus(): RealCorpus | undefined {
  if (!existsSync(join(real, 'pairs.tar.gz'))) {
    const why = `real repositories: they are not in ${real} (FLUX_SOPS_CORPUS)`
    if (process.env.CI) throw new Error(why)
    console.log(`skipped: ${why}`)
    return undefined
  }
  const unpack = (archive: string, directory: string) =>
    execFileSync('tar', ['xzf', join(real, archive), '-C', directory])
  const all = readdirSync(join(real, 'repos')).map((archive) => basename(archive, '.tar.gz'))
  return {
    title: 'real files',
    names: all.sort(),
    withRepositories: (use, names = all) =>
      withDirectory(async (directory) => {
        for (const name of names) unpack(join('repos', `${name}.tar.gz`), directory)
        return use(names.map((name) => commitAll(directory, name)))
      }),
    withEdits: (use) =>
      withDirectory(async (directory) => {
        unpack('pairs.tar.gz', directory)
        return use(join(directory, 'pairs'))
      }),
    withRules: (use) =>
      withDirectory(async (directory) => {
        unpack('sops-yaml.tar.gz', directory)
        return use(join(directory, 'sops-yaml'))
      }),
  }
}

/** The made one, and the real one where it is here. */
export function corpora(): Corpus[] {
  return [madeCorpus, realCorpus()].filter((corpus) => corpus !== undefined)
}

function commitAll(directory: string, name: string): CorpusRepository {
  const env = userEnvironment(directory, { GIT_CONFIG_GLOBAL: '/dev/null' })
  const root = join(directory, name)
  const git = (...args: string[]) => execFileSync('git', args, { cwd: root, env, stdio: 'ignore' })
  git('init', '--quiet')
  git('add', '--all', '--force')
  git('-c', 'user.name=x', '-c', 'user.email=x@example.com', 'commit', '--quiet', '--message', 'all')
  return { name, root, env }
}
