import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { readProject, transcriptsOf } from '../helpers/documents.ts'
import { exampleCluster } from '../helpers/files.ts'
import { withFlux } from '../helpers/flux/sandbox.ts'
import { makeKey, sopsConfig } from '../helpers/keys.ts'
import { runTask } from '../helpers/task.ts'

/** What is another one in each run. */
function withoutChance(text: string): string {
  return text
    .replace(/\bage1[a-z0-9]{50,}\b/g, 'RECIPIENT')
    .replace(/\b[0-9a-f]{7,40}\b/g, 'COMMIT')
    .replace(/ +\d+\.\d\d s/g, ' SECONDS')
}

test('the transcripts of the tasks are what they print, in a repository as the README makes one', () => {
  const key = makeKey()
  const files = { ...exampleCluster(), '.sops.yaml': sopsConfig(key.recipient) }
  return withFlux(files, async ({ clone, env, git, applied }) => {
    writeFileSync(join(clone, '.age-key.txt'), key.text)
    const call = {
      cwd: clone,
      env: { ...env, SOPS_AGE_KEY_FILE: join(clone, '.age-key.txt') },
      via: 'mise',
    } as const
    const replay = async (page: string) => {
      const transcripts = transcriptsOf(readProject(`docs/tasks/${page}.md`))
      assert.ok(transcripts.length > 0, page)
      for (const { command, output } of transcripts) {
        const [program, verb, name, ...args] = command.split(' ')
        assert.equal([program, verb], ['mise', 'run'])
        const { code, stdout, stderr } = await runTask(name!, args, call)
        assert.is(code, 0, stdout + stderr)
        assert.is(withoutChance(stdout), withoutChance(output), command)
      }
    }
    await replay('flux-enable-decryption')
    await replay('flux-sops-key')
    await git('push', '--quiet')
    await applied('infrastructure', await git('rev-parse', 'HEAD'))
    await replay('sops-verify')
    await replay('sops-test-create')
    await replay('sops-test-remove')
  })
})

test.run()
