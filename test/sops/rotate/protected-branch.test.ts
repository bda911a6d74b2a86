import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { fluxKustomization } from '../../helpers/flux/flux-objects.ts'
import { sopsConfig } from '../../helpers/keys.ts'
import { secretFor } from '../../helpers/rotate/clusters.ts'
import {
  decrypting,
  heldIn,
  leaving,
  opens,
  plainKeySecret,
  withFluxRotation,
} from '../../helpers/rotate/flux-rotation.ts'
import { recipientsOf } from '../../helpers/rotate/identities.ts'

const secretFile = 'apps/s.enc.yaml'

const files = {
  '.sops.yaml': sopsConfig(leaving.recipient),
  'kubernetes/flux-system/apps.yaml': fluxKustomization('apps', './apps', decrypting()),
  [secretFile]: secretFor('protected', leaving.recipient),
}

/** Notes each ref that is pushed, and lets nobody but the admin push to `main`. */
const hook = `#!/bin/sh
while read -r before after ref; do
  [ -n "$ADMIN" ] || echo "$ref" >>"$GIT_DIR/pushed"
  if [ "$ref" = refs/heads/main ] && [ -z "$ADMIN" ]; then
    echo 'GH006: Protected branch update failed' >&2
    exit 1
  fi
done
`

test('a key is rotated by pull requests alone where nobody may push to the branch that Flux follows', () =>
  withFluxRotation([leaving], files, async (place) => {
    const { sandbox, rotate, keys, git, apply, applied, bare, env, directory } = place
    await apply(plainKeySecret('sops-age', { 'age.agekey': leaving.secret }))
    await applied('apps', await git('rev-parse', 'HEAD'))
    mkdirSync(join(bare, 'hooks'), { recursive: true })
    writeFileSync(join(bare, 'hooks', 'pre-receive'), hook)
    chmodSync(join(bare, 'hooks', 'pre-receive'), 0o755)
    const log = join(bare, 'pushed')
    const pushed = () => (existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n') : [])
    const admin = join(directory, 'admin')
    execFileSync('git', ['clone', '--quiet', bare, admin], { env, stdio: 'pipe' })
    /** Merges a pull request as a forge does. */
    const merge = (branch: string, how: '--squash' | '--no-ff') => {
      const as = ['-c', 'user.name=Admin', '-c', 'user.email=admin@example.com']
      for (const args of [
        ['pull', '--quiet', 'origin', 'main'],
        ['merge', '--quiet', how, ...(how === '--no-ff' ? ['-m', branch] : []), `origin/${branch}`],
        ...(how === '--squash' ? [['commit', '--quiet', '-m', branch]] : []),
        ['push', '--quiet', 'origin', 'main'],
      ]) {
        execFileSync('git', ['fetch', '--quiet'], { cwd: admin, env, stdio: 'pipe' })
        execFileSync('git', [...as, ...args], { cwd: admin, env: { ...env, ADMIN: '1' }, stdio: 'pipe' })
      }
    }
    const held = async () => recipientsOf(await heldIn(sandbox, 'flux-system/sops-age'))

    for (const proof of ['read', 'canary']) {
      const before = keys().at(-1)!
      // the hook refuses who is told to push by something else
      const args = ['--proof', proof, '--commit', '--timeout', '90s']
      const begin = proof === 'read' ? args : [...args, '--old', before.recipient]
      const failures = await place.failures(async () => {
        await git('switch', '--quiet', '-c', `share-${proof}`)
        await rotate(0, begin)
        const next = keys().at(-1)!
        assert.equal(await held(), [before.recipient, next.recipient])
        await git('push', '--quiet', '-u', 'origin', 'HEAD')
        const unmerged = await rotate(0, begin)
        assert.match(unmerged.stdout, 'share is committed, and not pushed or merged yet')
        merge(`share-${proof}`, '--squash')

        // the branch of the pull request has nothing of what came of it
        const squashed = await rotate(1, begin)
        assert.match(squashed.stderr, '`git pull --rebase origin main`')
        await git('pull', '--quiet', '--rebase', 'origin', 'main')
        await git('switch', '--quiet', '-c', `cut-over-${proof}`)
        const cut = await rotate(0, begin)
        assert.match(cut.stdout, /^✓ cut-over /m)
        const unseen = 'was not seen to decrypt with the new identity: nothing was pushed'
        if (proof === 'canary') {
          assert.match(cut.stdout, 'arrived decrypted')
          assert.not.match(cut.stderr, unseen)
        } else assert.match(cut.stderr, `note: kustomization flux-system/apps: ${unseen}`)
        await git('push', '--quiet', '-u', 'origin', 'HEAD')
        assert.equal(await held(), [before.recipient, next.recipient])
        assert.match((await rotate(0, begin)).stdout, 'cut-over is committed, and not pushed or merged yet')
        merge(`cut-over-${proof}`, '--no-ff')

        assert.match((await rotate(0, begin)).stdout, /^done: /m)
        assert.equal(await held(), [next.recipient])
        assert.is(opens(place, before, secretFile), false)
        assert.is(opens(place, next, secretFile), true)
      })
      assert.equal(failures, [])
      await git('switch', '--quiet', 'main')
      await git('pull', '--quiet', '--rebase', 'origin', 'main')
    }
    const refs = pushed()
    assert.not(refs.includes('refs/heads/main'), refs.join())
    assert.ok(refs.includes('refs/heads/cut-over-canary'))
    // the canary has pushed a branch of its own
    assert.ok(refs.length > 4, refs.join())
  }))

test.run()
