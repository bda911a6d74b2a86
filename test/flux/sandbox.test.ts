import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { exit } from '../../scripts/lib/errors.ts'
import { run } from '../../scripts/lib/run.ts'
import { readProject } from '../helpers/documents.ts'
import { exampleCluster, writeFiles } from '../helpers/files.ts'
import { makeKey, sopsConfig } from '../helpers/keys.ts'
import { isRunning, listProcesses, until } from '../helpers/processes.ts'
import { type TestRepository, withRepository } from '../helpers/repository.ts'
import { runTask, startTask } from '../helpers/task.ts'

/** The user's repository, with an environment in which the built sandbox is found. */
function withCluster(use: (repository: TestRepository) => Promise<void>) {
  return withRepository(exampleCluster(), (repository) =>
    use({ ...repository, env: { ...repository.env, XDG_CACHE_HOME: process.env.XDG_CACHE_HOME } }),
  )
}

/** Sandboxes that lie about or run. */
const leftovers = () => [
  ...readdirSync(tmpdir()).filter((name) => name.startsWith('flux-sops-sandbox-')),
  ...listProcesses().filter(({ command }) => command.includes(join(tmpdir(), 'flux-sops-sandbox-'))),
]

/** Starts the task without a command and waits until it says how to use the sandbox. */
async function start({ root, env }: TestRepository) {
  const started = startTask('flux:sandbox', [], { cwd: root, env })
  let said = ''
  started.child.stdout!.on('data', (chunk) => {
    said += chunk
  })
  await until('it is ready', () => said.includes('\n'), started)
  const kubeconfig = /^export KUBECONFIG=(.*)$/m.exec(said)?.[1]
  assert.ok(kubeconfig, said)
  return { ...started, kubeconfig }
}

test('a command runs on a Flux that follows the branch, and its exit code is passed on', () =>
  withCluster(async ({ root, env, directory }) => {
    const script = join(directory, 'script.sh')
    writeFileSync(
      script,
      `set -e
echo "arguments: $1,$2"
env | sed -n 's/^\\(usage_[^=]*\\)=.*/leaked \\1/p'
kubectl wait -n flux-system --for=create kustomization/apps --timeout=120s >/dev/null
kubectl wait -n flux-system --for=condition=Ready kustomization/apps --timeout=120s
kubectl get configmap greeting -n default -o 'jsonpath={.data.text}{"\\n"}'
git clone --quiet "$FLUX_SANDBOX_GIT_URL" ../pushed
cd ../pushed
git -c user.name=x -c user.email=x@example.com commit --quiet --allow-empty -m pushed
git push --quiet
git ls-remote "$FLUX_SANDBOX_GIT_URL" refs/heads/main | grep -q "$(git rev-parse HEAD)" && echo push accepted
exit 7
`,
    )
    const call = { cwd: root, env, via: 'mise' as const }
    const { code, stdout, stderr } = await runTask('flux:sandbox', ['--', 'sh', script, 'a  b', "it's"], call)
    assert.is(code, 7, stderr)
    assert.match(stdout, /^arguments: a {2}b,it's$/m)
    assert.match(stdout, /^kustomization.*apps condition met$/m)
    assert.match(stdout, /^Flux was here$/m)
    assert.match(stdout, /^push accepted$/m)
    assert.not.match(stdout, /leaked/)
    assert.match(stderr, /Flux follows the commits of main/)
    assert.equal(leftovers(), [])
  }))

test('the command of its page, as it is written', () =>
  withCluster(async ({ root, env, git }) => {
    const key = makeKey()
    writeFiles(root, { '.sops.yaml': sopsConfig(key.recipient), '.age-key.txt': key.text })
    git('commit', '--quiet', '--all', '-m', 'the key')
    const [, args] = /^mise run flux:sandbox -- (.*)$/m.exec(readProject('docs/tasks/flux-sandbox.md'))!
    const script = /^sh -c '([^']*)'$/.exec(args!)![1]!
    const call = { cwd: root, env, via: 'mise' as const }
    await runTask('flux:enable-decryption', ['--commit'], call)
    const { code, stdout, stderr } = await runTask('flux:sandbox', ['--', 'sh', '-c', script], call)
    assert.is(code, 0, stdout + stderr)
    assert.match(stdout, /^secret\/sops-age created$/m)
    assert.match(stdout, /^proved: /m)
    assert.equal(leftovers(), [])
  }))

test('commits that cannot be served: it says so, and ends', () =>
  withCluster(async ({ root, env, git }) => {
    // the last commit is whole, and one before it is not
    const lost = git('rev-parse', 'HEAD:kubernetes/flux-system/apps.yaml')
    writeFileSync(join(root, 'kubernetes', 'flux-system', 'apps.yaml'), '# nothing\n')
    git('commit', '--quiet', '--all', '-m', 'whole')
    rmSync(join(root, '.git', 'objects', lost.slice(0, 2), lost.slice(2)))
    const started = startTask('flux:sandbox', ['--', 'true'], { cwd: root, env })
    const { code, stderr } = await Promise.race([
      started.ended,
      sleep(150_000, undefined, { ref: false }).then(() => ({ code: 'it goes on', stderr: '' })),
    ])
    started.child.kill('SIGKILL')
    assert.is(code, 2, stderr)
    assert.match(stderr, /^error: cannot bring the branch main into the sandbox: /m)
    assert.equal(leftovers(), [])
  }))

test('a repository that Flux cannot apply: the command runs all the same', () =>
  withCluster(async ({ root, env, git }) => {
    writeFileSync(join(root, 'kubernetes', 'flux-system', 'apps.yaml'), 'kind: Kustomization\n')
    git('commit', '--quiet', '--all', '-m', 'broken')
    const { code, stdout, stderr } = await runTask('flux:sandbox', ['--', 'echo', 'it runs'], {
      cwd: root,
      env,
    })
    assert.is(code, 0, stderr)
    assert.is(stdout, 'it runs\n')
    assert.match(stderr, /Flux has not applied the repository: see kustomization flux-system/)
  }))

