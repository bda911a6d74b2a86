import { join, relative } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createTestSecret } from '../../../scripts/sops/test-secret/test-secret.ts'
import { writeFiles } from '../../helpers/files.ts'
import { clean, createMessage, removeMessage, withPlace } from '../../helpers/flux/verify.ts'

test('a push of somebody else comes first: it is redone on the new tip', () =>
  withPlace(async ({ directory, url, git, hook, verify, tip, subjects, server, env }) => {
    const other = join(directory, 'other')
    await git('clone', '--quiet', url, other)
    writeFiles(other, { 'other.txt': 'x' })
    const identity = ['-c', 'user.name=Other', '-c', 'user.email=other@example.com']
    await git('-C', other, 'add', '--all')
    await git('-C', other, ...identity, 'commit', '--quiet', '--message', 'of somebody else')
    hook(
      'pre-push',
      `[ -e "$DIRECTORY/pushed" ] && exit 0
touch "$DIRECTORY/pushed"
unset $(git rev-parse --local-env-vars)
git -C "$DIRECTORY/other" push --quiet origin main`,
    )
    const before = await tip()
    const { code, stderr } = await verify([], { env })
    assert.is(code, 0, stderr)
    assert.equal(await subjects(before), ['of somebody else', createMessage, removeMessage])
    assert.is(await server('diff', '--name-only', before, 'main'), 'other.txt')
  }))

test('another run comes first: its test Secret stays, and this run says why it ends', () =>
  withPlace(async ({ directory, url, git, hook, verify, tip, server, env }) => {
    const root = join(directory, 'other')
    await git('clone', '--quiet', url, root)
    const path = join(root, 'kubernetes', 'infrastructure')
    const run = `0a0a0a0a.0a0a0a0a-1.${Math.ceil(Date.now() / 1000) + 600}`
    await createTestSecret(
      { root, path, name: 'sops-test' },
      { namespace: 'default', message: 'of the other run', run },
      { cwd: root, env, signal: new AbortController().signal, note: () => {} },
    )
    const identity = ['-c', 'user.name=Other', '-c', 'user.email=other@example.com']
    await git('-C', root, 'add', '--all')
    await git('-C', root, ...identity, 'commit', '--quiet', '--message', 'the other run')
    hook(
      'pre-push',
      'unset $(git rev-parse --local-env-vars); git -C "$DIRECTORY/other" push --quiet origin main',
    )
    const { code, json } = await verify()
    assert.is(code, 2)
    assert.is(json.findings[0]!.code, 'already-running')
    assert.match(
      json.findings[0]!.message,
      /on another machine or in another container \(id 0a0a0a0a\), which may be at work until \d{4}-/,
    )
    assert.match(json.findings[0]!.fix, '--take-over')
    assert.equal(json.cleanedUp, clean)
    assert.is(await server('log', '-1', '--format=%s'), 'the other run')
    assert.match(
      await server('show', `${await tip()}:kubernetes/infrastructure/sops-test/secret.enc.yaml`),
      run,
    )
  }))

test('--take-over: the test Secret of a run that was killed on another machine is removed, and it proves', () =>
  withPlace(async ({ clone, env, git, push, verify, server }) => {
    const path = join(clone, 'kubernetes', 'infrastructure')
    const run = `0a0a0a0a.0a0a0a0a-1.${Math.ceil(Date.now() / 1000) + 600}`
    const tree = await git('rev-parse', 'HEAD^{tree}')
    await createTestSecret(
      { root: clone, path, name: 'sops-test' },
      { namespace: 'default', message: 'of the other run', run },
      { cwd: clone, env, signal: new AbortController().signal, note: () => {} },
    )
    await push()
    const blocked = await verify()
    assert.is(blocked.code, 2)
    assert.is(blocked.json.findings[0]!.code, 'already-running')
    const { code, stderr } = await verify(['--take-over'])
    assert.is(code, 0, stderr)
    assert.match(stderr, /^removed the test Secret of another sops:verify on the branch/m)
    assert.is(await server('rev-parse', 'main^{tree}'), tree)
  }))

test('somebody takes the test Secret off the branch: it says so, and does not guess', () =>
  withPlace(async ({ directory, url, git, hook, verify, server, tip }) => {
    const before = await tip()
    await git('clone', '--quiet', url, join(directory, 'other'))
    hook(
      'pre-commit',
      `[ "$(git log -1 --format=%s)" = '${createMessage}' ] || exit 0
unset $(git rev-parse --local-env-vars)
cd "$DIRECTORY/other" && git pull --quiet && git -c user.name=x -c user.email=x@x revert --no-edit HEAD >/dev/null && git push --quiet`,
    )
    const { code, json } = await verify()
    assert.is(code, 2)
    assert.is(json.findings[0]!.code, 'removed-by-others')
    assert.equal(json.cleanedUp, clean)
    assert.is(await server('diff', before, 'main'), '')
  }))

