/**
 * `npm run bench`: each task beside the same work by hand, in turn on one sandbox, and the median of the ratios pair by pair.
 * BENCH_RUNS changes the number of pairs (5).
 */
import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { buildBinaries } from '../../scripts/sandbox/build.ts'
import { applyFluxSystem, requestSync } from '../../scripts/sandbox/flux-system.ts'
import { type Sandbox, startSandbox } from '../../scripts/sandbox/sandbox.ts'
import { exampleCluster, writeFiles } from '../helpers/files.ts'
import { sopsConfig } from '../helpers/keys.ts'
import { olderMise, released } from '../helpers/released.ts'
import { miseOffline } from '../helpers/task.ts'
import { userEnvironment } from '../helpers/user.ts'
import { benchAudit } from './audit.ts'
import { benchEdits } from './edits.ts'
import { compare, type Pair } from './pairs.ts'
import { benchRepositories } from './repositories.ts'
import { benchRotate } from './rotate.ts'
import { benchRotationState } from './rotation-state.ts'
import { benchSopsFiles } from './sops-files.ts'

const execute = promisify(execFile)
const runs = Number(process.env.BENCH_RUNS) || 5
const root = join(import.meta.dirname, '..', '..')
/** As mise starts it. */
const task = (name: string) => [join(root, 'tasks', `${name.replace(':', '/')}.ts`)]
const byHand = (script: string) => ['bash', join(import.meta.dirname, script)]

interface Place {
  cwd: string
  env: NodeJS.ProcessEnv
}

/** How long Flux reconciles what waits for a Secret after it has changed, in ms: on processors that the next run wants as well. */
const controllersSettle = 1500

const call = ([program, ...args]: string[], { cwd, env }: Place) => execute(program!, args, { cwd, env })

function row(title: string, { ours, theirs, ratio }: Pair, target: string): void {
  const times = [ours, theirs].map((time) => `${time.toFixed(3)} s`.padStart(9))
  console.log(`${title.padEnd(44)} ${times.join(' ')} ${ratio.toFixed(2).padStart(6)}   ${target}`)
}

/** Beside a Node that does nothing. */
async function startUp(title: string, target: string, command: string[], place: Place): Promise<void> {
  const empty = [process.execPath, '-e', '0']
  const inTurn = [command, empty].map((one) => () => call(one, place))
  row(title, await compare(2 * runs, inTurn[0]!, inTurn[1]!), target)
}

async function makeRepository(place: Place, sandbox: Sandbox): Promise<void> {
  const git = async (...args: string[]) => (await execute('git', args, place)).stdout.trim()
  const { stdout } = await execute('age-keygen', [], place)
  const recipient = /public key: (.*)/.exec(stdout)![1]!
  const decryption = '  decryption:\n    provider: sops\n    secretRef:\n      name: sops-age\n'
  const files = exampleCluster()
  for (const name of ['infrastructure', 'apps']) files[`kubernetes/flux-system/${name}.yaml`] += decryption
  writeFiles(place.cwd, { ...files, '.sops.yaml': sopsConfig(recipient), '.age-key.txt': stdout })
  await git('init', '--quiet', '--initial-branch=main')
  await git('config', 'user.name', 'bench')
  await git('config', 'user.email', 'bench@example.com')
  await git('add', '--all')
  await git('commit', '--quiet', '--message', 'the cluster')
  await sandbox.createRepository('bench', 'main')
  await git('remote', 'add', 'origin', sandbox.gitUrl('bench'))
  await git('push', '--quiet', '--set-upstream', 'origin', 'main')
  await execute(task('flux:sops-key')[0]!, task('flux:sops-key').slice(1), place)
  await applyFluxSystem(sandbox, {
    url: sandbox.gitUrl('bench'),
    branch: 'main',
    path: 'kubernetes/flux-system',
  })
  await requestSync(sandbox)
  await sandbox.kubectl(['wait', '-n', 'flux-system', 'kustomization/apps', '--for=create', '--timeout=60s'])
  await sandbox.kubectl([
    'wait',
    '-n',
    'flux-system',
    'kustomization/apps',
    '--for=condition=Ready',
    '--timeout=60s',
  ])
}

/** A task of the form that ours have, with what starts processes. */
function writeNothing(parent: string): void {
  const module = (name: string) => JSON.stringify(join(root, 'scripts', name))
  const file = join(parent, 'tasks', 'do', 'nothing.ts')
  writeFiles(parent, {
    'tasks/do/nothing.ts': `#!/bin/sh
':' //; . ${module('task/start.sh')}
// [MISE] description="Do nothing"
import(${module('task/start.js')}).then(({ start }) =>
  start(__filename, async () => {
    await import(${module('lib/run.ts')})
    return { exitCode: 0, lines: [], json: {} }
  }),
)
`,
  })
  chmodSync(file, 0o755)
}

const directory = mkdtempSync(join(tmpdir(), 'flux-sops-bench-'))
const binaries = await buildBinaries({
  cacheHome: process.env.XDG_CACHE_HOME,
  env: process.env,
  note: console.error,
})
const sandbox = await startSandbox({ binaries, env: process.env })
try {
  const PATH = [binaries.bin, process.env.PATH].join(delimiter)
  const place = {
    cwd: join(directory, 'repository'),
    env: { ...userEnvironment(directory), ...miseOffline, PATH, KUBECONFIG: sandbox.kubeconfig },
  }
  writeFiles(join(directory, 'home'), {
    '.config/mise/config.toml': `[task_config]\nincludes = [${JSON.stringify(join(directory, 'tasks'))}]\n`,
  })
  mkdirSync(place.cwd)
  await makeRepository(place, sandbox)
  writeNothing(directory)
  const nothing = join(directory, 'tasks', 'do', 'nothing.ts')
  const viaMise = ['mise', 'run', '--quiet', 'do:nothing']
  console.log(`${''.padEnd(44)}      ours   by hand  ratio   target`)
  await startUp('a task that does nothing / node -e 0', '3.00', [nothing], place)
  await startUp('… with mise run', '3.00', viaMise, place)
  const [oldest = ''] = olderMise
  const old = { ...place.env, PATH: [await released('mise', oldest), PATH].join(delimiter) }
  await startUp(`… with mise run of ${oldest}`, '3.00', viaMise, { ...place, env: old })
  await startUp('… with plain node', '', [process.execPath, nothing], place)
  const tasks: [title: string, target: string, ours: string[], theirs: string[]][] = [
    ['flux:sops-key / get, delete, create', '1.10', task('flux:sops-key'), byHand('sops-key.sh')],
    ['sops:verify / the same steps, polled', '0.50', task('sops:verify'), byHand('verify.sh')],
  ]
  for (const [title, target, ours, theirs] of tasks) {
    const inTurn = [ours, theirs].map((command) => () => call(command, place))
    row(title, await compare(runs, inTurn[0]!, inTurn[1]!, controllersSettle), target)
  }
  // its helpers make a key as soon as they are loaded
  process.env.PATH = PATH
  const { benchExisting } = await import('./existing.ts')
  await benchExisting(sandbox, PATH, row)
  await benchRepositories(runs, PATH, row)
  await benchEdits(runs, PATH, row)
  await benchSopsFiles(runs, PATH, row)
  await benchAudit(PATH, row)
  await benchRotationState(runs, row)
  await benchRotate(runs, PATH, row)
} finally {
  await sandbox.stop()
  rmSync(directory, { recursive: true, force: true })
}
