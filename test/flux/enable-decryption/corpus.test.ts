import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import type { Decryption } from '../../../scripts/flux/enable-decryption/judge.ts'
import { parseFluxFile } from '../../../scripts/lib/repository/flux-file.ts'
import { hasCorpus, withCorpusRepositories, withPairs } from '../../helpers/corpus/corpus.ts'
import { checkEdit, planText } from '../../helpers/corpus/edits.ts'
import { runTask } from '../../helpers/task.ts'

const block: Decryption = { provider: 'sops', secretRef: { name: 'sops-age' } }

const filesOf = (root: string, env: NodeJS.ProcessEnv) =>
  execFileSync('git', ['ls-files', '-z'], { cwd: root, env, encoding: 'utf8', maxBuffer: 1e8 })
    .split('\0')
    .filter(Boolean)

test('every file of eleven repositories, each looked at by itself: only the blocks are added', async () => {
  if (!hasCorpus()) return
  await withCorpusRepositories(async (repositories) => {
    assert.is(repositories.length, 11)
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
    assert.ok(edited > 300, `${edited} files were edited`)
  })
})

test('eleven repositories as a whole: the diff applies, changes these files only, and a second run finds nothing', async () => {
  if (!hasCorpus()) return
  await withCorpusRepositories(async (repositories) => {
    for (const { name, root, env } of repositories) {
      const call = { cwd: root, env }
      const git = (args: string[], input = '') =>
        execFileSync('git', args, { cwd: root, env, input, encoding: 'utf8', maxBuffer: 1e8 })
      const { code, stdout, stderr } = await runTask('flux:enable-decryption', ['--json', '--dry-run'], call)
      assert.is(code, 0, `${name}: ${stderr}`)
      const { diff, kustomizations } = JSON.parse(stdout)
      for (const record of kustomizations)
        assert.equal(Object.keys(record), ['file', 'document', 'name', 'namespace', 'status', 'reason', 'by'])
      git(['apply', '--whitespace=nowarn', '-'], diff)
      const changed = git(['status', '--porcelain', '-z']).split('\0').filter(Boolean)
      const missing = kustomizations.filter(({ status }: { status: string }) => status === 'missing')
      const files = new Set(
        missing.map(({ file, by }: { file: string; by: string }) => (/gotk-sync/.test(file) ? by : file)),
      )
      assert.equal(changed.map((line) => line.slice(3)).toSorted(), [...files].toSorted(), name)
      for (const line of git(['diff', '--numstat', '-z']).split('\0').filter(Boolean)) {
        const [added, deleted, file] = line.split('\t')
        const text = git(['show', `HEAD:${file}`])
        assert.ok(Number(added) > 0)
        const longer = !text.endsWith('\n') || /^spec: *\{|^\s*"?spec"?: *\{/m.test(text)
        if (!longer) assert.is(deleted, '0', `${name}/${file}`)
      }
      const again = await runTask('flux:enable-decryption', ['--json', '--check'], call)
      assert.is(again.code, 0, name)
      assert.is(JSON.parse(again.stdout).result, 'unchanged')
    }
  })
})

test('198 real edits: the result means what the people meant', async () => {
  if (!hasCorpus()) return
  await withPairs(async (directory) => {
    const edits = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /\.old\.yaml$/.test(file),
    )
    assert.is(edits.length, 198)
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
    assert.ok(compared >= 150, `${compared} Kustomizations were compared`)
  })
})

test.run()
