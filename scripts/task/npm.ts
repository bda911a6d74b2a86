import { spawn } from 'node:child_process'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { makeDirectory } from '../lib/directories.ts'
import { UserError } from '../lib/errors.ts'
import { redact } from '../lib/redact.ts'

/**
 * Installs the locked production packages into a directory, without any install script. It starts npm itself, because
 * what starts processes elsewhere needs a package.
 * @param cwd holds package.json and package-lock.json, and gets node_modules
 * @throws UserError where npm is missing or fails, with what npm said, redacted; the reason of `signal`
 */
export async function npmInstall(cwd: string, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<void> {
  const args = [
    'ci',
    '--omit=dev',
    '--omit=optional',
    '--ignore-scripts',
    '--no-audit',
    '--no-fund',
    '--loglevel=error',
  ]
  // with npm's own patience a registry that can't be reached takes 9 minutes
  args.push('--fetch-retries=1', '--fetch-retry-mintimeout=1000')
  const npm = spawn('npm', args, { cwd, env: environmentOf(env, cwd), stdio: ['ignore', 'ignore', 'pipe'] })
  const stop = () => npm.kill()
  signal.addEventListener('abort', stop)
  let said = ''
  npm.stderr.setEncoding('utf8').on('data', (text) => {
    said += text
  })
  const code = await new Promise<number | null | undefined>((done) => {
    npm.on('close', done)
    npm.on('error', () => done(undefined))
  })
  signal.removeEventListener('abort', stop)
  signal.throwIfAborted()
  if (code === undefined) {
    throw new UserError('npm is not on PATH, so the packages of flux-sops-tasks cannot be installed', {
      hint: 'it comes with Node: `mise use node@24`',
    })
  }
  if (code !== 0) {
    throw new UserError(
      `cannot install the packages of flux-sops-tasks: npm ci failed\n${reasonOf(redact(said))}`,
      {
        hint: 'check that the npm registry can be reached, then run the task again',
      },
    )
  }
}

/** Without the private key. The cache of npm is in `cwd` where there can be no home: npm would never end (`makeDirectory`). */
function environmentOf(env: NodeJS.ProcessEnv, cwd: string): NodeJS.ProcessEnv {
  const { SOPS_AGE_KEY, ...others } = env
  try {
    makeDirectory(env.HOME || homedir())
    return others
  } catch {
    return { npm_config_cache: join(cwd, '.npm'), ...others }
  }
}

/** What npm said, without its own name, the trace and the list of its options. */
function reasonOf(said: string): string {
  const lines = [...said.matchAll(/^npm error (\S.*)$/gm)].map(([, line]) => `  ${line}`)
  return lines.slice(0, 6).join('\n')
}
