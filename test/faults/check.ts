import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import * as assert from 'uvu/assert'
import { leftCodes } from '../../scripts/sops/verify/report.ts'
import type { Place, Verified } from '../helpers/flux/verify.ts'
import { until } from '../helpers/processes.ts'
import type { Ended } from '../helpers/program.ts'
import { leftovers } from '../runner/leftovers.ts'
import { stages } from './moments.ts'
import { userState } from './user-state.ts'

/** What is true before a run. */
export interface Before {
  /** The files of the branch. */
  tree: string
  user: Record<string, string>
}

/** What is true of the test Secret. */
export interface Truth {
  branch: boolean
  cluster: boolean
}

type Document = Partial<Verified['json']>

/** @returns what is to be true again after a run */
export async function before(place: Place): Promise<Before> {
  return { tree: await treeOf(place), user: userState(place) }
}

/** Whether nothing of a run is on the branch, and nothing in the cluster and in the inventory. */
export async function truthOf({ server, kubectl }: Place): Promise<Truth> {
  // a run may end before what was started again answers
  await until('the API server answers', () => kubectl(['get', '--raw', '/readyz']).then(Boolean, () => false))
  const inventory = ['get', 'kustomization', 'infrastructure', '-n', 'flux-system', '-o', 'yaml']
  const [files, secret, kustomization] = await Promise.all([
    server('ls-tree', '-r', '--name-only', 'main'),
    kubectl(['get', 'secret', 'sops-test', '-n', 'default', '--ignore-not-found', '-o', 'name']),
    kubectl(inventory),
  ])
  return {
    branch: !files.includes('sops-test'),
    cluster: secret === '' && !/id: default_sops-test__Secret/.test(kustomization),
  }
}

/**
 * Checks that a run ended with one of these exit codes, tells the truth about what is left, and shows no secret.
 * @param stdout of a run with `--json`; of others it is not read
 */
export function checkReport(
  place: Place,
  ended: Ended,
  truth: Truth,
  { codes, isJson }: { codes: readonly number[]; isJson: boolean },
): void {
  const said = `exit code ${ended.code}\n${ended.stderr}\n${ended.stdout}`
  place.checkOutput(ended)
  assert.ok(codes.includes(ended.code ?? -1), said)
  const document: Document = isJson ? JSON.parse(ended.stdout) : {}
  // a run that ends before it pushes something has no more to say
  const { cleanedUp = { branch: true, cluster: true }, findings = [] } = document
  const has = (...wanted: readonly string[]) => findings.some(({ code, fix }) => wanted.includes(code) && fix)
  if (!truth.branch) assert.ok(cleanedUp.branch !== true && has('not-cleaned-up'), `on the branch\n${said}`)
  if (!truth.cluster) assert.ok(cleanedUp.cluster !== true && has(...leftCodes), `in the cluster\n${said}`)
  if (cleanedUp.branch === false || cleanedUp.cluster === false) assert.is(ended.code, 1, said)
  if (ended.code === 0 && document.stages)
    assert.equal(
      document.stages.map(({ name, status }) => `${name} ${status}`),
      stages.map((name) => `${name} passed`),
    )
}

/** Checks that nothing of a run is on the branch, in the cluster or on the machine, and that what the user has is as it was. */
export async function checkClean(place: Place, before: Before): Promise<void> {
  assert.equal(await truthOf(place), { branch: true, cluster: true })
  assert.is(await treeOf(place), before.tree, 'the branch has other files')
  await checkMachine(place)
  const user = userState(place)
  const files = Object.keys({ ...before.user, ...user })
  assert.equal(
    files.filter((file) => user[file] !== before.user[file]),
    [],
    'files of the user have changed',
  )
}

/** Checks that no process, no temporary file and no worktree of a run is left. */
export async function checkMachine(place: Place): Promise<void> {
  assert.equal(
    leftovers(-1, place.directory).map(({ command }) => command),
    [],
  )
  const files = readdirSync(place.temporary).filter((name) => name !== 'node-compile-cache')
  assert.equal(files, [])
  assert.is((await place.git('worktree', 'list')).split('\n').length, 1)
  assert.equal(
    readdirSync(`${place.clone}/.git`).filter((name) => name === 'worktrees'),
    [],
  )
}

/** Notes how often the test Secret comes to the cluster, changes, or goes. */
export function watchSecret({ env }: Place): { changes(): number; end(): Promise<void> } {
  const which = ['-n', 'default', '--field-selector=metadata.name=sops-test', '-o', 'name']
  const watch = spawn('kubectl', ['get', 'secrets', '--watch-only', ...which], { env, stdio: 'pipe' })
  let said = ''
  watch.stdout.on('data', (text) => {
    said += text
  })
  const ended = once(watch, 'exit')
  return {
    changes: () => said.split('\n').filter(Boolean).length,
    async end() {
      watch.kill('SIGKILL')
      await ended
    },
  }
}

const treeOf = ({ server }: Place) => server('rev-parse', 'main^{tree}')