test('nothing of the user goes with the push, and no credentials are shown', () =>
  withPlace(async ({ git, url, start, server, checkOutput }) => {
    await git('config', 'push.followTags', 'true')
    await git('tag', '--annotate', '--message', 'mine', 'v1')
    const remote = url.replace('//', '//user:planted@')
    const ended = await start(['--json', '--remote', remote]).ended
    assert.is(ended.code, 0, ended.stderr)
    checkOutput(ended)
    assert.not.match(ended.stdout + ended.stderr, 'planted')
    assert.is(await server('tag'), '')
  }))

test('git that is set to another place by the environment works in the worktree all the same', () =>
  withPlace(async ({ clone, env, verify, git }) => {
    writeFiles(clone, { 'mine.txt': 'x', 'README.md': 'mine' })
    await git('commit', '--quiet', '--allow-empty', '--message', 'not pushed')
    const before = [await git('rev-parse', 'HEAD'), await git('status', '--porcelain', '--ignored')]
    const places = {
      GIT_DIR: join(clone, '.git'),
      GIT_WORK_TREE: clone,
      GIT_INDEX_FILE: join(clone, '.git', 'index'),
    }
    const { code, stderr } = await verify([], { env: { ...env, ...places } })
    assert.is(code, 0, stderr)
    assert.equal([await git('rev-parse', 'HEAD'), await git('status', '--porcelain', '--ignored')], before)
  }))

test('a sparse checkout, a remote with a relative path and a shallow clone are no hindrance', () =>
  withPlace(async ({ clone, bare, url, directory, git, push, verify }) => {
    await git('sparse-checkout', 'set', 'kubernetes/flux-system')
    await git('remote', 'add', 'near', relative(clone, bare))
    const near = await verify(['--remote', 'near'])
    assert.is(near.code, 0, near.stderr)
    await git('sparse-checkout', 'disable')

    // what Flux has fetched last is not in the clone
    await git('pull', '--quiet')
    await push({ 'README.md': 'newer' })
    const shallow = join(directory, 'shallow')
    await git('clone', '--quiet', '--depth=1', url, shallow)
    for (const [key, value] of [
      ['name', 'x'],
      ['email', 'x@example.com'],
    ])
      await git('-C', shallow, 'config', `user.${key}`, value!)
    const { code, stderr } = await verify([], { cwd: shallow })
    assert.is(code, 0, stderr)
  }))

test('a hook or an identity that keeps git from the commit: exit 2 with its words', () =>
  withPlace(async ({ hook, verify, tip, git }) => {
    const before = await tip()
    hook('pre-commit', 'echo "lint: not today" >&2; exit 1')
    const refused = await verify()
    assert.is(refused.code, 2)
    assert.is(refused.json.result, 'unknown')
    assert.match(refused.json.findings[0]!.message, /lint: not today/)
    hook('pre-commit', 'exit 0')

    hook('pre-push', 'echo "push: not today" >&2; exit 1')
    const unpushed = await verify()
    assert.is(unpushed.code, 2)
    assert.match(unpushed.json.findings[0]!.message, /push: not today/)
    hook('pre-push', 'exit 0')

    await git('config', '--remove-section', 'user')
    await git('config', 'user.useConfigOnly', 'true')
    const nobody = await verify()
    assert.is(nobody.code, 2)
    assert.match(nobody.json.findings[0]!.message, /user\.email|tell me who you are/)
    assert.is(await tip(), before)
  }))

test('a server that refuses: exit 2 with its words', () =>
  withPlace(async ({ serverHook, verify, tip }) => {
    const before = await tip()
    serverHook('pre-receive', 'echo "policy: not today" >&2; exit 1')
    const { code, json } = await verify()
    assert.is(code, 2)
    assert.match(json.findings[0]!.message, /policy: not today/)
    assert.is(json.stages[1]!.status, 'failed')
    assert.equal(json.cleanedUp, clean)
    assert.is(await tip(), before)
  }))

test('a server that refuses the removal: exit 1, says what is left, and the next run removes it', () =>
  withPlace(async ({ serverHook, verify, tip, subjects, server }) => {
    const before = await tip()
    serverHook(
      'pre-receive',
      'read -r old new ref; git log -1 --format=%s "$new" | grep -q ^chore || exit 0; echo "policy: not today" >&2; exit 1',
    )
    const { code, json } = await verify()
    assert.is(code, 1)
    assert.is(json.result, 'failed')
    assert.equal(json.cleanedUp, { branch: false, cluster: false })
    assert.match(json.findings[0]!.message, /policy: not today/)
    const left = json.findings.find((finding) => finding.code === 'not-cleaned-up')
    assert.match(left?.object ?? '', 'origin/main: kubernetes/infrastructure/sops-test')
    assert.match(left?.message ?? '', /still on the branch/)
    assert.equal(await subjects(before), [createMessage])

    serverHook('pre-receive', 'exit 0')
    const next = await verify()
    assert.is(next.code, 0, next.stderr)
    assert.equal(await subjects(before), [createMessage, removeMessage, createMessage, removeMessage])
    assert.is(await server('diff', before, 'main'), '')
  }))

test.run()
