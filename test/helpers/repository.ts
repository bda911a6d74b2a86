import { execFileSync } from 'node:child_process'
import { mkdirSync, realpathSync } from 'node:fs'
import { join } from 'node:path'
import { withDirectory, writeFiles } from './files.ts'
import { userEnvironment } from './user.ts'

/** A git repository of a user who has an identity. */
export interface TestRepository {
  root: string
  env: NodeJS.ProcessEnv
  /** A directory around it that is removed afterwards. */
  directory: string
  /** Runs git in the root and returns its stdout without the last line break. */
  git(...args: string[]): string
}

/** Runs `use` with a fresh repository in which `files` are committed. */
export async function withRepository<T>(
  files: Readonly<Record<string, string>>,
  use: (repository: TestRepository) => Promise<T>,
): Promise<T> {
  return withDirectory(async (directory) => {
    const env = userEnvironment(directory)
    const root = join(realpathSync(directory), 'repository')
    mkdirSync(root)
    const git = (...args: string[]) =>
      execFileSync('git', args, { cwd: root, env, encoding: 'utf8', stdio: 'pipe' }).replace(/\n$/, '')
    git('init', '--quiet', '--initial-branch=main')
    git('config', 'user.name', 'Test')
    git('config', 'user.email', 'test@example.com')
    writeFiles(root, files)
    git('add', '--all')
    git('commit', '--quiet', '--allow-empty', '--message', 'start')
    return use({ root, env, directory, git })
  })
}
