import { execFileSync } from 'node:child_process'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { auditIn, ofCodes } from '../../../helpers/audit.ts'
import { writeFiles } from '../../../helpers/files.ts'
import { encryptSecret, makeKey, sopsConfig } from '../../../helpers/keys.ts'
import { type TestRepository, withRepository } from '../../../helpers/repository.ts'

const [own, gone] = [makeKey(), makeKey()]
const both = `${own.recipient},${gone.recipient}`

function sops({ root, env }: TestRepository, ...args: string[]): void {
  execFileSync('sops', args, { cwd: root, env: { ...env, SOPS_AGE_KEY: own.secret }, stdio: 'pipe' })
}

function commit({ git }: TestRepository): string {
  git('add', '--all')
  git('commit', '--quiet', '--message', 'x')
  return git('rev-parse', 'HEAD')
}

test('a recipient was taken out, and no new data key was made', () =>
  withRepository(
    {
      '.sops.yaml': sopsConfig(both),
      'a ä.enc.yaml': encryptSecret(both),
      'b.enc.yaml': encryptSecret(both),
    },
    async (repository) => {
      const found = async (history = true) => ofCodes(await auditIn(repository, { history }), 'data-key-kept')
      assert.equal(await found(), [])
      const start = repository.git('rev-parse', 'HEAD')
      writeFiles(repository.root, { '.sops.yaml': sopsConfig(own.recipient) })
      for (const file of ['a ä.enc.yaml', 'b.enc.yaml']) sops(repository, 'updatekeys', '--yes', file)
      commit(repository)
      // the file goes on, with another value
      sops(repository, 'set', 'a ä.enc.yaml', '["stringData"]["other"]', '"x"')
      sops(repository, 'rotate', '--in-place', 'b.enc.yaml')
      commit(repository)
      assert.equal(await found(), ['a ä.enc.yaml:9 data-key-kept'])
      const { facts } = await auditIn(repository, { history: true })
      const [said] = facts.filter(({ commit: by }) => by)
      assert.equal([said?.recipient, said?.commit], [gone.recipient, start.slice(0, 7)])
      assert.equal(await found(false), [])
      sops(repository, 'rotate', '--in-place', 'a ä.enc.yaml')
      assert.equal(await found(), [])
    },
  ))

test('a repository without a commit', () =>
  withRepository({}, async (repository) => {
    repository.git('checkout', '--quiet', '--orphan', 'other')
    writeFiles(repository.root, { 'a.enc.yaml': encryptSecret(own.recipient) })
    const audited = await auditIn(repository, { history: true })
    assert.equal(ofCodes(audited, 'data-key-kept'), [])
  }))

test.run()
