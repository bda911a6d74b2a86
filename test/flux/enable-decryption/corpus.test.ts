import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Decryption } from '../../../scripts/flux/enable-decryption/judge.ts'
import { parseFluxFile } from '../../../scripts/lib/repository/flux-file.ts'
import { type CorpusRepository, corpora, madeCorpus } from '../../helpers/corpus/corpus.ts'
import { checkEdit, planText } from '../../helpers/corpus/edits.ts'
import { runTask } from '../../helpers/task.ts'

const block: Decryption = { provider: 'sops', secretRef: { name: 'sops-age' } }

/** What the task says of a Kustomization, as far as it is looked at here. */
interface Found {
  file: string
  name: string | null
  status: string
  by: string | null
}

const filesOf = (root: string, env: NodeJS.ProcessEnv) =>
  execFileSync('git', ['ls-files', '-z'], { cwd: root, env, encoding: 'utf8', maxBuffer: 1e8 })
    .split('\0')
    .filter(Boolean)

for (const corpus of corpora()) {
  const isMade = corpus === madeCorpus

  test(`${corpus.title}, each looked at by itself: only the blocks are added`, () =>
    corpus.withRepositories(async (repositories) => {
      let edited = 0
      for (const { name, root, env } of repositories) {
        for (const file of filesOf(root, env).filter((path) => /\.(ya?ml|json)$/.test(path))) {
          const bytes = readFileSync(join(root, file))
          const plan = planText(file, bytes, block)
          if (!plan) continue
          checkEdit(`${name}/${file}`, bytes.toString(), plan, block)
          edited += plan.changes.length
          if (/^sops:/m.test(bytes.toString())) assert.equal(plan.changes, [], `${name}/${file}`)
        }
      }
      assert.ok(edited > (isMade ? 60 : 300), `${edited} files were edited`)
    }))

  for (const name of corpus.names)
    test(`${corpus.title}, ${name}: the diff applies, changes these files only, and a second run finds nothing`, () =>
      corpus.withRepositories(
        async ([repository]) => {
          const { root, env } = repository!
          const call = { cwd: root, env }
          const git = (args: string[], input = '') =>
            execFileSync('git', args, { cwd: root, env, input, encoding: 'utf8', maxBuffer: 1e8 })
          const { code, stdout, stderr } = await runTask(
            'flux:enable-decryption',
            ['--json', '--dry-run'],
            call,
          )
          assert.is(code, 0, stderr)
          const { diff, kustomizations } = JSON.parse(stdout)
          assert.ok(kustomizations.length > 0)
          for (const record of kustomizations)
            assert.equal(Object.keys(record), [
              ...['file', 'document', 'name', 'namespace', 'status', 'reason', 'by'],
            ])
          git(['apply', '--allow-empty', '--whitespace=nowarn', '-'], diff)
          const changed = git(['status', '--porcelain', '-z']).split('\0').filter(Boolean)
          const missing = kustomizations.filter(({ status }: Found) => status === 'missing')
          const files = new Set(missing.map(({ file, by }: Found) => (/gotk-sync/.test(file) ? by : file)))
          assert.equal(changed.map((line) => line.slice(3)).toSorted(), [...files].toSorted(), name)
          for (const line of git(['diff', '--numstat', '-z']).split('\0').filter(Boolean)) {
            const [added, deleted, file] = line.split('\t')
            const text = git(['show', `HEAD:${file}`])
            assert.ok(Number(added) > 0)
            // a line that is added to one of a flow mapping, or behind one without line end, changes that one
            const isLonger = !text.endsWith('\n') || /\bspec"?: *\{/.test(text)
            if (!isLonger) assert.is(deleted, '0', `${name}/${file}`)
          }
          const before = git(['diff'])
          const again = await runTask('flux:enable-decryption', ['--json'], call)
          assert.is(again.code, 0, again.stderr)
          assert.is(JSON.parse(again.stdout).result, 'unchanged')
          assert.is(git(['diff']), before)
          const check = await runTask('flux:enable-decryption', ['--check'], call)
          assert.is(check.code, name === 'styles' ? 1 : 0, check.stdout)
        },
        [name],
      ))

  test(`edits of ${corpus.title}: the result means what the people meant`, () =>
    corpus.withEdits(async (directory) => {
      const edits = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) =>
        /\.old\.yaml$/.test(file),
      )
      assert.is(edits.length, isMade ? 15 : 198)
      let compared = 0
      for (const file of edits) {
        const bytes = readFileSync(join(directory, file))
        const wanted = parseFluxFile(file, readFileSync(join(directory, file.replace('.old.', '.new.'))))
        const old = parseFluxFile(file, bytes)
        const given = (wanted?.kustomizations ?? []).filter(
          ({ decryption }, index) =>
            decryption !== undefined && old?.kustomizations[index]?.decryption === undefined,
        )
        for (const one of new Set(given.map(({ decryption }) => JSON.stringify(decryption)))) {
          const theirs = JSON.parse(one) as Decryption
          const plan = planText(file, bytes, theirs)!
          checkEdit(file, bytes.toString(), plan, theirs)
          const ours = parseFluxFile(file, Buffer.from(plan.changes[0]?.after ?? bytes))!
          for (const { decryption, document, at, value } of given) {
            if (JSON.stringify(decryption) !== one) continue
            const found = ours.kustomizations.find(
              (other) => other.document === document && String(other.at) === String(at),
            )
            assert.equal(found?.value, value, file)
            compared++
          }
        }
      }
      assert.ok(compared >= (isMade ? 18 : 150), `${compared} Kustomizations were compared`)
    }))
}

