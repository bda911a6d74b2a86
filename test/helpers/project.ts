import { execFileSync } from 'node:child_process'
import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { startGitServer } from '../../scripts/sandbox/git-server.ts'
import { projectRoot } from './documents.ts'
import { userEnvironment } from './user.ts'

/** What is, or would be, committed of this project, relative to its root. */
export function projectFiles(): string[] {
  const list = ['ls-files', '--cached', '--others', '--exclude-standard', '-z']
  const listed = execFileSync('git', list, { cwd: projectRoot, encoding: 'utf8' }).split('\0')
  return listed.filter((file) => file && existsSync(join(projectRoot, file)))
}

/** Copies it to a directory. */
export function copyProject(to: string): void {
  for (const file of projectFiles()) {
    mkdirSync(dirname(join(to, file)), { recursive: true })
    copyFileSync(join(projectRoot, file), join(to, file))
  }
}

/**
 * Serves this project over http.
 * @param parent a directory for what is needed
 * @returns `url`: the repository is at `<url>/flux-sops-tasks.git`, with a tag on its one commit
 */
export async function serveProject(parent: string, tag: string) {
  const env = userEnvironment(parent)
  const [project, served] = [join(parent, 'project'), join(parent, 'served')]
  const git = (...args: string[]) => execFileSync('git', args, { cwd: project, env, stdio: 'pipe' })
  copyProject(project)
  mkdirSync(served)
  git('init', '--quiet', '--initial-branch=main')
  git('add', '--all')
  const identity = ['-c', 'user.name=Test', '-c', 'user.email=test@example.com']
  git(...identity, 'commit', '--quiet', '--message', 'test')
  git('tag', tag)
  git('clone', '--quiet', '--bare', project, join(served, 'flux-sops-tasks.git'))
  return startGitServer(served, env)
}