test('it follows new commits until Ctrl-C, and leaves the repository and its configuration as they were', () =>
  withCluster(async (repository) => {
    const { git, root, env } = repository
    const config = readFileSync(join(root, '.git', 'config'), 'utf8')
    const { child, ended, kubeconfig } = await start(repository)
    const text = () => {
      const get = [
        'kubectl',
        `--kubeconfig=${kubeconfig}`,
        'get',
        'configmap',
        '-n',
        'default',
        'greeting',
        '--ignore-not-found',
      ]
      return run([...get, '-o', 'jsonpath={.data.text}'], { env })
    }
    await until('Flux applies the first commit', async () => (await text()) === 'Flux was here')
    const greeting = join(root, 'kubernetes', 'apps', 'greeting.yaml')
    writeFileSync(greeting, readFileSync(greeting, 'utf8').replace('was here', 'is back'))
    git('commit', '--quiet', '--all', '-m', 'next')
    await until('Flux applies the next commit', async () => (await text()) === 'Flux is back')
    child.kill('SIGINT')
    const { code, stdout, stderr } = await ended
    assert.is(code, exit.done, stderr)
    assert.is(stdout, `export KUBECONFIG=${kubeconfig}\n`)
    assert.match(stderr, /Ctrl-C stops it/)
    assert.match(stderr, new RegExp(`Flux gets ${git('rev-parse', '--short=7', 'HEAD')} of main`))
    assert.is(readFileSync(join(root, '.git', 'config'), 'utf8'), config)
    assert.is(git('status', '--porcelain'), '')
    assert.is(git('for-each-ref', '--format=%(refname)'), 'refs/heads/main')
    assert.equal(leftovers(), [])
  }))

test('SIGTERM ends the command, and a process that dies ends everything', () =>
  withCluster(async ({ root, env, directory }) => {
    const pid = join(directory, 'pid')
    const command = ['--', 'sh', '-c', `echo $$ >${pid}; exec sleep 600`]
    const running = startTask('flux:sandbox', command, { cwd: root, env })
    const isThere = () => existsSync(pid) && readFileSync(pid, 'utf8').endsWith('\n')
    await until('the command runs', isThere, running)
    running.child.kill('SIGTERM')
    assert.is((await running.ended).code, 128 + 15)
    assert.not(isRunning(Number(readFileSync(pid, 'utf8'))))
    assert.equal(leftovers(), [])

    const kill = 'kill -9 $(pgrep -f "^[^ ]*/kustomize-controller .*" -P $PPID); exec sleep 600'
    const { code, stderr } = await runTask('flux:sandbox', ['--', 'sh', '-c', kill], { cwd: root, env })
    assert.is(code, exit.notDone, stderr)
    assert.match(stderr, /error: kustomize-controller ended unexpectedly \(SIGKILL\); the end of its log:/)
    assert.equal(leftovers(), [])
  }))

test('kill -9 leaves nothing', () =>
  withCluster(async (repository) => {
    const { child, ended } = await start(repository)
    child.kill('SIGKILL')
    await ended
    await until('all is gone', () => leftovers().length === 0)
  }))

test('without a command as well, a process that dies ends everything', () =>
  withCluster(async (repository) => {
    const { ended } = await start(repository)
    const etcd = listProcesses().find(({ command }) =>
      command.includes(`--data-dir=${join(tmpdir(), 'flux-sops-sandbox-')}`),
    )
    process.kill(etcd!.pid, 'SIGKILL')
    const { code, stderr } = await ended
    assert.is(code, exit.notDone)
    assert.match(stderr, /error: etcd ended unexpectedly/)
    assert.equal(leftovers(), [])
  }))

test('what can not be served is said before anything is started', () =>
  withCluster(async ({ root, env, directory, git }) => {
    const refused = async (message: RegExp, hint: RegExp, args: string[] = [], cwd = root, more = {}) => {
      const { code, stdout, stderr } = await runTask('flux:sandbox', args, { cwd, env: { ...env, ...more } })
      assert.is(code, exit.notDone, stderr)
      assert.is(stdout, '')
      assert.match(stderr, message)
      assert.match(stderr, hint)
      assert.equal(leftovers(), [])
    }
    await refused(/not a git repository/, /hint: /, [], directory)
    for (const TMPDIR of [join(directory, 'absent'), '/proc', '/dev/null'])
      await refused(/cannot make a directory in/, /hint: set TMPDIR/, [], root, { TMPDIR })
    await refused(/no directory clusters\/x/, /hint: .*--path/, ['--path', './clusters/x/'])
    const tools = join(directory, 'tools')
    mkdirSync(tools)
    for (const tool of ['git', 'sh']) symlinkSync(findProgram(tool), join(tools, tool))
    const withoutGo = { PATH: tools, XDG_CACHE_HOME: join(directory, 'empty') }
    await refused(
      /needs Go 1\.26 or newer \(once\): go is not on PATH/,
      /hint: .*mise use go/,
      [],
      root,
      withoutGo,
    )
    git('switch', '--quiet', '--detach')
    await refused(/detached HEAD/, /hint: .*git switch/)
    git('switch', '--quiet', '--orphan', 'empty')
    await refused(/its branch empty has no commit yet/, /hint: commit/)
  }))

function findProgram(name: string): string {
  const directories = (process.env.PATH ?? '').split(':')
  return join(directories.find((directory) => existsSync(join(directory, name))) ?? dirname(name), name)
}

test.run()