/** What is said of the Kustomizations of the made repositories, by their files; where a file has several, by their names. */
const statuses: Record<string, Record<string, string | Record<string, string>>> = {
  bootstrapped: {
    'clusters/main/apps.yaml': 'missing',
    'clusters/main/flux-system/gotk-sync.yaml': 'missing',
    'clusters/lab/flux-system/gotk-sync.yaml': 'not-editable',
  },
  'flux-layout': {
    'clusters/production/apps.yaml': 'missing',
    'clusters/production/flux-system/gotk-sync.yaml': 'not-editable',
    'clusters/production/infrastructure.yaml': { 'infra-controllers': 'missing', 'infra-configs': 'missing' },
    'clusters/staging/apps.yaml': 'own',
    'clusters/staging/flux-system/gotk-sync.yaml': 'not-editable',
    'clusters/staging/infrastructure.yaml': { 'infra-controllers': 'missing', 'infra-configs': 'missing' },
  },
  homelab: {
    'archive/plex/ks.yaml': 'missing',
    'kubernetes/apps/kube-system/cilium/ks.yaml': 'missing',
    'kubernetes/apps/media/jellyfin/ks.yaml': 'parent',
    'kubernetes/apps/media/radarr/ks.yaml': 'parent',
    'kubernetes/apps/media/sonarr/ks.yaml': 'parent',
    'kubernetes/apps/observability/grafana/ks.yaml': 'parent',
    'kubernetes/apps/observability/loki/ks.yaml': { loki: 'parent', promtail: 'parent' },
    'kubernetes/flux/cluster/ks.yaml': { 'cluster-meta': 'own', 'cluster-apps': 'own' },
  },
  monorepo: {
    'deploy/clusters/blue/only-blue.yaml': 'missing',
    'deploy/clusters/blue/platform.yaml': 'missing',
    'deploy/clusters/green/only-green.yaml': 'missing',
    'deploy/clusters/green/platform.yaml': 'missing',
    'deploy/platform/backup.yaml': 'missing',
    'deploy/platform/mail.yaml': 'different',
    'deploy/platform/metrics.yaml': 'missing',
  },
  operator: {
    'clusters/main/lacks-it.yaml': 'missing',
    'clusters/main/oci.yaml': 'missing',
    'clusters/main/provider-only.yaml': 'controller-wide',
    'clusters/main/remote.yaml': 'different',
  },
  tenants: {
    'clusters/production/tenants.yaml': 'missing',
    'clusters/shared/ingress.yaml': 'kustomize',
    'clusters/shared/queue-decryption.yaml': 'patch',
    'clusters/shared/queue.yaml': 'kustomize',
    'clusters/shared/vault.yaml': 'kustomize',
    'clusters/staging/tenants.yaml': 'missing',
    'shared/apps/apps.yaml': 'kustomize',
    'tenants/base/team-a/sync.yaml': 'missing',
    'tenants/production/team-a-patch.yaml': 'patch',
    'tenants/staging/team-a-patch.yaml': 'patch',
  },
}

/** By file, the statuses of its Kustomizations by their names. */
async function statusesOf(
  { root, env }: CorpusRepository,
  ...args: string[]
): Promise<[file: string, Record<string, string>][]> {
  const { stdout } = await runTask('flux:enable-decryption', ['--json', '--check', ...args], {
    cwd: root,
    env,
  })
  const { kustomizations } = JSON.parse(stdout) as { kustomizations: Found[] }
  const byFile = Object.groupBy(kustomizations, ({ file }) => file)
  return Object.entries(byFile).map(([file, all = []]) => [
    file,
    Object.fromEntries(all.map(({ name, status }) => [name, status])),
  ])
}

for (const [name, expected] of Object.entries(statuses))
  test(`made files, ${name}: what is said of each`, () =>
    madeCorpus.withRepositories(
      async ([repository]) => {
        const found = (await statusesOf(repository!)).map(([file, names]) => {
          const [status, ...more] = Object.values(names)
          return [file, more.length > 0 ? names : status]
        })
        assert.equal(Object.fromEntries(found), expected)
      },
      [name],
    ))

test('made files, styles: those in added/ are edited, those in left/ are left alone, those in none/ are not seen', () =>
  madeCorpus.withRepositories(
    async ([repository]) => {
      const { root, env } = repository!
      // an empty spec is one that the API server refuses
      const found = await statusesOf(repository!, '--all')
      const files = filesOf(root, env).filter((file) => /^(added|left)\//.test(file))
      assert.equal(
        found.map(([file]) => file),
        files,
      )
      for (const [file, names] of found)
        assert.is(Object.values(names).includes('missing'), file.startsWith('added/'), file)
    },
    ['styles'],
  ))

test.run()
