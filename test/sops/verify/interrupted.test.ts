import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clean, createMessage, type Place, removeMessage, withPlace } from '../../helpers/flux/verify.ts'
import { until } from '../../helpers/processes.ts'
import type { Started } from '../../helpers/program.ts'
import { traceCalls } from '../../helpers/trace.ts'

/** Each stage with the one whose line appears when it begins, in parts that take about the same time. */
const parts = [
  { create: 'checks', source: 'create', applied: 'source', value: 'applied' },
  { remove: 'value', 'removal-applied': 'remove', pruned: 'removal-applied' },
]

/**
 * A moment that a run is interrupted in with Ctrl-C, as a terminal does: the signal goes to all in the foreground.
 * @returns `hold`: shell code that waits until the signal is sent, and then does `more`, the first time that it is run;
 *   `interrupt`: sends it then
 */
function moment({ directory }: Place, name: string, more = ':') {
  const [reached, over] = ['reached', 'over'].map((state) => join(directory, `${name}-${state}`))
  return {
    hold: `[ -e '${reached}' ] || { touch '${reached}'; until [ -e '${over}' ]; do sleep 0.05; done; ${more}; }`,
    async interrupt(started: Started) {
      await until(`it is at ${name}`, () => existsSync(reached!), started)
      process.kill(-started.child.pid!, 'SIGINT')
      writeFileSync(over!, '')
    },
  }
}

/**
 * Makes the last stage, which else is over at once, take its time: a finalizer keeps the test Secret in the cluster.
 * @returns `at`: sets it when the Secret is there, and the server takes no removal before; `end`: takes it away again
 */
function lastStage({ directory, kubectl, serverHook }: Place) {
  const held = join(directory, 'held')
  serverHook(
    'pre-receive',
    `read -r old new ref; git log -1 --format=%s "$new" | grep -q '^chore' || exit 0; until [ -e '${held}' ]; do sleep 0.05; done`,
  )
  const setFinalizers = (finalizers: string[] | null) => {
    const patch = JSON.stringify({ metadata: { finalizers } })
    return kubectl(['patch', 'secret', 'sops-test', '-n', 'default', '--type=merge', '-p', patch])
  }
  const applied = async () => {
    await setFinalizers(['example.com/held'])
    writeFileSync(held, '')
  }
  return { at: { applied }, end: () => setFinalizers(null) }
}

const onBranch = async ({ server }: Place) =>
  (await server('ls-tree', '-r', '--name-only', 'main')).includes('sops-test')

const inCluster = async ({ kubectl }: Place) =>
  (await kubectl(['get', 'secret', 'sops-test', '-n', 'default', '--ignore-not-found'])) !== ''

const interruptions = (['SIGINT', 'SIGTERM'] as const).flatMap((signal) =>
  parts.map((stages) => ({ signal, stages })),
)
for (const { signal, stages } of interruptions) {
  test(`${signal} in ${Object.keys(stages).join(', ')}: the branch and the cluster are clean, and nothing is left`, () =>
    withPlace(async (place) => {
      const tree = await place.server('rev-parse', 'main^{tree}')
      for (const [stage, line] of Object.entries(stages)) {
        const before = await place.tip()
        const last = stage === 'pruned' ? lastStage(place) : undefined
        const at = { ...last?.at, [line]: (pid: number) => process.kill(pid, signal) }
        const { code, json, stderr } = await place.verify([], { at })
        const isThere = await inCluster(place)
        await last?.end()
        assert.is(code, last ? 1 : 2, `${stage}: ${stderr}`)
        assert.is(json.result, last ? 'failed' : 'unknown', stage)
        assert.is(json.findings[0]!.code, 'interrupted', stage)
        assert.match(json.findings[0]!.message, signal)
        assert.equal(json.cleanedUp, { branch: true, cluster: !last }, stage)
        assert.is(isThere, last !== undefined, stage)
        assert.is(await place.server('rev-parse', 'main^{tree}'), tree, `${stage}: the branch is not clean`)
        const pushed = await place.subjects(before)
        assert.ok(pushed.length % 2 === 0, stage)
        if (pushed.length > 0) assert.equal(pushed, [createMessage, removeMessage])
      }
    }))
}

test('SIGINT in the checks: nothing is pushed, and nothing is left', () =>
  withPlace(async (place) => {
    const before = await place.tip()
    // a test Secret is made in the midst of the checks
    const { hold, interrupt } = moment(place, 'sops')
    const { env } = traceCalls(place.directory, place.env, ['sops'], { sops: hold })
    const started = place.start(['--json'], { env, detached: true })
    await interrupt(started)
    const { code, stdout } = await started.ended
    assert.is(code, 2)
    assert.is(JSON.parse(stdout).findings[0].code, 'interrupted')
    assert.is(await place.tip(), before)
    await place.checkLeftovers()
  }))

