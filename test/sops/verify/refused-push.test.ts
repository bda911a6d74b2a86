import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { writeFiles } from '../../helpers/files.ts'
import { clean, withPlace } from '../../helpers/flux/verify.ts'

const sentence = 'it is protected, so the server takes no push to it'

test('a protected branch is said as that, once, with what to do', () =>
  withPlace(async (place) => {
    const { serverHook, verify, start, tip } = place
    const before = await tip()
    // as GitHub, GitLab and Gitea say it
    for (const [hook, said] of [
      ['update', 'error: GH006: Protected branch update failed for refs/heads/main.'],
      ['pre-receive', 'GitLab: You are not allowed to push code to protected branches on this project.'],
    ] as const) {
      serverHook(hook, `echo "${said}" >&2; exit 1`)
      const { code, json } = await verify()
      assert.is(code, 2)
      assert.equal(
        json.findings.map((finding) => [finding.code, finding.object]),
        [['protected-branch', 'origin/main']],
      )
      assert.match(json.findings[0]!.message, said.replace(/^error: /, ''))
      assert.match(json.findings[0]!.fix, /a branch that you may push to/)
      assert.equal(json.cleanedUp, clean)

      const { stdout, stderr } = await start().ended
      assert.is(`${stdout}${stderr}`.split(sentence).length, 2, stdout)
      assert.match(stdout, /^origin\/main, at create:\n {2}\S/m)
      serverHook(hook, 'exit 0')
    }
    assert.is(await tip(), before)
  }))

test('no right to push is said as that', () =>
  withPlace(async ({ server, verify, tip }) => {
    const before = await tip()
    await server('config', 'http.receivepack', 'false')
    const { code, json } = await verify()
    assert.is(code, 2)
    assert.is(json.findings[0]!.code, 'no-push-right', json.findings[0]!.message)
    assert.is(json.findings[0]!.object, 'origin/main')
    assert.is(await tip(), before)
  }))

test('a hook that adds files: only ours get onto the branch, and it is said which they were', () =>
  withPlace(async ({ hook, push, verify, server }) => {
    const before = await push({ 'README.md': 'the cluster\n' })
    hook('pre-commit', 'date >stray.txt; mkdir -p docs; date >docs/log.txt; git add --all')
    const { code, stderr } = await verify()
    assert.is(code, 0, stderr)
    assert.match(stderr, /a hook of git added docs\/log\.txt, stray\.txt, which/)
    const changed = await server('log', '--format=', '--name-only', `${before}..main`)
    assert.equal([...new Set(changed.split('\n').filter(Boolean))].toSorted(), [
      'kubernetes/infrastructure/kustomization.yaml',
      'kubernetes/infrastructure/sops-test/kustomization.yaml',
      'kubernetes/infrastructure/sops-test/secret.enc.yaml',
    ])
    assert.is(await server('diff', before, 'main'), '')

    // what is there already, changed, renamed and taken away
    const apps = 'kubernetes/flux-system/apps.yaml'
    hook(
      'pre-commit',
      `echo '# by a hook' >>.sops.yaml; git add .sops.yaml; git mv README.md READ.md; git rm --quiet --cached ${apps}`,
    )
    const changing = await verify()
    assert.is(changing.code, 0, changing.stderr)
    assert.match(
      changing.stderr,
      /a hook of git added \.sops\.yaml, READ\.md, README\.md, .*apps\.yaml, which/,
    )
    assert.is(await server('diff', before, 'main'), '')

    hook('pre-commit', 'git reset --quiet -- kubernetes/infrastructure/sops-test/secret.enc.yaml')
    const taken = await verify()
    assert.is(taken.code, 2)
    assert.match(taken.json.findings[0]!.message, /a hook of git took .*secret\.enc\.yaml out of the commit/)
    assert.is(await server('diff', before, 'main'), '')
  }))

test('ignore rules, personal ones and those of the repository, do not decide what is verified', () =>
  withPlace(async ({ git, push, verify, directory, clone }) => {
    await push({ '.gitignore': '*.enc.yaml\n' })
    writeFileSync(join(directory, 'ignored'), '*secret*\nsops-test\n')
    await git('config', 'core.excludesFile', join(directory, 'ignored'))
    writeFiles(join(clone, '.git', 'info'), { exclude: 'kustomization.yaml\n' })
    const { code, stderr } = await verify()
    assert.is(code, 0, stderr)
  }))

test.run()
