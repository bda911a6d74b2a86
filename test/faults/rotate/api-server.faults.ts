import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { sopsConfig } from '../../helpers/keys.ts'
import { until } from '../../helpers/processes.ts'
import { secretFor, userOf } from '../../helpers/rotate/clusters.ts'
import {
  type FluxRotation,
  heldIn,
  leaving,
  plainKeySecret,
  withFluxRotation,
} from '../../helpers/rotate/flux-rotation.ts'
import { recipientsOf } from '../../helpers/rotate/identities.ts'
import { startTask } from '../../helpers/task.ts'
import { isWanted } from '../cell.ts'
import { type ServerProxy, startServerProxy } from '../server-proxy.ts'

const preload = pathToFileURL(join(import.meta.dirname, '../../helpers/rotate/end-at.mjs')).href
const names = ['a', 'b']
const files = {
  '.sops.yaml': sopsConfig(leaving.recipient),
  'kubernetes/flux-system/kustomization.yaml': 'resources: []\n',
  ...Object.fromEntries(
    names.map((name) => [`${name}/s.enc.yaml`, secretFor(`of-${name}`, leaving.recipient)]),
  ),
}

/** How the API server stops for those who come through a proxy, each time until `undo`. */
const ways = {
  'refuses connections': (proxy: ServerProxy) => proxy.refuse(),
  'does not answer': async (proxy: ServerProxy) => proxy.hang(),
}

/** A kubeconfig for the sandbox by way of the proxy. */
function kubeconfigThrough({ sandbox, directory }: FluxRotation, { url }: ServerProxy): string {
  const config = JSON.parse(readFileSync(sandbox.kubeconfig, 'utf8'))
  config.clusters[0].cluster.server = url
  const file = join(directory, 'kubeconfig')
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 })
  return file
}

function isStopped(pid: number): boolean {
  try {
    return / T /.test(readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\)/, ''))
  } catch {
    // it has ended
    return false
  }
}

for (const [way, stop] of Object.entries(ways))
  if (isWanted(way, way === 'refuses connections'))
    test(`an API server that ${way}, in each stage: nothing is lost, and it ends afterwards`, () =>
      withFluxRotation([leaving], files, async (place) => {
        const { sandbox, clone, directory, git, applied, apply, keys, rotate } = place
        const proxy = await startServerProxy(
          JSON.parse(readFileSync(sandbox.kubeconfig, 'utf8')).clusters[0].cluster.server,
        )
        try {
          const env = { ...place.env, KUBECONFIG: kubeconfigThrough(place, proxy) }
          const args = ['--commit', '--timeout', '15s']
          const putKeys = (...secrets: string[]) =>
            apply(...names.map((name) => plainKeySecret(`${name}-age`, { 'age.agekey': secrets.join('\n') })))
          const held = async () =>
            Promise.all(
              names.map(async (name) => recipientsOf(await heldIn(sandbox, `flux-system/${name}-age`))),
            )
          const end = async (code: number) => (await rotate(code, args, { env })).stdout

          /** A run whose API server stops right before it asks this, the n-th time. */
          const struck = async (match: string, at: number, needed: string) => {
            const head = await git('rev-parse', 'HEAD')
            const log = join(directory, 'points.log')
            const points = { END_LOG: log, END_AT: `${at}`, END_MATCH: match, END_SIGNAL: 'SIGSTOP' }
            const more = { ...env, NODE_OPTIONS: `--import=${preload}`, ...points }
            const started = startTask('sops:rotate', args, { cwd: clone, env: more })
            const { pid = 0 } = started.child
            await until(`it comes to ${match}`, () => isStopped(pid), started)
            const undo = await stop(proxy)
            const since = Date.now()
            process.kill(pid, 'SIGCONT')
            const { code, stdout, stderr } = await started.ended
            const where = `${match} ${at}: exit ${code} after ${Date.now() - since} ms\n${stdout}${stderr}`
            process.stdout.write(`     ${where.split('\n')[0]}\n`)
            await undo()
            assert.ok(code === 1 || code === 2, where)
            assert.match(stderr, /127\.0\.0\.1|API server|answer|connection/, where)
            for (const { secret } of keys()) assert.not.match(`${stdout}${stderr}`, secret)
            for (const recipients of await held()) assert.ok(recipients.includes(needed), where)
            assert.is(await git('rev-parse', 'HEAD'), head, where)
            assert.is(await git('status', '--porcelain'), '', where)
            return stderr
          }
          const atSource = '^request .*/gitrepositories/'
          const atKey = '^request .*/secrets/'
          const allApplied = async () => {
            for (const name of names) await applied(name, await git('rev-parse', 'HEAD'))
          }

          await putKeys(leaving.secret)
          await apply(
            ...names.map((name) =>
              userOf(name, { secret: `${name}-age` }).replace('prune: false', 'prune: true'),
            ),
          )
          await allApplied()

          // the files are shared without the cluster
          await rotate(0, [...args, '--to', 'share'], { env })
          const next = keys().at(-1)!
          for (const at of [1, 2]) {
            await struck(atKey, at, leaving.recipient)
            await putKeys(leaving.secret)
          }
          await end(0)
          const both = [leaving.recipient, next.recipient]
          assert.equal(await held(), [both, both])

          await git('push', '--quiet')
          await allApplied()
          // where it looks at the revisions, twice, and where it has pushed a test Secret
          for (const at of [1, 3]) await struck(atSource, at, leaving.recipient)
          assert.match(await end(0), /^✓ cut-over /m)
          assert.equal(await held(), [both, both])

          await git('pull', '--quiet', '--rebase')
          await git('push', '--quiet')
          await allApplied()
          await struck(atSource, 1, next.recipient)
          for (const at of [1, 2]) {
            await putKeys(leaving.secret, next.secret)
            await struck(atKey, at, next.recipient)
          }
          await putKeys(leaving.secret, next.secret)
          // the guard, when both are written
          const said = await struck('^request .*/kustomizations/', 1, next.recipient)
          for (const name of names)
            assert.match(said, `secret flux-system/${name}-age: could not be put back`)
          assert.match(said, 'which was put back into none of the Secrets')
          assert.match(said, 'hint: put both identities into the key file')
          assert.match(await end(0), /^(done: |no rotation is open: the last one)/m)
          assert.equal(await held(), [[next.recipient], [next.recipient]])
        } finally {
          await proxy.close()
        }
      }))

test.run()
