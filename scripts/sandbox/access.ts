import { join } from 'node:path'
import { run } from '../lib/run.ts'
import { createBareRepository } from './bare-repository.ts'
import { impersonate } from './kubeconfig.ts'

/** Where a sandbox is. */
export interface SandboxAddress {
  /** The state directory (mode 0700); everything of the sandbox is in it. */
  directory: string
  /** The directory of the programs. */
  bin: string
  /** The URL of the git server. */
  gitServer: string
}

/** What any process of the user can do with a sandbox, whichever process runs it. */
export interface SandboxAccess {
  /** The state directory. */
  readonly directory: string
  /** A kubeconfig file (mode 0600) for the administrator; its context is `sandbox`. */
  readonly kubeconfig: string
  /** The URL that the controllers and the user reach the repository `name` at. */
  gitUrl(name: string): string
  /** Makes a bare repository that accepts pushes, its HEAD on `branch`. @returns its path */
  createRepository(name: string, branch: string): Promise<string>
  /** A kubeconfig file for another user, who has no rights but those that RBAC gives to the name and the groups. */
  kubeconfigFor(user: string, groups?: readonly string[]): string
  /** Runs kubectl as the administrator and returns its stdout. @throws CommandError */
  kubectl(args: readonly string[], input?: string): Promise<string>
}

/** @param env for the PATH that git and sh are found on */
export function accessSandbox(
  { directory, bin, gitServer }: SandboxAddress,
  env: NodeJS.ProcessEnv,
): SandboxAccess {
  const kubeconfig = join(directory, 'kubeconfig')
  // kubectl keeps a cache in HOME; that of the controllers stays empty
  const temporary = join(directory, 'tmp')
  const own = { PATH: env.PATH, HOME: temporary, TMPDIR: temporary, KUBECONFIG: kubeconfig }
  return {
    directory,
    kubeconfig,
    gitUrl: (name) => `${gitServer}/${name}.git`,
    createRepository: (name, branch) =>
      createBareRepository(join(directory, repositories, `${name}.git`), branch, env),
    kubeconfigFor(user, groups = []) {
      const path = join(directory, `kubeconfig-${user}`)
      impersonate(path, kubeconfig, user, groups)
      return path
    },
    kubectl: (args, input = '') => run([join(bin, 'kubectl'), ...args], { env: own, input, cwd: directory }),
  }
}

/** The directory of the bare repositories, in the state directory. */
export const repositories = 'git'
