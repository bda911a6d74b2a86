import { execFile, execFileSync } from 'node:child_process'
import { appendFileSync, globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { auditIn } from '../helpers/audit.ts'
import { projectRoot } from '../helpers/documents.ts'
import { withDirectory, writeFiles } from '../helpers/files.ts'
import { encryptSecret, makeKey, sopsConfig } from '../helpers/keys.ts'
import { withRepository } from '../helpers/repository.ts'
import { miseOffline } from '../helpers/task.ts'
import { userEnvironment } from '../helpers/user.ts'
import { compare, type Pair } from './pairs.ts'

const execute = promisify(execFile)
const entry = join(projectRoot, 'tasks', 'sops', 'audit.ts')

/** As many as a large repository has. */
const encrypted = 500
/** As many as a commit changes. */
const staged = 5

type Row = (title: string, pair: Pair, target: string) => void

interface Place {
  root: string
  env: NodeJS.ProcessEnv
}

/**
 * `sops:audit` on encrypted files with their key, in this process and as mise starts it, beside `sops decrypt` on each.
 * @param PATH with sops
 */
export async function benchAudit(PATH: string, row: Row): Promise<void> {
  const key = makeKey()
  const text = encryptSecret(key.recipient)
  const names = Array.from({ length: encrypted }, (_, index) => `apps/${index}.enc.yaml`)
  const files = Object.fromEntries(names.map((name) => [name, text]))
  await withRepository(
    { ...files, '.sops.yaml': sopsConfig(key.recipient) },
    async ({ root, directory, env }) => {
      const keyFile = join(directory, 'key.txt')
      writeFileSync(keyFile, key.text, { mode: 0o600 })
      const bySops = () => {
        const withKey = { PATH, HOME: directory, SOPS_AGE_KEY: key.secret }
        for (const name of names) execFileSync('sops', ['decrypt', name], { cwd: root, env: withKey })
      }
      const ours = () => auditIn({ root, env }, { keyFile })
      const asProcess = () =>
        execFileSync(entry, ['--key-file', keyFile], { cwd: root, env: { ...env, PATH }, stdio: 'ignore' })
      // a run of sops takes half a minute
      row(`sops:audit of ${encrypted} / sops decrypt on each`, await compare(1, ours, bySops), '2 s, 0.10')
      row('… as a process / sops decrypt on each', await compare(1, asProcess, bySops), '2 s, 0.10')
    },
  )
}

/** `sops:audit --staged` with a few files as a hook starts it by mise, beside a Node that does nothing. @param PATH with mise */
export async function benchStaged(runs: number, { root }: Place, PATH: string, row: Row): Promise<void> {
  await withDirectory(async (directory) => {
    writeFiles(directory, {
      'home/.config/mise/config.toml': `[task_config]\nincludes = [${JSON.stringify(join(projectRoot, 'tasks'))}]\n`,
    })
    const env = { ...userEnvironment(directory), ...miseOffline, PATH }
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, env, stdio: 'ignore' })
    const some = globSync('**/*.yaml', { cwd: root }).toSorted().slice(0, staged)
    for (const file of some) appendFileSync(join(root, file), '# changed\n')
    git('add', '--', ...some)
    const call = (program: string, ...args: string[]) =>
      execute(program, args, { cwd: root, env }).catch(({ code }) => {
        if (code !== 1) throw new Error(`${program} ended with ${code}`)
      })
    const ours = () => call('mise', 'run', '--quiet', 'sops:audit', '--staged')
    const empty = () => call(process.execPath, '-e', '0')
    row(`sops:audit --staged of ${staged} / node -e 0`, await compare(runs, ours, empty), '0.300 s')
  })
}

/** What `sops:audit` on a repository takes at its peak, in MB. */
export async function peakMemory({ root, env }: Place): Promise<number> {
  const hook = 'process.on("exit",()=>process.stderr.write("peak "+process.resourceUsage().maxRSS+"\\n"))'
  const traced = { ...env, NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(hook)}` }
  const options = { cwd: root, env: traced, maxBuffer: 1 << 28 }
  const { stderr } = await execute(entry, [], options).catch((error) => error)
  return Math.round(Number(/^peak (\d+)$/m.exec(stderr)![1]) / 1024)
}