for (const via of ['node', 'mise'] as const) {
  test(`Ctrl-C while the server takes a push: the branch is clean, and nothing is left (${via})`, () =>
    withPlace(async (place) => {
      const { server, serverHook, subjects, tip } = place
      const tree = await server('rev-parse', 'main^{tree}')
      for (const kind of ['feat', 'chore']) {
        const before = await tip()
        const { hold, interrupt } = moment(place, kind)
        // the branch has moved already, and git has not heard of it
        serverHook(
          'post-receive',
          `read -r old new ref; git log -1 --format=%s "$new" | grep -q '^${kind}' || exit 0; ${hold}`,
        )
        const started = place.start(['--json'], { via, detached: true })
        await interrupt(started)
        const { stdout, stderr } = await started.ended
        const json = JSON.parse(stdout)
        assert.is(json.result, 'unknown', stderr)
        assert.is(json.findings[0].code, 'interrupted', stderr)
        assert.equal(json.cleanedUp, clean)
        assert.is(await server('rev-parse', 'main^{tree}'), tree, kind)
        assert.equal(await subjects(before), [createMessage, removeMessage])
        await place.checkLeftovers()
      }
    }))
}

test('Ctrl-C again while it removes the test Secret: it is removed all the same', () =>
  withPlace(async (place) => {
    const { server, serverHook, subjects, tip } = place
    const before = await tip()
    const { hold, interrupt } = moment(place, 'removing')
    serverHook(
      'pre-receive',
      `read -r old new ref; git log -1 --format=%s "$new" | grep -q '^chore' || exit 0; ${hold}`,
    )
    const started = place.start(['--json'], {
      detached: true,
      at: { create: (pid) => process.kill(-pid, 'SIGINT') },
    })
    await interrupt(started)
    const { code, stdout, stderr } = await started.ended
    assert.is(code, 2, stderr)
    assert.equal(JSON.parse(stdout).cleanedUp, clean, stderr)
    assert.equal(await subjects(before), [createMessage, removeMessage])
    assert.is(await server('diff', before, 'main'), '')
  }))

test('Ctrl-C in a push that the server takes long after git has gone: it is waited for, and removed', () =>
  withPlace(async (place) => {
    const { server, serverHook, subjects, tip, directory, bare, env } = place
    const [tree, before] = [await server('rev-parse', 'main^{tree}'), await tip()]
    const { hold, interrupt } = moment(place, 'pushing', 'sleep 4')
    serverHook('pre-receive', `cat >/dev/null; ${hold}`)
    // as ssh does it: what runs on the server hears nothing of the signal
    const ssh = join(directory, 'ssh')
    writeFileSync(ssh, '#!/bin/sh\nshift\nexec setsid --fork --wait bash -c "$1" 2>/dev/null\n', {
      mode: 0o755,
    })
    const call = { detached: true, env: { ...env, GIT_SSH_VARIANT: 'simple', GIT_SSH_COMMAND: ssh } }
    const started = place.start(['--json', '--remote', `ssh://host${bare}`], call)
    await interrupt(started)
    const { code, stdout, stderr } = await started.ended
    assert.is(code, 2, stderr)
    const { findings, cleanedUp } = JSON.parse(stdout)
    assert.is(findings[0].code, 'interrupted')
    assert.equal(cleanedUp, clean)
    assert.match(stderr, /the test Secret was removed from .* again/)
    assert.equal(await subjects(before), [createMessage, removeMessage])
    assert.is(await server('rev-parse', 'main^{tree}'), tree)
  }))

for (const lines of [
  ['create', 'source'],
  ['applied', 'remove'],
  ['checks', 'value', 'removal-applied'],
])
  test(`kill -9 after ${lines.join(', ')}: the next run removes what is left, on the branch and on the machine, and proves`, () =>
    withPlace(async (place) => {
      const tree = await place.server('rev-parse', 'main^{tree}')
      for (const line of lines) {
        const last = line === 'removal-applied' ? lastStage(place) : undefined
        const at = { ...last?.at, [line]: (pid: number) => process.kill(pid, 'SIGKILL') }
        const { code } = await place.start([], { at }).ended
        await last?.end()
        assert.is(code, null, line)
        const left = await onBranch(place)
        if (line === 'create' || line === 'source') assert.ok(left, `${line}: nothing to remove`)
        assert.is((await place.git('worktree', 'list')).split('\n').length, 2, line)

        const next = await place.verify()
        assert.is(next.code, 0, `${line}: ${next.stderr}`)
        if (left)
          assert.match(
            next.stderr,
            /^removed the test Secret that an earlier sops:verify, which was killed, had left on the branch/,
          )
        assert.is(await place.server('rev-parse', 'main^{tree}'), tree, line)
      }
    }))

test.run()
