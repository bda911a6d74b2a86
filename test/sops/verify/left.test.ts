import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { clean, type Place, withPlace } from '../../helpers/flux/verify.ts'
import { listProcesses } from '../../helpers/processes.ts'

const inCluster = async ({ kubectl }: Place) =>
  (await kubectl(['get', 'secret', 'sops-test', '-n', 'default', '--ignore-not-found'])) !== ''

const codesOf = (findings: { code: string }[]) => findings.map(({ code }) => code)

/** Stops the API server of the lent sandbox for some time, as a machine that sleeps or swaps does. */
function pauseApiServer({ sandbox }: Place, milliseconds: number): Promise<void> {
  const server = listProcesses().find(
    ({ command }) => command.includes('kube-apiserver') && command.includes(sandbox.directory),
  )
  process.kill(server!.pid, 'SIGSTOP')
  return sleep(milliseconds).then(() => void process.kill(server!.pid, 'SIGCONT'))
}

test('a Kustomization that is suspended meanwhile: what is left in the cluster, when it goes, and the command', () =>
  withPlace(async (place) => {
    const { directory, patch, serverHook } = place
    const held = join(directory, 'held')
    serverHook(
      'pre-receive',
      `read -r old new ref; git log -1 --format=%s "$new" | grep -q '^feat' || until [ -e '${held}' ]; do sleep 0.05; done`,
    )
    // its parent would put it back
    const suspend = async (is: boolean) => {
      for (const name of ['flux-system', 'infrastructure'])
        await patch(`kustomization/${name}`, { spec: { suspend: is } })
    }
    const end = async (pid: number) => {
      await suspend(true)
      process.kill(pid, 'SIGINT')
      writeFileSync(held, '')
    }
    const interrupted = await place.verify([], { at: { value: end } })
    assert.is(interrupted.code, 1, interrupted.stderr)
    assert.equal(interrupted.json.cleanedUp, { branch: true, cluster: false })
    assert.is(await inCluster(place), true)
    assert.equal(codesOf(interrupted.json.findings), ['interrupted', 'left-in-cluster'])
    const { object, message, fix } = interrupted.json.findings[1]!
    assert.is(object, 'secret default/sops-test')
    assert.match(
      message,
      /when flux-system\/infrastructure applies origin\/main, by itself after its interval \(\w+\) and that of its source \(\w+\)/,
    )
    assert.match(message, 'is suspended now')
    assert.is(fix, '`flux reconcile kustomization infrastructure -n flux-system --with-source`')
    await suspend(false)
    rmSync(held)

    // the last lines say it to people
    const ended = await place.start([], { at: { value: end } }).ended
    const lines = ended.stdout.trimEnd().split('\n')
    const verdict = lines.findIndex((line) => line.startsWith('failed'))
    assert.match(lines[verdict + 1]!, /^secret default\/sops-test: is still in the cluster/)
    assert.is(lines.at(-1), `  hint: ${fix}`)
    await suspend(false)
    const next = await place.verify()
    assert.is(next.code, 0, next.stderr)
  }))

test('a run that is ended and leaves nothing says that in its last line', () =>
  withPlace(async (place) => {
    const { code, stdout } = await place.start([], { at: { applied: (pid) => process.kill(pid, 'SIGTERM') } })
      .ended
    assert.is(code, 2)
    assert.is(await inCluster(place), false)
    assert.match(stdout, /^secret default\/sops-test is gone from the cluster$/m)
    assert.is(stdout.trimEnd().split('\n').at(-1), 'nothing is left: the branch and the cluster are clean')
  }))

test('Ctrl-C again while the pruning is waited for changes nothing', () =>
  withPlace(async (place) => {
    const started = place.start(['--json'], {
      detached: true,
      at: { value: (pid) => process.kill(-pid, 'SIGINT') },
    })
    let again = 0
    started.child.stderr!.on('data', (text) => {
      if (!/waiting up to 60 s/.test(text)) return
      again++
      process.kill(-started.child.pid!, 'SIGINT')
    })
    const { code, stdout, stderr } = await started.ended
    assert.is(again, 1, stderr)
    assert.is(code, 2, stderr)
    assert.equal(JSON.parse(stdout).cleanedUp, clean)
    assert.is(await inCluster(place), false)
    await place.checkLeftovers()
  }))

test('an API server that answers nothing while Flux is told, and one while it cleans up, are waited for', () =>
  withPlace(async (place) => {
    let pausing: Promise<void> | undefined
    const pause = () => {
      pausing = pauseApiServer(place, 10_000)
    }
    try {
      const proved = await place.verify([], { at: { create: pause } })
      assert.is(proved.code, 0, proved.stderr)
      assert.equal(proved.json.findings, [])
      await pausing

      const at = { value: (pid: number) => [pause(), process.kill(pid, 'SIGINT')] }
      const ended = await place.verify([], { at })
      assert.is(ended.code, 2, ended.stderr)
      assert.equal(ended.json.cleanedUp, clean)
      assert.is(await inCluster(place), false)
    } finally {
      await pausing
    }
  }))

test.run()
